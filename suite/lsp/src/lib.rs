//! A language server for scenarios: what `assize` says of them, said in an editor while they are written.
//!
//! The order: `text` (places in a text) and `address` (names of files) -> `workspace` (open documents, and what is
//! made of them) -> `fault`, `requirement`, `completion`, `formatting` (what an editor asks for) -> `server`
//! (which message asks for what) -> `stdio` (messages as bytes).

mod address;
mod completion;
mod fault;
mod formatting;
mod requirement;
mod server;
mod stdio;
mod text;
mod workspace;

pub use server::{Ending, serve};
pub use stdio::connect;
pub use workspace::Settings;
