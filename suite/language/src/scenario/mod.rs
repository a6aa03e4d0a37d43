//! The scenario language: text to meaning, with no network.

pub mod ast;
mod draft;
mod files;
mod header_names;
mod library;
mod load;
mod load_error;
#[cfg(test)]
mod mutation_tests;
mod parse;
mod print;
mod program;
mod scope;
mod tables;
mod uses;

pub use draft::Draft;
pub use files::{Unsaved, folder_of};
pub use header_names::header_names;
pub use library::{Library, Loaded, Standing};
pub use load_error::LoadError;
pub use parse::{LineWord, VALUE_WORDS, parse};
pub use print::{format, print};
pub use program::{
    Action, Block, Checkpoint, CodedCheck, CodedScenario, Does, Each, Lines, Place, Program, Reading, Row,
    Script, Weight, check, check_all, check_files, settles,
};
use program::{asks_by_itself, cites};
pub use scope::names_in_line;
