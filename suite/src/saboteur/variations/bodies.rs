//! Variations of the JSON that a registry writes: what means the same is written in another way.

use serde_json::{Map, Value as Json};

use super::tools::is_own_json;
use crate::saboteur::{Call, Kind, Reply, Sentence, Variation};

const JSON_BODY: Sentence = Sentence::oci(
    "Listing Tags",
    "Upon success, the response MUST be a json body in the following format:",
);
const DETAIL: Sentence = Sentence::oci("Error Codes", "MAY contain arbitrary JSON data");
const CASE: Sentence = Sentence::rfc(
    "rfc9110",
    "8.3.1",
    "The type and subtype tokens are case-insensitive.",
);
const PARAMETERS: Sentence = Sentence::rfc(
    "rfc9110",
    "8.3.1",
    "The type/subtype MAY be followed by semicolon-delimited parameters",
);

/// The variations.
pub(super) const VARIATIONS: &[Variation] = &[
    Variation::reply(
        "json-members-in-other-order",
        "The members of every object stand in another order.",
        JSON_BODY,
        |call, reply| {
            if is_own_json(call, reply) {
                reply.edit_json(|json| *json = reversed(std::mem::take(json)));
            }
        },
    ),
    Variation::reply(
        "json-with-white-space",
        "JSON is indented by tabs, with blank lines around it.",
        JSON_BODY,
        |call, reply| edit_text(call, reply, indented),
    ),
    Variation::reply(
        "json-with-escapes",
        "Letters and slashes are escaped in JSON, in names of members too.",
        JSON_BODY,
        |call, reply| edit_text(call, reply, |text| escaped(&text)),
    ),
    Variation::reply(
        "json-with-unknown-members",
        "Lists and errors have members that nobody knows.",
        DETAIL,
        |call, reply| {
            if is_own_json(call, reply) {
                reply.edit_json(add_unknown);
            }
        },
    ),
    Variation::reply(
        "json-type-with-charset",
        "The Content-Type of tags and errors names a charset.",
        PARAMETERS,
        |call, reply| {
            if is_own_json(call, reply) && call.kind() != Kind::Referrers {
                reply.set("content-type", "application/json; charset=utf-8");
            }
        },
    ),
    Variation::reply(
        "json-type-in-capitals",
        "The Content-Type of tags and errors is in capitals.",
        CASE,
        |call, reply| {
            if is_own_json(call, reply) && call.kind() != Kind::Referrers {
                reply.set("content-type", "Application/JSON");
            }
        },
    ),
    Variation::reply(
        "json-type-with-quoted-charset",
        "The Content-Type of tags and errors has a quoted parameter and no blank.",
        PARAMETERS,
        |call, reply| {
            if is_own_json(call, reply) && call.kind() != Kind::Referrers {
                reply.set("content-type", "application/json;charset=\"UTF-8\"");
            }
        },
    ),
];

/// Changes the text of a body that the registry writes.
fn edit_text(call: &Call, reply: &mut Reply, edit: fn(String) -> String) {
    if is_own_json(call, reply) {
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        reply.set_body(edit(text));
    }
}

/// The same value with the members of its objects in the opposite order.
fn reversed(json: Json) -> Json {
    match json {
        Json::Object(members) => {
            let members: Vec<(String, Json)> = members.into_iter().collect();
            let turned = members.into_iter().rev();
            Json::Object(turned.map(|(name, value)| (name, reversed(value))).collect())
        }
        Json::Array(values) => values.into_iter().map(reversed).collect(),
        plain => plain,
    }
}

fn indented(text: String) -> String {
    let json = serde_json::from_str::<Json>(&text).ok();
    let pretty = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
    pretty.map_or(text, |pretty| {
        format!("\r\n\t{}\r\n\r\n ", pretty.replace("  ", "\t"))
    })
}

/// The same text with slashes and two letters escaped, both of which stand in strings alone.
fn escaped(text: &str) -> String {
    if text.contains('\\') {
        return text.to_owned();
    }
    text.replace('/', "\\/")
        .replace('g', "\\u0067")
        .replace('d', "\\u0064")
}

fn add_unknown(json: &mut Json) {
    let add = |json: &mut Json| {
        if let Json::Object(members) = json {
            let mut more = Map::new();
            more.insert(
                "x-unknown".to_owned(),
                serde_json::json!({ "a": [1, null, { "tags": [] }] }),
            );
            more.append(members);
            *members = more;
        }
    };
    add(json);
    for list in ["errors", "manifests"] {
        if let Some(Json::Array(entries)) = json.get_mut(list) {
            entries.iter_mut().for_each(add);
        }
    }
}
