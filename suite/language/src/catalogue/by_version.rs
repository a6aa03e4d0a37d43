//! What may differ between the versions of a specification.

use std::collections::BTreeMap;

use super::Version;

/// Something that is the same in every version, or that some versions have of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ByVersion<T> {
    /// The same in every version.
    Same(T),
    /// Its own in these versions, and in those after each of them up to the next.
    Own(BTreeMap<Version, T>),
}

impl<T> ByVersion<T> {
    /// What holds for `version`: its own, or that of the OCI version before it.
    pub(super) fn get(&self, version: Version) -> Option<&T> {
        match self {
            ByVersion::Same(value) => Some(value),
            ByVersion::Own(values) if !Version::OCI.contains(&version) => values.get(&version),
            ByVersion::Own(values) => values.range(..=version).next_back().map(|(_, value)| value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_its_own_or_that_of_the_oci_version_before_it() {
        let own = ByVersion::Own(BTreeMap::from([(Version::V1_0, 'a'), (Version::Next, 'b')]));
        assert_eq!(
            Version::ALL.map(|version| own.get(version).copied()),
            [Some('a'), Some('a'), Some('b'), None, None]
        );
        let late = ByVersion::Own(BTreeMap::from([(Version::V1_1, 'a'), (Version::Docker, 'b')]));
        assert_eq!(
            Version::ALL.map(|version| late.get(version).copied()),
            [None, Some('a'), Some('a'), Some('b'), None]
        );
        assert_eq!(ByVersion::Same('a').get(Version::Docker), Some(&'a'));
    }
}
