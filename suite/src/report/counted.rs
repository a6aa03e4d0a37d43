//! Whose requirements make a run fail: what `--basis` says.

use std::collections::BTreeSet;
use std::fmt;

use assize_language::words;

use crate::catalogue::{Authority, Requirement};
use crate::diagnostic::one_of;

words! {
    /// Requirements that count or do not, by who asks them or by what they protect.
    Share {
        /// What the OCI's specifications state: the one judged by, that of images, and the extensions.
        Text = "text",
        /// What the RFCs state on which those rest.
        Rfc = "rfc",
        /// What no sentence states, and follows from one or is relied on by clients.
        Implied = "implied",
        /// What guards against abuse, and is stated nowhere.
        Security = "security",
        /// What protects content or access, whoever asks it.
        Data = "data",
    }
}

/// The requirements that make a run fail where they are broken or not reached; the others are shown and counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted(BTreeSet<Share>);

impl Counted {
    /// The word for every share.
    const ALL: &str = "all";

    /// Every requirement, whoever asks it.
    pub fn all() -> Counted {
        Counted(Share::ALL.iter().copied().collect())
    }

    /// What nobody needs to be convinced of: what the texts state, and what protects data.
    pub fn usual() -> Counted {
        Counted([Share::Text, Share::Data].into())
    }

    /// Reads `text,data`, or `all`.
    pub fn parse(text: &str) -> Result<Counted, String> {
        if text == Counted::ALL {
            return Ok(Counted::all());
        }
        let known = || one_of(Share::all_words().chain([Counted::ALL]));
        let share = |word: &str| {
            Share::read(word.trim()).ok_or_else(|| format!("`{word}` is not a basis, which is {}", known()))
        };
        text.split(',').map(share).collect::<Result<_, _>>().map(Counted)
    }

    /// Whether a requirement counts.
    pub fn includes(&self, requirement: &Requirement) -> bool {
        let is_data = requirement.protects.is_some() && self.0.contains(&Share::Data);
        is_data || share(requirement.basis.authority()).is_none_or(|share| self.0.contains(&share))
    }

    /// Whether all counts that the texts state.
    pub fn includes_the_text(&self) -> bool {
        self.0.contains(&Share::Text)
    }

    /// The words, as they are typed.
    pub fn words(&self) -> Vec<&'static str> {
        self.0.iter().map(|share| share.words()).collect()
    }
}

/// The share to which a requirement belongs by who asks it; none for what a project asks itself, which always counts.
fn share(authority: Authority) -> Option<Share> {
    match authority {
        Authority::Specification | Authority::ImageSpecification | Authority::Extension => Some(Share::Text),
        Authority::Rfc => Some(Share::Rfc),
        Authority::Implication | Authority::Interoperability => Some(Share::Implied),
        Authority::Security => Some(Share::Security),
        Authority::House => None,
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() == Share::ALL.len() {
            true => f.write_str(Counted::ALL),
            false => f.write_str(&self.words().join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_is_typed_as_it_is_shown() {
        for text in ["all", "text,data", "rfc", "text,rfc,implied,security"] {
            assert_eq!(
                Counted::parse(text).map(|counted| counted.to_string()).as_deref(),
                Ok(text)
            );
        }
        assert_eq!(Counted::parse("text,data"), Ok(Counted::usual()));
        assert_eq!(
            Counted::parse("text,rfc,implied,security,data"),
            Ok(Counted::all())
        );
        let fault = Counted::parse("text,spec").unwrap_err();
        assert!(
            fault.starts_with("`spec` is not a basis, which is `text`,"),
            "{fault}"
        );
        assert!(Counted::parse("").is_err());
    }
}
