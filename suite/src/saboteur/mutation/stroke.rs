//! One change of some answers.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use serde_json::{Value as Json, json};
use thiserror::Error;

use super::Twist;
use crate::saboteur::call::{Call, Framing, Kind, Reply};
use crate::saboteur::deviations::gzipped;

/// How long an answer is held back: long enough to be noticed, and shorter than any client waits.
const PAUSE: Duration = Duration::from_millis(1500);

/// What stands for any method, and for any status.
const ANY: &str = "any";

/// The kinds of resource by name.
pub(super) const KINDS: [(&str, Kind); 9] = [
    ("base", Kind::Base),
    ("tag", Kind::Tag),
    ("manifest", Kind::Manifest),
    ("blob", Kind::Blob),
    ("uploads", Kind::Uploads),
    ("session", Kind::Session),
    ("tags", Kind::Tags),
    ("referrers", Kind::Referrers),
    ("catalog", Kind::Catalog),
];

/// One change of those answers that it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// The method that is answered; any if `None`.
    pub method: Option<http::Method>,
    /// What is asked for.
    pub kind: Kind,
    /// The hundred that the honest status is in; any if `None`.
    pub class: Option<u16>,
    /// What becomes of the answer.
    pub change: AnswerChange,
}

/// What becomes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerChange {
    /// It has another status.
    Status(u16),
    /// It lacks a header.
    Drop(HeaderName),
    /// A header has another value.
    Twist(HeaderName, Twist),
    /// A header comes twice, the second time twisted.
    Double(HeaderName, Twist),
    /// A part of its JSON body, named by a JSON pointer, is missing.
    Remove(String),
    /// A part of its JSON body is of another type.
    Retype(String),
    /// A list in its JSON body loses its second half.
    Halve(String),
    /// Its body is coded with gzip, and says so.
    Code,
    /// It comes later.
    Pause,
    /// Its body comes in pieces.
    Split,
    /// Its body comes in pieces whose number nobody is told.
    Chunk,
    /// Its body comes twice, one behind the other.
    Repeat,
}

impl Stroke {
    /// Whether it concerns an answer that has this status of its own accord.
    pub(super) fn concerns(&self, call: &Call, honest: u16) -> bool {
        self.kind == call.kind()
            && self.method.as_ref().is_none_or(|method| *method == call.method)
            && self.class.is_none_or(|class| class == honest / 100)
    }
}

impl AnswerChange {
    /// Makes the change; how long the answer is held back.
    pub(super) fn make(&self, reply: &mut Reply) -> Duration {
        match self {
            AnswerChange::Status(status) => reply.become_status(*status),
            AnswerChange::Drop(name) => {
                reply.headers.remove(name);
            }
            AnswerChange::Twist(name, twist) => {
                if let Some(value) = twisted(reply, name, *twist) {
                    reply.headers.insert(name, value);
                }
            }
            AnswerChange::Double(name, twist) => {
                if let Some(value) = twisted(reply, name, *twist) {
                    reply.headers.append(name, value);
                }
            }
            AnswerChange::Remove(pointer) => reply.edit_json(|body| remove(body, pointer)),
            AnswerChange::Retype(pointer) => reply.edit_json(|body| {
                if let Some(part) = body.pointer_mut(pointer) {
                    *part = of_another_type(part);
                }
            }),
            AnswerChange::Halve(pointer) => reply.edit_json(|body| {
                if let Some(list) = body.pointer_mut(pointer).and_then(Json::as_array_mut) {
                    list.truncate(list.len() / 2);
                }
            }),
            AnswerChange::Code if !reply.body.is_empty() => {
                reply.set_body(gzipped(&reply.body));
                reply.set("content-encoding", "gzip");
            }
            AnswerChange::Code => {}
            AnswerChange::Pause => return PAUSE,
            AnswerChange::Split => reply.framing = Framing::Pieces,
            AnswerChange::Chunk => reply.framing = Framing::Chunks,
            AnswerChange::Repeat => {
                let twice = [reply.body.clone(), reply.body.clone()].concat();
                if !twice.is_empty() {
                    reply.set_body(Bytes::from(twice));
                }
            }
        }
        Duration::ZERO
    }
}

/// The value of a header after a twist, if it is there and can be sent.
fn twisted(reply: &Reply, name: &HeaderName, twist: Twist) -> Option<HeaderValue> {
    let value = reply.headers.get(name)?.to_str().ok()?;
    HeaderValue::try_from(twist.of(value)).ok()
}

fn remove(body: &mut Json, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        return;
    };
    match body.pointer_mut(parent) {
        Some(Json::Object(members)) => {
            members.remove(last);
        }
        Some(Json::Array(list)) => {
            if let Some(at) = last.parse().ok().filter(|at| *at < list.len()) {
                list.remove(at);
            }
        }
        _ => {}
    }
}

fn of_another_type(value: &Json) -> Json {
    match value {
        Json::Null => json!({}),
        Json::Bool(_) | Json::Number(_) => json!(value.to_string()),
        Json::String(_) => json!(1),
        Json::Array(_) => Json::Null,
        Json::Object(_) => json!([]),
    }
}

impl fmt::Display for Stroke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method.as_ref().map_or(ANY, http::Method::as_str);
        let kind = KINDS.iter().find(|(_, kind)| *kind == self.kind);
        let class = self.class.map_or(ANY.to_owned(), |class| format!("{class}xx"));
        write!(
            f,
            "{method} {} {class}: {}",
            kind.map_or("", |(name, _)| name),
            self.change
        )
    }
}

