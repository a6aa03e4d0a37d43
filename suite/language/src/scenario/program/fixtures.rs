//! Whether the files that a scenario names are there.

use crate::diagnostic::Diagnostic;
use crate::scenario::ast::{EditBase, Expr, Make, Scenario, Statement, each_statement};

/// Says which of the files that a scenario names are not there.
pub fn check_files(scenario: &Scenario, is_there: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    each_statement(&scenario.body, &mut |item| {
        if let Statement::Let(binding) = &item.value
            && let Some(path) = file(&binding.value.value).filter(|path| !is_there(path))
        {
            faults.push(
                Diagnostic::error(format!("there is no file `{path}`"), binding.value.span.clone())
                    .label("not below `fixtures/`")
                    .suggest("put the file there, or write the content down as `text`"),
            );
        }
    });
    faults
}

fn file(value: &Expr) -> Option<&str> {
    let made = match value {
        Expr::Make(made) => made,
        Expr::Spoiled(EditBase::Make(made), _) => made,
        _ => return None,
    };
    match made {
        Make::File(path, _) => Some(path),
        _ => None,
    }
}
