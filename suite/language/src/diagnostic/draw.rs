//! Diagnostics drawn into the text, with file name, line and column.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Kind, Span};

/// Whether a drawing has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// ANSI colours.
    Always,
    /// Plain text; nothing is said by colour alone.
    Never,
}

/// Draws each of `diagnostics` in `text`, which the reader knows as `name`.
pub fn render(diagnostics: &[Diagnostic], name: &str, text: &str, color: Color) -> String {
    let renderer = match color {
        Color::Always => Renderer::styled(),
        Color::Never => Renderer::plain(),
    };
    let drawn: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| renderer.render(&[group(diagnostic, name, text)]))
        .collect();
    drawn.join("\n\n")
}

fn group<'a>(diagnostic: &'a Diagnostic, name: &'a str, text: &'a str) -> Group<'a> {
    let label = |label: &'a str| (!label.is_empty()).then_some(label);
    let primary = AnnotationKind::Primary
        .span(within(&diagnostic.span, text))
        .label(label(&diagnostic.label));
    let marks = diagnostic.marks.iter().map(|(span, said)| {
        AnnotationKind::Context
            .span(within(span, text))
            .label(label(said))
    });
    let snippet = Snippet::source(text)
        .path(name)
        .annotation(primary)
        .annotations(marks);
    let notes = diagnostic.notes.iter().map(|note| Level::NOTE.message(note));
    let suggestion = diagnostic.suggestion.iter().map(|help| Level::HELP.message(help));
    diagnostic
        .kind
        .level()
        .primary_title(&diagnostic.title)
        .element(snippet)
        .elements(notes.chain(suggestion))
}

impl Kind {
    fn level(self) -> Level<'static> {
        match self {
            Kind::Error => Level::ERROR,
            Kind::Violation => Level::ERROR.with_name("violation"),
            Kind::Warning => Level::WARNING,
            Kind::Information => Level::INFO,
        }
    }
}

/// The span, cut to what the text has.
fn within(span: &Span, text: &str) -> Span {
    let start = text.floor_char_boundary(span.start);
    start..text.ceil_char_boundary(span.end).max(start)
}
