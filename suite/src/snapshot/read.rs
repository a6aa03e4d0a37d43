//! From a text to answers: all its faults in one pass, each at its place.

use super::answers::{Answer, AnswerEntry, Answers, Asked, Constancy, Ended, Facet, FacetValue, Said};
use super::write::{BREAKS, ENDED, NEXT, NOW_AND_THEN, TITLE, VERSION};
use crate::catalogue::{RequirementId, Version};
use crate::diagnostic::{Diagnostic, Faulty, SourceFile, Span};

impl Answers {
    /// Reads a file of answers, or says everything that is wrong with it.
    ///
    /// # Errors
    /// It is not in the form in which answers are written.
    pub fn parse(source: &SourceFile) -> Result<Answers, Faulty> {
        let mut reader = Reader::default();
        let mut at = 0;
        for line in source.text.split_inclusive('\n') {
            let text = line.trim_end_matches(['\n', '\r']);
            reader.line(text, at..at + text.len());
            at += line.len();
        }
        let answers = reader.finish(at);
        match (answers, Faulty::new(source, reader.faults)) {
            (_, Some(faulty)) => Err(faulty),
            (Some(answers), None) => Ok(answers),
            (None, None) => Err(Faulty {
                source: source.clone(),
                faults: vec![Diagnostic::error("there is nothing in it", 0..0)],
            }),
        }
    }
}

#[derive(Default)]
struct Reader {
    title: Option<String>,
    version: Option<Version>,
    /// Whether there was a line about the version, be it readable or not.
    names_version: bool,
    ended: Option<Ended>,
    entries: Vec<AnswerEntry>,
    step: String,
    /// Whether the last entry can take further lines of its request.
    is_asking: bool,
    faults: Vec<Diagnostic>,
}

impl Reader {
    fn line(&mut self, line: &str, span: Span) {
        let was_asking = std::mem::take(&mut self.is_asking);
        match line.split_once(' ') {
            _ if line.is_empty() => {}
            Some((TITLE, title)) => self.title = Some(title.trim_start().to_owned()),
            Some((VERSION, version)) => self.version(version.trim_start(), span),
            Some((ENDED, why)) => self.ended(why.trim_start(), span),
            Some(("==", step)) => step.clone_into(&mut self.step),
            Some(("given", _)) => self.begin(Asked::Given(line.to_owned())),
            Some((">", request)) => self.request(request, was_asking),
            Some(("<", told)) => self.told(told, span),
            Some(("~", facet)) => self.unstable(facet, span),
            _ => self.fault(
                "this line is none of a file of answers",
                span,
                "a line begins with answers, spec, ended, ==, given, >, < or ~",
            ),
        }
    }

    fn fault(&mut self, title: &str, span: Span, advice: &str) {
        let mut fault = Diagnostic::error(title, span);
        if !advice.is_empty() {
            fault = fault.suggest(advice);
        }
        self.faults.push(fault);
    }

    fn version(&mut self, text: &str, span: Span) {
        self.names_version = true;
        match text.parse() {
            Ok(version) => self.version = Some(version),
            Err(()) => self.fault(
                &format!("`{text}` is no version of the specification"),
                span,
                "1.0, 1.1, next, docker, legacy or both",
            ),
        }
    }

    fn ended(&mut self, text: &str, span: Span) {
        let ended = match (
            text.strip_suffix(" is not offered"),
            text.strip_prefix("no account "),
        ) {
            _ if text == "not reached" => Ended::NotReached,
            _ if text == NOW_AND_THEN => Ended::Unstable,
            (Some(capability), _) => Ended::NotOffered(capability.to_owned()),
            (None, Some(name)) => Ended::NoAccount(name.to_owned()),
            (None, None) => {
                return self.fault(
                    "this is no reason why a scenario ended",
                    span,
                    "`not reached`, `… is not offered`, `no account …`, or `now and then`",
                );
            }
        };
        self.ended = Some(ended);
    }

    fn begin(&mut self, asked: Asked) {
        self.entries.push(AnswerEntry {
            step: self.step.clone(),
            asked,
            said: Said::Answer(Answer::default()),
        });
    }

    fn request(&mut self, line: &str, was_asking: bool) {
        if let Some(method) = line.strip_prefix(NEXT) {
            return self.begin(Asked::Next(method.to_owned()));
        }
        self.is_asking = true;
        match self.entries.last_mut() {
            Some(AnswerEntry {
                asked: Asked::Request(lines),
                ..
            }) if was_asking => lines.push(line.to_owned()),
            _ => self.begin(Asked::Request(vec![line.to_owned()])),
        }
    }

