//! Clients that hold back: with their content until they are told to go on, or with every byte.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::tools::in_words;
use super::{Actor, Coded, NotReached};
use crate::cause::Cause;
use crate::check::describe;
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::values::Content;
use crate::wire::{Fault, RawConnection, Url};

/// The longest that an answer to `Expect` may take where the target is not slow: twice as long as curl waits, and more.
const AT_ONCE: Duration = Duration::from_millis(2500);
/// How many slow clients there are of each kind.
const SLOW: usize = 24;
/// How often each slow client sends a byte.
const BYTES: usize = 3;
/// How long it waits before the next: long enough for an ordinary request to be answered meanwhile, and with few bytes
/// still half a second for all.
const PAUSE: Duration = Duration::from_millis(250);
/// How long an ordinary request may take beside slow ones. It takes milliseconds by itself; behind slow clients that are
/// served one after another it would never end.
const HELD_UP: Duration = Duration::from_secs(5);

static TOLD_TO_GO_ON: CodedCheck = CodedCheck::new(
    "http.expect-continue",
    "100 or the final status, before any content",
    line!(),
);
static READ_AS_USUAL: CodedCheck =
    CodedCheck::new("security.slow-client", "a blob is read as usual", line!());
static FINAL_STATUS: CodedCheck = CodedCheck::new(
    "http.expect-continue",
    "a final status behind the content",
    line!(),
);

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[
    Coded {
        scenario: CodedScenario {
            name: "http/expect-continue",
            title: "Who waits to be told to go on is told, or refused, before the content",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&TOLD_TO_GO_ON, &FINAL_STATUS],
        },
        follow: |actor| Box::pin(expect_continue(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "security/slow-clients",
            title: "Slow clients do not hold up the others",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&READ_AS_USUAL],
        },
        follow: |actor| Box::pin(slow_clients(actor)),
    },
];

async fn expect_continue(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let blob = actor.maker().random(2000);
    let query = format!("digest={}", blob.digest());
    let open = actor.open(&repository).await?;
    let unknown = format!("/v2/{repository}/blobs/uploads/{}", actor.maker().uuid());
    let asked = [
        ("an upload", open.join_query(&query)),
        ("no upload", actor.at(&unknown).join_query(&query)),
    ];
    let each = asked
        .iter()
        .map(|(row, place)| told_to_go_on(actor.beside(*row), place, &blob));
    join_all(each).await.into_iter().collect()
}

/// Sends the content of a blob when it is told to go on.
async fn told_to_go_on(actor: Actor, place: &Url, blob: &Content) -> Result<(), NotReached> {
    let length = blob.size().to_string();
    let lines = [
        ("Content-Type", "application/octet-stream"),
        ("Content-Length", &*length),
        ("Expect", "100-continue"),
    ];
    let mut connection = actor.begin("PUT", place, &lines).await?;
    let limit = actor.allowance(AT_ONCE);
    let late = Fault::Timeout {
        after: limit,
        doing: "waiting to be told to go on",
    };
    let told = tokio::time::timeout(limit, connection.next("PUT"));
    let first = actor.aside(told).await.unwrap_or(Err(late));
    if matches!(first, Err(Fault::Timeout { .. })) {
        actor.is_prompt(&actor.ordinary()?, limit).await?;
    }
    let goes_on = matches!(&first, Ok(answer) if answer.status == 100);
    let fine = matches!(&first, Ok(answer) if answer.status == 100 || answer.status >= 200);
    actor.judge(
        &TOLD_TO_GO_ON,
        (!fine).then(|| in_words(&first)),
        connection.transcript(),
    );
    if goes_on {
        let _ = connection.write(blob.payload.clone()).await;
        let last = actor.answer_on(&mut connection, "PUT").await?;
        actor.judge(
            &FINAL_STATUS,
            last.is_err().then(|| in_words(&last)),
            connection.transcript(),
        );
    }
    Ok(())
}

async fn slow_clients(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let blob = actor.maker().random(700);
    actor.given(&repository, &blob, &[]).await?;
    let place = actor.open(&repository).await?;
    let slow = join_all((0..SLOW).map(|_| slow_ones(actor, &place))).await;
    let mut slow: Vec<RawConnection> = slow
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    let place = actor.blob_at(&repository, &blob.digest());
    let mut until_next = Duration::ZERO;
    for _ in 0..BYTES {
        actor.pass(until_next).await;
        let limit = actor.allowance(HELD_UP);
        join_all(slow.iter_mut().map(|connection| connection.write(&b"x"[..]))).await;
        let begin = Instant::now();
        let asked = actor.call("GET", place.clone(), None);
        let broken = match tokio::time::timeout(limit, asked).await {
            Ok(read) => (read.status() != Some(200)).then(|| describe::exchange(&read)),
            Err(_) => Some(format!(
                "no answer for {} s beside {} slow clients",
                limit.as_secs(),
                slow.len()
            )),
        };
        let Some(transcript) = slow.first().map(RawConnection::transcript) else {
            return Err(NotReached(Cause::Said("there are no slow clients".to_owned())));
        };
        if broken.is_some() {
            // Who is as slow without them, or fails, is not held up by them.
            slow.clear();
            let alone = actor.is_prompt(&place, limit).await?;
            if alone.status() != Some(200) {
                return Err(NotReached(Cause::Came(alone)));
            }
            actor.judge(&READ_AS_USUAL, broken, transcript);
            break;
        }
        actor.judge(&READ_AS_USUAL, broken, transcript);
        until_next = PAUSE.saturating_sub(begin.elapsed());
    }
    Ok(())
}

/// Two slow clients: one in the middle of a head, one in the middle of a content.
async fn slow_ones(actor: &Actor, upload: &Url) -> Result<[RawConnection; 2], NotReached> {
    let mut head = actor.connect("GET").await?;
    let base = actor.at("/v2/");
    head.write(format!("GET {} HTTP/1.1\r\nX-Slow: ", base.request_target()))
        .await?;
    let lines = [
        ("Content-Type", "application/octet-stream"),
        ("Content-Length", "1000"),
    ];
    let content = actor.begin("PATCH", upload, &lines).await?;
    Ok([head, content])
}