impl fmt::Display for AnswerChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AnswerChange::Status(status) => write!(f, "status {status}"),
            AnswerChange::Drop(name) => write!(f, "drop {name}"),
            AnswerChange::Twist(name, twist) => write!(f, "twist {name} {}", twist.words()),
            AnswerChange::Double(name, twist) => write!(f, "double {name} {}", twist.words()),
            AnswerChange::Remove(pointer) => write!(f, "remove {pointer}"),
            AnswerChange::Retype(pointer) => write!(f, "retype {pointer}"),
            AnswerChange::Halve(pointer) => write!(f, "halve {pointer}"),
            AnswerChange::Code => f.write_str("code"),
            AnswerChange::Pause => f.write_str("pause"),
            AnswerChange::Split => f.write_str("split"),
            AnswerChange::Chunk => f.write_str("chunk"),
            AnswerChange::Repeat => f.write_str("repeat"),
        }
    }
}

/// Why a text is no stroke.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadStroke {
    /// It has another form.
    #[error("`{0}` is no stroke: METHOD KIND STATUS: CHANGE, as in `GET tags 2xx: drop link`")]
    Form(String),
    /// There is no such kind.
    #[error("`{0}` is no kind of resource")]
    Kind(String),
    /// There is no such class of statuses.
    #[error("`{0}` is no class of statuses: 2xx to 5xx, or any")]
    Class(String),
    /// There is no such change.
    #[error("`{0}` is no change of an answer")]
    Change(String),
    /// There is no such twist.
    #[error("`{0}` is no twist of a value")]
    Twist(String),
}

impl FromStr for Stroke {
    type Err = BadStroke;

    fn from_str(text: &str) -> Result<Stroke, BadStroke> {
        let form = || BadStroke::Form(text.to_owned());
        let (place, change) = text.split_once(": ").ok_or_else(form)?;
        let [method, kind, class] = place.split(' ').collect::<Vec<&str>>()[..] else {
            return Err(form());
        };
        let known = KINDS.iter().find(|(name, _)| *name == kind);
        Ok(Stroke {
            method: match method {
                ANY => None,
                method => Some(method.parse().map_err(|_| form())?),
            },
            kind: known.ok_or_else(|| BadStroke::Kind(kind.to_owned()))?.1,
            class: match class {
                ANY => None,
                "2xx" => Some(2),
                "3xx" => Some(3),
                "4xx" => Some(4),
                "5xx" => Some(5),
                other => return Err(BadStroke::Class(other.to_owned())),
            },
            change: change.parse()?,
        })
    }
}

impl FromStr for AnswerChange {
    type Err = BadStroke;

    fn from_str(text: &str) -> Result<AnswerChange, BadStroke> {
        let unknown = || BadStroke::Change(text.to_owned());
        let name = |name: &str| name.parse::<HeaderName>().map_err(|_| unknown());
        let twist = |word: &str| Twist::read(word).ok_or_else(|| BadStroke::Twist(word.to_owned()));
        Ok(match text.split(' ').collect::<Vec<&str>>()[..] {
            ["status", status] => AnswerChange::Status(status.parse().map_err(|_| unknown())?),
            ["drop", header] => AnswerChange::Drop(name(header)?),
            ["twist", header, word] => AnswerChange::Twist(name(header)?, twist(word)?),
            ["double", header, word] => AnswerChange::Double(name(header)?, twist(word)?),
            ["remove", pointer] => AnswerChange::Remove(pointer.to_owned()),
            ["retype", pointer] => AnswerChange::Retype(pointer.to_owned()),
            ["halve", pointer] => AnswerChange::Halve(pointer.to_owned()),
            ["code"] => AnswerChange::Code,
            ["pause"] => AnswerChange::Pause,
            ["split"] => AnswerChange::Split,
            ["chunk"] => AnswerChange::Chunk,
            ["repeat"] => AnswerChange::Repeat,
            _ => return Err(unknown()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{AnswerChange, Reply};
    use serde_json::json;

    fn changed(change: &str, reply: &Reply) -> Reply {
        let mut changed = reply.clone();
        change.parse::<AnswerChange>().unwrap().make(&mut changed);
        changed
    }

    #[test]
    fn a_change_changes_what_it_names() {
        let reply = Reply::json(200, &json!({"name": "a", "tags": ["1", "2"]}));
        assert_eq!(changed("status 404", &reply).status, 404);
        assert_eq!(changed("drop content-type", &reply).header("content-type"), "");
        assert_eq!(
            changed("twist content-type upper", &reply).header("content-type"),
            "APPLICATION/JSON"
        );
        assert_eq!(
            changed("double content-type other", &reply)
                .headers
                .get_all("content-type")
                .iter()
                .count(),
            2
        );
        assert_eq!(
            changed("remove /tags/0", &reply).body,
            r#"{"name":"a","tags":["2"]}"#
        );
        assert_eq!(
            changed("retype /tags", &reply).body,
            r#"{"name":"a","tags":null}"#
        );
        assert_eq!(
            changed("halve /tags", &reply).body,
            r#"{"name":"a","tags":["1"]}"#
        );
        assert_eq!(changed("code", &reply).header("content-encoding"), "gzip");
        assert_eq!(changed("repeat", &Reply::empty(204)), Reply::empty(204));
        assert_eq!(changed("twist link cut", &reply), reply);
    }
}
