//! One check of one answer: what was asked, and whether it is so. Nothing here sends anything.

mod compare;
pub(crate) mod describe;
mod grammar;

use assize_legacy::signed::{MEDIA_TYPE, SignedManifest};
use serde_json::Value as Json;
use serde_json_path::JsonPath;

use self::compare::{Field, Nodes, matches};
pub(crate) use self::grammar::{LinkValue, links, next_link};
use crate::cause::Cause;
use crate::scenario::ast::{Aspect, Check, Name, Pattern, Polarity, StatusSet, Template};
use crate::values::{Answered, Content, Scope, Value, ValueError, json_of, payload};
use crate::wire::{Answer, Fault, Source};

/// What a check saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckResult {
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

impl From<ValueError> for CheckResult {
    fn from(unusable: ValueError) -> CheckResult {
        match unusable {
            ValueError::Missing(cause) => CheckResult::NotReached(cause),
            ValueError::Senseless(why) => CheckResult::Senseless(why),
        }
    }
}

/// Makes one check of an answer.
pub(crate) fn check(check: &Check, answered: &Answered, scope: &Scope) -> CheckResult {
    let seen = look(&check.aspect, answered, scope).unwrap_or_else(CheckResult::from);
    match (check.polarity, seen) {
        (Polarity::IsNot, CheckResult::Holds) => CheckResult::Breaks(describe::got(&check.aspect, answered)),
        (Polarity::IsNot, CheckResult::Breaks(_)) if answered.answer().is_ok() => CheckResult::Holds,
        (_, seen) => seen,
    }
}

/// Whether a condition holds of an answer; what there is instead is not worded, since nobody is told.
pub(crate) fn holds(condition: &Check, answered: &Answered, scope: &Scope) -> bool {
    match (&*condition.aspect, answered.answers()) {
        (Aspect::Status(sets), Ok(answers)) => {
            let is_so = answers.iter().all(|answer| is_among(sets, answer));
            is_so == (condition.polarity == Polarity::Is)
        }
        _ => check(condition, answered, scope) == CheckResult::Holds,
    }
}

fn look(aspect: &Aspect, answered: &Answered, scope: &Scope) -> Result<CheckResult, ValueError> {
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
        Aspect::SignedManifest => signed_manifest(answered, &answers),
        Aspect::SameAs(headers, name) => same_as(headers, name, &answers, scope)?,
    })
}

/// Whether the bytes of the body decide a check.
pub(crate) fn looks_at_the_body(aspect: &Aspect) -> bool {
    match aspect {
        Aspect::Json(..)
        | Aspect::Error(_)
        | Aspect::Content(_)
        | Aspect::NoBody
        | Aspect::SignedManifest => true,
        Aspect::Status(_) | Aspect::Header(..) | Aspect::Challenge(..) | Aspect::SameAs(..) => false,
    }
}

/// No answer breaks the check that waited for one, unless the suite could not even ask.
fn no_answer(fault: &Fault) -> CheckResult {
    match fault {
        Fault::CannotSend {
            from: Source::Scenario,
            ..
        } => CheckResult::Senseless(fault.to_string()),
        Fault::CannotSend { .. } | Fault::Elsewhere { .. } | Fault::Http2Alone { .. } => {
            CheckResult::NotReached(Cause::NotSent(fault.clone()))
        }
        _ => CheckResult::Breaks(fault.to_string()),
    }
}

/// The first that breaks; else held if one held.
fn worst(all: impl Iterator<Item = CheckResult>) -> CheckResult {
    let mut seen: Vec<CheckResult> = all.collect();
    match seen.iter().position(|one| matches!(one, CheckResult::Breaks(_))) {
        Some(at) => seen.swap_remove(at),
        None if seen.contains(&CheckResult::Holds) => CheckResult::Holds,
        None => seen.pop().unwrap_or(CheckResult::NoOccasion),
    }
}

fn is_among(sets: &[StatusSet], answer: &Answer) -> bool {
    sets.iter().any(|set| set.contains(answer.status))
}

fn status(sets: &[StatusSet], answer: &Answer) -> CheckResult {
    if is_among(sets, answer) {
        CheckResult::Holds
    } else {
        CheckResult::Breaks(describe::status(answer))
    }
}

