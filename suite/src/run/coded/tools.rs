//! What native scenarios do again and again: open uploads, ask, and wait with a limit.

use std::sync::Arc;
use std::time::Duration;

use super::{Actor, NotReached};
use crate::cause::Cause;
use crate::check::describe;
use crate::run::interpret::requests::{plain, range};
use crate::values::{Content, Family, ImageShape, Maker};
use crate::wire::{Account, Answer, Exchange, Fault, RawConnection, Request, Url};

/// The longest wait for an answer on a connection by hand, where the target is not slow. Most such answers are refusals,
/// for which nothing is stored; a check is not reached where one takes longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How long a registry that is not slow may take to close a connection that it has to close: servers that let a client
/// read the answer first linger for a second or less.
pub(super) const CLOSING: Duration = Duration::from_secs(2);

/// A digest that no content has.
pub(super) const NOWHERE: &str = "sha256:00000000000000000000000000000000000000000000000000000000000a551e";

impl Actor {
    /// The address of a path of the registry.
    pub(super) fn at(&self, path: &str) -> Url {
        self.target().below_mount(path)
    }

    /// The address of a blob.
    pub(super) fn blob_at(&self, repository: &str, digest: &str) -> Url {
        self.at(&format!("/v2/{repository}/blobs/{digest}"))
    }

    /// Sends what a correct client sends.
    pub(super) async fn call(&self, method: &str, url: Url, content: Option<&Content>) -> Arc<Exchange> {
        self.send(plain(method, url, content)).await
    }

    /// Opens an upload; where it goes on.
    pub(super) async fn open(&self, repository: &str) -> Result<Url, NotReached> {
        let opened = self.call("POST", self.uploads(repository), None).await;
        opened.upload_address().ok_or(NotReached(Cause::Came(opened)))
    }

    /// Sends a part of an upload, with its place in the whole.
    pub(super) async fn patch(&self, url: Url, part: &Content) -> Arc<Exchange> {
        self.send(chunk(url, part)).await
    }

    /// Opens an upload and sends its first part; where it goes on.
    pub(super) async fn open_with(&self, repository: &str, first: &Content) -> Result<Url, NotReached> {
        let place = self.open(repository).await?;
        let sent = self.patch(place, first).await;
        sent.upload_address().ok_or(NotReached(Cause::Came(sent)))
    }

    /// What a GET of a blob comes to, if it is not this content.
    pub(super) async fn unlike(&self, repository: &str, blob: &Content) -> (Arc<Exchange>, Option<String>) {
        let read = self
            .call("GET", self.blob_at(repository, &blob.digest()), None)
            .await;
        let wrong = wrong_content(&read.outcome, blob);
        (read, wrong)
    }

    /// What is read of a blob that must not be there, if it is.
    pub(super) async fn stored(&self, repository: &str, digest: &str) -> (Arc<Exchange>, Option<String>) {
        let read = self.call("GET", self.blob_at(repository, digest), None).await;
        let there = succeeded(&read).then(|| describe::exchange(&read));
        (read, there)
    }

    /// What stands in the request line for an address, on a connection to the target.
    pub(super) fn line_for(&self, url: &Url) -> Result<String, NotReached> {
        if url.origin() != self.target().origin() {
            return Err(NotReached(Cause::Said(format!("{url} is on another server"))));
        }
        Ok(url.request_target().into_owned())
    }

    /// A new connection on which the head of this request was written.
    pub(super) async fn begin(
        &self,
        method: &str,
        url: &Url,
        lines: &[(&str, &str)],
    ) -> Result<RawConnection, NotReached> {
        self.line_for(url)?;
        self.stay_within(method, url)?;
        let mut connection = self.connect(method).await?;
        connection
            .write_head(method, url, lines, &Account::Default)
            .await?;
        Ok(connection)
    }
}

impl Actor {
    /// The next answer on a connection, which may take as long as the target was seen to need.
    pub(super) async fn answer_on(
        &self,
        connection: &mut RawConnection,
        method: &str,
    ) -> Result<Result<Answer, Fault>, NotReached> {
        let limit = self.allowance(PATIENCE);
        let answer = answer_within(connection, method, limit).await;
        if matches!(answer, Err(Fault::Timeout { .. })) {
            self.is_prompt(&self.ordinary()?, limit).await?;
        }
        Ok(answer)
    }

    /// What comes of an ordinary request. Silence is the registry's only if it answers others: a target, or a machine, that is slow altogether is not judged
    /// by the clock.
    pub(super) async fn is_prompt(&self, url: &Url, limit: Duration) -> Result<Arc<Exchange>, NotReached> {
        let asked = self.call("GET", url.clone(), None);
        match tokio::time::timeout(limit / 5, asked).await {
            Ok(answered) => Ok(answered),
            Err(_) => Err(NotReached(Cause::Said(format!(
                "the target is slow: it took longer than {:.1} s for an ordinary request, too",
                (limit / 5).as_secs_f64()
            )))),
        }
    }

    /// Something that every registry has to look for.
    pub(super) fn ordinary(&self) -> Result<Url, NotReached> {
        Ok(self.blob_at(&self.repository()?, NOWHERE))
    }
}

/// A PATCH with a part of an upload.
pub(super) fn chunk(url: Url, part: &Content) -> Request {
    let mut sent = plain("PATCH", url, Some(part));
    sent.headers.set("Content-Range", &range(part));
    sent
}

/// Another image of the same config and layers, with a note of this length.
pub(super) fn with_note(maker: &mut Maker, image: &Content, length: u64) -> Content {
    let note = String::from_utf8_lossy(&maker.random(length).bytes()).into_owned();
    let shape = ImageShape {
        config: image.config.clone(),
        layers: Some(image.layers.clone()),
        annotations: Some(
            [("org.example.note".to_owned(), note.into())]
                .into_iter()
                .collect(),
        ),
        ..ImageShape::default()
    };
    maker.image(Family::Oci, &shape)
}

/// The next answer on a connection, within a limit.
pub(super) async fn answer_within(
    connection: &mut RawConnection,
    method: &str,
    limit: Duration,
) -> Result<Answer, Fault> {
    let late = Fault::Timeout {
        after: limit,
        doing: "waiting for the answer",
    };
    tokio::time::timeout(limit, connection.answer(method))
        .await
        .unwrap_or(Err(late))
}

/// The status, or why there is none, in words.
pub(super) fn in_words(outcome: &Result<Answer, Fault>) -> String {
    match outcome {
        Ok(answer) => describe::status(answer),
        Err(fault) => format!("no answer: {fault}"),
    }
}

/// Whether an exchange was answered with success.
pub(super) fn succeeded(exchange: &Exchange) -> bool {
    exchange
        .status()
        .is_some_and(|status| (200..300).contains(&status))
}

/// What came in place of a content, if it did not come.
pub(super) fn wrong_content(outcome: &Result<Answer, Fault>, content: &Content) -> Option<String> {
    match outcome {
        Ok(answer) if answer.status == 200 && answer.body.is(&content.payload) => None,
        Ok(answer) if answer.status == 200 => {
            let (got, whole) = (answer.body.len(), content.size());
            Some(format!("{got} bytes that are not the {whole} pushed"))
        }
        other => Some(in_words(other)),
    }
}
