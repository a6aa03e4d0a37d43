//! A random workflow, written as a scenario in the language that all scenarios are written in.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::operation::{BLOBS, CHUNKS, IMAGES, Read, Reference, Repository};
use crate::catalogue::{Catalogue, Level, RequirementId};

/// The text of a scenario, growing step by step.
pub(super) struct ScenarioWriter<'a> {
    text: String,
    cited: Vec<RequirementId>,
    catalogue: &'a Catalogue,
}

/// How far a transcript had grown.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    text: usize,
    cited: usize,
}

/// Whether the manifest that an image refers to is there.
#[derive(Clone, Copy)]
pub(super) enum SubjectPlace {
    /// It is, or the image refers to none.
    There,
    /// It may not be: that such an image is taken is a question of its own.
    PerhapsMissing,
}

impl Repository {
    fn hole(self) -> &'static str {
        match self {
            Repository::First => "{repo}",
            Repository::Second => "{other}",
        }
    }
}

impl Read {
    fn method(self) -> &'static str {
        match self {
            Read::Get => "GET",
            Read::Head => "HEAD",
        }
    }
}

/// The name that a `let` line makes.
fn made(line: &str) -> Option<&str> {
    line.strip_prefix("let ")?.split(" = ").next()
}

/// Whether a line uses a name.
fn uses(line: &str, name: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    line.split(|letter| !is_part(letter)).any(|word| word == name)
}

