//! A scenario written back, in the one form that all scenarios have.

mod blocks;
mod checks;
#[cfg(test)]
mod tests;
mod values;

use blocks::Printer;

use super::ast::{Nature, Scenario, Statement};
use super::tables::Tables;
use crate::catalogue::Catalogue;

/// Where the words of the opening lines end and what they say begins.
const OPENING: usize = "scenario  ".len();

/// Writes a scenario in its canonical form; reading that gives the same scenario.
pub fn print(scenario: &Scenario) -> String {
    whole(scenario, None)
}

/// Writes a scenario in its canonical form, with the levels of older versions as the catalogue has them.
pub fn format(scenario: &Scenario, catalogue: &Catalogue) -> String {
    whole(scenario, Some(catalogue))
}

fn whole(scenario: &Scenario, catalogue: Option<&Catalogue>) -> String {
    let word = match scenario.nature {
        Nature::Workflow => "scenario",
        Nature::Standing => "always",
    };
    let mut printer = Printer {
        text: String::new(),
        indent: 0,
        catalogue,
        tables: Tables::default(),
    };
    printer.block(&scenario.preamble);
    if !printer.text.is_empty()
        && scenario
            .preamble
            .last()
            .is_some_and(|item| item.value == Statement::Blank)
    {
        printer.text.push('\n');
    }
    printer.line(&format!("{word:OPENING$}{}", scenario.title.value));
    let needs = scenario
        .body
        .iter()
        .take_while(|item| matches!(item.value, Statement::Needs(_)))
        .count();
    let (opening, rest) = scenario.body.split_at(needs);
    for item in opening {
        if let Statement::Needs(capabilities) = &item.value {
            printer.line(&format!("{:OPENING$}{}", "needs", values::needs(capabilities)));
        }
    }
    printer.rest(rest);
    printer.text
}
