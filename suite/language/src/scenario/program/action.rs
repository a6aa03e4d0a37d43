//! What a program does: the statements that are in force in one version, with rows written out.

use std::sync::Arc;
use std::time::Duration;

use crate::catalogue::{Level, RequirementId};
use crate::scenario::ast::{AnyContent, Capability, Check, Let, Name, Pushed, Request, Span, Spanned, Text};

use super::Place;

/// Actions that follow each other.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The actions, in order.
    pub actions: Vec<Action>,
    /// The number behind the last action of the block and of the blocks in it.
    pub end: usize,
}

impl Block {
    /// The numbers of all that stands in the block behind the action at this index.
    pub fn behind(&self, index: usize) -> Option<std::ops::Range<usize>> {
        let next = self.actions.get(index + 1)?;
        Some(next.number..self.end)
    }

    /// The numbers of all that stands in the block.
    pub fn range(&self) -> std::ops::Range<usize> {
        let start = self.actions.first().map_or(self.end, |first| first.number);
        start..self.end
    }
}

/// One thing that a program does.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its place among all actions of the program, blocks included, in the order of the text.
    pub number: usize,
    /// Where it stands in the text.
    pub span: Span,
    /// What it does.
    pub does: Does,
}

/// The kinds of [`Action`].
#[derive(Clone, Debug)]
pub enum Does {
    /// Goes on only where the registry offers, or refuses, these.
    Need(Vec<Spanned<Capability>>),
    /// Settles a capability; the requirement over the line is the one that a refusal breaks where it is demanded.
    Settle(Capability, Option<RequirementId>),
    /// Sets the stage with contents that were made before.
    Push(Box<Pushed>),
    /// Sets the stage with any content of a kind.
    PushAny(AnyContent, Name),
    /// Waits for so long.
    Wait(Duration),
    /// Binds a value.
    Bind(Box<Let>),
    /// Sends a request.
    Send(Arc<Request>),
    /// Makes the check of this number.
    Check(usize),
    /// Takes something for granted: without it the rest is not reached.
    Grant(Box<Check>),
    /// Goes on inside if the last answer is like this.
    When(Box<Check>, Block),
    /// Does the same with the values of each row.
    Rows(Vec<Row>),
    /// Does the same with each member of these variables.
    Each(Each),
    /// Does the same so many times at once.
    Together(u32, Block),
}

/// One row of a table, with all that is done for it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its first cell as written.
    pub name: String,
    /// The value of each column.
    pub cells: Vec<(Name, Text)>,
    /// What is done.
    pub body: Block,
}

/// Members of variables, and what is done for each of them.
#[derive(Clone, Debug)]
pub struct Each {
    /// The name that stands for the member.
    pub column: Name,
    /// The variables; a list stands for its members.
    pub of: Vec<Spanned<Name>>,
    /// What is done.
    pub body: Block,
}

/// One requirement asked at one line, or by one check that is coded in Rust.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The number of the action that makes it.
    pub number: usize,
    /// The requirement.
    pub requirement: RequirementId,
    /// Its level in the version of the program; `None` where it is not in force.
    pub level: Option<Level>,
    /// What is asked of the last answer; `None` for a check that is coded in Rust.
    pub check: Option<Arc<Check>>,
    /// The line as written, or what a coded check asks in words.
    pub asked: String,
    /// Where it stands.
    pub place: Place,
    /// The first cell of the row of a table that it stands in.
    pub row: Option<String>,
}
