//! What a scenario says, looked through block by block.

use std::collections::BTreeSet;

use crate::catalogue::RequirementId;
use crate::scenario::ast::{Capability, Item, Rows, Slot, Statement, Template, Text};

/// Calls `visit` for every statement, those of blocks included, in order.
pub fn each_statement<'a>(items: &'a [Item], visit: &mut dyn FnMut(&'a Item)) {
    for item in items {
        visit(item);
        match &item.value {
            Statement::When(_, body) | Statement::For(_, body) | Statement::Together(_, body) => {
                each_statement(body, visit);
            }
            _ => {}
        }
    }
}

/// The requirements that statements cite, those named in columns included.
pub fn requirements_of(items: &[Item]) -> BTreeSet<RequirementId> {
    let mut found = BTreeSet::new();
    each_statement(items, &mut |item| match &item.value {
        Statement::Level(asked) => {
            if let Slot::Is(id) = &asked.id.value {
                found.insert(id.clone());
            }
        }
        Statement::For(rows, body) => found.extend(requirements_in_columns(rows, body)),
        _ => {}
    });
    found
}

/// The requirements that the rows name in columns which a level of the block takes its id from.
fn requirements_in_columns(rows: &Rows, body: &[Item]) -> BTreeSet<RequirementId> {
    let Rows::Table { columns, rows } = rows else {
        return BTreeSet::new();
    };
    let mut used = BTreeSet::new();
    each_statement(body, &mut |item| {
        if let Statement::Level(asked) = &item.value
            && let Slot::Column(name) = &asked.id.value
        {
            used.insert(name.clone());
        }
    });
    let positions = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| used.contains(&column.value));
    positions
        .flat_map(|(at, _)| rows.iter().filter_map(move |row| row.get(at)))
        .filter_map(|cell| RequirementId::parse(&literal(cell)?))
        .collect()
}

/// The text of a cell that has no placeholder.
pub fn literal(cell: &Text) -> Option<String> {
    let (Text::Plain(Template(pieces)) | Text::Exact(Template(pieces))) = cell;
    match pieces.as_slice() {
        [] => Some(String::new()),
        [crate::scenario::ast::Piece::Text(text)] => Some(text.clone()),
        _ => None,
    }
}

/// The capabilities that statements settle.
pub fn provided(items: &[Item]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each_statement(items, &mut |item| {
        if let Statement::Provides(capability) = &item.value {
            found.insert(capability.name.clone());
        }
    });
    found
}

/// The capabilities that statements need.
pub fn needed(items: &[Item]) -> Vec<Capability> {
    let mut found = Vec::new();
    each_statement(items, &mut |item| {
        if let Statement::Needs(capabilities) = &item.value {
            found.extend(capabilities.iter().map(|capability| capability.value.clone()));
        }
    });
    found
}