impl<'a> ScenarioWriter<'a> {
    /// A scenario in which the contents are made.
    pub(super) fn new(title: &str, catalogue: &'a Catalogue) -> ScenarioWriter<'a> {
        let mut say = ScenarioWriter {
            text: String::new(),
            cited: Vec::new(),
            catalogue,
        };
        say.line(&format!("scenario  {title}"));
        for blob in 0..BLOBS {
            say.line(&format!("let blob-{blob} = random {} bytes", 300 + 700 * blob));
        }
        say.line("let image-0 = image");
        for image in 1..IMAGES {
            say.line(&format!("let image-{image} = image subject=image-0"));
        }
        say.line(&format!("let whole = random {CHUNKS} chunks"));
        for chunk in 0..CHUNKS {
            say.line(&format!("let chunk-{chunk} = chunk {} of whole", chunk + 1));
        }
        say
    }

    /// The scenario, with no more made than it uses.
    pub(super) fn finish(self) -> String {
        let mut kept: Vec<&str> = Vec::new();
        for line in self.text.lines().rev() {
            let unused = made(line).is_some_and(|name| !kept.iter().any(|after| uses(after, name)));
            if !unused {
                kept.push(line);
            }
        }
        kept.reverse();
        kept.join("\n") + "\n"
    }

    /// How far it has grown.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            text: self.text.len(),
            cited: self.cited.len(),
        }
    }

    /// Whether what was said since then cites one of `ids`.
    pub(super) fn cites_since(&self, mark: Mark, ids: &BTreeSet<RequirementId>) -> bool {
        self.cited[mark.cited..].iter().any(|id| ids.contains(id))
    }

    /// Takes back what was said since then.
    pub(super) fn cut(&mut self, mark: Mark) {
        self.text.truncate(mark.text);
        self.cited.truncate(mark.cited);
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn step(&mut self, name: &str, lines: &[&str]) {
        let _ = writeln!(self.text, "\n== {name}");
        self.lines(lines);
    }

    fn lines(&mut self, lines: &[&str]) {
        for line in lines {
            self.line(line);
        }
    }

    /// A level line, as the catalogue has it.
    fn asks(&mut self, id: &str, checks: &[&str]) {
        let id = RequirementId::parse(id);
        let known = id.as_ref().and_then(|id| self.catalogue.get(id));
        let newest = known
            .and_then(|requirement| requirement.levels.newest())
            .unwrap_or(Level::May);
        self.cited.extend(id.clone());
        let id = id.as_ref().map_or("", RequirementId::as_str);
        self.line(&format!("{newest} {id}"));
        for check in checks {
            self.line(&format!("< {check}"));
        }
    }

    fn open(&mut self, at: Repository, step: &str) {
        let post = format!("> POST /v2/{}/blobs/uploads/", at.hole());
        self.step(step, &[&post, "> Content-Length: 0"]);
        self.asks("push.session.post-202", &["202"]);
        self.line("let place = header Location");
    }

    pub(super) fn push_blob(&mut self, at: Repository, blob: usize) {
        self.open(at, &format!("push blob {blob}"));
        self.lines(&[
            &format!("> PUT {{place}} ?digest={{digest blob-{blob}}}"),
            &format!("> @blob-{blob}"),
        ]);
        self.asks("push.put.201", &["201"]);
    }

    pub(super) fn push_blob_wrongly(&mut self, at: Repository, blob: usize) {
        let other = (blob + 1) % BLOBS;
        self.open(at, &format!("push blob {blob} under the digest of blob {other}"));
        self.lines(&[
            &format!("> PUT {{place}} ?digest={{digest blob-{other}}}"),
            &format!("> @blob-{blob}"),
        ]);
        self.asks("push.put.digest-mismatch-nothing-stored", &["not 2xx"]);
    }

    fn read_blob(&mut self, at: Repository, blob: usize, how: Read, step: &str) {
        let line = format!(
            "> {} /v2/{}/blobs/{{digest blob-{blob}}}",
            how.method(),
            at.hole()
        );
        self.step(step, &[&line]);
    }

    /// `id` is what asks for it where it is more than the reading of a blob that was pushed.
    pub(super) fn blob_is(&mut self, at: Repository, blob: usize, how: Read, id: Option<&str>) {
        self.read_blob(at, blob, how, &format!("blob {blob} is there"));
        match how {
            Read::Get => {
                let content = format!("@blob-{blob}");
                self.asks(id.unwrap_or("pull.blob.get-200"), &["200", &content]);
            }
            Read::Head => self.asks(id.unwrap_or("head.blob.200"), &["200"]),
        }
    }

    pub(super) fn blob_is_not(&mut self, at: Repository, blob: usize, how: Read, id: &str) {
        self.read_blob(at, blob, how, &format!("blob {blob} is not there"));
        self.asks(id, &["404"]);
    }

    pub(super) fn delete_blob(&mut self, at: Repository, blob: usize) {
        let line = format!("> DELETE /v2/{}/blobs/{{digest blob-{blob}}}", at.hole());
        self.step(&format!("delete blob {blob}"), &[&line]);
        self.asks("manage.blob.delete-202", &["202"]);
    }

    pub(super) fn mount(&mut self, from: Repository, to: Repository, blob: usize) {
        let digest = format!("{{digest blob-{blob}}}");
        let line = format!(
            "> POST /v2/{}/blobs/uploads/?mount={digest}&from={}",
            to.hole(),
            from.hole()
        );
        self.step(&format!("mount blob {blob}"), &[&line, "> Content-Length: 0"]);
        self.asks("push.mount.201", &["201 or 202"]);
        self.line("given");
        self.line("< 201");
    }

    pub(super) fn push_image(&mut self, at: Repository, image: usize, by: Reference, subject: SubjectPlace) {
        let (reference, id) = match by {
            Reference::Tag(tag) => (format!("tag-{tag}"), "push.manifest.by-tag-201"),
            Reference::Digest => (format!("{{digest image-{image}}}"), "push.manifest.by-digest-201"),
        };
        let parts = format!("given parts of image-{image} pushed to {}", at.hole());
        let line = format!("> PUT /v2/{}/manifests/{reference}", at.hole());
        self.step(
            &format!("push image {image}"),
            &[&parts, &line, &format!("> @image-{image}")],
        );
        if let SubjectPlace::PerhapsMissing = subject {
            self.asks("push.manifest.subject-missing-accepted", &["2xx"]);
        }
        self.asks(id, &["201"]);
    }

    fn read_manifest(&mut self, at: Repository, reference: &str, how: Read, step: &str) {
        let line = format!("> {} /v2/{}/manifests/{reference}", how.method(), at.hole());
        self.step(step, &[&line]);
    }

    pub(super) fn tag_is(&mut self, at: Repository, tag: usize, image: usize, how: Read) {
        self.read_manifest(
            at,
            &format!("tag-{tag}"),
            how,
            &format!("tag {tag} is image {image}"),
        );
        match how {
            Read::Get => self.asks(
                "pull.manifest.get-by-tag-200",
                &["200", &format!("@image-{image}")],
            ),
            Read::Head => self.asks("head.manifest.200", &["200"]),
        }
    }

    pub(super) fn tag_is_not(&mut self, at: Repository, tag: usize, how: Read, id: &str) {
        self.read_manifest(at, &format!("tag-{tag}"), how, &format!("there is no tag {tag}"));
        self.asks(id, &["404"]);
    }

    /// `id` is what asks for it where it is more than the reading of an image that was pushed.
    pub(super) fn image_is(&mut self, at: Repository, image: usize, how: Read, id: Option<&str>) {
        let digest = format!("{{digest image-{image}}}");
        self.read_manifest(at, &digest, how, &format!("image {image} is there"));
        match how {
            Read::Get => self.asks(
                id.unwrap_or("pull.manifest.get-by-digest-200"),
                &["200", &format!("@image-{image}")],
            ),
            Read::Head => self.asks(id.unwrap_or("head.manifest.200"), &["200"]),
        }
    }

    pub(super) fn image_is_not(&mut self, at: Repository, image: usize, how: Read, id: &str) {
        let digest = format!("{{digest image-{image}}}");
        self.read_manifest(at, &digest, how, &format!("image {image} is not there"));
        self.asks(id, &["404"]);
    }

    pub(super) fn delete_tag(&mut self, at: Repository, tag: usize) {
        let line = format!("> DELETE /v2/{}/manifests/tag-{tag}", at.hole());
        self.step(&format!("delete tag {tag}"), &[&line]);
        self.asks("manage.tag.delete-202", &["202"]);
    }

    pub(super) fn delete_image(&mut self, at: Repository, image: usize) {
        let line = format!("> DELETE /v2/{}/manifests/{{digest image-{image}}}", at.hole());
        self.step(&format!("delete image {image}"), &[&line]);
        self.asks("manage.manifest.delete-202", &["202"]);
    }

    /// What else is in the list, and how often, is asked by scenarios about that.
    pub(super) fn tags_are(&mut self, at: Repository, listed: &[usize], gone: &[usize]) {
        let line = format!("> GET /v2/{}/tags/list", at.hole());
        self.step("list the tags", &[&line, "> every page, by Link"]);
        let tags = |word: &str, tags: &[usize]| -> Vec<String> {
            let line = |tag| format!("$.tags[*]: {word} tag-{tag}");
            tags.iter().map(line).collect()
        };
        self.ask_all("discovery.tags.complete", &tags("has", listed));
        self.ask_all("discovery.tags.fresh-after-delete", &tags("not", gone));
    }

    /// The same of a list of referrers.
    pub(super) fn referrers_are(&mut self, at: Repository, listed: &[usize], gone: &[usize]) {
        let line = format!("> GET /v2/{}/referrers/{{digest image-0}}", at.hole());
        self.step("list the referrers of image 0", &[&line, "> every page, by Link"]);
        if listed.is_empty() {
            self.asks("referrers.empty-list", &["200", "$.manifests: []"]);
            return;
        }
        let digests = |word: &str, images: &[usize]| -> Vec<String> {
            let line = |image| format!("$.manifests[*].digest: {word} {{digest image-{image}}}");
            images.iter().map(line).collect()
        };
        self.ask_all("referrers.lists-image", &digests("has", listed));
        self.ask_all("referrers.fresh-after-delete", &digests("not", gone));
    }

    /// Asks all of these of an answer that is a list.
    fn ask_all(&mut self, id: &str, checks: &[String]) {
        if !checks.is_empty() {
            let checks: Vec<&str> = std::iter::once("200")
                .chain(checks.iter().map(String::as_str))
                .collect();
            self.asks(id, &checks);
        }
    }

    pub(super) fn open_upload(&mut self, upload: usize) {
        self.step(
            &format!("open upload {upload}"),
            &["> POST /v2/{repo}/blobs/uploads/", "> Content-Length: 0"],
        );
        self.asks("push.session.post-202", &["202"]);
        self.line(&format!("let upload-{upload} = header Location"));
    }

    fn patch(&mut self, upload: usize, chunk: usize, step: &str) {
        let patch = format!("> PATCH {{upload-{upload}}}");
        let range = format!("> Content-Range: {{range chunk-{chunk}}}");
        self.step(step, &[&patch, &range, &format!("> @chunk-{chunk}")]);
    }

    pub(super) fn send_chunk(&mut self, upload: usize, chunk: usize) {
        self.patch(upload, chunk, &format!("send chunk {chunk} to upload {upload}"));
        self.asks("push.chunk.patch-202", &["202"]);
        self.asks(
            "push.chunk.patch-range-cumulative",
            &[&format!("Range: 0-{{end chunk-{chunk}}}")],
        );
        self.line(&format!("let upload-{upload} = header Location"));
    }

    pub(super) fn send_wrong_chunk(&mut self, upload: usize, chunk: usize, id: &str) {
        self.patch(
            upload,
            chunk,
            &format!("send chunk {chunk} to upload {upload}, out of order"),
        );
        self.asks(id, &["416"]);
    }

    pub(super) fn upload_is_open(&mut self, upload: usize, sent: usize) {
        self.step(
            &format!("upload {upload} is open"),
            &[&format!("> GET {{upload-{upload}}}")],
        );
        self.asks("push.chunk.status-204", &["204"]);
        if let Some(last) = sent.checked_sub(1) {
            self.asks(
                "push.chunk.status-range",
                &[&format!("Range: 0-{{end chunk-{last}}}")],
            );
        }
    }

    pub(super) fn close_upload(&mut self, upload: usize) {
        let put = format!("> PUT {{upload-{upload}}} ?digest={{digest whole}}");
        self.step(&format!("close upload {upload}"), &[&put]);
        self.asks("push.chunk.closing-put-201", &["201"]);
        self.line("> GET /v2/{repo}/blobs/{digest whole}");
        self.asks("pull.blob.get-200", &["200", "@whole"]);
    }

    pub(super) fn cancel_upload(&mut self, upload: usize) {
        self.step(
            &format!("cancel upload {upload}"),
            &[&format!("> DELETE {{upload-{upload}}}")],
        );
        self.asks("push.cancel.204", &["204"]);
    }

    pub(super) fn upload_is_gone(&mut self, upload: usize) {
        self.step(
            &format!("upload {upload} is gone"),
            &[&format!("> GET {{upload-{upload}}}")],
        );
        self.asks("push.session.unknown-404-get", &["404 or 400"]);
    }
}
