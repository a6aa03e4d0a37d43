//! Why there is no library.

use std::io;
use std::path::PathBuf;

use crate::diagnostic::Faulty;

/// Why there is no library.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A folder or a file cannot be read.
    #[error("{}: {cause}", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// There is not a single scenario.
    #[error("{}: there is no scenario here, no file that ends in `.scenario`", .0.display())]
    Empty(PathBuf),
    /// Files have faults; each is to be drawn.
    #[error("{}", count(.0))]
    Faulty(Vec<Faulty>),
}

fn count(faulty: &[Faulty]) -> String {
    let faults: usize = faulty.iter().map(|file| file.faults.len()).sum();
    format!("the scenarios have faults: {faults}, in files: {}", faulty.len())
}
