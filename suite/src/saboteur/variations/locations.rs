//! Variations of `Location`: the forms of an address, and where it leads.

use http::StatusCode;

use super::tools::{at_host, edit_header, host, leads_to_upload, other_host};
use crate::saboteur::deviations::tricks::{adds, closes};
use crate::saboteur::{Kind, Reply, Sentence, Variation};

const ABSOLUTE_OR_RELATIVE: Sentence = Sentence::oci(
    "POST then PUT",
    "Optionally, the location MAY be absolute (containing the protocol and/or hostname)",
);
const URI_REFERENCE: Sentence = Sentence::rfc(
    "rfc9110",
    "10.2.2",
    "The field value consists of a single URI-reference.",
);
const ELSEWHERE: Sentence = Sentence::oci(
    "POST then PUT",
    "does not necessarily need to be provided by the registry itself.",
);
const QUERY: Sentence = Sentence::oci("POST then PUT", "MAY contain critical query parameters.");
const PULLABLE: Sentence = Sentence::oci("POST then PUT", "being a pullable blob URL.");
const BY_LATEST: Sentence = Sentence::oci(
    "Pushing a blob in chunks",
    "Each consecutive chunk upload SHOULD use the",
);

/// Where uploads are served outside of `/v2/`.
const OUTSIDE: &str = "/uploads-of";
/// The parameter that holds the state of an upload.
const STATE: &str = "_state";
/// The parameter that holds the id of an upload.
const SESSION: &str = "session";

