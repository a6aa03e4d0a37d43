//! How much a requirement asks, and of which version of the specification.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The RFC 2119 word of a requirement. Ordered by weight: `May < Should < Must`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A freedom; what is seen of it is information.
    May,
    /// Broken, it is a warning.
    Should,
    /// Broken, it is a violation.
    Must,
}

impl Level {
    /// Every level, heaviest first.
    pub const ALL: [Level; 3] = [Level::Must, Level::Should, Level::May];
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Must => "MUST",
            Level::Should => "SHOULD",
            Level::May => "MAY",
        })
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Level, ()> {
        Level::ALL
            .into_iter()
            .find(|level| level.to_string() == text)
            .ok_or(())
    }
}

/// A version of a specification against which a registry is judged, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// OCI distribution specification 1.0.
    V1_0,
    /// OCI distribution specification 1.1.
    V1_1,
    /// The next version of the OCI distribution specification.
    Next,
    /// Docker Registry HTTP API V2.
    Docker,
    /// What Docker's registry of 2014 spoke.
    Legacy,
    /// OCI distribution 1.1 and Docker Registry HTTP API V2 at once: whatever either asks.
    Both,
}

impl Version {
    /// Every version that has a text of its own, by which the catalogue gives levels.
    pub const ALL: [Version; 5] = [
        Version::V1_0,
        Version::V1_1,
        Version::Next,
        Version::Docker,
        Version::Legacy,
    ];

    /// All that a registry can be judged by.
    pub const JUDGED_BY: [Version; 6] = [
        Version::V1_0,
        Version::V1_1,
        Version::Next,
        Version::Docker,
        Version::Legacy,
        Version::Both,
    ];

    /// The versions of the OCI distribution specification, oldest first.
    pub const OCI: [Version; 3] = [Version::V1_0, Version::V1_1, Version::Next];

    /// The versions with texts by which something is judged that is judged by this one: itself, unless it is several.
    pub(super) fn texts(&self) -> &[Version] {
        match self {
            Version::Both => &[Version::V1_1, Version::Docker],
            one => std::slice::from_ref(one),
        }
    }

    /// Every version: those of the OCI specification, newest first, and behind them what is Docker's.
    pub(super) fn newest_first() -> impl Iterator<Item = Version> {
        let dockers = [Version::Docker, Version::Legacy];
        Version::OCI.into_iter().rev().chain(dockers)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Version::V1_0 => "1.0",
            Version::V1_1 => "1.1",
            Version::Next => "next",
            Version::Docker => "docker",
            Version::Legacy => "legacy",
            Version::Both => "both",
        })
    }
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Version, ()> {
        Version::JUDGED_BY
            .into_iter()
            .find(|version| version.to_string() == text)
            .ok_or(())
    }
}

/// The level of one requirement in each version; a version without an entry does not have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<Version, Level>);

impl Levels {
    /// The same level in every version of the OCI specification.
    pub fn everywhere(level: Level) -> Levels {
        Version::OCI.into_iter().map(|version| (version, level)).collect()
    }

    /// The level in `version`, or `None` where the requirement is not in force; of several texts the heaviest.
    pub fn in_version(&self, version: Version) -> Option<Level> {
        let levels = version.texts().iter().filter_map(|text| self.0.get(text));
        levels.max().copied()
    }

    /// The level in the newest version that has the requirement.
    pub fn newest(&self) -> Option<Level> {
        Version::newest_first().find_map(|version| self.in_version(version))
    }

    /// The versions whose level is not the newest one, heaviest level first, as a level line says them.
    pub fn older(&self) -> Vec<(Level, Vec<Version>)> {
        let newest = self.newest();
        Level::ALL
            .into_iter()
            .filter(|level| Some(*level) != newest)
            .map(|level| {
                (
                    level,
                    self.0
                        .iter()
                        .filter(|(_, at)| **at == level)
                        .map(|(v, _)| *v)
                        .collect(),
                )
            })
            .filter(|(_, versions): &(Level, Vec<Version>)| !versions.is_empty())
            .collect()
    }
}

impl FromIterator<(Version, Level)> for Levels {
    fn from_iter<I: IntoIterator<Item = (Version, Level)>>(entries: I) -> Levels {
        Levels(entries.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_line_names_the_versions_that_differ_from_the_newest() {
        let levels: Levels = [
            (Version::V1_0, Level::Should),
            (Version::V1_1, Level::Should),
            (Version::Next, Level::Must),
        ]
        .into_iter()
        .collect();
        assert_eq!(levels.newest(), Some(Level::Must));
        assert_eq!(
            levels.older(),
            [(Level::Should, vec![Version::V1_0, Version::V1_1])]
        );
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        assert!(
            Level::ALL
                .into_iter()
                .all(|level| level.to_string().parse() == Ok(level))
        );
        assert!(
            Version::JUDGED_BY
                .into_iter()
                .all(|version| version.to_string().parse() == Ok(version))
        );
    }

    #[test]
    fn judged_by_both_a_requirement_has_the_heavier_level_of_1_1_and_docker() {
        let of = |entries: &[(Version, Level)]| -> Option<Level> {
            let levels: Levels = entries.iter().copied().collect();
            levels.in_version(Version::Both)
        };
        let (oci, docker) = ((Version::V1_1, Level::Should), (Version::Docker, Level::Must));
        assert_eq!(of(&[oci, docker]), Some(Level::Must));
        assert_eq!(of(&[oci]), Some(Level::Should));
        assert_eq!(of(&[docker]), Some(Level::Must));
        assert_eq!(of(&[(Version::Next, Level::Must)]), None);
    }
}
