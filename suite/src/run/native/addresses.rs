//! The addresses that answers name: on the server that was asked, by the scheme that was used, spelled as clients
//! spell them.

use std::sync::Arc;

use super::{Judged, Native, NotReached};
use crate::plan::Declared;
use crate::run::content::{Content, Family, ImageShape};
use crate::run::describe;
use crate::run::request::location;
use crate::run::world::World;
use crate::wire::{Exchange, Redirects, Request, Url};

/// The scenarios.
pub(super) const SCENARIOS: &[Native] = &[
    Native {
        declared: Declared {
            name: "push/address-of-upload",
            title: "An upload goes on at the server that was asked, by the scheme that it was asked by",
            needs: &["push"],
            cites: &["interop.location-scheme", "interop.location-host"],
        },
        follow: |world| Box::pin(address_of_upload(world)),
    },
    Native {
        declared: Declared {
            name: "http/slashes-in-addresses",
            title: "An address writes the slashes of a repository's name as slashes",
            needs: &["push"],
            cites: &["interop.location-slashes"],
        },
        follow: |world| Box::pin(slashes(world)),
    },
];

async fn address_of_upload(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let chunk = world.shared.chunk;
    let blob = world.maker().chunks(2, chunk);
    world.row = Some("POST".to_owned());
    let opened = world.call("POST", world.uploads(&repository), None).await;
    let place = judge_address(world, &opened)?;
    world.row = Some("PATCH".to_owned());
    let sent = world.patch(place, &blob.part(0, blob.chunk)).await;
    judge_address(world, &sent)?;
    Ok(())
}

/// Judges where an upload goes on, and says where; an address elsewhere is not gone to.
fn judge_address(world: &World, exchange: &Arc<Exchange>) -> Result<Url, NotReached> {
    let place = location(exchange).ok_or_else(|| NotReached(describe::exchange(exchange)))?;
    let (named, asked) = (place.origin(), exchange.request.url.origin());
    let written = header(exchange, "Location");
    let got = || format!("Location: {written}");
    if written.contains("://") {
        let judged = Judged {
            id: "interop.location-scheme",
            line: line!(),
            asked: "a Location with the scheme of the request",
            broken: (named.scheme() != asked.scheme()).then(got),
        };
        world.judge_exchange(judged, exchange);
    }
    // Where the scheme is another, so is the port that goes without saying.
    let is_elsewhere =
        named.host() != asked.host() || named.scheme() == asked.scheme() && named.port() != asked.port();
    let judged = Judged {
        id: "interop.location-host",
        line: line!(),
        asked: "a Location on the host and port that were asked",
        broken: is_elsewhere.then(got),
    };
    world.judge_exchange(judged, exchange);
    if named == asked {
        Ok(place)
    } else {
        Err(NotReached(format!("the upload goes on at {named}")))
    }
}

async fn slashes(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    world.row = Some("an upload".to_owned());
    let opened = world.call("POST", world.uploads(&repository), None).await;
    judge_slashes(world, &repository, "Location", &opened);

    let image = world.maker().image(Family::Oci, &ImageShape::default());
    let tags = ["a", "b"].map(str::to_owned);
    world.given(&repository, &image, &tags).await?;
    let layer = image
        .layers
        .first()
        .map(|layer| layer.digest())
        .unwrap_or_default();
    world.row = Some("a manifest".to_owned());
    let pushed = push_again(world, &repository, &image).await;
    judge_slashes(world, &repository, "Location", &pushed);
    world.row = Some("a list of tags".to_owned());
    let list = world.at(&format!("/v2/{repository}/tags/list?n=1"));
    let listed = world.call("GET", list, None).await;
    judge_slashes(world, &repository, "Link", &listed);
    world.row = Some("a redirect".to_owned());
    let mut asked = Request::new("GET", world.blob_at(&repository, &layer));
    asked.redirects = Redirects::Stop;
    let redirected = world.send(asked).await;
    judge_slashes(world, &repository, "Location", &redirected);
    Ok(())
}

async fn push_again(world: &World, repository: &str, image: &Content) -> Arc<Exchange> {
    let place = world.at(&format!("/v2/{repository}/manifests/{}", image.digest()));
    world.call("PUT", place, Some(image)).await
}

/// Judges the address in a header, where there is one.
fn judge_slashes(world: &World, repository: &str, name: &str, exchange: &Arc<Exchange>) {
    let written = header(exchange, name);
    let path = written.split('?').next().unwrap_or_default();
    let encoded = repository.replace('/', "%2f");
    if written.is_empty() || encoded == repository {
        return;
    }
    let is_encoded = path.to_lowercase().contains(&encoded);
    let judged = Judged {
        id: "interop.location-slashes",
        line: line!(),
        asked: "the slashes of the name as slashes",
        broken: is_encoded.then(|| format!("{name}: {written}")),
    };
    world.judge_exchange(judged, exchange);
}

/// A header of the answer; empty if there is none.
fn header<'a>(exchange: &'a Exchange, name: &str) -> &'a str {
    let answer = exchange.outcome.as_ref().ok();
    answer
        .and_then(|answer| answer.headers.get(name))
        .unwrap_or_default()
}