    fn told(&mut self, text: &str, span: Span) {
        let (text, breaks) = self.remark(text, &span);
        let Some((facet, value)) = facet(text) else {
            return self.fault(
                "this is nothing that is told of an answer",
                span,
                "a status, `error CODE`, a header line, or a body: @…, json … or (other bytes, …)",
            );
        };
        let Some(answer) = self.answer(span) else {
            return;
        };
        answer.breaks.extend(breaks);
        match answer
            .facets
            .entry(facet)
            .or_insert(FacetValue::Lines(Vec::new()))
        {
            FacetValue::Lines(lines) => lines.extend(value),
            FacetValue::Unstable => {}
        }
    }

    fn unstable(&mut self, text: &str, span: Span) {
        let (text, breaks) = self.remark(text, &span);
        if text == NOW_AND_THEN {
            if self.answer(span).is_some()
                && let Some(entry) = self.entries.last_mut()
            {
                entry.said = Said::NowAndThen;
            }
            return;
        }
        let facet = match text.split_once(' ') {
            _ if text == "status" => Facet::Status,
            _ if text == "error" => Facet::Error,
            _ if text == "body" => Facet::Body,
            Some(("header", name)) if is_header_name(name) => Facet::Header(name.to_owned()),
            _ => {
                return self.fault(
                    "this is nothing that may differ from run to run",
                    span,
                    "`~ status`, `~ error`, `~ header NAME`, `~ body`, or `~ now and then`",
                );
            }
        };
        if let Some(answer) = self.answer(span) {
            answer.breaks.extend(breaks);
            answer.facets.insert(facet, FacetValue::Unstable);
        }
    }

    /// The answer that a line tells of.
    fn answer(&mut self, span: Span) -> Option<&mut Answer> {
        let is_there = matches!(
            self.entries.last(),
            Some(AnswerEntry {
                said: Said::Answer(_),
                ..
            })
        );
        if !is_there {
            self.fault("there is no request above that this answers", span, "");
        }
        match self.entries.last_mut().map(|entry| &mut entry.said) {
            Some(Said::Answer(answer)) => Some(answer),
            _ => None,
        }
    }

    /// A line without its remark, and the requirements in it.
    fn remark<'t>(&mut self, text: &'t str, span: &Span) -> (&'t str, Vec<(RequirementId, Constancy)>) {
        let is_status = text.starts_with(|c: char| c.is_ascii_digit()) || text.starts_with(NO_ANSWER);
        let may_have_one = is_status || text.starts_with("status");
        let Some((told, ids)) = text.split_once(BREAKS).filter(|_| may_have_one) else {
            return (text, Vec::new());
        };
        let mut breaks = Vec::new();
        for word in ids.split(", ") {
            let (id, constancy) = match word.strip_prefix('~') {
                Some(id) => (id, Constancy::NowAndThen),
                None => (word, Constancy::Always),
            };
            match RequirementId::read(id) {
                Some(id) => breaks.push((id, constancy)),
                None => self.fault(
                    &format!("`{id}` is not the id of a requirement"),
                    span.clone(),
                    "",
                ),
            }
        }
        (told, breaks)
    }

    fn finish(&mut self, end: usize) -> Option<Answers> {
        let is_empty = self.title.is_none() && self.version.is_none() && self.entries.is_empty();
        if is_empty && self.faults.is_empty() {
            return None;
        }
        for (is_missing, line) in [
            (self.title.is_none(), "answers TITLE"),
            (!self.names_version, "spec VERSION"),
        ] {
            if is_missing {
                self.fault(&format!("there is no line `{line}`"), 0..end.min(1), "");
            }
        }
        Some(Answers {
            title: self.title.take()?,
            version: self.version.take()?,
            ended: self.ended.take(),
            entries: std::mem::take(&mut self.entries),
        })
    }
}

/// How a status begins where nothing was answered.
pub(super) const NO_ANSWER: &str = "no answer: ";

/// What a line tells, and the lines that it adds to that.
fn facet(text: &str) -> Option<(Facet, Vec<String>)> {
    let listed = |text: &str| text.split(", ").map(str::to_owned).collect();
    if text.starts_with(|c: char| c.is_ascii_digit()) || text.starts_with(NO_ANSWER) {
        return Some((Facet::Status, listed(text)));
    }
    if let Some(codes) = text.strip_prefix("error ") {
        return Some((Facet::Error, listed(codes)));
    }
    if text.starts_with(['@', '(']) || text.starts_with("json ") {
        return Some((Facet::Body, vec![text.to_owned()]));
    }
    let (name, value) = match text.split_once(':') {
        Some((name, value)) => (name, vec![value.trim_start().to_owned()]),
        None => (text, Vec::new()),
    };
    is_header_name(name).then(|| (Facet::Header(name.to_owned()), value))
}

/// Whether a text can be the name of a header line that is written down.
pub(super) fn is_header_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.len() <= 64 && text.chars().all(is_plain)
}
