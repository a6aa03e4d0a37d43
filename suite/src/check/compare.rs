//! How a header or a JSON value is compared with what a pattern asks: as its field is, not as bytes.

use serde_json::Value as Json;

use super::{CheckResult, grammar};
use crate::scenario::ast::{Algorithm, CountScope, Form, One, Order, Pattern, PlainForm, Presence, Text};
use crate::values::{Content, Scope, ValueError};

/// What a pattern is held against.
pub(crate) trait Subject {
    /// How many values there are: lines of a header, nodes of a path.
    fn count(&self) -> usize;
    /// How many values each page has.
    fn page_counts(&self) -> Vec<usize>;
    /// Whether the value at `at` is `text`, compared as the field is.
    fn is(&self, at: usize, text: &str) -> bool;
    /// Whether the value at `at` is exactly `text`.
    fn is_exactly(&self, at: usize, text: &str) -> bool;
    /// The members, where the values are a list.
    fn members(&self) -> Vec<String>;
    /// Whether the values have a form.
    fn has(&self, form: PlainForm) -> bool;
}

/// The lines of a header.
pub(crate) struct Field<'a> {
    /// The field's name.
    pub name: &'a str,
    /// Its lines.
    pub lines: &'a [&'a str],
}

/// The nodes that a JSON path found.
pub(crate) struct Nodes<'a> {
    /// The nodes, over all pages.
    pub nodes: Vec<&'a Json>,
    /// How many nodes each page has.
    pub pages: Vec<usize>,
}

impl Subject for Field<'_> {
    fn count(&self) -> usize {
        self.lines.len()
    }

    fn page_counts(&self) -> Vec<usize> {
        vec![self.lines.len()]
    }

    fn is(&self, at: usize, text: &str) -> bool {
        let (line, is_of) = (self.lines[at].trim(), |name: &&str| {
            self.name.eq_ignore_ascii_case(name)
        });
        if is_of(&"Content-Type") {
            media_type(line).eq_ignore_ascii_case(media_type(text))
        } else if NUMBERS.iter().any(is_of) {
            without_zeros(line) == without_zeros(text.trim())
        } else {
            line == text.trim()
        }
    }

    fn is_exactly(&self, at: usize, text: &str) -> bool {
        self.lines[at] == text
    }

    fn members(&self) -> Vec<String> {
        let separator = if self.name.eq_ignore_ascii_case("scope") {
            ' '
        } else {
            ','
        };
        self.lines
            .iter()
            .flat_map(|line| line.split(separator))
            .map(|member| member.trim().to_owned())
            .filter(|member| !member.is_empty())
            .collect()
    }

    fn has(&self, form: PlainForm) -> bool {
        grammar::header_has(form, self.lines)
    }
}

/// The fields whose values are made of numbers, each one or more digits: zeros before them mean nothing.
const NUMBERS: [&str; 4] = ["Content-Length", "Content-Range", "Range", "OCI-Chunk-Min-Length"];

/// The same text, each number in it without zeros before it.
fn without_zeros(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut before = None;
    while let Some(letter) = letters.next() {
        let begins = !before.is_some_and(|before: char| before.is_ascii_digit());
        let goes_on = letters.peek().is_some_and(char::is_ascii_digit);
        if letter == '0' && begins && goes_on {
            continue;
        }
        plain.push(letter);
        before = Some(letter);
    }
    plain
}

/// A media type without its parameters.
fn media_type(text: &str) -> &str {
    text.split(';').next().unwrap_or(text).trim()
}

impl Subject for Nodes<'_> {
    fn count(&self) -> usize {
        self.nodes.len()
    }

    fn page_counts(&self) -> Vec<usize> {
        self.pages.clone()
    }

    fn is(&self, at: usize, text: &str) -> bool {
        match self.nodes[at] {
            Json::String(node) => node == text,
            node => serde_json::from_str::<Json>(text).is_ok_and(|asked| asked == *node),
        }
    }

    fn is_exactly(&self, at: usize, text: &str) -> bool {
        self.nodes[at].as_str() == Some(text)
    }

    fn members(&self) -> Vec<String> {
        match self.nodes.as_slice() {
            [Json::Array(members)] => members.iter().map(plain).collect(),
            nodes => nodes.iter().map(|node| plain(node)).collect(),
        }
    }

    fn has(&self, form: PlainForm) -> bool {
        !self.nodes.is_empty() && self.nodes.iter().all(|node| grammar::json_has(form, node))
    }
}

