//! What there is to say about a requirement, for people.

use super::{Levels, Protected, Requirement, RequirementId, Version};

impl Requirement {
    /// All that is known about it: what each part is called, and what it says; parts that say nothing are left out.
    ///
    /// What clients make of it where it is broken was measured elsewhere.
    pub fn described(&self, asked_by: &[&str], clients: Option<String>) -> Vec<(&'static str, String)> {
        let rests_on: Vec<&str> = self.rests_on.iter().map(RequirementId::as_str).collect();
        let sources = sources(self);
        let section = match sources.is_empty() {
            true => self.section(),
            false => "",
        };
        let lag = match self.may_lag {
            true => "yes, within --grace",
            false => "",
        };
        let basis = format!("{}: {}", self.basis.words(), self.basis.authority().words());
        let protects = self.protects.map(Protected::meaning).unwrap_or_default();
        let parts = [
            ("level", levels(&self.levels)),
            ("basis", basis),
            ("protects", protects.to_owned()),
            ("section", section.to_owned()),
            ("source", sources),
            ("category", self.category.words().to_owned()),
            ("asks", self.text.clone()),
            ("because", self.why.clone()),
            ("decided", self.decided.clone().unwrap_or_default()),
            ("rests on", rests_on.join(", ")),
            ("may lag", lag.to_owned()),
            ("asked by", asked_by.join(", ")),
            ("not asked", self.left_out.clone().unwrap_or_default()),
            ("clients", clients.unwrap_or_default()),
        ];
        parts.into_iter().filter(|(_, said)| !said.is_empty()).collect()
    }
}

/// The levels, each with its versions: `MUST in next, SHOULD in 1.0 and 1.1`.
fn levels(levels: &Levels) -> String {
    let newest_first = Version::ALL.into_iter().rev();
    let levels = newest_first.filter_map(|version| Some((levels.in_version(version)?, version)));
    let parts = grouped(levels)
        .into_iter()
        .map(|(level, versions)| format!("{level} in {}", and(&versions)));
    parts.collect::<Vec<String>>().join(", ")
}

/// Where it stands: for each version the document, the section, and under them the link.
fn sources(requirement: &Requirement) -> String {
    let sources = Version::newest_first().filter_map(|version| {
        let source = requirement.source(version)?;
        let place = format!("{}, {}", source.document.title, source.section);
        Some(((place, source.link()), version))
    });
    let parts = grouped(sources)
        .into_iter()
        .map(|((place, link), versions)| format!("{}: {place}\n{link}", and(&versions)));
    parts.collect::<Vec<String>>().join("\n")
}

/// What is the same, once, with the versions in which it is; newest first, its versions oldest first.
fn grouped<T: PartialEq>(newest_first: impl Iterator<Item = (T, Version)>) -> Vec<(T, Vec<String>)> {
    let mut groups: Vec<(T, Vec<String>)> = Vec::new();
    for (value, version) in newest_first {
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, versions)) => versions.insert(0, version.to_string()),
            None => groups.push((value, vec![version.to_string()])),
        }
    }
    groups
}

fn and(words: &[String]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}
