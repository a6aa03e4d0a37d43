//! Which header lines a scenario looks at.

use super::ast::{Aspect, Check, Expr, Scenario, Statement, Taken, each_statement};

/// The names of the header lines that a scenario looks at, as it spells them, in its order.
pub fn header_names(scenario: &Scenario) -> Vec<&str> {
    let mut names = Vec::new();
    each_statement(&scenario.body, &mut |statement| match &statement.value {
        Statement::Check(check) | Statement::When(check, _) => names.extend(named_in(check)),
        Statement::Let(binding) => {
            if let Expr::Taken(Taken::Header(name)) = &binding.value.value {
                names.push(name);
            }
        }
        _ => {}
    });
    names
}

fn named_in(check: &Check) -> Vec<&str> {
    match &check.aspect.value {
        Aspect::Header(name, _) => vec![name],
        Aspect::SameAs(names, _) => names.iter().map(AsRef::as_ref).collect(),
        Aspect::Challenge(..) => vec!["WWW-Authenticate"],
        Aspect::Status(_)
        | Aspect::Json(..)
        | Aspect::Error(_)
        | Aspect::Content(_)
        | Aspect::NoBody
        | Aspect::SignedManifest => Vec::new(),
    }
}
