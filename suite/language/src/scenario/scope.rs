//! Which names can be used in a line of a text.

use std::collections::BTreeSet;

use super::ast::{Item, Scenario};
use super::uses::{bound, columns};

/// The names that are bound in every scenario: its repositories.
pub(super) const ALWAYS: &[&str] = &["repo", "other", "third"];

/// The names that can be used in the line that begins at this byte of the text.
pub fn names_in_line(scenario: &Scenario, line: usize) -> BTreeSet<&str> {
    let mut names: BTreeSet<&str> = ALWAYS.iter().copied().collect();
    collect(&scenario.body, line, &mut names);
    names
}

fn collect<'s>(items: &'s [Item], line: usize, names: &mut BTreeSet<&'s str>) {
    for item in items.iter().take_while(|item| item.span.start < line) {
        if line <= item.span.end {
            let columns = columns(&item.value).iter();
            names.extend(columns.map(|column| column.value.0.as_str()));
            collect(item.value.inside(), line, names);
        } else {
            names.extend(bound(&item.value).map(|name| name.value.0.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    /// The names, besides those that are always bound, in the line where the text has `^`.
    fn names(text: &str) -> Vec<String> {
        let at = text.find('^').unwrap();
        let line = text[..at].rfind('\n').unwrap() + 1;
        let (scenario, _) = parse(&text.replacen('^', "", 1));
        let scenario = scenario.unwrap();
        let mut names = names_in_line(&scenario, line);
        assert!(ALWAYS.iter().all(|name| names.remove(name)));
        names.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_name_can_be_used_below_the_line_that_binds_it_to_the_end_of_its_block() {
        let text = "scenario A\nlet a = image\ngiven any blob as b\nwhen 200\n  let c = empty\n  < @^\nend\nlet d = empty\n";
        assert_eq!(names(text), ["a", "b", "c"]);
        let text = "scenario A\nlet a = image\nwhen 200\n  let c = empty\nend\n< @^\nlet d = empty\n";
        assert_eq!(names(text), ["a"]);
        assert_eq!(names("scenario A\nlet a = 2 of ^\n"), [""; 0]);
    }

    #[test]
    fn columns_can_be_used_in_their_block() {
        let text = "scenario A\nfor what | id\n  | a | b\n  > GET /{^}\nend\n> GET /\n";
        assert_eq!(names(text), ["id", "what"]);
        let text = "scenario A\nfor what | id\n  | a | b\n  > GET /\nend\n> GET /{^}\n";
        assert_eq!(names(text), [""; 0]);
    }

    #[test]
    fn names_are_known_in_a_text_that_is_not_yet_whole() {
        let text = "scenario A\nlet a = image\nfoo\nwhen 200\n  let b = empty\n  MUST \n  > PUT /{^";
        assert_eq!(names(text), ["a", "b"]);
    }
}
