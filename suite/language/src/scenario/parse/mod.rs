//! From text to meaning, line by line.
//!
//! Every fault of a file is found in one pass: a line that cannot be read is reported, something harmless of its
//! kind stands in for it, and reading goes on at the next line.

mod blocks;
mod checks;
mod expressions;
mod given;
mod makes;
mod patterns;
mod phrase;
mod requests;
mod statements;
mod templates;
#[cfg(test)]
mod tests;
mod typos;
mod words;

pub use expressions::VALUE_WORDS;
pub use words::LineWord;

use phrase::Phrase;

use super::ast::{Given, Item, Nature, Scenario, Spanned, Statement};
use crate::catalogue::Level;
use crate::diagnostic::{Diagnostic, Parsed};

/// Reads a scenario, and all that is wrong with it.
///
/// Where there are faults, the scenario is good for finding further ones, and for nothing else. There is none
/// if the file does not open with `scenario` or `always`.
pub fn parse(text: &str) -> (Option<Scenario>, Vec<Diagnostic>) {
    let mut parser = Parser {
        lines: Phrase::lines(text),
        at: 0,
        faults: Vec::new(),
    };
    let scenario = parser.file();
    (scenario, parser.faults)
}

/// The lines of a file, and how far they are read.
struct Parser<'t> {
    lines: Vec<Phrase<'t>>,
    at: usize,
    faults: Vec<Diagnostic>,
}

