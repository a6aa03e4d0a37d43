//! Whether what a scenario says makes sense: alone, against the catalogue, and beside the others.

mod across;
mod files;
mod force;
mod governance;
mod levels;
mod names;
mod shape;
#[cfg(test)]
mod tests;

pub use across::check_all;
pub use files::check_files;

use super::ast::Scenario;
use crate::catalogue::Catalogue;
use crate::diagnostic::Diagnostic;

/// Whether all of a file could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Every line.
    Whole,
    /// Some lines have faults, so that a name that seems unused may not be.
    Partial,
}

/// Says what is wrong with the meaning of a scenario, in the order of its text.
pub fn check(scenario: &Scenario, catalogue: &Catalogue, reading: Reading) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    shape::check(scenario, &mut faults);
    names::check(scenario, reading, &mut faults);
    governance::check(scenario, &mut faults);
    levels::check(scenario, catalogue, &mut faults);
    force::check(scenario, catalogue, &mut faults);
    faults.sort_by_key(|fault| fault.span.start);
    faults
}
