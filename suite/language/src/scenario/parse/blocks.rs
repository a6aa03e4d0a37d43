//! What takes more than one line: blocks, rows, requests, fences.

use super::phrase::Phrase;
use super::words::LineWord;
use super::{Parser, expressions, requests, statements, templates, typos};
use crate::diagnostic::Diagnostic;
use crate::scenario::ast::{Expr, Item, Let, Make, Redirects, Request, Rows, Spanned, Statement, Text};

/// Blocks deeper than this are not read at all; more than three are too many already.
const DEEPEST: usize = 16;

/// The shortest sign that opens and closes a fence.
const FENCE: &str = "```";

impl<'t> Parser<'t> {
    /// Reads the inside of the block that `opener` opens.
    pub(super) fn inner(&mut self, opener: Phrase<'t>, depth: usize) -> Vec<Item> {
        if depth < DEEPEST {
            return self.block(Some(opener), depth + 1);
        }
        self.faults.push(
            Diagnostic::error("blocks stand too deep in each other to be read", opener.span())
                .label("the rest of the file is not looked at"),
        );
        self.at = self.lines.len();
        Vec::new()
    }

    /// Reads the rows under a `for`, and its block.
    pub(super) fn rows(&mut self, line: Phrase<'t>, head: Phrase<'t>, depth: usize) -> Statement {
        let read = statements::head(head).map(Some);
        let names = statements::head_names(head);
        let head = self.or(read, || None);
        let columns = match &head {
            Some(Rows::Table { columns, .. }) => Some(columns.len()),
            Some(Rows::Each { .. }) | None => None,
        };
        let lines_of_rows = self.row_lines();
        let cells: Vec<Spanned<Vec<Text>>> = lines_of_rows
            .iter()
            .filter_map(|row| {
                let read = statements::row(*row, columns).map(Some);
                self.or(read, || None)
            })
            .collect();
        let rows = match head {
            Some(head) => self.table(head, line, &lines_of_rows, cells),
            None => Rows::Table {
                columns: names,
                rows: Vec::new(),
            },
        };
        Statement::For(rows, self.inner(line, depth))
    }

