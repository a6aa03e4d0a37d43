//! How one registry answers where the reference answers something: what `assize serve --like` imitates.
//!
//! The situation in which a request comes is told by what the reference answers to it. Both registries were recorded with
//! the same scenarios, so for each situation the other's answers are known; where they differ among themselves, or there are
//! none, the record is silent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use http::StatusCode;

use super::call::{Call, Reply};
use crate::endpoint::Endpoint;
use crate::snapshot::{Answer, Answers, Asked, Facet, FacetValue, align, endpoint};

/// The header lines of a request by which situations are told apart.
const TELLING: [&str; 5] = ["content-range", "if-match", "if-none-match", "if-range", "range"];
/// The header lines of an answer that belong to its body and its connection.
const OF_THE_BODY: [&str; 3] = ["content-length", "content-type", "transfer-encoding"];

/// What is known of how a registry answers.
#[derive(Clone, Debug, Default)]
pub struct Likeness {
    rules: BTreeMap<Situation, Rule>,
}

/// A kind of request, and what the reference answers to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Situation {
    /// The method and the endpoint.
    request: String,
    /// The names of the parameters of the query.
    parameters: BTreeSet<String>,
    /// The telling header lines.
    headers: BTreeSet<&'static str>,
    status: u16,
    error: Option<String>,
}

/// What the other registry answers in a situation, whenever it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    status: u16,
    error: Option<String>,
    /// Header lines that it sends, and the reference does not send so.
    sends: BTreeMap<String, String>,
    /// Header lines that it never sends.
    withholds: BTreeSet<String>,
}

impl Likeness {
    /// Learns from the records of the reference and of another registry.
    pub fn learn(reference: &BTreeMap<Arc<str>, Answers>, other: &BTreeMap<Arc<str>, Answers>) -> Likeness {
        let mut seen: BTreeMap<Situation, Vec<(&Answer, &Answer)>> = BTreeMap::new();
        for (name, theirs) in other {
            let Some(ours) = reference.get(name) else { continue };
            for pair in align(&ours.entries, &theirs.entries) {
                let (Some(one), Some(another)) = (pair.one, pair.other) else {
                    continue;
                };
                let (Some(ours), Some(theirs)) = (one.answer(), another.answer()) else {
                    continue;
                };
                if let Some(situation) = Situation::recorded(&one.asked, ours) {
                    seen.entry(situation).or_default().push((ours, theirs));
                }
            }
        }
        let rules = seen.into_iter().filter_map(|(situation, pairs)| {
            let rule = Rule::of(&pairs)?;
            (!rule.is_of_the_reference(&situation)).then_some((situation, rule))
        });
        Likeness {
            rules: rules.collect(),
        }
    }

    /// In how many situations it answers otherwise than the reference.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether it answers nowhere otherwise.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Makes of an answer of the reference what the other registry would have answered, as far as it is known.
    pub(crate) fn imitate(&self, call: &Call, reply: &mut Reply) {
        let situation = Situation::live(call, reply);
        if let Some(rule) = self.rules.get(&situation) {
            rule.apply(reply);
        }
    }
}

impl Situation {
    /// That of a recorded request; none of what only sets a stage.
    fn recorded(asked: &Asked, ours: &Answer) -> Option<Situation> {
        let Asked::Request(lines) = asked else { return None };
        let (first, others) = lines.split_first()?;
        let names = others.iter().filter_map(|line| line.split_once(':'));
        let names: BTreeSet<String> = names.map(|(name, _)| name.to_ascii_lowercase()).collect();
        Some(Situation {
            request: endpoint(first),
            parameters: recorded_parameters(first),
            headers: TELLING.into_iter().filter(|name| names.contains(*name)).collect(),
            status: status(ours)?,
            error: ours.line(&Facet::Error).map(str::to_owned),
        })
    }

    /// That of a request that the reference has just answered.
    fn live(call: &Call, reply: &Reply) -> Situation {
        let kind = Endpoint::parse(&call.path, &call.query).kind();
        let parameters = call.query.split('&').filter(|pair| !pair.is_empty());
        let parameters = parameters.map(|pair| pair.split('=').next().unwrap_or(pair).to_owned());
        Situation {
            request: format!("{} {}", call.method, kind.words()),
            parameters: parameters.collect(),
            headers: TELLING
                .into_iter()
                .filter(|name| call.headers.contains_key(*name))
                .collect(),
            status: reply.status,
            error: error_code(reply),
        }
    }
}

