//! What several lies have in common: the requests of a push told apart, lists changed, tracks kept.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::{Value as Json, json};

use super::tools;
use super::tools::sha256;
use crate::saboteur::{Call, Kind, Memory, Reply, StatefulCall};

/// The media type of an image index.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// How long a lie about calls that overlap holds a call up, so that others come meanwhile: many times what a call
/// takes on one machine, and short enough that a run of hundreds of calls stays one of seconds.
const PAUSE: Duration = Duration::from_millis(20);

/// Whether a call asks for a blob to be mounted.
pub(super) fn mounts(call: &Call) -> bool {
    call.is(&Method::POST, Kind::Uploads) && call.parameter("mount").is_some()
}

/// Whether a call brings a blob in a single POST.
pub(super) fn brings(call: &Call) -> bool {
    call.is(&Method::POST, Kind::Uploads) && call.parameter("digest").is_some() && !mounts(call)
}

/// Whether a call opens an upload, and asks for nothing more.
pub(super) fn opens(call: &Call) -> bool {
    call.is(&Method::POST, Kind::Uploads) && !mounts(call) && !brings(call)
}

/// Whether a call adds a chunk to an upload.
pub(super) fn adds(call: &Call) -> bool {
    call.is(&Method::PATCH, Kind::Session)
}

/// Whether a call closes an upload.
pub(super) fn closes(call: &Call) -> bool {
    call.is(&Method::PUT, Kind::Session)
}

/// Whether a call asks for the status of an upload.
pub(super) fn asks_status(call: &Call) -> bool {
    call.is(&Method::GET, Kind::Session)
}

/// Whether a call cancels an upload.
pub(super) fn cancels(call: &Call) -> bool {
    call.is(&Method::DELETE, Kind::Session)
}

/// Whether a call lists tags.
pub(super) fn lists_tags(call: &Call) -> bool {
    call.is(&Method::GET, Kind::Tags)
}

/// Whether a call lists referrers.
pub(super) fn lists_referrers(call: &Call) -> bool {
    call.is(&Method::GET, Kind::Referrers)
}

/// Whether a call reads a blob or a manifest.
pub(super) fn reads_content(call: &Call) -> bool {
    [Kind::Tag, Kind::Manifest, Kind::Blob]
        .into_iter()
        .any(|kind| call.reads(kind))
}

/// Whether a call shows credentials.
pub(super) fn has_credentials(call: &Call) -> bool {
    !call.header("authorization").is_empty()
}

/// Whether an answer refuses what there is no right to do.
pub(super) fn is_refused(reply: &Reply) -> bool {
    matches!(reply.status, 401 | 403)
}

/// The name of the upload that an answer leads to.
pub(super) fn upload_of(reply: &Reply) -> &str {
    let path = reply.header("location").split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

/// The digest under which a call brings content, if it brings any.
pub(super) fn brought(call: &Call) -> Option<String> {
    if call.is_of_manifest(&Method::PUT) {
        Some(sha256(&call.body))
    } else if closes(call) || brings(call) {
        call.parameter("digest")
    } else {
        None
    }
}

/// The first and the last position of a range of bytes, as uploads write it.
pub(super) fn span(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once('-')?;
    let span = (first.parse().ok()?, last.parse().ok()?);
    (span.0 <= span.1).then_some(span)
}

/// The path of a blob.
pub(super) fn blob_path(repository: &str, digest: &str) -> String {
    format!("/v2/{repository}/blobs/{digest}")
}

/// The path of a manifest.
pub(super) fn manifest_path(repository: &str, reference: &str) -> String {
    format!("/v2/{repository}/manifests/{reference}")
}

/// An answer that gives bytes.
pub(super) fn bytes(body: impl Into<Bytes>, media_type: &str) -> Reply {
    let mut reply = Reply::empty(200);
    reply.set_body(body);
    reply.set("content-type", media_type);
    reply
}

/// Bytes in the gzip coding, in blocks that are not made shorter (RFC 1952, 2.3; RFC 1951, 3.2.4).
pub(super) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut coded = HEAD.to_vec();
    let mut blocks = bytes.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        coded.push(u8::from(blocks.peek().is_none()));
        coded.extend(length.to_le_bytes());
        coded.extend((!length).to_le_bytes());
        coded.extend(block);
    }
    coded.extend(crc32(bytes).to_le_bytes());
    coded.extend((bytes.len() as u32).to_le_bytes());
    coded
}

/// The check sum of the gzip coding (RFC 1952, 8).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum: u32, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    })
}

/// An answer that says that content was taken.
pub(super) fn created(location: &str) -> Reply {
    let mut reply = Reply::empty(201);
    reply.set("location", location);
    reply.set("content-length", "0");
    reply
}