impl<'t> Parser<'t> {
    /// The next line, without the blanks around it.
    fn peek(&self) -> Option<Phrase<'t>> {
        self.lines.get(self.at).map(|line| line.trim())
    }

    fn next(&mut self) -> Option<Phrase<'t>> {
        let line = self.peek()?;
        self.at += 1;
        Some(line)
    }

    /// What was read, or `stand_in` and one fault more.
    fn or<T>(&mut self, read: Parsed<T>, stand_in: impl FnOnce() -> T) -> T {
        read.unwrap_or_else(|fault| {
            self.faults.push(*fault);
            stand_in()
        })
    }

    fn file(&mut self) -> Option<Scenario> {
        let preamble = self.preamble();
        let opening = self.opening();
        let body = self.block(None, 0);
        let (nature, title) = opening?;
        Some(Scenario {
            preamble,
            nature,
            title,
            body,
        })
    }

    fn preamble(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        while let Some(item) = self.peek().and_then(aside) {
            self.at += 1;
            items.push(item);
        }
        items
    }

    /// Reads the line that opens the file.
    fn opening(&mut self) -> Option<(Nature, Spanned<String>)> {
        let line = self.peek().unwrap_or_else(|| Phrase::lines("\n")[0]);
        let (nature, title) = match LineWord::at_start_of(line).or_else(|| typos::meant(line)) {
            Some((LineWord::Scenario, title)) => (Nature::Workflow, title),
            Some((LineWord::Always, title)) => (Nature::Standing, title),
            _ => {
                self.faults.push(
                    Diagnostic::error("a file opens with `scenario` or `always`", line.span())
                        .label("expected before this line")
                        .suggest("write `scenario`, and a sentence in the present tense that is true of a good registry"),
                );
                return None;
            }
        };
        self.at += 1;
        if LineWord::at_start_of(line).is_none() {
            self.faults.push(typos::fault(line));
        }
        if title.is_empty() {
            self.faults.push(
                Diagnostic::error("a scenario has a title", line.span())
                    .label("a sentence in the present tense follows"),
            );
        }
        Some((nature, title.says(title.text().to_owned())))
    }

    /// Reads the statements up to the `end` of the block that `opener` opened, or to the end of the file.
    fn block(&mut self, opener: Option<Phrase<'t>>, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        while let Some(line) = self.next() {
            if let Some(item) = aside(line) {
                items.push(item);
                continue;
            }
            match LineWord::at_start_of(line).or_else(|| self.meant(line)) {
                Some((LineWord::End, rest)) => {
                    self.end(line, rest, opener);
                    if opener.is_some() {
                        return items;
                    }
                }
                Some((word, rest)) => {
                    let statement = self.statement(word, line, rest, depth);
                    items.extend(statement.map(|statement| Spanned::new(statement, self.since(line))));
                }
                None => {}
            }
        }
        if let Some(opener) = opener {
            let word = opener.split_word().0;
            self.faults.push(
                Diagnostic::error(format!("this `{}` is not closed", word.text()), opener.span())
                    .label("opened here")
                    .suggest("write `end` where the block is over"),
            );
        }
        items
    }

    /// From the start of `line` to the end of the last line read.
    fn since(&self, line: Phrase<'_>) -> std::ops::Range<usize> {
        let last = self.lines[self.at.saturating_sub(1)].trim();
        line.span().start..last.span().end.max(line.span().end)
    }

    fn end(&mut self, line: Phrase<'_>, rest: Phrase<'_>, opener: Option<Phrase<'_>>) {
        if opener.is_none() {
            self.faults.push(
                Diagnostic::error("this `end` closes nothing", line.span()).label("no block is open here"),
            );
        }
        let over = templates::nothing_more(rest, "after `end`");
        self.or(over, || ());
    }

    fn statement(
        &mut self,
        word: LineWord,
        line: Phrase<'t>,
        rest: Phrase<'t>,
        depth: usize,
    ) -> Option<Statement> {
        Some(match word {
            LineWord::Scenario | LineWord::Always => {
                self.second_opening(line);
                return None;
            }
            LineWord::Needs => {
                let needs = statements::needs(rest);
                Statement::Needs(self.or(needs, Vec::new))
            }
            LineWord::Provides => {
                let capability = statements::capability(rest).map(Some);
                Statement::Provides(self.or(capability, || None)?)
            }
            LineWord::Given => {
                let given = given::given(rest).map(Some);
                Statement::Given(self.or(given, || given::stand_in(rest))?)
            }
            LineWord::Let => return self.binding(rest),
            LineWord::Step => self.step(rest),
            LineWord::Request => return self.request(line, rest),
            LineWord::Must => self.level(Level::Must, rest),
            LineWord::Should => self.level(Level::Should, rest),
            LineWord::May => self.level(Level::May, rest),
            LineWord::Check => {
                let check = checks::check(rest);
                Statement::Check(self.or(check, || checks::stand_in(rest)))
            }
            LineWord::When => {
                let check = checks::check(rest);
                let check = self.or(check, || checks::stand_in(rest));
                Statement::When(check, self.inner(line, depth))
            }
            LineWord::For => self.rows(line, rest, depth),
            LineWord::Row => {
                self.stray_row(line);
                return None;
            }
            LineWord::Together => {
                let copies = statements::copies(rest);
                let copies = self.or(copies, || 2);
                Statement::Together(copies, self.inner(line, depth))
            }
            LineWord::End => return None,
        })
    }
}

impl Parser<'_> {
    /// Reads a level; where it cannot be read, what it governs is governed all the same.
    fn level(&mut self, level: Level, rest: Phrase<'_>) -> Statement {
        let asked = statements::asked(level, rest).map(Statement::Level);
        self.or(asked, || Statement::Given(Given::Taken))
    }

    fn step(&mut self, name: Phrase<'_>) -> Statement {
        if name.is_empty() {
            self.faults.push(
                Diagnostic::error("a step has a name", name.span()).label("say what is done in this step"),
            );
        }
        Statement::Step(name.text().to_owned())
    }

    fn second_opening(&mut self, line: Phrase<'_>) {
        self.faults.push(
            Diagnostic::error("a file is one scenario", line.span())
                .label("opens another")
                .suggest("put it into a file of its own, or make it a step: `== …`"),
        );
    }
}

/// A line that says nothing: a blank one, or a comment.
fn aside(line: Phrase<'_>) -> Option<Item> {
    if line.is_empty() {
        return Some(line.says(Statement::Blank));
    }
    let comment = line.strip("#")?.trim();
    Some(line.says(Statement::Comment(comment.text().to_owned())))
}
