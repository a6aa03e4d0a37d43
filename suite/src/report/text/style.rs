//! The colours, of which no meaning hangs on any.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::catalogue::Level;

/// Headings.
pub(crate) const HEADING: Style = Style::new().bold();
/// What is good.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What is bad.
pub(crate) const BAD: Style = AnsiColor::BrightRed.on_default().bold();
/// What is not so good.
pub(crate) const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();
/// What only some will read.
pub(crate) const QUIET: Style = Style::new().dimmed();

/// The style of what is broken at this level.
pub(crate) fn of(level: Level) -> Style {
    match level {
        Level::Must => BAD,
        Level::Should => DOUBTFUL,
        Level::May => HEADING,
    }
}

/// The text in a style.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