/// Changes the tags of a list.
pub(super) fn edit_tags(reply: &mut Reply, edit: impl FnOnce(&mut Vec<Json>)) {
    edit_list(reply, "tags", edit);
}

/// Changes the descriptors of a list of referrers.
pub(super) fn edit_referrers(reply: &mut Reply, edit: impl FnOnce(&mut Vec<Json>)) {
    edit_list(reply, "manifests", edit);
}

fn edit_list(reply: &mut Reply, member: &str, edit: impl FnOnce(&mut Vec<Json>)) {
    reply.edit_json(|json| {
        if let Some(Json::Array(list)) = json.get_mut(member) {
            edit(list);
        }
    });
}

/// The entries of a list of tags or of referrers.
pub(super) fn entries(reply: &Reply) -> Vec<Json> {
    let json: Json = serde_json::from_slice(&reply.body).unwrap_or_default();
    let list = json.get("tags").or(json.get("manifests"));
    list.and_then(Json::as_array).cloned().unwrap_or_default()
}

/// The descriptor of a manifest that was pushed.
pub(super) fn descriptor(push: &Call) -> Json {
    json!({
        "mediaType": push.header("content-type"),
        "digest": sha256(&push.body),
        "size": push.body.len(),
        "artifactType": "application/vnd.example.copy",
    })
}

/// The digest of the manifest that a manifest names as its subject.
pub(super) fn subject_of(push: &Call) -> Option<String> {
    let manifest = tools::json(&push.body);
    manifest["subject"]["digest"].as_str().map(str::to_owned)
}

/// Whether something is there, to the honest registry.
pub(super) async fn has(context: &StatefulCall<'_>, path: &str) -> bool {
    context.ask(&context.call.get(path)).await.is_success()
}

/// Deletes something at the honest registry.
pub(super) async fn delete(context: &StatefulCall<'_>, path: &str) {
    context
        .ask(&context.call.get(path).with_method(Method::DELETE))
        .await;
}

/// The digest of a descriptor.
pub(super) fn digest(entry: &Json) -> &str {
    entry["digest"].as_str().unwrap_or_default()
}

/// Whether a descriptor, or a manifest, is that of an index.
pub(super) fn is_of_index(entry: &Json) -> bool {
    entry["mediaType"] == json!(INDEX)
}

/// Whether a manifest has an artifact type of its own.
pub(super) fn has_type(manifest: &Json) -> bool {
    manifest["artifactType"]
        .as_str()
        .is_some_and(|kind| !kind.is_empty())
}

/// The manifest that a descriptor stands for.
pub(super) async fn manifest_of(context: &StatefulCall<'_>, entry: &Json) -> Json {
    let path = manifest_path(context.call.repository(), digest(entry));
    tools::json(&context.ask(&context.call.get(&path)).await.body)
}

/// Whether an upload has data.
pub(super) async fn is_begun(context: &StatefulCall<'_>) -> bool {
    let status = context.ask(&context.call.get(&context.call.path)).await;
    context.call.kind() == Kind::Session && span(status.header("range")).is_some_and(|(_, last)| last > 0)
}

/// Notes whose turn it is: from when a call came until it is dropped, it is under way.
pub(super) struct UnderWay<'a> {
    memory: &'a Memory,
    key: String,
}

impl<'a> UnderWay<'a> {
    /// Begins, and holds the call up a little.
    pub(super) async fn begin(memory: &'a Memory, key: &str) -> UnderWay<'a> {
        let before = memory.count(&format!("{key} began")) - memory.counted(&format!("{key} ended"));
        let under_way = UnderWay {
            memory,
            key: key.to_owned(),
        };
        // Those that come together leave one after the other.
        tokio::time::sleep(PAUSE * u32::try_from(before + 1).unwrap_or(1)).await;
        under_way
    }

    /// Waits until those have had their turn that came at the same time.
    pub(super) async fn wait_for_others(&self) {
        tokio::time::sleep(PAUSE * u32::try_from(self.others()).unwrap_or(1)).await;
    }

    /// How many others are under way.
    pub(super) fn others(&self) -> u64 {
        under_way(self.memory, &self.key).saturating_sub(1)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.memory.count(&format!("{} ended", self.key));
    }
}

/// How many calls are under way.
pub(super) fn under_way(memory: &Memory, key: &str) -> u64 {
    memory.counted(&format!("{key} began")) - memory.counted(&format!("{key} ended"))
}

/// The blob that is asked for.
pub(super) async fn whole(context: &StatefulCall<'_>) -> Bytes {
    context.ask(&context.call.get(&context.call.path)).await.body
}
