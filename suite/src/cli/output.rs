//! The standard output.

use std::io::{self, Write};

use super::failure::Failure;

/// The narrowest and the widest text that is pleasant to read.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=120;
/// The width where there is no terminal.
const USUAL_WIDTH: usize = 80;

/// Prints a text. Whoever reads it may stop reading at any time, as `head` does.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(Failure::System {
            doing: "cannot write to the standard output",
            source,
        }),
        _ => Ok(()),
    }
}

/// The width of the terminal, if there is one.
pub(crate) fn width() -> usize {
    terminal_size::terminal_size().map_or(USUAL_WIDTH, |(width, _)| {
        usize::from(width.0).clamp(*WIDTHS.start(), *WIDTHS.end())
    })
}
