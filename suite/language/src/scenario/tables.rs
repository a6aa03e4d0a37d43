//! The rows that are open around a line, and what stands in their columns.

use super::ast::{Asked, Item, Name, Piece, Rows, Slot, Spanned, Statement, Text};
use crate::catalogue::{Level, Requirement, RequirementId, Version};

/// The heads of the `for` blocks around a line, innermost last.
#[derive(Default)]
pub(super) struct Tables<'s>(Vec<&'s Rows>);

/// The text of a cell, if it has no placeholders, at the place of its row.
pub(super) type Cell<'s> = Spanned<Option<&'s str>>;

impl<'s> Tables<'s> {
    pub(super) fn enter(&mut self, rows: &'s Rows) {
        self.0.push(rows);
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    /// The columns of every table around the line.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'s str> {
        let columns = self.0.iter().flat_map(|rows| match rows {
            Rows::Table { columns, .. } => columns.as_slice(),
            Rows::Each { .. } => &[],
        });
        columns.map(|column| column.value.0.as_str())
    }

    /// The cells of a column, or `None` if no table around the line has it.
    pub(super) fn cells(&self, column: &Name) -> Option<Vec<Cell<'s>>> {
        let tables = self.0.iter().rev().filter_map(|rows| match rows {
            Rows::Table { columns, rows } => Some((columns, rows)),
            Rows::Each { .. } => None,
        });
        let (at, rows) = tables
            .filter_map(|(columns, rows)| {
                Some((columns.iter().position(|known| known.value == *column)?, rows))
            })
            .next()?;
        let cell = |row: &'s Spanned<Vec<Text>>| {
            let text = row.value.get(at).and_then(plain);
            Spanned::new(text, row.span.clone())
        };
        Some(rows.iter().map(cell).collect())
    }

    /// The ids that a level asks, each with its place; `None` where none can be told from the text.
    pub(super) fn ids(&self, asked: &Asked) -> Vec<Spanned<Option<RequirementId>>> {
        match &asked.id.value {
            Slot::Is(id) => vec![Spanned::new(Some(id.clone()), asked.id.span.clone())],
            Slot::Column(column) => {
                let cells = self.cells(column).unwrap_or_default();
                let id = |cell: Cell<'_>| Spanned::new(cell.value.and_then(RequirementId::parse), cell.span);
                cells.into_iter().map(id).collect()
            }
        }
    }
}

/// The text of a cell without placeholders.
pub(super) fn plain(cell: &Text) -> Option<&str> {
    let (Text::Plain(template) | Text::Exact(template)) = cell;
    match template.0.as_slice() {
        [] => Some(""),
        [Piece::Text(text)] => Some(text),
        _ => None,
    }
}

/// Every id that statements ask, each with the place where it stands; not those of rows around them.
pub(super) fn cited_in(items: &[Item]) -> Vec<Spanned<RequirementId>> {
    let mut cited = Vec::new();
    collect(items, &mut Tables::default(), &mut cited);
    cited
}

fn collect<'s>(items: &'s [Item], tables: &mut Tables<'s>, cited: &mut Vec<Spanned<RequirementId>>) {
    for item in items {
        match &item.value {
            Statement::Level(asked) => {
                let known = tables.ids(asked).into_iter();
                cited.extend(known.filter_map(|id| Some(Spanned::new(id.value?, id.span))));
            }
            Statement::For(rows, inside) => {
                tables.enter(rows);
                collect(inside, tables, cited);
                tables.leave();
            }
            statement => collect(statement.inside(), tables, cited),
        }
    }
}

/// What a level line says of older versions: what all of its requirements have in common, if they agree.
pub(super) fn common_tail(requirements: &[&Requirement]) -> Vec<(Level, Vec<Version>)> {
    let mut tails = requirements.iter().map(|requirement| requirement.levels.older());
    let first = tails.next().unwrap_or_default();
    if tails.all(|tail| tail == first) {
        first
    } else {
        Vec::new()
    }
}
