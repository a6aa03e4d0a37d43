//! Titles, and which lines may stand where.

use crate::diagnostic::Diagnostic;
use crate::scenario::ast::{Item, Nature, Scenario, Spanned, Statement};

/// How many blocks may stand in each other.
const DEEPEST: usize = 3;

/// Words of a demand; a title says how it is.
const DEMANDS: &[&str] = &["should", "must", "shall"];

pub(super) fn check(scenario: &Scenario, faults: &mut Vec<Diagnostic>) {
    title(&scenario.title, faults);
    let mut shape = ShapeCheck {
        nature: scenario.nature,
        depth: 0,
        branches: 0,
        faults,
    };
    shape.block(&scenario.body);
}

fn title(title: &Spanned<String>, faults: &mut Vec<Diagnostic>) {
    let words = format!(" {} ", title.to_lowercase());
    if let Some(demand) = DEMANDS
        .iter()
        .find(|demand| words.contains(&format!(" {demand} ")))
    {
        faults.push(
            Diagnostic::error("a title says how it is, not how it should be", title.span.clone())
                .label(format!("says `{demand}`"))
                .suggest("write a sentence in the present tense that is true of a good registry"),
        );
    }
    if title.ends_with('.') {
        faults.push(
            Diagnostic::error("a title ends without a full stop", title.span.clone()).label("take it away"),
        );
    }
}

struct ShapeCheck<'f> {
    nature: Nature,
    depth: usize,
    /// How many of the open blocks are a `when`.
    branches: usize,
    faults: &'f mut Vec<Diagnostic>,
}

impl ShapeCheck<'_> {
    fn block(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match &item.value {
            Statement::Needs(_) if self.depth > 0 => self.fault(
                item,
                "`needs` stands inside a block",
                "it holds from its line to the end of the file",
                "put it before the block, or the step into a scenario of its own",
            ),
            Statement::Provides(_) if self.branches == 0 => self.fault(
                item,
                "`provides` stands outside a `when`",
                "reaching the line settles the capability, whatever the answer was",
                "put it into a `when` that looks at the answer",
            ),
            Statement::Request(_) | Statement::Given(_) | Statement::Together(..)
                if self.nature == Nature::Standing =>
            {
                self.fault(
                    item,
                    "a standing scenario sends nothing and sets no stage",
                    "its lines are asked of every answer of the run",
                    "open the file with `scenario` if it is a workflow of its own",
                );
            }
            Statement::When(_, inside) => {
                self.branches += 1;
                self.nested(item, inside);
                self.branches -= 1;
            }
            Statement::For(_, inside) | Statement::Together(_, inside) => self.nested(item, inside),
            _ => {}
        }
    }

    fn nested(&mut self, item: &Item, inside: &[Item]) {
        self.depth += 1;
        if self.depth == DEEPEST + 1 {
            self.fault(
                item,
                "blocks stand more than three deep",
                "the fourth",
                "make a scenario of its own of what stands inside",
            );
        }
        self.block(inside);
        self.depth -= 1;
    }

    fn fault(&mut self, item: &Item, title: &str, label: &str, suggestion: &str) {
        let fault = Diagnostic::error(title, item.span.clone())
            .label(label)
            .suggest(suggestion);
        self.faults.push(fault);
    }
}
