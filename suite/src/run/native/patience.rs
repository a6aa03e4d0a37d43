//! Clients that hold back: with their content until they are told to go on, or with every byte.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::tools::{PATIENCE, answer_within, in_words, status};
use super::{Judged, Native, NotReached};
use crate::plan::Declared;
use crate::run::describe;
use crate::run::world::World;
use crate::wire::{Account, Fault, RawConnection};

/// The longest that an answer to `Expect` may take; curl waits a second.
const AT_ONCE: Duration = Duration::from_secs(5);
/// How many slow clients there are of each kind.
const SLOW: usize = 24;
/// How often each slow client sends a byte.
const BYTES: usize = 3;
/// How long it waits before the next.
const PAUSE: Duration = Duration::from_millis(250);
/// How long an ordinary request may take beside slow ones.
const HELD_UP: Duration = Duration::from_secs(5);

/// The scenarios.
pub(super) const SCENARIOS: &[Native] = &[
    Native {
        declared: Declared {
            name: "http/expect-continue",
            title: "Who waits to be told to go on is told, or refused, before the content",
            needs: &["push"],
            cites: &["http.expect-continue"],
        },
        follow: |world| Box::pin(expect_continue(world)),
    },
    Native {
        declared: Declared {
            name: "security/slow-clients",
            title: "Slow clients do not hold up the others",
            needs: &["push"],
            cites: &["security.slow-client"],
        },
        follow: |world| Box::pin(slow_clients(world)),
    },
];

async fn expect_continue(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let blob = world.maker().random(2000);
    let query = format!("digest={}", blob.digest());
    let open = world.open(&repository).await?;
    let unknown = format!("/v2/{repository}/blobs/uploads/{}", world.maker().uuid());
    let asked = [
        ("an upload", open.join_query(&query)),
        ("no upload", world.at(&unknown).join_query(&query)),
    ];
    for (row, place) in asked {
        world.row = Some(row.to_owned());
        let length = blob.size().to_string();
        let lines = [
            ("Content-Type", "application/octet-stream"),
            ("Content-Length", &*length),
            ("Expect", "100-continue"),
        ];
        let mut connection = world.begin("PUT", &world.line_for(&place)?, &lines).await?;
        let late = Fault::Timeout {
            after: AT_ONCE,
            doing: "waiting to be told to go on",
        };
        let first = tokio::time::timeout(AT_ONCE, connection.next("PUT"))
            .await
            .unwrap_or(Err(late));
        let goes_on = matches!(&first, Ok(answer) if answer.status == 100);
        let fine = matches!(&first, Ok(answer) if answer.status == 100 || answer.status >= 200);
        let judged = Judged {
            id: "http.expect-continue",
            line: line!(),
            asked: "100 or the final status, before any content",
            broken: (!fine).then(|| in_words(&first)),
        };
        world.judge_raw(judged, &connection.transcript());
        if !goes_on {
            continue;
        }
        let _ = connection.write(&blob.bytes).await;
        let last = answer_within(&mut connection, "PUT", PATIENCE).await;
        let judged = Judged {
            id: "http.expect-continue",
            line: line!(),
            asked: "a final status behind the content",
            broken: last.is_err().then(|| in_words(&last)),
        };
        world.judge_raw(judged, &connection.transcript());
    }
    Ok(())
}

async fn slow_clients(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let blob = world.maker().random(700);
    world.given(&repository, &blob, &[]).await?;
    let place = world.open(&repository).await?;
    let target = world.line_for(&place)?;
    let slow = join_all((0..SLOW).map(|_| slow_ones(world, &target))).await;
    let mut slow: Vec<RawConnection> = slow
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    for _ in 0..BYTES {
        join_all(slow.iter_mut().map(|connection| connection.write(b"x"))).await;
        let begin = Instant::now();
        let asked = world.call("GET", world.blob_at(&repository, &blob.digest()), None);
        let broken = match tokio::time::timeout(HELD_UP, asked).await {
            Ok(read) => (status(&read) != Some(200)).then(|| describe::exchange(&read)),
            Err(_) => Some(format!(
                "no answer for {} s beside {} slow clients",
                HELD_UP.as_secs(),
                slow.len()
            )),
        };
        let held_up = broken.is_some();
        let judged = Judged {
            id: "security.slow-client",
            line: line!(),
            asked: "a blob is read as usual",
            broken,
        };
        match slow.first() {
            Some(connection) => world.judge_raw(judged, &connection.transcript()),
            None => return Err(NotReached("there are no slow clients".to_owned())),
        }
        if held_up {
            break;
        }
        tokio::time::sleep(PAUSE.saturating_sub(begin.elapsed())).await;
    }
    Ok(())
}

/// Two slow clients: one in the middle of a head, one in the middle of a content.
async fn slow_ones(world: &World, upload: &str) -> Result<[RawConnection; 2], NotReached> {
    let mut head = world.connect().await?;
    head.write(b"GET /v2/ HTTP/1.1\r\nX-Slow: ").await?;
    let mut content = world.connect().await?;
    let lines = [
        ("Content-Type", "application/octet-stream"),
        ("Content-Length", "1000"),
    ];
    content
        .write_head("PATCH", upload, &lines, &Account::Default)
        .await?;
    Ok([head, content])
}