/// The names of the parameters in the first line of a recorded request.
fn recorded_parameters(line: &str) -> BTreeSet<String> {
    let (target, further) = line.split_once(" ?").unwrap_or((line, ""));
    let query = target.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .chain(further.split('&'))
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split('=').next().unwrap_or(pair).to_owned())
        .collect()
}

impl Rule {
    /// What all these answers have in common; none where they come with one status or another.
    fn of(pairs: &[(&Answer, &Answer)]) -> Option<Rule> {
        let (_, first) = pairs.first()?;
        let is_same = |(_, theirs): &(&Answer, &Answer)| {
            status(theirs) == status(first) && theirs.line(&Facet::Error) == first.line(&Facet::Error)
        };
        if !pairs.iter().all(is_same) {
            return None;
        }
        let names: BTreeSet<&str> = pairs
            .iter()
            .flat_map(|(ours, theirs)| ours.facets.keys().chain(theirs.facets.keys()))
            .filter_map(|facet| match facet {
                Facet::Header(name) => Some(name.as_str()),
                _ => None,
            })
            .filter(|name| !OF_THE_BODY.contains(&&*name.to_ascii_lowercase()))
            .collect();
        let (mut sends, mut withholds) = (BTreeMap::new(), BTreeSet::new());
        for name in names {
            let facet = Facet::Header(name.to_owned());
            if pairs
                .iter()
                .all(|(_, theirs)| !theirs.facets.contains_key(&facet))
            {
                withholds.insert(name.to_owned());
            } else if let Some(value) = literal(&facet, pairs) {
                sends.insert(name.to_owned(), value);
            }
        }
        Some(Rule {
            status: status(first)?,
            error: first.line(&Facet::Error).map(str::to_owned),
            sends,
            withholds,
        })
    }

    /// Whether the reference answers so by itself.
    fn is_of_the_reference(&self, situation: &Situation) -> bool {
        self.status == situation.status
            && self.error == situation.error
            && self.sends.is_empty()
            && self.withholds.is_empty()
    }

    fn apply(&self, reply: &mut Reply) {
        if self.status != reply.status || self.error != error_code(reply) {
            *reply = match &self.error {
                Some(code) => Reply::error(self.status, code),
                None => Reply {
                    status: self.status,
                    headers: std::mem::take(&mut reply.headers),
                    ..Reply::default()
                },
            };
            reply.set_body(reply.body.clone());
        }
        for name in &self.withholds {
            reply.remove(name);
        }
        for (name, value) in &self.sends {
            reply.set(name, value);
        }
    }
}

/// The value that a header line of the other registry has in every answer, where it is the same and no name stands in it, and
/// the reference has another.
fn literal(facet: &Facet, pairs: &[(&Answer, &Answer)]) -> Option<String> {
    let (_, first) = pairs.first()?;
    let FacetValue::Lines(lines) = first.facets.get(facet)? else {
        return None;
    };
    let [value] = &lines[..] else { return None };
    let is_same = |(_, theirs): &(&Answer, &Answer)| theirs.facets.get(facet) == first.facets.get(facet);
    let is_of_both = |(ours, theirs): &(&Answer, &Answer)| ours.facets.get(facet) == theirs.facets.get(facet);
    let is_literal = !value.contains(['{', '@', '…']);
    (is_literal && pairs.iter().all(is_same) && !pairs.iter().all(is_of_both)).then(|| value.clone())
}

/// The status of a recorded answer, if it is the same in every run.
fn status(answer: &Answer) -> Option<u16> {
    let code: u16 = answer.line(&Facet::Status)?.parse().ok()?;
    StatusCode::from_u16(code).ok().map(|status| status.as_u16())
}

/// The code in the error body of an answer.
fn error_code(reply: &Reply) -> Option<String> {
    if reply.is_success() {
        return None;
    }
    let body: serde_json::Value = serde_json::from_slice(&reply.body).ok()?;
    Some(body["errors"][0]["code"].as_str()?.to_owned())
}
