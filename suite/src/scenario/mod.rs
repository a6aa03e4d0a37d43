//! The scenario language: text to meaning, with no network.

pub mod ast;
mod check;
mod files;
mod library;
#[cfg(test)]
mod mangled;
mod parse;
mod print;
mod tables;
mod uses;

pub use check::{Reading, check, check_all, check_files};
pub use library::{Library, LoadError, Loaded};
pub use parse::{LineWord, parse};
pub use print::{format, print};
pub use tables::cited;
