//! What the results made by hand are about: two scenarios, a probe and a small catalogue.

use crate::scenario::Library;

pub(super) const MOUNT: &str = "\
scenario  A mounted blob is there, whole
needs     push
given any blob as blob

== mount it from one repository into the other
> POST /v2/{other}/blobs/uploads/?mount={digest blob}&from={repo}
MUST push.mount.201
< 201 or 202
when 201
  MUST push.mount.location
  < Location: a uri
end

== the blob is in the other repository
> GET /v2/{other}/blobs/{digest blob}
MUST push.mount.readable-in-target
< 200
< @blob
";

pub(super) const RANGE: &str = "\
scenario  Every way to ask for a range gives exactly the bytes it names
needs     range
given any blob of 1000 bytes or more as blob
let tail  = last 100 of blob

== a range inside the blob
for asked      | part   | id
  | bytes=-100 | {tail} | range.suffix
  > GET /v2/{repo}/blobs/{digest blob}
  > Range: {asked}
  MUST {id}
  < 206
  < @part
end
";

const DOCUMENTS: &str = r#"
[oci-distribution]
title   = "OCI distribution specification"
anchors = "headings"
edition = { url = "https://example.com/oci" }

[rfc9110]
title   = "RFC 9110, HTTP Semantics"
short   = "RFC 9110"
anchors = "numbers"
edition = { url = "https://example.com/rfc9110" }
"#;

const COMMON: &str = r#"
category = "common"

["base.get-200"]
level   = "MUST"
section = "Determining Support"
basis   = "spec"
text    = "GET /v2/ answers 200 once the client has shown whatever credentials the registry asks for."
why     = "docker, podman and every other client begin with this request."
"#;

const PULL: &str = r#"
category = "pull"

["pull.blob.get-200"]
level   = "MUST"
section = "Pulling blobs"
basis   = "spec"
text    = "GET of a blob that is there answers 200 with its bytes."
why     = "Nothing can be pulled."

["range.suffix"]
level   = "MUST"
basis   = "rfc9110"
source  = { section = "14.1.2", from = "A client can refer to" }
text    = "A range of the last N bytes gives the last N bytes."
why     = "Lazy pulling reads the index at the end of a layer first."
"#;

const PUSH: &str = r#"
category = "push"

["push.mount.201"]
level   = "MUST"
section = "Mounting a blob from another repository"
basis   = "spec"
text    = "A mount of a blob that is in the other repository answers 201; or 202 with an upload session instead."
why     = "docker, buildkit and crane mount base layers so as not to send them again."

["push.mount.location"]
level   = "MUST"
basis   = "spec"
source  = { section = "Mounting a blob from another repository", from = "The Location header", to = "the accessible layer" }
text    = "The 201 of a mount carries a Location, and a GET of it gives the blob."
why     = "Clients read this answer with the code they use for a finished upload."

["push.mount.readable-in-target"]
level    = "MUST"
section  = "Mounting a blob from another repository"
basis    = "implied"
protects = "content"
text     = "A blob whose mount was answered with 201 is readable in the target repository."
why      = "The image that is pushed next would name a layer that nobody can pull."
rests-on = ["push.mount.location"]

["push.cancel.204"]
level   = "SHOULD"
section = "Cancel a blob upload"
basis   = "spec"
text    = "DELETE of an upload answers 204."
why     = "Clients that clean up behind them report a failure."
"#;

const DISCOVERY: &str = r#"
category = "discovery"

["discovery.tags.n-exact"]
level   = "MUST"
section = "Listing Tags"
basis   = "spec"
text    = "A list of n tags at most has n of them, if there are as many."
why     = "Clients that stop at a short page miss tags."
"#;

const MANAGEMENT: &str = r#"
category = "management"

["manage.tag.delete-202"]
level   = "SHOULD"
section = "Deleting tags"
basis   = "spec"
text    = "DELETE of a tag answers 202."
why     = "Clean-up jobs leave everything behind."
"#;

const PROBE: &str = "\
scenario  What the samples need is offered
> GET /v2/
when 200
  provides push
  provides range
end
";

/// A library of two scenarios and the requirements of the samples.
pub(super) fn library() -> Library {
    let files = [
        ("push/mount.scenario", MOUNT),
        ("pull/range.scenario", RANGE),
        ("probe/all.scenario", PROBE),
        ("requirements/documents.toml", DOCUMENTS),
        ("requirements/common.toml", COMMON),
        ("requirements/pull.toml", PULL),
        ("requirements/push.toml", PUSH),
        ("requirements/discovery.toml", DISCOVERY),
        ("requirements/management.toml", MANAGEMENT),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let mut library = Library::from_folder(folder.path()).expect("a good library");
    for loaded in &mut library.scenarios {
        loaded.path = format!("scenarios/{}.scenario", loaded.name).into();
    }
    library
}
