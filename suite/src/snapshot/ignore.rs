//! `answers.toml`: what the user does not want to be written down.

use std::collections::BTreeSet;

use glob::{MatchOptions, Pattern};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Faulty, SourceFile, one_of};

/// The name of the file.
pub const FILE: &str = "answers.toml";

/// How the names of header lines are compared.
const HEADERS: MatchOptions = MatchOptions {
    case_sensitive: false,
    require_literal_separator: false,
    require_literal_leading_dot: false,
};

/// What is not written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    /// Header lines, by their names.
    headers: Vec<Pattern>,
    /// Scenarios, by their names.
    scenarios: Vec<Pattern>,
    /// Members of JSON.
    pub(super) members: Vec<String>,
}

impl Ignore {
    /// Reads the file, or says everything that is wrong with it.
    ///
    /// # Errors
    /// It is no TOML, or holds what means nothing here.
    pub fn parse(source: &SourceFile) -> Result<Ignore, Faulty> {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        let syntax = |error: &toml::de::Error| {
            Diagnostic::error(error.message().trim(), error.span().unwrap_or_default())
        };
        let mut faults: Vec<Diagnostic> = errors.iter().map(syntax).collect();
        if let Some(faulty) = Faulty::new(source, std::mem::take(&mut faults)) {
            return Err(faulty);
        }
        let mut ignore = Ignore::default();
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "headers" => ignore.headers = globs(value, &mut faults),
                "scenarios" => ignore.scenarios = globs(value, &mut faults),
                "members" => {
                    let texts = texts(value, &mut faults);
                    ignore.members = texts.into_iter().map(|(text, _)| text).collect();
                }
                other => {
                    let known = ["headers", "scenarios", "members"];
                    faults.push(
                        Diagnostic::error(format!("`{other}` is nothing that can be ignored"), key.span())
                            .suggest(one_of(known)),
                    );
                }
            }
        }
        Faulty::new(source, faults).map_or(Ok(ignore), Err)
    }

    /// What the file names in vain: globs that match none of the scenarios, and of the header lines of these answers.
    pub fn in_vain<'a>(
        &self,
        scenarios: impl IntoIterator<Item = &'a str>,
        headers: &BTreeSet<String>,
    ) -> Vec<String> {
        let scenarios: Vec<&str> = scenarios.into_iter().collect();
        let globs = self.scenarios.iter();
        let of_scenarios = globs.filter(|glob| !scenarios.iter().any(|name| glob.matches(name)));
        let of_headers = self.headers.iter().filter(|glob| {
            let mut names = headers.iter();
            !names.any(|name| glob.matches_with(name, HEADERS))
        });
        let of_scenarios = of_scenarios.map(|glob| format!("no scenario is called `{glob}`"));
        of_scenarios
            .chain(of_headers.map(|glob| format!("no answer had a header `{glob}`")))
            .collect()
    }

    /// Whether nothing is written down of a scenario.
    pub fn skips(&self, scenario: &str) -> bool {
        self.scenarios.iter().any(|glob| glob.matches(scenario))
    }

    /// Whether header lines of this name are not written down.
    pub(super) fn leaves_out_header(&self, name: &str) -> bool {
        self.headers.iter().any(|glob| glob.matches_with(name, HEADERS))
    }
}

fn globs(value: &Spanned<DeValue<'_>>, faults: &mut Vec<Diagnostic>) -> Vec<Pattern> {
    let mut globs = Vec::new();
    for (text, span) in texts(value, faults) {
        match Pattern::new(&text) {
            Ok(glob) => globs.push(glob),
            Err(error) => faults.push(Diagnostic::error(
                format!("`{text}` is not a pattern: {}", error.msg),
                span,
            )),
        }
    }
    globs
}

fn texts(
    value: &Spanned<DeValue<'_>>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<(String, std::ops::Range<usize>)> {
    let mut texts = Vec::new();
    let Some(array) = value.get_ref().as_array() else {
        faults.push(Diagnostic::error(
            "what is ignored is a list, as in [\"X-Cache\"]",
            value.span(),
        ));
        return texts;
    };
    for item in array {
        match item.get_ref().as_str() {
            Some(text) => texts.push((text.to_owned(), item.span())),
            None => faults.push(Diagnostic::error("what is ignored is a text", item.span())),
        }
    }
    texts
}