fn plain(node: &Json) -> String {
    node.as_str().map_or_else(|| node.to_string(), str::to_owned)
}

/// Holds a pattern against a subject; `got` says what there is, where it breaks.
pub(crate) fn matches(
    pattern: &Pattern,
    subject: &impl Subject,
    scope: &Scope,
    got: impl Fn() -> String,
) -> Result<CheckResult, ValueError> {
    if pattern.presence == Presence::IfPresent && subject.count() == 0 {
        return Ok(CheckResult::NoOccasion);
    }
    for one in &pattern.any_of {
        if holds(one, subject, scope)? {
            return Ok(CheckResult::Holds);
        }
    }
    if each_is_one_of(&pattern.any_of, subject, scope)? {
        Ok(CheckResult::Holds)
    } else {
        Ok(CheckResult::Breaks(got()))
    }
}

fn holds(one: &One, subject: &impl Subject, scope: &Scope) -> Result<bool, ValueError> {
    let all = |test: &dyn Fn(usize) -> bool| (0..subject.count()).all(test);
    Ok(match one {
        One::Is(text) => match scope.texts(text)?.as_slice() {
            [single] => subject.count() > 0 && all(&|at| is(subject, at, text, single)),
            several => subject.members() == several,
        },
        One::IsNot(text) => scope
            .texts(text)?
            .iter()
            .all(|value| all(&|at| !is(subject, at, text, value))),
        One::Has(text) => {
            let members = subject.members();
            scope.texts(text)?.iter().all(|value| {
                members.contains(value) || (0..subject.count()).any(|at| is(subject, at, text, value))
            })
        }
        One::List(texts, order) => {
            let mut asked = Vec::new();
            for text in texts {
                asked.extend(scope.texts(text)?);
            }
            is_list(subject.members(), asked, *order)
        }
        One::Present => subject.count() > 0,
        One::Absent => subject.count() == 0,
        One::Form(Form::Plain(form)) => subject.has(*form),
        One::Form(Form::DigestOf(name)) => {
            let content = scope.get(name)?.content()?;
            subject.count() > 0 && subject.members().iter().all(|text| is_digest_of(text, &content))
        }
        One::Times(times) => subject.count() == *times as usize,
        One::AtMost(most, CountScope::Whole) => subject.count() <= *most as usize,
        One::AtMost(most, CountScope::Page) => {
            subject.page_counts().iter().all(|count| *count <= *most as usize)
        }
    })
}

/// Whether every value is one of several, where the alternatives speak of single values.
fn each_is_one_of(any_of: &[One], subject: &impl Subject, scope: &Scope) -> Result<bool, ValueError> {
    let mut allowed = Vec::new();
    for one in any_of {
        let One::Is(text) = one else { return Ok(false) };
        allowed.extend(scope.texts(text)?.into_iter().map(|value| (text, value)));
    }
    let one_of = |at| allowed.iter().any(|(text, value)| is(subject, at, text, value));
    Ok(subject.count() > 0 && (0..subject.count()).all(one_of))
}

fn is(subject: &impl Subject, at: usize, text: &Text, value: &str) -> bool {
    match text {
        Text::Plain(_) => subject.is(at, value),
        Text::Exact(_) => subject.is_exactly(at, value),
    }
}

fn is_list(got: Vec<String>, mut asked: Vec<String>, order: Order) -> bool {
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    match order {
        Order::Given => got == asked,
        Order::Any => sorted(got) == sorted(asked),
        Order::Byte => {
            asked.sort();
            got == asked
        }
        Order::Lexical => is_lexical(&got) && sorted(got) == sorted(asked),
    }
}

/// Whether a list is sorted without regard to case; marks may stand before or behind the letters.
fn is_lexical(list: &[String]) -> bool {
    list.is_sorted_by_key(|text| text.to_lowercase()) || list.is_sorted_by_key(|text| text.to_uppercase())
}

