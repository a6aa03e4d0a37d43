//! Deviations in what a name, a tag, a digest or a reference may be.

use http::Method;

use super::tools::{is_digest, named_digest, respell};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The most components of a name, for a registry that has such a limit.
const MOST_COMPONENTS: usize = 7;
/// The longest name, for a registry that cuts off the rest.
const LONGEST_NAME: usize = 255;
/// The longest tag that the grammar allows.
const LONGEST_TAG: usize = 128;
/// The length of a sha256 digest.
const SHA256_LENGTH: usize = 71;

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::instead("name-depth-limited", &["name.valid-accepted"], |call| {
        let is_deep = call.repository().split('/').count() > MOST_COMPONENTS;
        is_deep.then(|| Reply::error(400, "NAME_INVALID"))
    }),
    Deviation::instead("name-with-dot-refused", &["name.valid-accepted"], |call| {
        let has_dot = call.repository().contains('.');
        has_dot.then(|| Reply::error(400, "NAME_INVALID"))
    }),
    Deviation::instead(
        "name-with-long-separator-refused",
        &["name.long-separators-accepted"],
        |call| {
            let is_run = call.repository().contains("__") || call.repository().contains("--");
            is_run.then(|| Reply::error(400, "NAME_INVALID"))
        },
    ),
    Deviation::call("name-case-folded", &["name.invalid-rejected"], |call| {
        let name = call.repository().to_owned();
        call.path = call.path.replacen(&name, &name.to_lowercase(), 1);
    }),
    Deviation::call("name-cut-off", &["name.long"], |call| {
        let name = call.repository().to_owned();
        if let Some(start) = name.get(..LONGEST_NAME) {
            call.path = call.path.replacen(&name, start.trim_end_matches('/'), 1);
        }
    }),
    Deviation::instead("name-too-long-500", &["name.long"], |call| {
        (call.repository().len() > LONGEST_NAME).then(|| Reply::empty(500))
    }),
    Deviation::instead("tag-over-64-refused", &["tag.grammar-accepted"], |call| {
        let is_long = call.is(&Method::PUT, Kind::Tag) && call.reference().len() > 64;
        is_long.then(|| Reply::error(400, "MANIFEST_INVALID"))
    }),
    Deviation::call("tag-case-folded", &["tag.case-sensitive"], |call| {
        if call.kind() == Kind::Tag {
            respell(call, str::to_lowercase);
        }
    }),
    Deviation::call("tag-cut-off", &["tag.too-long-rejected"], |call| {
        if call.kind() == Kind::Tag {
            respell(call, |tag| tag.get(..LONGEST_TAG).unwrap_or(tag).to_owned());
        }
    }),
    // What helm does, done by the registry behind everybody's back.
    Deviation::call("tag-plus-replaced", &["tag.bad-characters-rejected"], |call| {
        if call.kind() == Kind::Tag {
            respell(call, |tag| tag.replace('+', "_"));
        }
    }),
    Deviation::call("digest-case-folded", &["digest.uppercase-hex-rejected"], |call| {
        let digest = named_digest(call).to_lowercase();
        spell_digest(call, &digest);
    }),
    Deviation::call("digest-cut-off", &["digest.wrong-length-rejected"], |call| {
        if let Some(start) = named_digest(call).get(..SHA256_LENGTH) {
            spell_digest(call, start);
        }
    }),
    Deviation::stateful(
        "digest-prefix-completed",
        &["digest.wrong-length-rejected"],
        |context| {
            Box::pin(async move {
                let mut call = context.call.clone();
                let digest = named_digest(&call);
                if call.is(&Method::PUT, Kind::Session) {
                    context.memory.note(call.repository(), &call);
                }
                let pushed = context.memory.noted(call.repository());
                let known = pushed
                    .iter()
                    .map(named_digest)
                    .find(|known| known.starts_with(&digest));
                if call.reads(Kind::Blob)
                    && let Some(known) = known
                {
                    respell(&mut call, |_| known);
                }
                context.ask(&call).await
            })
        },
    ),
    Deviation::call(
        "malformed-digest-as-tag",
        &["reference.malformed-digest-rejected"],
        |call| {
            if call.kind() == Kind::Manifest && !is_digest(call.reference()) {
                respell(call, |reference| reference.replace(':', "-"));
            }
        },
    ),
];

/// Writes a sha256 digest in another way, in the path of a blob or where an upload is closed.
fn spell_digest(call: &mut Call, digest: &str) {
    match call.kind() {
        _ if !digest.starts_with("sha256:") => {}
        Kind::Blob => respell(call, |_| digest.to_owned()),
        Kind::Session => call.set_parameter("digest", digest),
        _ => {}
    }
}
