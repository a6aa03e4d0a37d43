//! Uploads and strangers: names that cannot be told, addresses that cannot be bent.

use super::names::too_alike;
use super::tools::{chunk, succeeded};
use super::{Judged, Native, NotReached};
use crate::plan::Declared;
use crate::run::content::Content;
use crate::run::describe;
use crate::run::request::{location, plain, range};
use crate::run::world::World;
use crate::wire::Url;

/// How many uploads are opened to compare their names.
const OPENED: usize = 40;

/// The scenarios.
pub(super) const SCENARIOS: &[Native] = &[
    Native {
        declared: Declared {
            name: "security/names-of-uploads",
            title: "The name of an upload cannot be told from earlier ones",
            needs: &["push"],
            cites: &["push.session.id-unguessable"],
        },
        follow: |world| Box::pin(names_of_uploads(world)),
    },
    Native {
        declared: Declared {
            name: "security/upload-through-another-repository",
            title: "An upload is of its repository, and of no other",
            needs: &["push"],
            cites: &["push.session.bound-to-repository"],
        },
        follow: |world| Box::pin(through_another_repository(world)),
    },
    Native {
        declared: Declared {
            name: "security/forged-upload-state",
            title: "What a registry keeps in the address of an upload cannot be forged",
            needs: &["push"],
            cites: &["security.forged-session-state"],
        },
        follow: |world| Box::pin(forged_state(world)),
    },
];

async fn names_of_uploads(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let mut names = Vec::new();
    for _ in 0..OPENED {
        let place = world.open(&repository).await?;
        names.push(world.line_for(&place).unwrap_or_else(|_| place.to_string()));
    }
    let last = world.call("POST", world.uploads(&repository), None).await;
    let judged = Judged {
        id: "push.session.id-unguessable",
        line: line!(),
        asked: "names that neither count up nor share all but a few digits",
        broken: too_alike(&names),
    };
    world.judge_exchange(judged, &last);
    Ok(())
}

async fn through_another_repository(world: &mut World) -> Result<(), NotReached> {
    let (repository, other) = (world.repository()?, world.other()?);
    let present = world.maker().random(100);
    world.given(&other, &present, &[]).await?;
    let blob = world.maker().chunks(2, world.shared.chunk);
    let first = blob.part(0, blob.chunk);
    let rest = blob.part(blob.chunk, blob.bytes.len());
    let place = world.open_with(&repository, &first).await?;
    let own = format!("/v2/{repository}/");
    let path = world.line_for(&place)?;
    let Some(behind) = path.strip_prefix(&own) else {
        return Ok(());
    };
    let elsewhere = world.at(&format!("/v2/{other}/{behind}"));
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
        world.row = Some(format!("{} through another repository", request.method));
        let answered = world.send(request).await;
        let judged = Judged {
            id: "push.session.bound-to-repository",
            line: line!(),
            asked: "refused",
            broken: succeeded(&answered).then(|| describe::exchange(&answered)),
        };
        world.judge_exchange(judged, &answered);
    }
    world.row = None;
    let (read, stored) = world.stored(&other, &blob.digest()).await;
    let judged = Judged {
        id: "push.session.bound-to-repository",
        line: line!(),
        asked: "nothing is stored in the other repository",
        broken: stored,
    };
    world.judge_exchange(judged, &read);
    let closed = world.send(finish(&place)).await;
    let judged = Judged {
        id: "push.session.bound-to-repository",
        line: line!(),
        asked: "the upload goes on in its own repository",
        broken: (!succeeded(&closed)).then(|| describe::exchange(&closed)),
    };
    world.judge_exchange(judged, &closed);
    Ok(())
}

async fn forged_state(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let size = world.shared.chunk;
    for forgery in Forgery::ALL {
        let blob = world.maker().chunks(3, size);
        let other = world.maker().chunks(3, size);
        let open = world.open(&repository).await?;
        let Some(first_state) = open.query().map(str::to_owned) else {
            continue;
        };
        let sent = world.patch(open, &blob.part(0, blob.chunk)).await;
        let Some(place) = location(&sent) else {
            return Err(NotReached(describe::exchange(&sent)));
        };
        let stranger = world.open_with(&repository, &other.part(0, blob.chunk)).await?;
        let Some(query) = forgery.forge(&place, &first_state, &stranger) else {
            continue;
        };
        world.row = Some(forgery.named().to_owned());
        let forged = place.with_target(&format!("{}{query}", place.path()));
        // What is overwritten, if anything is, are the first bytes of the blob.
        let attack = world.send(chunk(forged, &other.part(0, blob.chunk))).await;
        let honest = finished(world, &repository, &place, &blob).await;
        let judged = Judged {
            id: "security.forged-session-state",
            line: line!(),
            asked: "refused, or no harm to the upload",
            broken: honest.map(|why| format!("{}; then {why}", describe::exchange(&attack))),
        };
        world.judge_exchange(judged, &attack);
    }
    Ok(())
}

/// What kept an upload of which the first chunk is there from its right end.
async fn finished(world: &World, repository: &str, place: &Url, blob: &Content) -> Option<String> {
    let rest = blob.part(blob.chunk, blob.bytes.len());
    let mut sent = plain(
        "PUT",
        place.join_query(&format!("digest={}", blob.digest())),
        Some(&rest),
    );
    sent.headers.set("Content-Range", &range(&rest));
    let closed = world.send(sent).await;
    if !succeeded(&closed) {
        return Some(describe::exchange(&closed));
    }
    world.unlike(repository, blob).await.1
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
