//! A file, and the lines and blocks in it.

use super::{Check, Given, Let, Name, Request, Slot, Spanned, Text};
use crate::catalogue::{Level, RequirementId, Version};

/// One scenario file.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Comments and blank lines above the opening line.
    pub preamble: Vec<Item>,
    /// What kind of scenario the opening word announces.
    pub nature: Nature,
    /// A sentence in the present tense that is true of a good registry.
    pub title: Spanned<String>,
    /// The lines below the opening line, in order.
    pub body: Vec<Item>,
}

/// The two kinds of scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// `scenario`: a workflow with requests of its own.
    Workflow,
    /// `always`: checks asked of every answer in the whole run.
    Standing,
}

/// One statement and the lines it takes, from its first byte to its last.
pub type Item = Spanned<Statement>;

/// What one line, or one block of lines, says.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// A blank line.
    Blank,
    /// `# …`, without the sign.
    Comment(String),
    /// `needs A, no B`.
    Needs(Vec<Spanned<Capability>>),
    /// `provides A` or `provides no A`.
    Provides(Spanned<Capability>),
    /// `given …`.
    Given(Given),
    /// `let NAME = …`.
    Let(Let),
    /// `== TEXT`.
    Step(String),
    /// The `>` lines of one request.
    Request(Box<Request>),
    /// `MUST ID`, `SHOULD ID`, `MAY ID`.
    Level(Asked),
    /// `< CHECK`.
    Check(Check),
    /// `when CHECK` … `end`.
    When(Check, Vec<Item>),
    /// `for …` … `end`.
    For(Rows, Vec<Item>),
    /// `together N` … `end`.
    Together(u32, Vec<Item>),
}

impl Statement {
    /// The statements of its block; none, if it opens no block.
    pub fn inside(&self) -> &[Item] {
        match self {
            Statement::When(_, inside) | Statement::For(_, inside) | Statement::Together(_, inside) => inside,
            _ => &[],
        }
    }
}

/// Calls `visit` for every statement, those of blocks included, in order.
pub fn each_statement<'s>(items: &'s [Item], visit: &mut impl FnMut(&'s Item)) {
    for item in items {
        visit(item);
        each_statement(item.value.inside(), visit);
    }
}

/// A capability of a registry, and which side of it is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability {
    /// Its name, as in `delete-manifest`.
    pub name: String,
    /// Whether the line speaks of its being offered or refused.
    pub stance: Stance,
}

/// The two answers to the question whether a registry offers a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stance {
    /// The registry offers it.
    Offered,
    /// The registry refuses it, in a way that the specification allows (`no A`).
    Refused,
}

/// `MUST ID, SHOULD in 1.0 and 1.1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The level in the newest version.
    pub level: Level,
    /// The requirement.
    pub id: Spanned<Slot<RequirementId>>,
    /// The versions in which the level is another.
    pub older: Vec<(Level, Vec<Version>)>,
}
/// The rows of a `for`.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// `for a | b` and lines of cells.
    Table {
        /// The columns, each a variable in the block.
        columns: Vec<Spanned<Name>>,
        /// The rows, each with a cell for each column.
        rows: Vec<Spanned<Vec<Text>>>,
    },
    /// `for NAME in a, b`: the members of these variables.
    Each {
        /// The variable in the block.
        column: Spanned<Name>,
        /// The variables; a list stands for its members.
        of: Vec<Spanned<Name>>,
    },
}
