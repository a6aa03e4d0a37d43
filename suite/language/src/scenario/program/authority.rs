//! By what right each `<` line is asked, and which lines say so for nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::RequirementId;
use crate::diagnostic::{Diagnostic, Span};
use crate::scenario::ast::Item;

/// What governs a `<` line.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    /// The line that says so, by its first byte.
    line: usize,
    /// What it says.
    pub(super) right: Right,
}

/// By what right something is asked.
#[derive(Clone, Debug)]
pub(super) enum Right {
    /// A requirement; `None` where the row does not name one.
    Requirement(Option<RequirementId>),
    /// `given`: it is taken for granted.
    Given,
}

/// Whether what governed before a block governs behind it too.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Reach {
    GoesOn,
    Ends,
}

/// The lines that govern, and those that lack something.
#[derive(Default)]
pub(super) struct AuthorityFaults {
    /// Each level and `given`, by its first byte, and whether it governs a line.
    governors: BTreeMap<usize, (Span, bool)>,
    /// Lines that look at an answer where there is none.
    unanswered: BTreeSet<(usize, usize)>,
    /// Checks that nothing governs.
    ungoverned: BTreeSet<(usize, usize)>,
}

impl AuthorityFaults {
    /// A line that governs what follows it.
    pub(super) fn open(&mut self, item: &Item, right: Right) -> Authority {
        let line = item.span.start;
        self.governors
            .entry(line)
            .or_insert_with(|| (item.span.clone(), false));
        Authority { line, right }
    }

    /// A check under what governs it.
    pub(super) fn asked(&mut self, item: &Item, authority: Option<&Authority>) {
        let governor = authority.and_then(|authority| self.governors.get_mut(&authority.line));
        match governor {
            Some((_, governs)) => *governs = true,
            None => {
                self.ungoverned.insert((item.span.start, item.span.end));
            }
        }
    }

    /// A line that looks at an answer, where none was asked for.
    pub(super) fn unanswered(&mut self, item: &Item) {
        self.unanswered.insert((item.span.start, item.span.end));
    }

    /// Whether nothing governs some check.
    pub(super) fn lacks_a_right(&self) -> bool {
        !self.ungoverned.is_empty()
    }

    /// All that is wrong.
    pub(super) fn diagnostics(self) -> impl Iterator<Item = Diagnostic> {
        let unanswered = self.unanswered.into_iter().map(|(start, end)| {
            Diagnostic::error("there is no answer to look at yet", start..end).label("no `>` stands above")
        });
        let ungoverned = self.ungoverned.into_iter().map(|(start, end)| {
            Diagnostic::error("nothing says by what right this is asked", start..end)
                .label("no level stands over it")
                .note("a level reaches to the next level, `given`, `>`, `==` or the `end` of its block")
                .suggest(
                    "write `MUST ID`, `SHOULD ID` or `MAY ID` above it, or `given` to take it for granted",
                )
        });
        let idle = self.governors.into_values().filter(|(_, governs)| !governs);
        let idle = idle.map(|(span, _)| {
            Diagnostic::error("this line governs nothing", span)
                .label("no `<` follows that it reaches")
                .note("it reaches to the next level, `given`, `>`, `==` or the `end` of its block")
        });
        unanswered.chain(ungoverned).chain(idle)
    }
}
