//! Messages that end too early: uploads whose client goes away, and downloads that nobody reads to the end.

use std::time::Duration;

use futures_util::future::join_all;

use super::tools::{CLOSING, in_words, status, succeeded};
use super::{Judged, Native, NotReached};
use crate::plan::Declared;
use crate::run::content::{Content, digest};
use crate::run::describe;
use crate::run::request::{location, plain, range};
use crate::run::world::World;
use crate::scenario::ast::Algorithm;
use crate::wire::{Answer, Fault, RawConnection, Transcript, Url, number};

/// How long a registry may take to notice that a client is gone.
const NOTICE: Duration = Duration::from_millis(200);
/// How many downloads are broken off at once.
const DOWNLOADS: usize = 10;
/// More than the buffers of a connection hold.
const LARGE: u64 = 6 * 1024 * 1024;

/// The scenarios.
pub(super) const SCENARIOS: &[Native] = &[
    Native {
        declared: Declared {
            name: "push/put-cut-short",
            title: "A PUT that ends before its Content-Length is reached stores nothing",
            needs: &["push"],
            cites: &["push.put.length-mismatch-not-committed"],
        },
        follow: |world| Box::pin(put_cut_short(world)),
    },
    Native {
        declared: Declared {
            name: "push/single-post-cut-short",
            title: "A single POST that ends before its Content-Length is reached stores nothing",
            needs: &["push", "single-post"],
            cites: &["push.single.length-mismatch"],
        },
        follow: |world| Box::pin(single_post_cut_short(world)),
    },
    Native {
        declared: Declared {
            name: "push/chunk-cut-short",
            title: "An upload goes on from where a broken chunk left it",
            needs: &["push"],
            cites: &["push.session.aborted-patch"],
        },
        follow: |world| Box::pin(chunk_cut_short(world)),
    },
    Native {
        declared: Declared {
            name: "security/download-cut-short",
            title: "A download is whole, however many before it were broken off",
            needs: &["push"],
            cites: &["security.partial-read-not-cached"],
        },
        follow: |world| Box::pin(download_cut_short(world)),
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
    async fn leave(self, mut connection: RawConnection, method: &str) -> (Option<Answer>, Transcript) {
        if self == Leaving::Abruptly {
            let transcript = connection.transcript();
            drop(connection);
            tokio::time::sleep(NOTICE).await;
            return (None, transcript);
        }
        let _ = connection.finish().await;
        let answered = tokio::time::timeout(CLOSING, connection.answer(method)).await;
        let transcript = connection.transcript();
        drop(connection);
        tokio::time::sleep(NOTICE).await;
        (answered.ok().and_then(Result::ok), transcript)
    }
}

async fn put_cut_short(world: &mut World) -> Result<(), NotReached> {
    const ID: &str = "push.put.length-mismatch-not-committed";
    let repository = world.repository()?;
    for (leaving, row) in Leaving::ALL {
        for of_what_came in [true, false] {
            let cut = Cut::make(world, of_what_came);
            world.row = Some(format!("{}, {row}", cut.named()));
            let place = world.open(&repository).await?;
            cut.send(world, &repository, ("PUT", &place), leaving, ID).await?;
        }
    }
    Ok(())
}

async fn single_post_cut_short(world: &mut World) -> Result<(), NotReached> {
    const ID: &str = "push.single.length-mismatch";
    let repository = world.repository()?;
    for (leaving, row) in Leaving::ALL {
        for of_what_came in [true, false] {
            let cut = Cut::make(world, of_what_came);
            world.row = Some(format!("{}, {row}", cut.named()));
            let place = world.uploads(&repository);
            cut.send(world, &repository, ("POST", &place), leaving, ID)
                .await?;
        }
    }
    Ok(())
}

/// A blob of which only a part is sent.
struct Cut {
    blob: Content,
    came: usize,
    of_what_came: bool,
}

impl Cut {
    fn make(world: &mut World, of_what_came: bool) -> Cut {
        Cut {
            blob: world.maker().random(3000),
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

    fn part(&self) -> &[u8] {
        self.blob.bytes.get(..self.came).unwrap_or_default()
    }

    fn digest(&self) -> String {
        if self.of_what_came {
            digest(Algorithm::Sha256, self.part())
        } else {
            self.blob.digest()
        }
    }

    /// Announces the whole, sends a part, goes away, and looks whether anything was stored.
    async fn send(
        &self,
        world: &World,
        repository: &str,
        (method, place): (&str, &Url),
        leaving: Leaving,
        id: &str,
    ) -> Result<(), NotReached> {
        let target = world.line_for(&place.join_query(&format!("digest={}", self.digest())))?;
        let length = self.blob.bytes.len().to_string();
        let lines = [
            ("Content-Type", "application/octet-stream"),
            ("Content-Length", &*length),
        ];
        let mut connection = world.begin(method, &target, &lines).await?;
        let _ = connection.write(self.part()).await;
        let (answer, transcript) = leaving.leave(connection, method).await;
        if let Some(answer) = answer {
            let judged = Judged {
                id,
                line: line!(),
                asked: "not 201",
                broken: (answer.status == 201).then(|| describe::status(&answer)),
            };
            world.judge_raw(judged, &transcript);
        }
        let (_, stored) = world.stored(repository, &self.digest()).await;
        let judged = Judged {
            id,
            line: line!(),
            asked: "nothing is stored",
            broken: stored,
        };
        world.judge_raw(judged, &transcript);
        Ok(())
    }
}

async fn chunk_cut_short(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let size = world.shared.chunk;
    for (leaving, row) in Leaving::ALL {
        world.row = Some(row.to_owned());
        let blob = world.maker().chunks(4, size);
        let at = blob.chunk;
        let place = world.open_with(&repository, &blob.part(0, at)).await?;
        let broken = blob.part(at, 3 * at);
        let length = broken.size().to_string();
        let place_in_blob = range(&broken);
        let lines = [
            ("Content-Type", "application/octet-stream"),
            ("Content-Range", &*place_in_blob),
            ("Content-Length", &*length),
        ];
        let mut connection = world.begin("PATCH", &world.line_for(&place)?, &lines).await?;
        let _ = connection.write(broken.bytes.get(..at).unwrap_or_default()).await;
        let (_, transcript) = leaving.leave(connection, "PATCH").await;
        let kept = at as u64..=2 * at as u64;
        go_on(world, &repository, &place, &blob, (kept, &transcript)).await;
    }
    Ok(())
}

/// Asks how much was kept, and goes on from there.
async fn go_on(
    world: &World,
    repository: &str,
    place: &Url,
    blob: &Content,
    (kept, cut): (std::ops::RangeInclusive<u64>, &Transcript),
) {
    let asked = |line, asked, broken| Judged {
        id: "push.session.aborted-patch",
        line,
        asked,
        broken,
    };
    let seen = world.call("GET", place.clone(), None).await;
    let offset = offset_of(&seen.outcome);
    let wrong = match offset {
        Some(offset) if kept.contains(&offset) => None,
        Some(_) => seen.outcome.as_ref().ok().map(|answer| {
            let told = answer.headers.get("Range").unwrap_or("none");
            format!("Range: {told}, where {} bytes were sent at most", kept.end())
        }),
        None => Some(in_words(&seen.outcome)),
    };
    world.judge_raw(asked(line!(), "a Range within what was sent", wrong.clone()), cut);
    let (Some(offset), None) = (offset, wrong) else {
        return;
    };
    let next = seen
        .outcome
        .as_ref()
        .ok()
        .and_then(|answer| answer.url.resolve(answer.headers.get("Location")?).ok())
        .unwrap_or_else(|| place.clone());
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let sent = world.patch(next, &blob.part(start, blob.bytes.len())).await;
    let closed = match location(&sent) {
        None => sent,
        Some(place) => {
            let place = place.join_query(&format!("digest={}", blob.digest()));
            world.send(plain("PUT", place, None)).await
        }
    };
    let refused = (!succeeded(&closed)).then(|| describe::exchange(&closed));
    let wrong = match refused {
        Some(refused) => Some(refused),
        None => world.unlike(repository, blob).await.1,
    };
    world.judge_raw(asked(line!(), "the upload goes on from there", wrong), cut);
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

async fn download_cut_short(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let blob = world.maker().random(LARGE);
    world.given(&repository, &blob, &[]).await?;
    let target = format!("/v2/{repository}/blobs/{}", blob.digest());
    let broken_off = (0..DOWNLOADS).map(|_| async {
        let connection = world.begin("GET", &target, &[]).await?;
        tokio::time::sleep(NOTICE).await;
        drop(connection);
        Ok(())
    });
    let done: Result<Vec<()>, NotReached> = join_all(broken_off).await.into_iter().collect();
    done?;
    tokio::time::sleep(NOTICE).await;
    for _ in 0..2 {
        let (read, wrong) = world.unlike(&repository, &blob).await;
        let judged = Judged {
            id: "security.partial-read-not-cached",
            line: line!(),
            asked: "the whole blob",
            broken: wrong.map(|wrong| format!("{wrong}, after {DOWNLOADS} downloads that were broken off")),
        };
        world.judge_exchange(judged, &read);
        if status(&read).is_none() {
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
            }))
        };
        assert_eq!(told("0-1023"), Some(1024));
        assert_eq!(told("bytes=0-9"), Some(10));
        assert_eq!(told("0-0"), Some(0));
        assert_eq!(told("all"), None);
    }
}
