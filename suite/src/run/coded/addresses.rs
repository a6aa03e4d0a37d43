//! The addresses that answers name: on the server that was asked, by the scheme that was used, spelled as clients
//! spell them.

use std::sync::Arc;

use super::{Actor, Coded, NotReached};
use crate::cause::Cause;
use crate::check::{LinkValue, links};
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::values::{Content, Family, ImageShape};
use crate::wire::{Exchange, Redirects, Request, Url};

static SCHEME_OF_THE_REQUEST: CodedCheck = CodedCheck::new(
    "interop.location-scheme",
    "a Location with the scheme of the request",
    line!(),
);
static HOST_OF_THE_REQUEST: CodedCheck = CodedCheck::new(
    "interop.location-host",
    "a Location on the host and port that were asked",
    line!(),
);
static SCHEME_BEFORE_HOST: CodedCheck = CodedCheck::new(
    "interop.location-network-path",
    "a Location with a scheme before its host, or with neither",
    line!(),
);
static UPLOAD_FROM_THE_ROOT: CodedCheck = CodedCheck::new(
    "interop.location-path",
    "a Location that is a whole URL, or begins with a slash",
    line!(),
);
static WITHOUT_ESCAPES: CodedCheck = CodedCheck::new(
    "interop.location-escapes",
    "no escapes in the path behind the repository's name",
    line!(),
);
static PLAIN_SLASHES: CodedCheck = CodedCheck::new(
    "interop.location-slashes",
    "the slashes of the name as slashes",
    line!(),
);

static FROM_THE_ROOT: CodedCheck = CodedCheck::new(
    "interop.link-path",
    "a Link that is a whole URL, or begins with a slash",
    line!(),
);
static PAGE_ON_THE_SAME_HOST: CodedCheck = CodedCheck::new(
    "interop.link-host",
    "a Link to the host and port that were asked",
    line!(),
);
static NEXT_FIRST: CodedCheck = CodedCheck::new(
    "interop.next-link-first",
    "the link to the next page before any other",
    line!(),
);
static PLAIN_RELATION: CodedCheck = CodedCheck::new(
    "interop.link-relation",
    "rel=\"next\", in small letters and alone",
    line!(),
);

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[
    Coded {
        scenario: CodedScenario {
            name: "push/address-of-upload",
            title: "An upload goes on at the server that was asked, by the scheme that it was asked by",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[
                &SCHEME_OF_THE_REQUEST,
                &HOST_OF_THE_REQUEST,
                &SCHEME_BEFORE_HOST,
                &UPLOAD_FROM_THE_ROOT,
                &WITHOUT_ESCAPES,
            ],
        },
        follow: |actor| Box::pin(address_of_upload(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "http/slashes-in-addresses",
            title: "An address writes the slashes of a repository's name as slashes",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&PLAIN_SLASHES],
        },
        follow: |actor| Box::pin(slashes(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "discovery/address-of-next-page",
            title: "The Link of a list of tags is written as every client reads it",
            needs: &["push", "tag-list"],
            weight: Weight::Usual,
            checks: &[
                &FROM_THE_ROOT,
                &PAGE_ON_THE_SAME_HOST,
                &NEXT_FIRST,
                &PLAIN_RELATION,
            ],
        },
        follow: |actor| Box::pin(address_of_next_page(actor)),
    },
];

async fn address_of_upload(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let chunk = actor.chunk_size();
    let blob = actor.maker().chunks(2, chunk);
    actor.row("POST".to_owned());
    let opened = actor.call("POST", actor.uploads(&repository), None).await;
    let place = judge_address(actor, &repository, &opened)?;
    actor.row("PATCH".to_owned());
    let sent = actor.patch(place, &blob.part(0, blob.chunk)).await;
    judge_address(actor, &repository, &sent)?;
    Ok(())
}

/// Judges where an upload goes on, and says where; an address elsewhere is not gone to.
fn judge_address(actor: &Actor, repository: &str, exchange: &Arc<Exchange>) -> Result<Url, NotReached> {
    let place = exchange
        .upload_address()
        .ok_or_else(|| NotReached(Cause::Came(exchange.clone())))?;
    let (named, asked) = (place.origin(), exchange.request.url.origin());
    let written = header(exchange, "Location");
    let got = || format!("Location: {written}");
    if written.contains("://") {
        actor.judge(
            &SCHEME_OF_THE_REQUEST,
            (named.scheme() != asked.scheme()).then(got),
            exchange,
        );
    }
    // Where the scheme is another, so is the port that goes without saying.
    let is_elsewhere =
        named.host() != asked.host() || named.scheme() == asked.scheme() && named.port() != asked.port();
    actor.judge(&HOST_OF_THE_REQUEST, is_elsewhere.then(got), exchange);
    let lacks_scheme = written.starts_with("//");
    actor.judge(&SCHEME_BEFORE_HOST, lacks_scheme.then(got), exchange);
    actor.judge(
        &UPLOAD_FROM_THE_ROOT,
        is_relative_path(written).then(got),
        exchange,
    );
    let is_escaped = behind_name(written, repository).contains('%');
    actor.judge(&WITHOUT_ESCAPES, is_escaped.then(got), exchange);
    if named == asked {
        Ok(place)
    } else {
        Err(NotReached(Cause::Said(format!("the upload goes on at {named}"))))
    }
}

/// Whether an address means something only beside another one, on the same host.
fn is_relative_path(address: &str) -> bool {
    !address.starts_with('/') && Url::parse(address).is_err()
}

/// What stands in the path of an address behind the name of a repository, or all of it where no name is.
fn behind_name<'a>(address: &'a str, repository: &str) -> &'a str {
    let path = address.split('?').next().unwrap_or_default();
    let encoded = [repository.replace('/', "%2F"), repository.replace('/', "%2f")];
    let names = std::iter::once(repository).chain(encoded.iter().map(String::as_str));
    names
        .filter_map(|name| path.split_once(name))
        .map(|(_, behind)| behind)
        .next()
        .unwrap_or(path)
}

