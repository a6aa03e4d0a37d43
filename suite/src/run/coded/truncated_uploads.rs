//! Messages that end too early: uploads whose client goes away, and downloads that nobody reads to the end.

use std::time::Duration;

use futures_util::future::join_all;

use super::tools::{CLOSING, answer_within, in_words, succeeded};
use super::{Actor, BrokenCheck, Coded, NotReached};
use crate::cause::Cause;
use crate::check::describe;
use crate::run::interpret::requests::{plain, range};
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::values::Content;
use crate::wire::{Answer, Fault, RawConnection, Transcript, Url, number};

/// How long a registry that is not slow may take to notice that a client is gone: its system knows after one round trip.
/// A check that looks too early asks less, and blames nobody.
const NOTICE: Duration = Duration::from_millis(200);
/// How often an upload may turn out to have grown since its status was asked, or to be in the hands of the request that was
/// left behind: what a client sent before it went away lies in few buffers on the way.
const STILL_ARRIVING: usize = 3;
/// How many downloads are broken off at once.
const DOWNLOADS: usize = 10;
/// More than the buffers of a connection hold.
const LARGE: u64 = 6 * 1024 * 1024;

static PUT_NOT_COMMITTED: CodedCheck =
    CodedCheck::new("push.put.length-mismatch-not-committed", "not 201", line!());
static PUT_NOT_STORED: CodedCheck = CodedCheck::new(
    "push.put.length-mismatch-not-committed",
    "nothing is stored",
    line!(),
);
static POST_NOT_COMMITTED: CodedCheck = CodedCheck::new("push.single.length-mismatch", "not 201", line!());
static POST_NOT_STORED: CodedCheck =
    CodedCheck::new("push.single.length-mismatch", "nothing is stored", line!());
static RANGE_WITHIN_WHAT_WAS_SENT: CodedCheck = CodedCheck::new(
    "push.session.aborted-patch",
    "a Range within what was sent",
    line!(),
);
static GOES_ON_FROM_THERE: CodedCheck = CodedCheck::new(
    "push.session.aborted-patch",
    "the upload goes on from there",
    line!(),
);
static WHOLE_BLOB: CodedCheck =
    CodedCheck::new("security.partial-read-not-cached", "the whole blob", line!());

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[
    Coded {
        scenario: CodedScenario {
            name: "push/put-cut-short",
            title: "A PUT that ends before its Content-Length is reached stores nothing",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&PUT_NOT_COMMITTED, &PUT_NOT_STORED],
        },
        follow: |actor| Box::pin(put_cut_short(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "push/single-post-cut-short",
            title: "A single POST that ends before its Content-Length is reached stores nothing",
            needs: &["push", "single-post"],
            weight: Weight::Usual,
            checks: &[&POST_NOT_COMMITTED, &POST_NOT_STORED],
        },
        follow: |actor| Box::pin(single_post_cut_short(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "push/chunk-cut-short",
            title: "An upload goes on from where a broken chunk left it",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&RANGE_WITHIN_WHAT_WAS_SENT, &GOES_ON_FROM_THERE],
        },
        follow: |actor| Box::pin(chunk_cut_short(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "security/download-cut-short",
            title: "A download is whole, however many before it were broken off",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&WHOLE_BLOB],
        },
        follow: |actor| Box::pin(download_cut_short(actor)),
    },
];

/// How a client goes away in the middle of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// It says that nothing more comes, and still listens.
    Politely,
    /// It closes the connection.
    Abruptly,
}

