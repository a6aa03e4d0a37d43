//! Names that nothing binds, and names that nothing uses.

use super::Reading;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::scenario::ast::{EditBase, Expr, Item, Make, Name, Scenario, Shape, Spanned, Statement};
use crate::scenario::scope::ALWAYS;
use crate::scenario::uses::{bound, columns, uses};

pub(super) fn check(scenario: &Scenario, reading: Reading, faults: &mut Vec<Diagnostic>) {
    let mut scope = NamesCheck {
        bindings: Vec::new(),
        visible: Vec::new(),
        faults,
    };
    scope.block(&scenario.body);
    if reading == Reading::Whole {
        scope.report_unused();
    }
}

/// Whether a line does something besides binding its name.
fn sets_the_stage(statement: &Statement) -> bool {
    matches!(statement, Statement::Given(_))
}

/// One line that binds a name.
struct Binding<'s> {
    name: &'s Spanned<Name>,
    used: bool,
}

/// The names that can be used, innermost last.
struct NamesCheck<'s, 'f> {
    bindings: Vec<Binding<'s>>,
    /// Which of the bindings can be seen.
    visible: Vec<usize>,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'s> NamesCheck<'s, '_> {
    fn block(&mut self, items: &'s [Item]) {
        for item in items {
            for (name, span) in uses(item) {
                self.used(item, name, &span);
            }
            self.ambiguous(&item.value);
            let outside = self.visible.len();
            self.columns(columns(&item.value));
            self.block(item.value.inside());
            self.visible.truncate(outside);
            if let Some(name) = bound(&item.value) {
                self.bind(name, sets_the_stage(&item.value));
            }
        }
    }

    /// Binds columns; the first names the rows in reports, and that is use enough.
    fn columns(&mut self, columns: &'s [Spanned<Name>]) {
        for (at, column) in columns.iter().enumerate() {
            self.bind(column, at == 0 && columns.len() > 1);
        }
    }

    fn bind(&mut self, name: &'s Spanned<Name>, used: bool) {
        self.visible.push(self.bindings.len());
        self.bindings.push(Binding { name, used });
    }

    fn find(&self, name: &Name) -> Option<usize> {
        self.visible
            .iter()
            .rev()
            .copied()
            .find(|at| self.bindings[*at].name.value == *name)
    }

    fn used(&mut self, item: &Item, name: &Name, span: &Span) {
        match self.find(name) {
            Some(at) => self.bindings[at].used = true,
            None if ALWAYS.contains(&name.0.as_str()) => {}
            // A level speaks for itself: see `levels`.
            None if matches!(item.value, Statement::Level(_)) => {}
            None => {
                let fault = self.unbound(name, span);
                self.faults.push(fault);
            }
        }
    }

    fn unbound(&self, name: &Name, span: &Span) -> Diagnostic {
        let fault = Diagnostic::error(format!("nothing binds `{name}`"), span.clone());
        let visible = self
            .visible
            .iter()
            .map(|at| self.bindings[*at].name.value.0.as_str());
        if let Some(meant) = did_you_mean(&name.0, visible.chain(ALWAYS.iter().copied())) {
            return fault.label("not bound here").suggest(meant);
        }
        match self
            .bindings
            .iter()
            .rev()
            .find(|binding| binding.name.value == *name)
        {
            Some(ended) => fault
                .label("not bound here any more")
                .mark(ended.name.span.clone(), "bound here; it ends with its block"),
            None => fault
                .label("not bound here")
                .suggest(format!("bind it above: `let {name} = …`")),
        }
    }

    /// Finds edits of what may be the variable `image` or a new image.
    fn ambiguous(&mut self, statement: &Statement) {
        let Statement::Let(binding) = statement else {
            return;
        };
        let Expr::Spoiled(EditBase::Make(make), _) = &binding.value.value else {
            return;
        };
        let word = match make.as_ref() {
            Make::Image(shape) if *shape == Shape::default() => "image",
            Make::Empty => "empty",
            Make::EmptyJson => "empty-json",
            Make::Archive => "archive",
            _ => return,
        };
        if let Some(at) = self.find(&Name(word.to_owned())) {
            self.faults.push(
                Diagnostic::error(
                    format!("`{word}` could mean two things here"),
                    binding.value.span.clone(),
                )
                .label("edits new content of this kind")
                .mark(
                    self.bindings[at].name.span.clone(),
                    "and this binds a name that reads the same",
                )
                .suggest("give the name another word"),
            );
        }
    }

    fn report_unused(&mut self) {
        let unused = self
            .bindings
            .iter()
            .filter(|binding| !binding.used)
            .map(|binding| {
                Diagnostic::error(
                    format!("nothing uses `{}`", binding.name.value),
                    binding.name.span.clone(),
                )
                .label("bound here")
                .suggest("take it away, or use it")
            });
        self.faults.extend(unused);
    }
}
