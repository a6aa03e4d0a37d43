//! What a person must look at in a text that they wrote, and how it is shown to them.

mod draw;
mod fault;
mod nearest;
mod source;

pub use draw::{Color, render};
pub use fault::{Diagnostic, Kind};
pub(crate) use nearest::nearest;
pub use nearest::{did_you_mean, one_of};
pub use source::{Faulty, SourceFile};

/// A place in a text, in bytes.
pub type Span = std::ops::Range<usize>;

/// What a text says, or what is wrong with it.
pub(crate) type Parsed<T> = Result<T, Box<Diagnostic>>;
