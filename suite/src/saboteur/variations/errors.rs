//! Variations of errors: what their bodies look like.

use serde_json::{Value as Json, json};

use super::tools::is_json_error;
use crate::saboteur::{Reply, Sentence, Variation};

const ANY_FORMAT: Sentence = Sentence::oci(
    "Error Codes",
    "response code from the registry MAY return a body in any format.",
);
const MESSAGE: Sentence = Sentence::oci(
    "Error Codes",
    "field is OPTIONAL, and if present, it SHOULD be a human readable string or MAY be empty.",
);
const DETAIL: Sentence = Sentence::oci(
    "Error Codes",
    "field is OPTIONAL and MAY contain arbitrary JSON data providing information",
);
const SEVERAL: Sentence = Sentence::oci(
    "Pushing Manifests",
    "The registry MUST store the manifest in the exact byte representation provided by the client.",
);

/// The variations.
pub(super) const VARIATIONS: &[Variation] = &[
    Variation::reply("error-empty", "Errors have no body.", ANY_FORMAT, |_, reply| {
        if may_have_any_form(reply) {
            reply.remove("content-type");
            reply.set_body("");
        }
    }),
    Variation::reply(
        "error-page",
        "Errors are pages of HTML.",
        ANY_FORMAT,
        |_, reply| {
            if may_have_any_form(reply) {
                reply.set("content-type", "text/html");
                reply.set_body("<html><body><h1>No</h1><p>{\"errors\": \"none\"}</p></body></html>");
            }
        },
    ),
    Variation::reply(
        "error-of-text",
        "Errors are a line of text.",
        ANY_FORMAT,
        |_, reply| {
            if may_have_any_form(reply) {
                reply.set("content-type", "text/plain; charset=utf-8");
                reply.set_body("no\n");
            }
        },
    ),
    Variation::reply("error-xml", "Errors are XML.", ANY_FORMAT, |_, reply| {
        if may_have_any_form(reply) {
            reply.set("content-type", "application/xml");
            reply.set_body("<?xml version=\"1.0\"?><Error><Code>No</Code></Error>");
        }
    }),
    Variation::reply(
        "error-of-code-alone",
        "Errors have neither a message nor a detail.",
        MESSAGE,
        |_, reply| {
            edit_errors(reply, |error| {
                if let Some(members) = error.as_object_mut() {
                    members.retain(|name, _| name == "code");
                }
            });
        },
    ),
    Variation::reply(
        "error-with-empty-message",
        "The message of every error is empty.",
        MESSAGE,
        |_, reply| edit_errors(reply, |error| error["message"] = json!("")),
    ),
    Variation::reply(
        "error-with-detail-of-text",
        "The detail of every error is a text.",
        DETAIL,
        |_, reply| {
            edit_errors(reply, |error| {
                error["detail"] = json!("as \"you\" see: ünïcode\n");
            });
        },
    ),
    Variation::reply(
        "error-with-detail-of-list",
        "The detail of every error is a list of all kinds of things.",
        DETAIL,
        |_, reply| {
            edit_errors(reply, |error| {
                error["detail"] = json!([null, 1.5e3, true, { "code": "BLOB_UNKNOWN" }, ["deep"]]);
            });
        },
    ),
    Variation::reply(
        "errors-several",
        "Every error is followed by another one.",
        SEVERAL,
        |_, reply| edit_list(reply, |errors| errors.push(other())),
    ),
    Variation::reply(
        "errors-several-other-first",
        "Every error stands behind another one.",
        SEVERAL,
        |_, reply| edit_list(reply, |errors| errors.insert(0, other())),
    ),
];

/// Whether an error may have a body of any format: that a manifest's content is missing has to be said by its code.
fn may_have_any_form(reply: &Reply) -> bool {
    let code = b"MANIFEST_BLOB_UNKNOWN";
    let says = reply.body.windows(code.len()).any(|window| window == code);
    is_json_error(reply) && !says
}

fn other() -> Json {
    json!({ "code": "UNSUPPORTED", "message": "and this" })
}

fn edit_list(reply: &mut Reply, edit: impl FnOnce(&mut Vec<Json>)) {
    if is_json_error(reply) {
        reply.edit_json(|json| {
            if let Some(Json::Array(errors)) = json.get_mut("errors") {
                edit(errors);
            }
        });
    }
}

fn edit_errors(reply: &mut Reply, edit: fn(&mut Json)) {
    edit_list(reply, |errors| errors.iter_mut().for_each(edit));
}
