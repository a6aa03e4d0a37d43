//! Where a request ends: lengths that contradict each other, lengths that are none, and what follows an error.

use std::time::Duration;

use futures_util::future::join_all;

use super::tools::{CLOSING, answer_within, in_words, wrong_content};
use super::{Actor, Coded, NotReached};
use crate::cause::Cause;
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::values::{Content, OCI_MANIFEST};
use crate::wire::{Account, Answer, Fault, RawConnection};

/// How long a head that can be refused by itself waits for its refusal before the content follows: a round trip and some
/// work. Where the refusal is slower the content is sent, and the answer judged all the same.
const HEAD_START: Duration = Duration::from_millis(300);

static ONE_ANSWER: CodedCheck = CodedCheck::new(
    "http.cl-te-conflict",
    "one answer, and the end of the connection",
    line!(),
);
static REFUSED_WITH_400: CodedCheck = CodedCheck::new(
    "http.bad-content-length",
    "400, and the end of the connection",
    line!(),
);
static NOTHING_STORED: CodedCheck = CodedCheck::new("http.bad-content-length", "nothing is stored", line!());
static NEXT_IS_ANSWERED: CodedCheck = CodedCheck::new(
    "http.keep-alive-after-error",
    "the next request is answered, or Connection: close",
    line!(),
);

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[
    Coded {
        scenario: CodedScenario {
            name: "security/two-lengths",
            title: "A request with Content-Length and Transfer-Encoding has one answer and is the last of its connection",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&ONE_ANSWER],
        },
        follow: |actor| Box::pin(two_lengths(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "security/bad-length",
            title: "A request whose Content-Length is no length is refused, and is the last of its connection",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&REFUSED_WITH_400, &NOTHING_STORED],
        },
        follow: |actor| Box::pin(bad_length(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "http/connection-after-error",
            title: "After an error the connection goes on, or is closed as announced",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&NEXT_IS_ANSWERED],
        },
        follow: |actor| Box::pin(connection_after_error(actor)),
    },
];

async fn two_lengths(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let host = actor.target().authority().to_owned();
    let base = actor.at("/v2/");
    let hidden = format!("GET {} HTTP/1.1\r\nHost: {host}\r\n\r\n", base.request_target());
    let place = actor.at(&format!("/v2/{repository}/manifests/two-lengths"));
    let behind = format!("0\r\n\r\n{hidden}");
    let size_line = format!("{:x}\r\n", hidden.len());
    let inside = format!("{size_line}{hidden}\r\n0\r\n\r\n");
    let asked = [
        ("a request behind the last chunk", behind.len(), behind),
        ("a request in a chunk", size_line.len(), inside),
    ];
    let rows = asked.map(|(row, length, body)| {
        let (actor, place) = (actor.beside(row), place.clone());
        async move {
            let lines = [
                ("Content-Type", OCI_MANIFEST),
                ("Content-Length", &*length.to_string()),
                ("Transfer-Encoding", "chunked"),
            ];
            let mut connection = actor.begin("PUT", &place, &lines).await?;
            // A registry that has refused the head already may not listen any more.
            let _ = connection.write(body).await;
            let answer = actor.answer_on(&mut connection, "PUT").await?;
            actor.judge(
                &ONE_ANSWER,
                not_the_last(&actor, &mut connection, &answer).await?,
                connection.transcript(),
            );
            Ok(())
        }
    });
    join_all(rows).await.into_iter().collect()
}

/// What is wrong with an answer that should have been the last of its connection.
async fn not_the_last(
    actor: &Actor,
    connection: &mut RawConnection,
    answer: &Result<Answer, Fault>,
) -> Result<Option<String>, NotReached> {
    if answer.is_err() {
        return Ok(Some(in_words(answer)));
    }
    let behind = actor.allowance(HEAD_START);
    let rest = actor.aside(connection.rest(behind)).await;
    if !rest.bytes.is_empty() {
        let line: String = String::from_utf8_lossy(&rest.bytes).lines().take(1).collect();
        return Ok(Some(format!("{} and, behind it, {line:?}", in_words(answer))));
    }
    if rest.ended {
        return Ok(None);
    }
    let stayed_open = format!("{}, and the connection stayed open", in_words(answer));
    // Who answers another request need not be waited for.
    let another = connection
        .write_head("GET", &actor.at("/v2/"), &[], &Account::Nobody)
        .await;
    let limit = actor.allowance(CLOSING);
    let next = match another {
        Ok(()) => actor.aside(answer_within(connection, "GET", limit)).await,
        Err(fault) => Err(fault),
    };
    match next {
        Err(Fault::Closed(_)) => Ok(None),
        Err(Fault::Timeout { .. }) => {
            actor.is_prompt(&actor.ordinary()?, limit).await?;
            Ok(Some(stayed_open))
        }
        next => Ok(Some(format!(
            "{stayed_open}: another request came to {}",
            in_words(&next)
        ))),
    }
}

