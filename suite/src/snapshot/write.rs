//! Answers as a text: a transcript in the look of the language of scenarios.

use std::fmt::{self, Display, Formatter};

use super::answers::{Answer, Answers, Asked, Constancy, Ended, Entry, Facet, Said, Told};

/// What stands in the first lines, and where what they say begins.
pub(super) const TITLE: &str = "answers";
pub(super) const VERSION: &str = "spec";
pub(super) const ENDED: &str = "ended";
const OPENING: usize = "answers  ".len();

/// Before the method of a further request of the same lines.
pub(super) const NEXT: &str = "… ";
/// Before the requirements that an answer breaks.
pub(super) const BREAKS: &str = "  # breaks ";
/// What is said of a request that is made only now and then.
pub(super) const NOW_AND_THEN: &str = "now and then";

/// The text of a whole file.
impl Display for Answers {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE:OPENING$}{}", self.title)?;
        writeln!(f, "{VERSION:OPENING$}{}", self.version)?;
        if let Some(ended) = &self.ended {
            writeln!(f, "{ENDED:OPENING$}{ended}")?;
        }
        let mut step = "";
        for entry in &self.entries {
            f.write_str("\n")?;
            if entry.step != step {
                step = &entry.step;
                writeln!(f, "== {step}")?;
            }
            entry.fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Ended {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Ended::NotOffered(capability) => write!(f, "{capability} is not offered"),
            Ended::NoAccount(name) => write!(f, "no account {name}"),
            Ended::NotReached => f.write_str("not reached"),
            Ended::Unstable => f.write_str(NOW_AND_THEN),
        }
    }
}

/// The lines of an entry, without its step.
impl Display for Entry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.asked)?;
        match &self.said {
            Said::Answer(answer) => answer.fmt(f),
            Said::NowAndThen => writeln!(f, "~ {NOW_AND_THEN}"),
        }
    }
}

/// The lines, with their signs, without the last line feed.
impl Display for Asked {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Asked::Given(stage) => f.write_str(stage),
            Asked::Request(lines) => {
                let lines: Vec<String> = lines.iter().map(|line| format!("> {line}")).collect();
                f.write_str(&lines.join("\n"))
            }
            Asked::Next(method) => write!(f, "> {NEXT}{method}"),
        }
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let breaks = breaks(self);
        for (facet, told) in &self.facets {
            let remark = if *facet == Facet::Status { &*breaks } else { "" };
            for line in lines(facet, told) {
                writeln!(f, "{line}{remark}")?;
            }
        }
        Ok(())
    }
}

/// The lines that tell a facet, with their sign.
pub(super) fn lines(facet: &Facet, told: &Told) -> Vec<String> {
    match (facet, told) {
        (Facet::Status | Facet::Body, Told::Lines(lines)) => vec![format!("< {}", lines.join(", "))],
        (Facet::Error, Told::Lines(codes)) => vec![format!("< error {}", codes.join(", "))],
        (Facet::Header(name), Told::Lines(values)) if values.is_empty() => vec![format!("< {name}")],
        (Facet::Header(name), Told::Lines(values)) => {
            let line = |value: &String| format!("< {name}: {value}").trim_end().to_owned();
            values.iter().map(line).collect()
        }
        (facet, Told::Unstable) => vec![format!("~ {facet}")],
    }
}

/// The name of a facet, as it stands where it is not told.
impl Display for Facet {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Facet::Status => f.write_str("status"),
            Facet::Error => f.write_str("error"),
            Facet::Header(name) => write!(f, "header {name}"),
            Facet::Body => f.write_str("body"),
        }
    }
}

fn breaks(answer: &Answer) -> String {
    let ids = answer.breaks.iter().map(|(id, constancy)| match constancy {
        Constancy::Always => id.to_string(),
        Constancy::NowAndThen => format!("~{id}"),
    });
    let ids: Vec<String> = ids.collect();
    if ids.is_empty() {
        String::new()
    } else {
        format!("{BREAKS}{}", ids.join(", "))
    }
}