impl Leaving {
    const ALL: [(Leaving, &'static str); 2] = [
        (Leaving::Politely, "and then the end"),
        (Leaving::Abruptly, "and then the connection is gone"),
    ];

    /// Goes away; what was answered, if anything was.
    async fn leave(
        self,
        actor: &Actor,
        mut connection: RawConnection,
        method: &str,
    ) -> (Option<Answer>, Transcript) {
        let mut answered = None;
        if self == Leaving::Politely {
            let _ = connection.finish().await;
            let limit = actor.allowance(CLOSING);
            answered = actor
                .aside(answer_within(&mut connection, method, limit))
                .await
                .ok();
        }
        let transcript = connection.transcript();
        drop(connection);
        actor.note(&transcript);
        actor.wait_for_notice(NOTICE).await;
        (answered, transcript)
    }
}

async fn put_cut_short(actor: &mut Actor) -> Result<(), NotReached> {
    const CHECKS: [&CodedCheck; 2] = [&PUT_NOT_COMMITTED, &PUT_NOT_STORED];
    let repository = actor.repository()?;
    let cuts = Cut::all(actor).into_iter().map(async |(actor, cut, leaving)| {
        let place = actor.open(&repository).await?;
        cut.send(&actor, &repository, ("PUT", &place), leaving, CHECKS)
            .await
    });
    join_all(cuts).await.into_iter().collect()
}

async fn single_post_cut_short(actor: &mut Actor) -> Result<(), NotReached> {
    const CHECKS: [&CodedCheck; 2] = [&POST_NOT_COMMITTED, &POST_NOT_STORED];
    let repository = actor.repository()?;
    let place = actor.uploads(&repository);
    let cuts = Cut::all(actor).into_iter().map(async |(actor, cut, leaving)| {
        cut.send(&actor, &repository, ("POST", &place), leaving, CHECKS)
            .await
    });
    join_all(cuts).await.into_iter().collect()
}

/// A blob of which only a part is sent.
struct Cut {
    blob: Content,
    came: u64,
    of_what_came: bool,
}

impl Cut {
    /// One for each way to leave, and for each digest; each has a row, and a client, of its own.
    fn all(actor: &mut Actor) -> Vec<(Actor, Cut, Leaving)> {
        let mut all = Vec::new();
        for (leaving, row) in Leaving::ALL {
            for of_what_came in [true, false] {
                let cut = Cut::make(actor, of_what_came);
                let row = format!("{}, {row}", cut.named());
                all.push((actor.beside(row), cut, leaving));
            }
        }
        all
    }

    fn make(actor: &mut Actor, of_what_came: bool) -> Cut {
        Cut {
            blob: actor.maker().random(3000),
            came: 2000,
            of_what_came,
        }
    }

    fn named(&self) -> &'static str {
        if self.of_what_came {
            "the digest of what came"
        } else {
            "the digest of the whole"
        }
    }

    fn part(&self) -> Content {
        self.blob.part(0, self.came)
    }

    fn digest(&self) -> String {
        if self.of_what_came {
            self.part().digest()
        } else {
            self.blob.digest()
        }
    }

    /// Announces the whole, sends a part, goes away, and looks whether anything was stored.
    async fn send(
        &self,
        actor: &Actor,
        repository: &str,
        (method, place): (&str, &Url),
        leaving: Leaving,
        [not_committed, not_stored]: [&'static CodedCheck; 2],
    ) -> Result<(), NotReached> {
        let place = place.join_query(&format!("digest={}", self.digest()));
        let length = self.blob.size().to_string();
        let lines = [
            ("Content-Type", "application/octet-stream"),
            ("Content-Length", &*length),
        ];
        let mut connection = actor.begin(method, &place, &lines).await?;
        let _ = connection.write(self.part().payload).await;
        let (answer, transcript) = leaving.leave(actor, connection, method).await;
        if let Some(answer) = answer {
            let broken = (answer.status == 201).then(|| describe::status(&answer));
            actor.judge(not_committed, broken, &transcript);
        }
        let (read, stored) = actor.stored(repository, &self.digest()).await;
        actor.judge(not_stored, stored, &read);
        Ok(())
    }
}

async fn chunk_cut_short(actor: &mut Actor) -> Result<(), NotReached> {
    let size = actor.chunk_size();
    let blobs = Leaving::ALL.map(|(leaving, row)| (leaving, row, actor.maker().chunks(4, size)));
    let each = blobs
        .iter()
        .map(|(leaving, row, blob)| chunk_left(actor.beside(*row), *leaving, blob));
    join_all(each).await.into_iter().collect()
}

/// Leaves in the middle of a chunk, comes back, and goes on.
async fn chunk_left(actor: Actor, leaving: Leaving, blob: &Content) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let at = blob.chunk;
    let place = actor.open_with(&repository, &blob.part(0, at)).await?;
    let status = actor.call("GET", place.clone(), None).await;
    if offset_of(&status.outcome).is_none() {
        return Err(NotReached(Cause::Came(status)));
    }
    let broken = blob.part(at, 3 * at);
    let length = broken.size().to_string();
    let place_in_blob = range(&broken);
    let lines = [
        ("Content-Type", "application/octet-stream"),
        ("Content-Range", &*place_in_blob),
        ("Content-Length", &*length),
    ];
    let mut connection = actor.begin("PATCH", &place, &lines).await?;
    let _ = connection.write(broken.part(0, at).payload).await;
    leaving.leave(&actor, connection, "PATCH").await;
    let kept = at..=2 * at;
    go_on(&actor, &repository, &place, blob, kept).await;
    Ok(())
}

