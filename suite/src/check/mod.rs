//! One check of one answer: what was asked, and whether it is so. Nothing here sends anything.

mod compare;
pub mod describe;
mod grammar;

use serde_json::Value as Json;
use serde_json_path::JsonPath;

use self::compare::{Field, Nodes, matches};
pub use self::grammar::next_link;
use crate::cause::Cause;
use crate::scenario::ast::{Aspect, Check, Name, Pattern, Polarity, StatusSet, Template};
use crate::values::{Answered, Scope, Unusable, Value, json_of};
use crate::wire::{Answer, Fault, Source};

/// What a check saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is as asked.
    Holds,
    /// It is not; this was got.
    Breaks(String),
    /// Its condition never came up.
    NoOccasion,
    /// It needs something that was not reached.
    NotReached(Cause),
    /// The scenario asks what cannot be asked: a fault of the suite.
    Senseless(String),
}

impl From<Unusable> for Seen {
    fn from(unusable: Unusable) -> Seen {
        match unusable {
            Unusable::Missing(cause) => Seen::NotReached(cause),
            Unusable::Senseless(why) => Seen::Senseless(why),
        }
    }
}

/// Makes one check of an answer.
pub fn check(check: &Check, answered: &Answered, scope: &Scope) -> Seen {
    let seen = look(&check.aspect, answered, scope).unwrap_or_else(Seen::from);
    match (check.polarity, seen) {
        (Polarity::IsNot, Seen::Holds) => Seen::Breaks(describe::got(&check.aspect, answered)),
        (Polarity::IsNot, Seen::Breaks(_)) if answered.answer().is_ok() => Seen::Holds,
        (_, seen) => seen,
    }
}

fn look(aspect: &Aspect, answered: &Answered, scope: &Scope) -> Result<Seen, Unusable> {
    let answers = match answered.answers() {
        Ok(answers) => answers,
        Err(fault) => return Ok(no_answer(fault)),
    };
    let cut = answers.iter().find_map(|answer| answer.cut.as_ref());
    if let Some(fault) = cut.filter(|_| looks_at_the_body(aspect)) {
        return Ok(no_answer(fault));
    }
    Ok(match aspect {
        Aspect::Status(sets) => worst(answers.iter().map(|answer| status(sets, answer))),
        Aspect::Header(name, pattern) => header(name, pattern, &answers, scope)?,
        Aspect::Json(path, pattern) => json(path, pattern, answered, &answers, scope)?,
        Aspect::Challenge(scheme, parameter, pattern) => {
            challenge(scheme, parameter, pattern, &answers, scope)?
        }
        Aspect::Error(codes) => worst(answers.iter().map(|answer| error(codes, answer))),
        Aspect::Content(name) => content(name, &answers, scope)?,
        Aspect::NoBody => worst(answers.iter().map(|answer| no_body(answer))),
        Aspect::SameAs(headers, name) => same_as(headers, name, &answers, scope)?,
    })
}

/// Whether the bytes of the body decide a check.
fn looks_at_the_body(aspect: &Aspect) -> bool {
    match aspect {
        Aspect::Json(..) | Aspect::Error(_) | Aspect::Content(_) | Aspect::NoBody => true,
        Aspect::Status(_) | Aspect::Header(..) | Aspect::Challenge(..) | Aspect::SameAs(..) => false,
    }
}

/// No answer breaks the check that waited for one, unless the suite could not even ask.
fn no_answer(fault: &Fault) -> Seen {
    match fault {
        Fault::CannotSend {
            from: Source::Scenario,
            ..
        } => Seen::Senseless(fault.to_string()),
        Fault::CannotSend { .. } | Fault::Elsewhere { .. } => Seen::NotReached(Cause::NotSent(fault.clone())),
        _ => Seen::Breaks(fault.to_string()),
    }
}

/// The first that breaks; else held if one held.
fn worst(all: impl Iterator<Item = Seen>) -> Seen {
    let mut seen: Vec<Seen> = all.collect();
    match seen.iter().position(|one| matches!(one, Seen::Breaks(_))) {
        Some(at) => seen.swap_remove(at),
        None if seen.contains(&Seen::Holds) => Seen::Holds,
        None => seen.pop().unwrap_or(Seen::NoOccasion),
    }
}

fn status(sets: &[StatusSet], answer: &Answer) -> Seen {
    if sets.iter().any(|set| set.contains(answer.status)) {
        Seen::Holds
    } else {
        Seen::Breaks(describe::status(answer))
    }
}

fn header(name: &str, pattern: &Pattern, answers: &[&Answer], scope: &Scope) -> Result<Seen, Unusable> {
    let seen: Result<Vec<Seen>, Unusable> = answers
        .iter()
        .map(|answer| {
            let lines: Vec<&str> = answer.headers.all(name).collect();
            let got = || describe::header(name, &lines);
            matches(pattern, &Field { name, lines: &lines }, scope, got)
        })
        .collect();
    Ok(worst(seen?.into_iter()))
}