/// Whether `text` is a digest of `bytes`; by an algorithm that is not known here, its form must do.
fn is_digest_of(text: &str, content: &Content) -> bool {
    let known = Algorithm::ALL
        .iter()
        .find(|algorithm| text.starts_with(&format!("{}:", algorithm.prefix())));
    known.map_or_else(
        || grammar::header_has(PlainForm::Digest, &[text]),
        |algorithm| text == content.digest_by(*algorithm),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::ast::{Piece, Template};

    fn text(written: &str) -> Text {
        Text::Plain(Template(vec![Piece::Text(written.into())]))
    }

    fn seen(any_of: Vec<One>, subject: &impl Subject) -> bool {
        let pattern = Pattern {
            any_of,
            presence: Presence::Compared,
        };
        matches(&pattern, subject, &Scope::default(), String::new) == Ok(CheckResult::Holds)
    }

    #[test]
    fn media_types_are_compared_without_case_and_parameters_unless_quoted() {
        let field = Field {
            name: "content-type",
            lines: &["Application/JSON; charset=utf-8"],
        };
        assert!(seen(vec![One::Is(text("application/json"))], &field));
        let Text::Plain(template) = text("application/json") else {
            unreachable!()
        };
        assert!(!seen(vec![One::Is(Text::Exact(template))], &field));
    }

    #[test]
    fn zeros_before_the_number_of_a_header_mean_nothing() {
        let is = |name: &str, line: &str, asked: &str| {
            let field = Field { name, lines: &[line] };
            seen(vec![One::Is(text(asked))], &field)
        };
        assert!(is("content-length", "0001500", "1500"));
        assert!(is("Content-Length", "000", "0"));
        assert!(!is("Content-Length", "15000", "1500"));
        assert!(is("Content-Range", "bytes 00-099/0200", "bytes 0-99/200"));
        assert!(!is("Docker-Content-Digest", "sha256:01", "sha256:1"));
    }

    #[test]
    fn a_header_that_is_a_list_may_come_in_several_lines() {
        let field = Field {
            name: "OCI-Tag",
            lines: &["a, b", "c"],
        };
        assert!(seen(vec![One::Has(text("c"))], &field));
        assert!(seen(
            vec![One::List(vec![text("c"), text("a"), text("b")], Order::Any)],
            &field
        ));
        assert!(!seen(
            vec![One::List(vec![text("a"), text("b")], Order::Any)],
            &field
        ));
    }

    #[test]
    fn a_value_is_asked_of_every_node_and_of_at_least_one() {
        let (a, b) = (json!("a"), json!("b"));
        let both = Nodes {
            nodes: vec![&a, &b],
            pages: vec![2],
        };
        let none = Nodes {
            nodes: vec![],
            pages: vec![0],
        };
        assert!(!seen(vec![One::Is(text("a"))], &both));
        assert!(seen(vec![One::Is(text("a")), One::Is(text("b"))], &both));
        assert!(!seen(vec![One::Is(text("a"))], &none));
        assert!(seen(vec![One::Absent], &none));
    }

    #[test]
    fn an_empty_list_is_json_like_any_other() {
        let empty = json!([]);
        assert!(seen(
            vec![One::Is(text("[]"))],
            &Nodes {
                nodes: vec![&empty],
                pages: vec![1]
            }
        ));
        let null = json!(null);
        assert!(!seen(
            vec![One::Is(text("[]"))],
            &Nodes {
                nodes: vec![&null],
                pages: vec![1]
            }
        ));
    }

    #[test]
    fn lexical_order_has_no_regard_to_case() {
        let list = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<String>>()
        };
        assert!(is_list(
            list(&["a", "B", "c"]),
            list(&["c", "B", "a"]),
            Order::Lexical
        ));
        assert!(!is_list(
            list(&["a", "B", "c"]),
            list(&["c", "B", "a"]),
            Order::Byte
        ));
        assert!(is_list(
            list(&["B", "a", "c"]),
            list(&["c", "B", "a"]),
            Order::Byte
        ));
    }

    #[test]
    fn a_digest_may_be_of_any_algorithm_as_long_as_it_fits_the_bytes() {
        assert!(is_digest_of(
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            &Content::blob("")
        ));
        assert!(!is_digest_of(
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            &Content::blob("x")
        ));
    }
}
