//! The scenario language: text to meaning, with no network.

pub mod ast;
mod draft;
mod files;
mod library;
#[cfg(test)]
mod mutation_tests;
mod parse;
mod print;
mod program;
mod scope;
mod tables;
mod uses;

pub use draft::{Draft, Unsaved};
pub use library::{Library, LoadError, Loaded};
pub use parse::{LineWord, VALUE_WORDS, parse};
pub use print::{format, print};
pub use program::{
    Action, Block, Checkpoint, CodedCheck, CodedScenario, Does, Each, Lines, Place, Program, Reading, Row,
    Script, check, check_all, check_files, settles,
};
pub use scope::names_in_line;
