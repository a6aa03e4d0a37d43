//! Whether, in every version, the steps in force do without the values of those that are not.
//!
//! A step is what stands between one `==` and the next. It is left out in a version if it cites requirements and
//! none of them is in force there, and so is a row. What stands above the first `==` is always done.

use std::collections::{BTreeMap, HashMap};

use crate::catalogue::Version;
use crate::diagnostic::{Diagnostic, Span};
use crate::scenario::ast::{Item, Name, Statement, Text};
use crate::scenario::uses::{Use, bound, uses, uses_of_cell};

/// Where something is needed, and the name that is needed; none where it is the answer itself.
type Need = (usize, Option<Name>);

/// What steps in force need and steps left out would give, over all versions.
#[derive(Default)]
pub(super) struct LackingFaults(BTreeMap<Need, Lacking>);

struct Lacking {
    used: Span,
    left_out: Span,
    versions: Vec<Version>,
}

impl LackingFaults {
    fn note(&mut self, need: Need, used: Span, left_out: Span, version: Version) {
        let lacking = self.0.entry(need).or_insert(Lacking {
            used,
            left_out,
            versions: Vec::new(),
        });
        if !lacking.versions.contains(&version) {
            lacking.versions.push(version);
        }
    }

    /// All that is lacking.
    pub(super) fn diagnostics(self) -> impl Iterator<Item = Diagnostic> {
        self.0
            .into_iter()
            .map(|((_, name), lacking)| lacking.fault(name.as_ref()))
    }
}

impl Lacking {
    fn fault(self, name: Option<&Name>) -> Diagnostic {
        let versions: Vec<String> = self.versions.iter().map(Version::to_string).collect();
        let versions = versions.join(" and ");
        let title = match name {
            Some(name) => format!("in {versions}, nothing gives `{name}` its value"),
            None => format!("in {versions}, nothing gives the answer that this waits for"),
        };
        Diagnostic::error(title, self.used)
            .label("this step is in force")
            .mark(
                self.left_out,
                "this one is left out: none of its requirements is in force",
            )
            .suggest("put what others build on above the first `==`, or into a step that is in force as well")
    }
}

/// What is there at a line in one version: which values and which answer a step left out would have given.
#[derive(Clone, Default)]
pub(super) struct Supply<'s> {
    /// For each name, the step left out that would give its value.
    values: HashMap<&'s Name, Option<Span>>,
    /// The step left out that would have got the last answer.
    answer: Option<Span>,
}

impl<'s> Supply<'s> {
    /// Notes what a step that is left out would have given.
    pub(super) fn leave_out(&mut self, first: &Item, step: &'s [Item]) {
        for item in step {
            if let Statement::Request(_) = &item.value {
                self.answer = Some(first.span.clone());
            }
            if let Some(name) = bound(&item.value) {
                self.values
                    .entry(&name.value)
                    .or_insert_with(|| Some(first.span.clone()));
            }
        }
    }

    /// A request got an answer.
    pub(super) fn answered(&mut self) {
        self.answer = None;
    }

    /// A line gave a name its value, from whatever it used.
    pub(super) fn bind(&mut self, item: &'s Item) {
        if let Some(name) = bound(&item.value) {
            let source = self.source(&uses(item));
            self.values.insert(&name.value, source);
        }
    }

    /// A row gave a column its value, from what there is around the rows.
    pub(super) fn bind_cell(&mut self, column: &'s Name, cell: &'s Text, around: &Supply<'s>) {
        let source = around.source(&uses_of_cell(cell));
        self.values.insert(column, source);
    }

    /// The members of variables gave a column its values.
    pub(super) fn bind_members<'n>(&mut self, column: &'s Name, of: impl IntoIterator<Item = &'n Name>) {
        let source = of
            .into_iter()
            .find_map(|name| self.values.get(name).cloned().flatten());
        self.values.insert(column, source);
    }

    /// The step left out that would give one of these.
    fn source(&self, uses: &[Use<'_>]) -> Option<Span> {
        uses.iter()
            .find_map(|(name, _)| self.values.get(name).cloned().flatten())
    }

    /// Notes which of the names that a line uses have no value.
    pub(super) fn needs_names(&self, item: &Item, version: Version, faults: &mut LackingFaults) {
        for (name, span) in uses(item) {
            if let Some(left_out) = self.values.get(name).cloned().flatten() {
                faults.note((span.start, Some(name.clone())), span, left_out, version);
            }
        }
    }

    /// Notes what a line that looks at the last answer lacks.
    pub(super) fn looks(&self, item: &Item, version: Version, faults: &mut LackingFaults) {
        self.needs_names(item, version, faults);
        if let Some(left_out) = self.answer.clone() {
            faults.note((item.span.start, None), item.span.clone(), left_out, version);
        }
    }

    /// What is there behind a block, given what was there before it: all that was.
    pub(super) fn restore(&mut self, before: Supply<'s>) {
        *self = before;
    }
}
