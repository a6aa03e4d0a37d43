//! Security of upload sessions: ids that cannot be guessed, addresses and state that cannot be forged.

use super::id_entropy::too_alike;
use super::tools::{chunk, succeeded};
use super::{Actor, BrokenCheck, Coded, NotReached};
use crate::cause::Cause;
use crate::check::describe;
use crate::run::interpret::requests::{plain, range};
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::values::Content;
use crate::wire::Url;

/// How many uploads are opened to compare their names.
const OPENED: usize = 40;

static UNLIKE_NAMES: CodedCheck = CodedCheck::new(
    "push.session.id-unguessable",
    "names that neither count up nor share all but a few digits",
    line!(),
);
static REFUSED: CodedCheck = CodedCheck::new("push.session.bound-to-repository", "refused", line!());
static NOTHING_STORED_ELSEWHERE: CodedCheck = CodedCheck::new(
    "push.session.bound-to-repository",
    "nothing is stored in the other repository",
    line!(),
);
static GOES_ON_AT_HOME: CodedCheck = CodedCheck::new(
    "push.session.bound-to-repository",
    "the upload goes on in its own repository",
    line!(),
);
static NO_HARM: CodedCheck = CodedCheck::new(
    "security.forged-session-state",
    "refused, or no harm to the upload",
    line!(),
);

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[
    Coded {
        scenario: CodedScenario {
            name: "security/names-of-uploads",
            title: "The name of an upload cannot be told from earlier ones",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&UNLIKE_NAMES],
        },
        follow: |actor| Box::pin(names_of_uploads(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "security/upload-through-another-repository",
            title: "An upload is of its repository, and of no other",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&REFUSED, &NOTHING_STORED_ELSEWHERE, &GOES_ON_AT_HOME],
        },
        follow: |actor| Box::pin(through_another_repository(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "security/forged-upload-state",
            title: "What a registry keeps in the address of an upload cannot be forged",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&NO_HARM],
        },
        follow: |actor| Box::pin(forged_state(actor)),
    },
];

async fn names_of_uploads(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let mut names = Vec::new();
    for _ in 0..OPENED {
        let place = actor.open(&repository).await?;
        names.push(actor.line_for(&place).unwrap_or_else(|_| place.to_string()));
    }
    let last = actor.call("POST", actor.uploads(&repository), None).await;
    actor.judge(&UNLIKE_NAMES, too_alike(&names), &last);
    Ok(())
}

async fn through_another_repository(actor: &mut Actor) -> Result<(), NotReached> {
    let (repository, other) = (actor.repository()?, actor.other()?);
    let present = actor.maker().random(100);
    actor.given(&other, &present, &[]).await?;
    let blob = actor.maker().chunks(2, actor.chunk_size());
    let first = blob.part(0, blob.chunk);
    let rest = blob.part(blob.chunk, blob.size());
    let place = actor.open_with(&repository, &first).await?;
    let own = actor.at(&format!("/v2/{repository}/"));
    let path = actor.line_for(&place)?;
    let Some(behind) = path.strip_prefix(own.path()) else {
        return Ok(());
    };
    let elsewhere = actor.at(&format!("/v2/{other}/{behind}"));
    let finish = |place: &Url| {
        let place = place.join_query(&format!("digest={}", blob.digest()));
        let mut sent = plain("PUT", place, Some(&rest));
        sent.headers.set("Content-Range", &range(&rest));
        sent
    };
    let asked = [
        plain("GET", elsewhere.clone(), None),
        chunk(elsewhere.clone(), &rest),
        finish(&elsewhere),
        plain("DELETE", elsewhere.clone(), None),
    ];
    for request in asked {
        actor.row(format!("{} through another repository", request.method));
        let answered = actor.send(request).await;
        actor.judge(
            &REFUSED,
            succeeded(&answered).then(|| describe::exchange(&answered)),
            &answered,
        );
    }
    actor.no_row();
    let (read, stored) = actor.stored(&other, &blob.digest()).await;
    actor.judge(&NOTHING_STORED_ELSEWHERE, stored, &read);
    let closed = actor.send(finish(&place)).await;
    actor.judge(
        &GOES_ON_AT_HOME,
        (!succeeded(&closed)).then(|| describe::exchange(&closed)),
        &closed,
    );
    Ok(())
}

