//! One way to be wrong, as one entry of a table.

use futures_util::future::BoxFuture;

use super::call::{Call, Reply};
use super::stateful::StatefulCall;
use super::upstream::Over;
use super::wire::Wire;

/// A registry that breaks certain requirements and keeps all others.
#[derive(Clone, Copy, Debug)]
pub struct Deviation {
    /// Its id: words joined by hyphens.
    pub id: &'static str,
    /// The requirements that it breaks. What rests on them may break with them, and is no finding of its own.
    pub breaks: &'static [&'static str],
    /// Why it cannot break one of them alone, where there are several.
    pub because: Option<&'static str>,
    /// What kind of registry it is laid over.
    pub over: Over,
    /// What it does.
    pub act: Act,
}

/// What a deviation does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// It changes the honest answer.
    Reply(fn(&Call, &mut Reply)),
    /// It changes the request before the honest registry sees it.
    Call(fn(&mut Call)),
    /// It answers by itself, where it answers at all.
    Instead(fn(&Call) -> Option<Reply>),
    /// It does all of this, and remembers.
    Stateful(for<'a> fn(StatefulCall<'a>) -> BoxFuture<'a, Reply>),
    /// It takes what came of a request whose content is cut for the whole.
    Cut(fn(&mut Call)),
    /// It lies on the connection itself.
    Wire(Wire),
}

impl Deviation {
    const fn new(id: &'static str, breaks: &'static [&'static str], act: Act) -> Deviation {
        Deviation {
            id,
            breaks,
            because: None,
            over: Over::Any,
            act,
        }
    }

    /// The same, which breaks several requirements for this reason.
    pub const fn because(self, reason: &'static str) -> Deviation {
        Deviation {
            because: Some(reason),
            ..self
        }
    }

    /// The same, over a registry on which the suite has a user and these other accounts.
    pub const fn with_accounts(self, names: &'static [&'static str]) -> Deviation {
        Deviation {
            over: Over::Accounts(names),
            ..self
        }
    }

    /// The same, over a registry that asks nobody who they are.
    pub const fn without_accounts(self) -> Deviation {
        Deviation {
            over: Over::Open,
            ..self
        }
    }

    /// A deviation that changes the honest answer.
    pub const fn reply(
        id: &'static str,
        breaks: &'static [&'static str],
        act: fn(&Call, &mut Reply),
    ) -> Deviation {
        Deviation::new(id, breaks, Act::Reply(act))
    }

    /// A deviation that changes the request.
    pub const fn call(id: &'static str, breaks: &'static [&'static str], act: fn(&mut Call)) -> Deviation {
        Deviation::new(id, breaks, Act::Call(act))
    }

    /// A deviation that answers by itself, where it answers at all.
    pub const fn instead(
        id: &'static str,
        breaks: &'static [&'static str],
        act: fn(&Call) -> Option<Reply>,
    ) -> Deviation {
        Deviation::new(id, breaks, Act::Instead(act))
    }

    /// A deviation that talks to the honest registry as it likes, and remembers.
    pub const fn stateful(
        id: &'static str,
        breaks: &'static [&'static str],
        act: for<'a> fn(StatefulCall<'a>) -> BoxFuture<'a, Reply>,
    ) -> Deviation {
        Deviation::new(id, breaks, Act::Stateful(act))
    }

    /// A deviation that takes what came of a request whose content is cut for the whole.
    pub const fn cut(id: &'static str, breaks: &'static [&'static str], act: fn(&mut Call)) -> Deviation {
        Deviation::new(id, breaks, Act::Cut(act))
    }

    /// A deviation on the connection itself.
    pub const fn wire(id: &'static str, breaks: &'static [&'static str], act: Wire) -> Deviation {
        Deviation::new(id, breaks, Act::Wire(act))
    }
}