    /// The rows that follow at once, without their sign.
    fn row_lines(&mut self) -> Vec<Phrase<'t>> {
        let mut rows = Vec::new();
        while let Some((LineWord::Row, row)) = self.peek().and_then(LineWord::at_start_of) {
            self.at += 1;
            rows.push(row);
        }
        rows
    }

    /// Puts rows under their head, and says where they do not belong or are missing.
    fn table(
        &mut self,
        head: Rows,
        line: Phrase<'t>,
        lines: &[Phrase<'t>],
        cells: Vec<Spanned<Vec<Text>>>,
    ) -> Rows {
        let fault = match (&head, lines.first()) {
            (Rows::Table { .. }, None) => Diagnostic::error("this `for` has no rows", line.span())
                .label("rows stand right under it, each with a `|` before every cell")
                .suggest("write rows, or `for NAME in A, B`"),
            (Rows::Each { .. }, Some(row)) => {
                Diagnostic::error("this `for` goes through names and has no rows", row.span()).label("a row")
            }
            (Rows::Table { .. }, Some(_)) | (Rows::Each { .. }, None) => return filled(head, cells),
        };
        self.faults.push(fault);
        head
    }

    pub(super) fn stray_row(&mut self, line: Phrase<'_>) {
        self.faults.push(
            Diagnostic::error("this row belongs to no `for`", line.span())
                .label("rows stand right under their `for`, with nothing between them"),
        );
        self.row_lines();
    }

    /// Reads a request from its opening line, which is `line`, to its last `>` line.
    pub(super) fn request(&mut self, line: Phrase<'t>, first: Phrase<'t>) -> Option<Statement> {
        if !requests::opens(first) {
            self.faults.push(
                Diagnostic::error("this line belongs to no request", line.span())
                    .label("the lines of a request stand right under `> METHOD /target`"),
            );
            return None;
        }
        let opening = requests::request_line(first).map(|read| first.says(read));
        let mut request = Request {
            line: self.or(opening, || requests::stand_in(first)),
            headers: Vec::new(),
            body: None,
            account: None,
            redirects: Redirects::Followed,
            paging: None,
        };
        while let Some((LineWord::Request, further)) = self.peek().and_then(LineWord::at_start_of) {
            if requests::opens(further) {
                break;
            }
            self.at += 1;
            let read = requests::further_line(&mut request, further);
            self.or(read, || ());
        }
        Some(Statement::Request(Box::new(request)))
    }

    /// Reads `NAME = VALUE`, and the fence below where the value is a text.
    pub(super) fn binding(&mut self, rest: Phrase<'t>) -> Option<Statement> {
        let (name_at, value_at) = match rest.find("=") {
            Some(at) => (rest.slice(0, at).trim(), rest.from(at + 1).trim()),
            None => {
                self.faults.push(
                    Diagnostic::error("this binds no name", rest.span()).label("expected `NAME = VALUE`"),
                );
                return None;
            }
        };
        let fence = value_at.strip_words("text").and_then(|_| self.fence());
        let read = templates::name(name_at).map(Some);
        let name = self.or(read, || None);
        let read = expressions::expression(value_at, fence.as_deref());
        let value = self.or(read, || Expr::Make(Make::Empty));
        Some(Statement::Let(Let {
            name: name?,
            value: value_at.says(value),
        }))
    }

    /// Reads a fence, if one stands here: the lines inside, verbatim.
    fn fence(&mut self) -> Option<String> {
        let opening = self.lines.get(self.at).copied().filter(|line| is_fence(*line))?;
        let sign = opening.text().trim_end();
        let inside = self.at + 1;
        let length = self.lines[inside..]
            .iter()
            .position(|line| line.text().trim_end() == sign);
        let Some(length) = length else {
            self.at = self.lines.len();
            self.faults.push(
                Diagnostic::error("this fence is not closed", opening.span())
                    .label("opened here")
                    .suggest(format!("write {sign} alone on the line where the text is over")),
            );
            return Some(String::new());
        };
        self.at = inside + length + 1;
        let lines = &self.lines[inside..inside + length];
        if let Some(line) = lines.iter().find(|line| line.text().ends_with('\r')) {
            self.faults.push(
                Diagnostic::error("a line in a fence ends in a carriage return", line.span())
                    .label("an editor may add or remove it unseen")
                    .suggest("if the bytes need it, put them into a file: `let NAME = file PATH`"),
            );
        }
        Some(
            lines
                .iter()
                .map(|line| line.text())
                .collect::<Vec<_>>()
                .join("\n"),
        )
    }

    /// Reports a line that starts with no word of the language; what was meant, if that can be told.
    pub(super) fn meant(&mut self, line: Phrase<'t>) -> Option<(LineWord, Phrase<'t>)> {
        if is_fence(line) {
            // Where it stands at the start of the line, its inside is no part of the scenario.
            let before = self.at;
            self.at -= 1;
            self.fence();
            self.at = self.at.max(before);
            self.faults.push(
                Diagnostic::error("this fence belongs to no text", line.span())
                    .label("a fence stands right under `let NAME = text`, at the start of the line"),
            );
            return None;
        }
        self.faults.push(typos::fault(line));
        typos::meant(line)
    }
}

/// The head with its rows.
fn filled(head: Rows, rows: Vec<Spanned<Vec<Text>>>) -> Rows {
    match head {
        Rows::Table { columns, .. } => Rows::Table { columns, rows },
        Rows::Each { .. } => head,
    }
}

fn is_fence(line: Phrase<'_>) -> bool {
    let sign = line.text().trim_end();
    sign.starts_with(FENCE) && sign.bytes().all(|b| b == b'`')
}