async fn forged_state(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let size = actor.chunk_size();
    for forgery in Forgery::ALL {
        let blob = actor.maker().chunks(3, size);
        let other = actor.maker().chunks(3, size);
        let open = actor.open(&repository).await?;
        let Some(first_state) = open.query().map(str::to_owned) else {
            continue;
        };
        let sent = actor.patch(open, &blob.part(0, blob.chunk)).await;
        let Some(place) = sent.upload_address() else {
            return Err(NotReached(Cause::Came(sent.clone())));
        };
        let stranger = actor.open_with(&repository, &other.part(0, blob.chunk)).await?;
        let Some(query) = forgery.forge(&place, &first_state, &stranger) else {
            continue;
        };
        actor.row(forgery.named().to_owned());
        let forged = place.with_target(&format!("{}{query}", place.path()));
        // What is overwritten, if anything is, are the first bytes of the blob.
        let attack = actor.send(chunk(forged, &other.part(0, blob.chunk))).await;
        let honest = finished(actor, &repository, &place, &blob).await;
        actor.judge(
            &NO_HARM,
            honest.map(|honest| honest.after(&describe::exchange(&attack))),
            &attack,
        );
    }
    Ok(())
}

/// What kept an upload of which the first chunk is there from its right end.
async fn finished(actor: &Actor, repository: &str, place: &Url, blob: &Content) -> Option<BrokenCheck> {
    let rest = blob.part(blob.chunk, blob.size());
    let mut sent = plain(
        "PUT",
        place.join_query(&format!("digest={}", blob.digest())),
        Some(&rest),
    );
    sent.headers.set("Content-Range", &range(&rest));
    let closed = actor.send(sent).await;
    if !succeeded(&closed) {
        return Some(BrokenCheck::by(describe::exchange(&closed), &closed));
    }
    let (read, wrong) = actor.unlike(repository, blob).await;
    wrong.map(|wrong| BrokenCheck::by(wrong, &read))
}

/// A way to forge the query of an upload.
#[derive(Clone, Copy)]
enum Forgery {
    Dropped,
    Earlier,
    Changed,
    Zeroed,
    Swapped,
}

impl Forgery {
    const ALL: [Forgery; 5] = [
        Forgery::Dropped,
        Forgery::Earlier,
        Forgery::Changed,
        Forgery::Zeroed,
        Forgery::Swapped,
    ];

    fn named(self) -> &'static str {
        match self {
            Forgery::Dropped => "the query dropped",
            Forgery::Earlier => "the query from before the first chunk",
            Forgery::Changed => "a character of the query changed",
            Forgery::Zeroed => "every number in the query zero",
            Forgery::Swapped => "the query of another upload",
        }
    }

    /// The forged query with its `?`, where that is another one.
    fn forge(self, place: &Url, first_state: &str, stranger: &Url) -> Option<String> {
        let own = place.query()?;
        let forged = match self {
            Forgery::Dropped => return Some(String::new()),
            Forgery::Earlier => first_state.to_owned(),
            Forgery::Changed => changed(own),
            Forgery::Zeroed => zeroed(own),
            Forgery::Swapped => stranger.query()?.to_owned(),
        };
        (forged != own).then(|| format!("?{forged}"))
    }
}

/// The query with the last letter or digit of its values another one.
fn changed(query: &str) -> String {
    let Some(at) = query.rfind(|c: char| c.is_ascii_alphanumeric()) else {
        return query.to_owned();
    };
    let other = if query[at..].starts_with('A') { "B" } else { "A" };
    format!("{}{other}{}", &query[..at], &query[at + 1..])
}

/// The query with every value that is a number zero.
fn zeroed(query: &str) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{name}=0")
        }
        _ => pair.to_owned(),
    });
    pairs.collect::<Vec<String>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_forged_in_one_place() {
        assert_eq!(changed("_state=abc"), "_state=abA");
        assert_eq!(changed("_state=A%3D"), "_state=A%3A");
        assert_eq!(zeroed("offset=12&id=a1"), "offset=0&id=a1");
    }
}
