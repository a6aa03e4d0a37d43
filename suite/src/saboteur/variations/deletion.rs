//! Variations of deletion, and of what a registry does not let everybody do all the time.

use std::time::{Duration, SystemTime};

use http::Method;

use crate::saboteur::deviations::tools::not_allowed;
use crate::saboteur::{Call, Kind, Reply, Sentence, Variation};

const NO_MANIFEST_DELETION: Sentence = Sentence::oci(
    "Deleting Manifests",
    "If manifest deletion is disabled, the registry MUST respond with either a 400 Bad Request or a 405",
);
const NO_TAG_DELETION: Sentence = Sentence::oci(
    "Deleting tags",
    "If tag deletion is disabled, the registry MUST respond with either a 400 Bad Request or a 405",
);
const NO_BLOB_DELETION: Sentence = Sentence::oci(
    "Deleting Blobs",
    "If blob deletion is disabled, the registry MUST respond with either a 400 Bad Request or a 405",
);
const NO_DELETION: Sentence = Sentence::oci(
    "Content Management",
    "Registries MAY implement deletion or they MAY disable it.",
);
const ACCEPTED: Sentence = Sentence::oci(
    "Deleting Manifests",
    "Upon success, the registry MUST respond with a 202 Accepted code.",
);
const RETRY_AFTER: Sentence = Sentence::rfc(
    "rfc9110",
    "10.2.3",
    "can be either an HTTP-date or a number of seconds to delay after receiving the response.",
);

/// Why nothing tells of a registry that refuses now and then.
const NOW_AND_THEN: &str = "Any registry may be asked too often, or be out of service: what breaks is a client that does not come again when it is told.";

/// Of so many requests the last is refused, so that a run can begin.
const ONE_OF: u64 = 40;
/// How long a client that was refused is to wait.
const WAIT: Duration = Duration::from_secs(1);

/// The variations.
pub(super) const VARIATIONS: &[Variation] = &[
    Variation::instead(
        "manifest-deletion-405",
        "No manifest is deleted (405).",
        NO_MANIFEST_DELETION,
        |call| refuse(call, &[Kind::Manifest], || not_allowed("GET, HEAD, PUT")),
    )
    .forgoing(&["category.management"]),
    Variation::instead(
        "manifest-deletion-400",
        "No manifest is deleted (400).",
        NO_MANIFEST_DELETION,
        |call| refuse(call, &[Kind::Manifest], || Reply::error(400, "UNSUPPORTED")),
    )
    .forgoing(&["category.management"]),
    Variation::instead(
        "tag-deletion-405",
        "No tag is deleted by its name (405).",
        NO_TAG_DELETION,
        |call| refuse(call, &[Kind::Tag], || not_allowed("GET, HEAD, PUT")),
    ),
    Variation::instead(
        "tag-deletion-400",
        "No tag is deleted by its name (400).",
        NO_TAG_DELETION,
        |call| refuse(call, &[Kind::Tag], || Reply::error(400, "UNSUPPORTED")),
    ),
    Variation::instead(
        "blob-deletion-405",
        "No blob is deleted (405).",
        NO_BLOB_DELETION,
        |call| refuse(call, &[Kind::Blob], || not_allowed("GET, HEAD")),
    )
    .forgoing(&["category.management"]),
    Variation::instead(
        "blob-deletion-400",
        "No blob is deleted (400).",
        NO_BLOB_DELETION,
        |call| refuse(call, &[Kind::Blob], || Reply::error(400, "UNSUPPORTED")),
    )
    .forgoing(&["category.management"]),
    Variation::instead(
        "no-deletion-405",
        "Nothing is deleted (405).",
        NO_DELETION,
        |call| {
            refuse(call, &[Kind::Tag, Kind::Manifest, Kind::Blob], || {
                not_allowed("GET, HEAD, PUT")
            })
        },
    )
    .forgoing(&["category.management"]),
    Variation::instead(
        "no-deletion-400-empty",
        "Nothing is deleted (400, without a body).",
        NO_DELETION,
        |call| {
            refuse(call, &[Kind::Tag, Kind::Manifest, Kind::Blob], || {
                Reply::empty(400)
            })
        },
    )
    .forgoing(&["category.management"]),
    Variation::reply(
        "deleted-with-body",
        "What was deleted is answered with JSON about it.",
        ACCEPTED,
        |call, reply| {
            if call.method == Method::DELETE && reply.status == 202 {
                reply.set("content-type", "application/json");
                reply.set_body("{\"deleted\": true}");
            }
        },
    ),
    Variation::stateful(
        "rate-limited-by-seconds",
        "Some requests are too many (429), and Retry-After is a number of seconds.",
        RETRY_AFTER,
        |context| {
            Box::pin(async move {
                match (context.memory.count("asked") + 1) % ONE_OF {
                    0 => too_many(&WAIT.as_secs().to_string()),
                    _ => context.honestly().await,
                }
            })
        },
    )
    .untold(NOW_AND_THEN),
    Variation::stateful(
        "rate-limited-by-date",
        "Some requests are too many (429), and Retry-After is a date.",
        RETRY_AFTER,
        |context| {
            Box::pin(async move {
                match (context.memory.count("asked") + 1) % ONE_OF {
                    0 => too_many(&httpdate::fmt_http_date(SystemTime::now() + 2 * WAIT)),
                    _ => context.honestly().await,
                }
            })
        },
    )
    .untold(NOW_AND_THEN),
    Variation::stateful(
        "out-of-service-now-and-then",
        "Some requests meet a registry that is out of service (503), and are told when to come again.",
        RETRY_AFTER,
        |context| {
            Box::pin(async move {
                match (context.memory.count("asked") + 1) % ONE_OF {
                    0 => {
                        let mut reply = Reply::empty(503);
                        reply.set("retry-after", &WAIT.as_secs().to_string());
                        reply
                    }
                    _ => context.honestly().await,
                }
            })
        },
    )
    .untold(NOW_AND_THEN),
];

fn refuse(call: &Call, kinds: &[Kind], refusal: fn() -> Reply) -> Option<Reply> {
    (call.method == Method::DELETE && kinds.contains(&call.kind())).then(refusal)
}

fn too_many(wait: &str) -> Reply {
    let mut reply = Reply::error(429, "TOOMANYREQUESTS");
    reply.set("retry-after", wait);
    reply
}
