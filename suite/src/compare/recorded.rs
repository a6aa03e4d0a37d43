//! What `assize snapshot` recorded of a registry as a report: what its remarks say is broken, and what no response breaks of the
//! scenarios that went to their end.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ReportFile;
use super::report_file::FileRequirement;
use crate::catalogue::{RequirementId, Version};
use crate::report::VerdictKind;
use crate::scenario::Library;
use crate::snapshot::{Answer, AnswerEntry, Answers, Asked, Constancy, Ended, Facet};

/// What is told of one requirement; what weighs more comes later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum RecordedVerdict {
    NotOffered,
    NotReached,
    Held,
    Broken(String),
}

impl ReportFile {
    /// What is recorded of a registry, which is called by this name.
    pub fn of_answers(
        name: impl Into<String>,
        recorded: &BTreeMap<Arc<str>, Answers>,
        library: &Library,
    ) -> ReportFile {
        let mut told: BTreeMap<RequirementId, RecordedVerdict> = BTreeMap::new();
        for (scenario, answers) in recorded {
            let cites = library
                .get(scenario)
                .map(|loaded| loaded.cites(&library.catalogue));
            let asked = cites.unwrap_or_default().into_iter();
            let asked = asked.map(|id| (id, RecordedVerdict::of(answers.ended.as_ref())));
            for (id, says) in asked.chain(answers.entries.iter().flat_map(broken)) {
                let known = told.entry(id).or_insert(RecordedVerdict::NotOffered);
                *known = (*known).clone().max(says);
            }
        }
        let version = recorded.values().next().map(|answers| answers.version);
        let version = version.unwrap_or(Version::V1_1);
        let number = |is: fn(&RecordedVerdict) -> bool| told.values().filter(|told| is(told)).count();
        let sentence = format!(
            "recorded responses of {} scenarios: they break {} requirements, and {} that these scenarios ask hold",
            recorded.len(),
            number(|told| matches!(told, RecordedVerdict::Broken(_))),
            number(|told| *told == RecordedVerdict::Held),
        );
        let requirements = library.catalogue.iter().map(|requirement| {
            let (verdict, got) = match told.get(&requirement.id) {
                None => (VerdictKind::NotAsked, None),
                Some(RecordedVerdict::NotOffered) => (VerdictKind::NotOffered, None),
                Some(RecordedVerdict::NotReached) => (VerdictKind::NotReached, None),
                Some(RecordedVerdict::Held) => (VerdictKind::Held, None),
                Some(RecordedVerdict::Broken(got)) => (VerdictKind::Broken, Some(got.clone())),
            };
            (FileRequirement::of(requirement, version, verdict), got)
        });
        ReportFile::of_others(name.into(), version, sentence, requirements)
    }
}

impl RecordedVerdict {
    /// What a scenario tells of the requirements that it asks and none of its responses breaks.
    fn of(ended: Option<&Ended>) -> RecordedVerdict {
        match ended {
            None => RecordedVerdict::Held,
            Some(Ended::NotOffered(_)) => RecordedVerdict::NotOffered,
            Some(Ended::NoAccount(_) | Ended::NotReached | Ended::Unstable) => RecordedVerdict::NotReached,
        }
    }
}

/// The requirements that a recorded response breaks.
fn broken(entry: &AnswerEntry) -> impl Iterator<Item = (RequirementId, RecordedVerdict)> {
    let breaks = entry.answer().into_iter().flat_map(|answer| {
        let breaks = answer.breaks.iter();
        breaks.map(move |(id, constancy)| (id, constancy, in_words(answer)))
    });
    breaks.map(|(id, constancy, got)| {
        let now_and_then = match constancy {
            Constancy::Always => "",
            Constancy::NowAndThen => ", now and then",
        };
        let told = format!("{got} to {}{now_and_then}", first_line(&entry.asked));
        (id.clone(), RecordedVerdict::Broken(told))
    })
}

/// The status and the error code of a response.
fn in_words(answer: &Answer) -> String {
    let words = [Facet::Status, Facet::Error].map(|facet| answer.line(&facet));
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn first_line(asked: &Asked) -> &str {
    match asked {
        Asked::Given(line) | Asked::Next(line) => line,
        Asked::Request(lines) => lines.first().map_or("", String::as_str),
    }
}
