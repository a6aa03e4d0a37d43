//! One freedom that the specification leaves to a registry, as one entry of a table.

use futures_util::future::BoxFuture;

use super::call::{Call, Reply};
use super::deviation::Act;
use super::stateful::StatefulCall;
use super::upstream::Over;
use super::wire::Wire;
use crate::catalogue::Version;

/// An answer that the specification allows, and that differs from what the reference answers.
#[derive(Clone, Copy, Debug)]
pub struct Variation {
    /// Its id: words joined by hyphens.
    pub id: &'static str,
    /// What is different, in a sentence.
    pub varies: &'static str,
    /// The sentence that allows it.
    pub allowed: Sentence,
    /// What a registry SHOULD do and this one does not: a warning says so, and nothing else is found.
    pub forgoes: &'static [&'static str],
    /// The requirements of information level that tell of it, since it breaks clients.
    pub told_by: &'static [&'static str],
    /// Why nothing tells of it, though it breaks clients.
    pub untold: Option<&'static str>,
    /// The versions of the specification that allow it.
    pub versions: &'static [Version],
    /// What kind of registry it is laid over.
    pub over: Over,
    /// What it does.
    pub act: Act,
}

/// A sentence of a document, by some of its words.
#[derive(Clone, Copy, Debug)]
pub struct Sentence {
    /// The id of the document in `documents.toml`.
    pub document: &'static str,
    /// The heading of the section, or its number in an RFC.
    pub section: &'static str,
    /// Words of the sentence, as a browser shows them.
    pub words: &'static str,
}

impl Sentence {
    /// A sentence of the OCI distribution specification.
    pub const fn oci(section: &'static str, words: &'static str) -> Sentence {
        Sentence {
            document: "oci-distribution",
            section,
            words,
        }
    }

    /// A sentence of an RFC.
    pub const fn rfc(document: &'static str, section: &'static str, words: &'static str) -> Sentence {
        Sentence {
            document,
            section,
            words,
        }
    }
}

impl Variation {
    /// The versions that variations are tried at.
    pub const VERSIONS: &'static [Version] = &[Version::V1_1, Version::Next];

    const fn new(id: &'static str, varies: &'static str, allowed: Sentence, act: Act) -> Variation {
        Variation {
            id,
            varies,
            allowed,
            forgoes: &[],
            told_by: &[],
            untold: None,
            versions: Variation::VERSIONS,
            over: Over::Open,
            act,
        }
    }

    /// The same, which does not do what a registry SHOULD.
    pub const fn forgoing(self, forgoes: &'static [&'static str]) -> Variation {
        Variation { forgoes, ..self }
    }

    /// The same, which breaks clients, as these requirements of information level tell.
    pub const fn told_by(self, told_by: &'static [&'static str]) -> Variation {
        Variation { told_by, ..self }
    }

    /// The same, of which nothing tells though it breaks clients, for this reason.
    pub const fn untold(self, why: &'static str) -> Variation {
        Variation {
            untold: Some(why),
            ..self
        }
    }

    /// The same, which these versions alone allow.
    pub const fn only_in(self, versions: &'static [Version]) -> Variation {
        Variation { versions, ..self }
    }

    /// The same, over a registry on which the suite has a user and these other accounts.
    pub const fn with_accounts(self, names: &'static [&'static str]) -> Variation {
        Variation {
            over: Over::Accounts(names),
            ..self
        }
    }

    /// A variation of answers.
    pub const fn reply(
        id: &'static str,
        varies: &'static str,
        allowed: Sentence,
        act: fn(&Call, &mut Reply),
    ) -> Variation {
        Variation::new(id, varies, allowed, Act::Reply(act))
    }

    /// A variation of what a request is taken for.
    pub const fn call(
        id: &'static str,
        varies: &'static str,
        allowed: Sentence,
        act: fn(&mut Call),
    ) -> Variation {
        Variation::new(id, varies, allowed, Act::Call(act))
    }

    /// A variation of both: names that the registry gives, and is asked by again.
    pub const fn both(
        id: &'static str,
        varies: &'static str,
        allowed: Sentence,
        asked: fn(&mut Call),
        answered: fn(&Call, &mut Reply),
    ) -> Variation {
        Variation::new(id, varies, allowed, Act::Both(asked, answered))
    }

    /// A variation that answers by itself, where it answers at all.
    pub const fn instead(
        id: &'static str,
        varies: &'static str,
        allowed: Sentence,
        act: fn(&Call) -> Option<Reply>,
    ) -> Variation {
        Variation::new(id, varies, allowed, Act::Instead(act))
    }

    /// A variation that talks to the registry as it likes, and remembers.
    pub const fn stateful(
        id: &'static str,
        varies: &'static str,
        allowed: Sentence,
        act: for<'a> fn(StatefulCall<'a>) -> BoxFuture<'a, Reply>,
    ) -> Variation {
        Variation::new(id, varies, allowed, Act::Stateful(act))
    }

    /// A variation on the connection itself.
    pub const fn wire(id: &'static str, varies: &'static str, allowed: Sentence, act: Wire) -> Variation {
        Variation::new(id, varies, allowed, Act::Wire(act))
    }
}