fn header(
    name: &str,
    pattern: &Pattern,
    answers: &[&Answer],
    scope: &Scope,
) -> Result<CheckResult, ValueError> {
    let seen: Result<Vec<CheckResult>, ValueError> = answers
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
) -> Result<CheckResult, ValueError> {
    if let Some(trouble) = answered.trouble() {
        return Ok(CheckResult::Breaks(trouble.to_owned()));
    }
    if let Some(why) = answered.too_long() {
        return Ok(CheckResult::NotReached(Cause::Said(why)));
    }
    let text = scope.text(path)?;
    let path = JsonPath::parse(&text)
        .map_err(|error| ValueError::of_text(path, format!("`{text}` is no JSON path: {error}")))?;
    let all = answered
        .json()
        .map(|json| path.query(json).all())
        .unwrap_or_default();
    let of_page = |page: &&Answer| json_of(page).map_or(0, |json| path.query(&json).all().len());
    let nodes = Nodes {
        pages: match answers {
            [_] => vec![all.len()],
            pages => pages.iter().map(of_page).collect(),
        },
        nodes: all,
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
) -> Result<CheckResult, ValueError> {
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
pub(crate) fn challenge_parameter(answer: &Answer, scheme: &str, parameter: &str) -> Vec<String> {
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

fn error(codes: &[String], answer: &Answer) -> CheckResult {
    let Some(json) = json_of(answer) else {
        return CheckResult::NoOccasion;
    };
    let found = error_codes(&json);
    if found.iter().any(|code| codes.contains(code)) {
        CheckResult::Holds
    } else if found.is_empty() {
        CheckResult::Breaks(format!("no error code in {}", describe::body(answer)))
    } else {
        CheckResult::Breaks(format!("error {}", describe::codes(&found)))
    }
}

/// The error codes of a JSON body.
pub(crate) fn error_codes(json: &Json) -> Vec<String> {
    let entries = json.get("errors").and_then(Json::as_array);
    let codes = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("code")?.as_str());
    codes.map(str::to_owned).collect()
}

fn content(name: &Name, answers: &[&Answer], scope: &Scope) -> Result<CheckResult, ValueError> {
    let expected = scope.get(name)?.content()?;
    Ok(worst(answers.iter().map(|answer| {
        if answer.body.is(&expected.payload) || is_signed_anew(&expected, answer) {
            CheckResult::Holds
        } else {
            CheckResult::Breaks(describe::difference(&expected.payload, &answer.body))
        }
    })))
}

/// Whether an answer is a manifest that was signed, perhaps by somebody else: what was signed is what counts.
fn is_signed_anew(expected: &Content, answer: &Answer) -> bool {
    expected.media_type == MEDIA_TYPE
        && answer.body.is_whole()
        && payload(&expected.bytes()).is_some_and(|signed| payload(&answer.body.bytes()) == Some(signed))
}

fn signed_manifest(answered: &Answered, answers: &[&Answer]) -> CheckResult {
    if let Some(why) = answered.too_long() {
        return CheckResult::NotReached(Cause::Said(why));
    }
    worst(answers.iter().map(|answer| {
        let verified = SignedManifest::verify(&answer.body.bytes());
        verified.map_or_else(
            |why| CheckResult::Breaks(format!("what is not signed as it says: {why}")),
            |_| CheckResult::Holds,
        )
    }))
}

fn no_body(answer: &Answer) -> CheckResult {
    if answer.body.is_empty() {
        CheckResult::Holds
    } else {
        CheckResult::Breaks(describe::body(answer))
    }
}

fn same_as(
    headers: &[String],
    name: &Name,
    answers: &[&Answer],
    scope: &Scope,
) -> Result<CheckResult, ValueError> {
    let model = match scope.get(name)? {
        Value::Answer(answered) => answered.clone(),
        Value::Missing(cause) => return Err(ValueError::Missing(cause.clone())),
        _ => return Err(ValueError::Senseless(format!("`{name}` is not an answer"))),
    };
    let Ok(model) = model.answer() else {
        return Err(ValueError::Missing(Cause::Came(model.exchange().clone())));
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
    Ok(different.map_or(CheckResult::Holds, CheckResult::Breaks))
}