fn json(
    path: &Template,
    pattern: &Pattern,
    answered: &Answered,
    answers: &[&Answer],
    scope: &Scope,
) -> Result<Seen, Unusable> {
    if let Some(trouble) = answered.trouble() {
        return Ok(Seen::Breaks(trouble.to_owned()));
    }
    if let Some(why) = answered.too_long() {
        return Ok(Seen::NotReached(Cause::Said(why)));
    }
    let text = scope.text(path)?;
    let path = JsonPath::parse(&text)
        .map_err(|error| Unusable::of_text(path, format!("`{text}` is no JSON path: {error}")))?;
    let nodes = Nodes {
        nodes: answered
            .json()
            .map(|json| path.query(json).all())
            .unwrap_or_default(),
        pages: answers
            .iter()
            .map(|page| json_of(page).map_or(0, |json| path.query(&json).all().len()))
            .collect(),
    };
    matches(pattern, &nodes, scope, || {
        describe::nodes(&text, &nodes.nodes, answered)
    })
}

fn challenge(
    scheme: &str,
    parameter: &str,
    pattern: &Pattern,
    answers: &[&Answer],
    scope: &Scope,
) -> Result<Seen, Unusable> {
    let values: Vec<String> = answers
        .iter()
        .flat_map(|answer| challenge_parameter(answer, scheme, parameter))
        .collect();
    let lines: Vec<&str> = values.iter().map(String::as_str).collect();
    let name = format!("{scheme} {parameter}");
    let got = || describe::challenge(&name, &lines, answers);
    matches(
        pattern,
        &Field {
            name: parameter,
            lines: &lines,
        },
        scope,
        got,
    )
}

/// The values of a parameter in the challenges of a scheme.
pub fn challenge_parameter(answer: &Answer, scheme: &str, parameter: &str) -> Vec<String> {
    answer
        .headers
        .all("WWW-Authenticate")
        .filter_map(|line| http_auth::parse_challenges(line).ok())
        .flatten()
        .filter(|challenge| challenge.scheme.eq_ignore_ascii_case(scheme))
        .flat_map(|challenge| {
            challenge
                .params
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(parameter))
                .map(|(_, value)| value.to_unescaped())
                .collect::<Vec<String>>()
        })
        .collect()
}

fn error(codes: &[String], answer: &Answer) -> Seen {
    let Some(json) = json_of(answer) else {
        return Seen::NoOccasion;
    };
    let found = error_codes(&json);
    if found.iter().any(|code| codes.contains(code)) {
        Seen::Holds
    } else if found.is_empty() {
        Seen::Breaks(format!("no error code in {}", describe::body(answer)))
    } else {
        Seen::Breaks(format!("error {}", describe::codes(&found)))
    }
}

/// The error codes of a JSON body.
pub fn error_codes(json: &Json) -> Vec<String> {
    let entries = json.get("errors").and_then(Json::as_array);
    let codes = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("code")?.as_str());
    codes.map(str::to_owned).collect()
}

fn content(name: &Name, answers: &[&Answer], scope: &Scope) -> Result<Seen, Unusable> {
    let expected = scope.get(name)?.content()?;
    Ok(worst(answers.iter().map(|answer| {
        if answer.body.is(&expected.payload) {
            Seen::Holds
        } else {
            Seen::Breaks(describe::difference(&expected.payload, &answer.body))
        }
    })))
}

fn no_body(answer: &Answer) -> Seen {
    if answer.body.is_empty() {
        Seen::Holds
    } else {
        Seen::Breaks(describe::body(answer))
    }
}

fn same_as(headers: &[String], name: &Name, answers: &[&Answer], scope: &Scope) -> Result<Seen, Unusable> {
    let model = match scope.get(name)? {
        Value::Answer(answered) => answered.clone(),
        Value::Missing(cause) => return Err(Unusable::Missing(cause.clone())),
        _ => return Err(Unusable::Senseless(format!("`{name}` is not an answer"))),
    };
    let Ok(model) = model.answer() else {
        return Err(Unusable::Missing(Cause::Came(model.exchange().clone())));
    };
    let different = headers.iter().find_map(|header| {
        let expected: Vec<&str> = model.headers.all(header).collect();
        let lines = |answer: &&Answer| {
            answer
                .headers
                .all(header)
                .map(str::to_owned)
                .collect::<Vec<String>>()
        };
        let got = answers.iter().map(lines).find(|lines| *lines != expected)?;
        let got: Vec<&str> = got.iter().map(String::as_str).collect();
        Some(format!(
            "{}, not {}",
            describe::header(header, &got),
            describe::header(header, &expected)
        ))
    });
    Ok(different.map_or(Seen::Holds, Seen::Breaks))
}