/// The variations.
pub(super) const VARIATIONS: &[Variation] = &[
    Variation::reply(
        "location-absolute",
        "Every Location has a scheme and a host.",
        ABSOLUTE_OR_RELATIVE,
        |call, reply| edit_header(reply, "location", |location| at_host(&host(call), location)),
    ),
    Variation::reply(
        "location-without-scheme",
        "Every Location has a host and no scheme: //host/path.",
        ABSOLUTE_OR_RELATIVE,
        |call, reply| {
            edit_header(reply, "location", |location| {
                at_host(&host(call), location).replacen("http:", "", 1)
            });
        },
    )
    .told_by(&["interop.location-network-path"]),
    Variation::reply(
        "location-in-capitals",
        "The scheme of every Location is in capitals, which mean the same.",
        URI_REFERENCE,
        |call, reply| {
            edit_header(reply, "location", |location| {
                at_host(&host(call), location).replacen("http", "HTTP", 1)
            });
        },
    ),
    Variation::reply(
        "location-other-host",
        "An upload goes on at another host name.",
        ELSEWHERE,
        |call, reply| {
            // What is asked there already stays there.
            let host = match call.kind() {
                Kind::Uploads => other_host(call),
                _ => host(call),
            };
            if leads_to_upload(call, reply) {
                edit_header(reply, "location", |location| at_host(&host, location));
            }
        },
    )
    .told_by(&["interop.location-host"]),
    Variation::reply(
        "location-of-blob-other-host",
        "What was pushed is said to be at another host name.",
        PULLABLE,
        |call, reply| {
            if reply.status == StatusCode::CREATED {
                edit_header(reply, "location", |location| at_host(&other_host(call), location));
            }
        },
    ),
    Variation::both(
        "location-outside-api",
        "An upload goes on at a path outside of /v2/.",
        ELSEWHERE,
        |call| {
            if let Some(path) = call.path.strip_prefix(OUTSIDE) {
                call.path = path.to_owned();
            }
        },
        |call, reply| {
            if leads_to_upload(call, reply) {
                edit_header(reply, "location", |location| format!("{OUTSIDE}{location}"));
            }
        },
    ),
    Variation::reply(
        "location-last-segment",
        "Location is the last segment alone, relative to the address that was asked.",
        URI_REFERENCE,
        |call, reply| {
            if leads_to_upload(call, reply) {
                edit_header(reply, "location", |location| {
                    location.rsplit('/').next().unwrap_or_default().to_owned()
                });
            }
        },
    )
    .told_by(&["interop.location-path"]),
    Variation::both(
        "location-with-query",
        "An upload's Location has parameters, with escapes, that have to come back.",
        QUERY,
        |call| {
            if call.kind() == Kind::Session && call.parameter(STATE).as_deref() != Some("a/b:c%3D%3D%26d") {
                call.path = format!("{}-lost", call.path);
            }
            call.drop_parameter(STATE);
            call.drop_parameter("flag");
        },
        |call, reply| {
            if leads_to_upload(call, reply) {
                edit_header(reply, "location", |location| {
                    with_query(location, &format!("{STATE}=a%2Fb%3Ac%3D%3D%26d&flag"))
                });
            }
        },
    ),
    Variation::both(
        "location-names-upload-in-query",
        "The id of an upload is a parameter of its Location.",
        QUERY,
        |call| {
            if let Some(id) = call
                .parameter(SESSION)
                .filter(|_| call.path.ends_with("/blobs/uploads/"))
            {
                call.path.push_str(&id);
                call.drop_parameter(SESSION);
            }
        },
        |call, reply| {
            if leads_to_upload(call, reply) {
                edit_header(reply, "location", |location| {
                    let (path, query) = location.split_once('?').unwrap_or((location, ""));
                    let (uploads, id) = path.rsplit_once('/').unwrap_or_default();
                    let query = if query.is_empty() {
                        String::new()
                    } else {
                        format!("&{query}")
                    };
                    format!("{uploads}/?{SESSION}={id}{query}")
                });
            }
        },
    ),
    Variation::stateful(
        "location-new-for-every-chunk",
        "Every chunk is answered with a new Location, and no earlier one takes more content.",
        BY_LATEST,
        |mut context| {
            Box::pin(async move {
                let state = context.call.parameter(STATE).unwrap_or_default();
                context.call.drop_parameter(STATE);
                let upload = context.call.path.clone();
                let writes = adds(&context.call) || closes(&context.call);
                if writes && state != context.memory.counted(&upload).to_string() {
                    return Reply::error(404, "BLOB_UPLOAD_UNKNOWN");
                }
                let mut reply = context.honestly().await;
                if adds(&context.call) && reply.is_success() {
                    context.memory.count(&upload);
                }
                if leads_to_upload(&context.call, &reply) {
                    edit_header(&mut reply, "location", |location| {
                        let path = location.split('?').next().unwrap_or_default();
                        let state = context.memory.counted(path);
                        with_query(location, &format!("{STATE}={state}"))
                    });
                }
                reply
            })
        },
    ),
    Variation::both(
        "upload-id-long",
        "The id of an upload is a UUID followed by hundreds of characters.",
        QUERY,
        |call| {
            if let Some(end) = call.path.find("~~") {
                call.path.truncate(end);
            }
        },
        |call, reply| {
            if leads_to_upload(call, reply) {
                let long = format!("~~{}", "aZ09._-".repeat(100));
                edit_header(reply, "location", |location| behind_path(location, &long));
                reply.remove("docker-upload-uuid");
            }
        },
    ),
    Variation::both(
        "upload-id-escaped",
        "The id of an upload has characters that are escaped in its Location.",
        QUERY,
        |call| {
            if let Some(end) = call.path.find("%2B%3D") {
                call.path.truncate(end);
            }
        },
        |call, reply| {
            if leads_to_upload(call, reply) {
                edit_header(reply, "location", |location| behind_path(location, "%2B%3D"));
                reply.remove("docker-upload-uuid");
            }
        },
    )
    .told_by(&["interop.location-escapes"]),
    Variation::both(
        "upload-id-of-several-segments",
        "An upload's Location has more segments than the table of endpoints shows.",
        ELSEWHERE,
        |call| {
            if let Some(path) = call.path.strip_suffix("/data/0") {
                call.path = path.to_owned();
            }
        },
        |call, reply| {
            if leads_to_upload(call, reply) {
                edit_header(reply, "location", |location| behind_path(location, "/data/0"));
                reply.remove("docker-upload-uuid");
            }
        },
    ),
];

/// An address with more parameters.
fn with_query(location: &str, parameters: &str) -> String {
    let mark = if location.contains('?') { '&' } else { '?' };
    format!("{location}{mark}{parameters}")
}

/// An address with more behind its path.
fn behind_path(location: &str, more: &str) -> String {
    match location.split_once('?') {
        Some((path, query)) => format!("{path}{more}?{query}"),
        None => format!("{location}{more}"),
    }
}