async fn bad_length(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    for lengths in [
        &["abc"][..],
        &["-1"],
        &["+100"],
        &["0x64"],
        &["100, 99"],
        &["100", "99"],
    ] {
        actor.row(lengths.join(" and "));
        let blob = actor.maker().random(100);
        let place = actor.open(&repository).await?;
        let place = place.join_query(&format!("digest={}", blob.digest()));
        let mut lines = vec![("Content-Type", "application/octet-stream")];
        lines.extend(lengths.iter().map(|length| ("Content-Length", *length)));
        let mut connection = actor.begin("PUT", &place, &lines).await?;
        let head_start = actor.allowance(HEAD_START);
        let answer = match answer_within(&mut connection, "PUT", head_start).await {
            Err(Fault::Timeout { .. }) => {
                // A registry that waits for content gets some; one that refused the head meanwhile may reset what comes
                // behind it, and its answer is lost.
                let _ = connection.write(blob.payload.clone()).await;
                match actor.answer_on(&mut connection, "PUT").await? {
                    Err(Fault::Closed(why)) => return Err(NotReached(Cause::Said(why))),
                    answered => answered,
                }
            }
            answered => answered,
        };
        let refused = matches!(&answer, Ok(answer) if answer.status == 400);
        let broken = if refused {
            not_the_last(actor, &mut connection, &answer).await?
        } else {
            Some(in_words(&answer))
        };
        actor.judge(&REFUSED_WITH_400, broken, connection.transcript());
        let (read, stored) = actor.stored(&repository, &blob.digest()).await;
        actor.judge(&NOTHING_STORED, stored, &read);
    }
    Ok(())
}

/// A request that is refused: what it is called, its method, its path, its lines, its content.
struct Refused<'a> {
    row: &'a str,
    method: &'a str,
    path: String,
    lines: Vec<(&'a str, &'a str)>,
    content: Vec<u8>,
}

async fn connection_after_error(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let blob = actor.maker().random(700);
    actor.given(&repository, &blob, &[]).await?;
    let unknown = format!("blobs/uploads/{}", actor.maker().uuid());
    let bytes = ("Content-Type", "application/octet-stream");
    let upload = |row, size| Refused {
        row,
        method: "PATCH",
        path: unknown.clone(),
        lines: vec![bytes],
        content: vec![b'x'; size],
    };
    let refused = [
        Refused {
            row: "a missing manifest",
            method: "GET",
            path: "manifests/missing".to_owned(),
            lines: vec![("Accept", "*/*")],
            content: Vec::new(),
        },
        Refused {
            row: "a malformed digest",
            method: "GET",
            path: "blobs/sha256:short".to_owned(),
            lines: Vec::new(),
            content: Vec::new(),
        },
        Refused {
            row: "a manifest that is none",
            method: "PUT",
            path: "manifests/garbage".to_owned(),
            lines: vec![("Content-Type", OCI_MANIFEST)],
            content: b"{".to_vec(),
        },
        upload("a small chunk for no upload", 100),
        upload("a large chunk for no upload", 256 * 1024),
    ];
    for refused in refused {
        actor.row(refused.row.to_owned());
        go_on_after(actor, &repository, &refused, &blob).await?;
    }
    Ok(())
}

/// Sends a request that is refused, and a good one behind it.
async fn go_on_after(
    actor: &Actor,
    repository: &str,
    refused: &Refused<'_>,
    blob: &Content,
) -> Result<(), NotReached> {
    let length = refused.content.len().to_string();
    let mut lines = refused.lines.clone();
    if refused.method != "GET" {
        lines.push(("Content-Length", &length));
    }
    let place = actor.at(&format!("/v2/{repository}/{}", refused.path));
    let mut connection = actor.begin(refused.method, &place, &lines).await?;
    let sent = connection.write(refused.content.clone()).await;
    let answer = actor.answer_on(&mut connection, refused.method).await?;
    let Ok(error) = answer else {
        // That an early refusal can be read is another requirement.
        return Ok(());
    };
    let closes = error
        .headers
        .all("Connection")
        .any(|line| line.to_ascii_lowercase().contains("close"));
    let broken = if closes {
        None
    } else if let Err(fault) = sent {
        Some(format!("{fault}, which was not announced"))
    } else {
        let place = actor.blob_at(repository, &blob.digest());
        let wrote = connection.write_head("GET", &place, &[], &Account::Default).await;
        let next = match wrote {
            Ok(()) => actor.answer_on(&mut connection, "GET").await?,
            Err(fault) => Err(fault),
        };
        match &next {
            Ok(answer) if sends_away(answer) => None,
            other => wrong_content(other, blob),
        }
    };
    if broken.is_some() {
        // Who does not get the blob by itself either has not lost it to the error.
        let (read, wrong) = actor.unlike(repository, blob).await;
        if wrong.is_some() {
            return Err(NotReached(Cause::Came(read)));
        }
    }
    actor.judge(&NEXT_IS_ANSWERED, broken, connection.transcript());
    Ok(())
}

/// Whether a blob was answered with the way to it, or with when to come again: the connection goes on either way.
fn sends_away(answer: &Answer) -> bool {
    let comes_later = answer.status == 503 && answer.headers.contains("Retry-After");
    (300..400).contains(&answer.status) || comes_later
}