/// Goes on from what was kept.
async fn go_on(
    actor: &Actor,
    repository: &str,
    place: &Url,
    blob: &Content,
    kept: std::ops::RangeInclusive<u64>,
) {
    let Some((mut offset, next)) = kept_until(actor, place, &kept).await else {
        return;
    };
    // None is larger than the first one: where parts become those of an object store, all have one size, and the last less.
    let end_of_chunk = |offset: u64| blob.size().min(offset + blob.chunk);
    let mut sent = actor.patch(next, &blob.part(offset, end_of_chunk(offset))).await;
    for _ in 0..STILL_ARRIVING {
        if sent.status() != Some(416) {
            break;
        }
        actor.wait_for_notice(NOTICE).await;
        let Some((now, next)) = kept_until(actor, place, &kept).await else {
            return;
        };
        offset = now;
        sent = actor.patch(next, &blob.part(offset, end_of_chunk(offset))).await;
    }
    offset = end_of_chunk(offset);
    while let (true, Some(next)) = (offset < blob.size(), sent.upload_address()) {
        sent = actor.patch(next, &blob.part(offset, end_of_chunk(offset))).await;
        offset = end_of_chunk(offset);
    }
    let closed = match sent.upload_address() {
        None => sent,
        Some(place) => {
            let place = place.join_query(&format!("digest={}", blob.digest()));
            actor.send(plain("PUT", place, None)).await
        }
    };
    let (shown, wrong) = if succeeded(&closed) {
        actor.unlike(repository, blob).await
    } else {
        let refused = describe::exchange(&closed);
        (closed, Some(refused))
    };
    let wrong = wrong.map(|wrong| BrokenCheck::by(wrong, &shown));
    actor.judge(&GOES_ON_FROM_THERE, wrong, &shown);
}

/// How much was kept, as the status of the upload tells it, and where it goes on.
async fn kept_until(actor: &Actor, place: &Url, kept: &std::ops::RangeInclusive<u64>) -> Option<(u64, Url)> {
    let seen = actor.call("GET", place.clone(), None).await;
    let offset = offset_of(&seen.outcome);
    let wrong = match offset {
        Some(offset) if kept.contains(&offset) => None,
        Some(_) => seen.outcome.as_ref().ok().map(|answer| {
            let told = answer.headers.get("Range").unwrap_or("none");
            format!("Range: {told}, where {} bytes were sent at most", kept.end())
        }),
        None => Some(in_words(&seen.outcome)),
    };
    let is_wrong = wrong.is_some();
    let broken = wrong.map(|wrong| BrokenCheck::by(wrong, &seen));
    actor.judge(&RANGE_WITHIN_WHAT_WAS_SENT, broken, &seen);
    let next = seen.outcome.as_ref().ok().and_then(Answer::location);
    offset
        .filter(|_| !is_wrong)
        .map(|offset| (offset, next.unwrap_or_else(|| place.clone())))
}

/// The offset that the status of an upload tells.
fn offset_of(outcome: &Result<Answer, Fault>) -> Option<u64> {
    let answer = outcome.as_ref().ok().filter(|answer| answer.status == 204)?;
    let range = answer.headers.get("Range")?.trim();
    let range = range.strip_prefix("bytes=").unwrap_or(range);
    let (_, end) = range.split_once('-')?;
    // An upload of more than this was never begun here, and the next offset has to be a number, too.
    let end = number(end, u64::from(u32::MAX)).ok()?;
    Some(if end == 0 { 0 } else { end + 1 })
}

async fn download_cut_short(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let blob = actor.maker().random(LARGE);
    actor.given(&repository, &blob, &[]).await?;
    let place = actor.blob_at(&repository, &blob.digest());
    let broken_off = (0..DOWNLOADS).map(|_| async {
        let connection = actor.begin("GET", &place, &[]).await?;
        actor.wait_for_notice(NOTICE).await;
        actor.note(&connection.transcript());
        drop(connection);
        Ok(())
    });
    let done: Result<Vec<()>, NotReached> = join_all(broken_off).await.into_iter().collect();
    done?;
    actor.wait_for_notice(NOTICE).await;
    for _ in 0..2 {
        let (read, wrong) = actor.unlike(&repository, &blob).await;
        actor.judge(
            &WHOLE_BLOB,
            wrong.map(|wrong| format!("{wrong}, after {DOWNLOADS} downloads that were broken off")),
            &read,
        );
        if read.status().is_none() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Headers;

    #[test]
    fn the_offset_is_one_behind_the_end_of_the_range() {
        let told = |range: &str| {
            let mut headers = Headers::new();
            headers.set("Range", range);
            offset_of(&Ok(Answer {
                url: Url::parse("http://h/").unwrap(),
                status: 204,
                headers,
                body: "".into(),
                cut: None,
            }))
        };
        assert_eq!(told("0-1023"), Some(1024));
        assert_eq!(told("bytes=0-9"), Some(10));
        assert_eq!(told("0-0"), Some(0));
        assert_eq!(told("all"), None);
    }
}