async fn address_of_next_page(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let image = actor.maker().image(Family::Oci, &ImageShape::default());
    let tags = ["a", "b"].map(str::to_owned);
    actor.given(&repository, &image, &tags).await?;
    let list = actor.at(&format!("/v2/{repository}/tags/list?n=1"));
    let listed = actor.call("GET", list, None).await;
    judge_next_link(actor, &listed);
    Ok(())
}

/// Judges the link to the next page, where there is one.
fn judge_next_link(actor: &Actor, listed: &Arc<Exchange>) {
    let Ok(answer) = &listed.outcome else { return };
    let lines: Vec<&str> = answer.headers.all("Link").collect();
    let all: Vec<LinkValue<'_>> = lines.iter().flat_map(|line| links(line)).collect();
    let Some(next) = all.iter().find(|link| link.is_next()) else {
        return;
    };
    let got = || format!("Link: {}", lines.join(", "));
    let is_relative = is_relative_path(next.target);
    actor.judge(&FROM_THE_ROOT, is_relative.then(got), listed);
    let asked = listed.request.url.origin();
    let page = answer.url.resolve(next.target);
    let is_elsewhere = page.is_ok_and(|page| page.origin() != asked);
    actor.judge(&PAGE_ON_THE_SAME_HOST, is_elsewhere.then(got), listed);
    let is_behind_another = all.first() != Some(next);
    actor.judge(&NEXT_FIRST, is_behind_another.then(got), listed);
    actor.judge(&PLAIN_RELATION, (!next.is_plainly_next()).then(got), listed);
}

async fn slashes(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    actor.row("an upload".to_owned());
    let opened = actor.call("POST", actor.uploads(&repository), None).await;
    judge_slashes(actor, &repository, "Location", &opened);

    let image = actor.maker().image(Family::Oci, &ImageShape::default());
    let tags = ["a", "b"].map(str::to_owned);
    actor.given(&repository, &image, &tags).await?;
    let layer = image
        .layers
        .first()
        .map(|layer| layer.digest())
        .unwrap_or_default();
    actor.row("a manifest".to_owned());
    let pushed = push_again(actor, &repository, &image).await;
    judge_slashes(actor, &repository, "Location", &pushed);
    actor.row("a list of tags".to_owned());
    let list = actor.at(&format!("/v2/{repository}/tags/list?n=1"));
    let listed = actor.call("GET", list, None).await;
    judge_slashes(actor, &repository, "Link", &listed);
    actor.row("a redirect".to_owned());
    let mut asked = Request::new("GET", actor.blob_at(&repository, &layer));
    asked.redirects = Redirects::Stop;
    let redirected = actor.send(asked).await;
    judge_slashes(actor, &repository, "Location", &redirected);
    Ok(())
}

async fn push_again(actor: &Actor, repository: &str, image: &Content) -> Arc<Exchange> {
    let place = actor.at(&format!("/v2/{repository}/manifests/{}", image.digest()));
    actor.call("PUT", place, Some(image)).await
}

/// Judges the address in a header, where there is one.
fn judge_slashes(actor: &Actor, repository: &str, name: &str, exchange: &Arc<Exchange>) {
    let written = header(exchange, name);
    let path = written.split('?').next().unwrap_or_default();
    let encoded = repository.replace('/', "%2f");
    if written.is_empty() || encoded == repository {
        return;
    }
    let is_encoded = path.to_lowercase().contains(&encoded);
    actor.judge(
        &PLAIN_SLASHES,
        is_encoded.then(|| format!("{name}: {written}")),
        exchange,
    );
}

/// A header of the answer; empty if there is none.
fn header<'a>(exchange: &'a Exchange, name: &str) -> &'a str {
    let answer = exchange.outcome.as_ref().ok();
    answer
        .and_then(|answer| answer.headers.get(name))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_name_is_told_from_the_name_and_the_query() {
        for (address, behind) in [
            ("/v2/a/b/blobs/uploads/1?state=%2F", "/blobs/uploads/1"),
            (
                "http://r.test/pre%20fix/v2/a%2Fb/blobs/uploads/1%2B",
                "/blobs/uploads/1%2B",
            ),
            ("//r.test/v2/a%2fb/blobs/uploads/1", "/blobs/uploads/1"),
            ("/elsewhere/1%2B?name=a/b", "/elsewhere/1%2B"),
        ] {
            assert_eq!(behind_name(address, "a/b"), behind, "{address}");
        }
    }
}
