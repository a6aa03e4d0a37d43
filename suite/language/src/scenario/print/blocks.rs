//! Lines and blocks: indentation, blank lines, columns.

use super::checks::request_lines;
use super::values::{needs, tail};
use crate::catalogue::Catalogue;
use crate::scenario::ast::{Asked, Expr, Item, Let, Make, Name, Rows, Spanned, Statement, Text};
use crate::scenario::tables::{Tables, common_tail};

/// The blanks before a line, for each block around it.
const STEP: usize = 2;

/// What is written so far, and where.
pub(super) struct Printer<'s, 'c> {
    pub(super) text: String,
    pub(super) indent: usize,
    /// What keeps the levels of older versions right.
    pub(super) catalogue: Option<&'c Catalogue>,
    pub(super) tables: Tables<'s>,
}

impl<'s> Printer<'s, '_> {
    /// Writes one line.
    pub(super) fn line(&mut self, line: &str) {
        let blanks = if line.is_empty() { 0 } else { self.indent * STEP };
        self.text.extend(std::iter::repeat_n(' ', blanks));
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Writes statements, without blank lines before the first and behind the last.
    pub(super) fn block(&mut self, items: &'s [Item]) {
        let first = items.iter().position(|item| item.value != Statement::Blank);
        self.rest(&items[first.unwrap_or(items.len())..]);
    }

    /// Writes statements that follow others, without blank lines behind the last.
    pub(super) fn rest(&mut self, items: &'s [Item]) {
        let last = items.iter().rposition(|item| item.value != Statement::Blank);
        let items = &items[..last.map_or(0, |last| last + 1)];
        let mut before: Option<&Statement> = None;
        for (at, item) in items.iter().enumerate() {
            match (&item.value, before) {
                (Statement::Blank, Some(Statement::Blank)) => continue,
                (Statement::Step(_), Some(Statement::Blank | Statement::Comment(_)) | None) => {}
                (Statement::Step(_), Some(_)) => self.line(""),
                _ => {}
            }
            self.statement(&item.value, let_width(items, at));
            before = Some(&item.value);
        }
    }

    /// Writes one statement; the name of a `let` takes `let_width`.
    fn statement(&mut self, statement: &'s Statement, let_width: usize) {
        match statement {
            Statement::Blank => self.line(""),
            Statement::Comment(text) if text.is_empty() || text.starts_with('#') => {
                self.line(&format!("#{text}"));
            }
            Statement::Comment(text) => self.line(&format!("# {text}")),
            Statement::Needs(capabilities) => self.line(&format!("needs {}", needs(capabilities))),
            Statement::Provides(capability) => self.line(&format!("provides {}", capability.value)),
            Statement::Given(given) => self.line(&given.to_string()),
            Statement::Let(binding) => self.binding(binding, let_width),
            Statement::Step(name) => self.line(&format!("== {name}")),
            Statement::Request(request) => {
                request_lines(request)
                    .iter()
                    .for_each(|line| self.line(&format!("> {line}")));
            }
            Statement::Level(asked) => self.level(asked),
            Statement::Check(check) => self.line(&format!("< {check}")),
            Statement::When(check, inside) => {
                self.line(&format!("when {check}"));
                self.inner(inside);
            }
            Statement::For(rows, inside) => self.rows(rows, inside),
            Statement::Together(copies, inside) => {
                self.line(&format!("together {copies}"));
                self.inner(inside);
            }
        }
    }

    /// Writes the inside of a block, and its `end`.
    fn inner(&mut self, inside: &'s [Item]) {
        self.indent += 1;
        self.block(inside);
        self.indent -= 1;
        self.line("end");
    }

    fn binding(&mut self, binding: &Let, width: usize) {
        self.line(&format!(
            "let {:width$} = {}",
            binding.name.value.0, binding.value.value
        ));
        if let Expr::Make(Make::Text(text, _)) = &binding.value.value {
            let fence = fence_for(text);
            let inside = if text.is_empty() {
                String::new()
            } else {
                format!("{text}\n")
            };
            self.text.push_str(&format!("{fence}\n{inside}{fence}\n"));
        }
    }

    fn level(&mut self, asked: &Asked) {
        let ids = self.tables.ids(asked).into_iter().filter_map(|id| id.value);
        let known = self
            .catalogue
            .map(|catalogue| ids.filter_map(|id| catalogue.get(&id)).collect::<Vec<_>>());
        let line = match known {
            Some(requirements) if !requirements.is_empty() => {
                format!(
                    "{} {}{}",
                    asked.level,
                    asked.id.value,
                    tail(&common_tail(&requirements))
                )
            }
            _ => asked.to_string(),
        };
        self.line(&line);
    }

    fn rows(&mut self, rows: &'s Rows, inside: &'s [Item]) {
        match rows {
            Rows::Each { column, of } => {
                let of: Vec<&str> = of.iter().map(|name| name.value.0.as_str()).collect();
                self.line(&format!("for {} in {}", column.value, of.join(", ")));
            }
            Rows::Table { columns, rows } => self.table(columns, rows),
        }
        self.tables.enter(rows);
        self.inner(inside);
        self.tables.leave();
    }

    /// Writes head and rows, their columns aligned.
    fn table(&mut self, columns: &[Spanned<Name>], rows: &[Spanned<Vec<Text>>]) {
        let head: Vec<String> = columns.iter().map(|column| column.value.0.clone()).collect();
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.value.iter().map(Text::to_string).collect())
            .collect();
        let width = |at: usize| {
            let column = std::iter::once(&head).chain(&cells).filter_map(|row| row.get(at));
            column.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let line = |row: &[String]| {
            let padded = row
                .iter()
                .enumerate()
                .map(|(at, cell)| format!("{cell:0$}", width(at)));
            padded.collect::<Vec<_>>().join(" | ")
        };
        self.line(&format!("for {}", line(&head)));
        self.indent += 1;
        cells
            .iter()
            .for_each(|row| self.line(&format!("| {}", line(row))));
        self.indent -= 1;
    }
}

/// The width of the names in the run of `let` lines around `at`.
fn let_width(items: &[Item], at: usize) -> usize {
    let binding = |item: &Item| match &item.value {
        Statement::Let(binding) => Some((binding.name.value.0.len(), has_fence(binding))),
        _ => None,
    };
    let above = items[..at]
        .iter()
        .rev()
        .map_while(binding)
        .take_while(|(_, fence)| !fence);
    let mut open = true;
    let below = items[at..]
        .iter()
        .map_while(binding)
        .take_while(|(_, fence)| std::mem::replace(&mut open, !fence));
    above
        .chain(below)
        .map(|(length, _)| length)
        .max()
        .unwrap_or_default()
}

/// Whether lines of its own follow the line of a `let`.
fn has_fence(binding: &Let) -> bool {
    matches!(binding.value.value, Expr::Make(Make::Text(..)))
}

/// The shortest fence that does not stand in a text.
fn fence_for(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.lines().any(|line| line.trim_end() == fence) {
        fence.push('`');
    }
    fence
}
