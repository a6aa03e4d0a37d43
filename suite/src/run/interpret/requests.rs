//! The requests of a scenario: what a correct client sends, unless the scenario says otherwise.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json_path::JsonPath;

use crate::cause::Cause;
use crate::check::next_link;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::run::world::World;
use crate::scenario::ast::{
    Account as AstAccount, Algorithm, Paging, Redirects as AstRedirects, Request, RequestLine, Slot, Way,
};
use crate::values::{
    Answered, Content, DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, ValueError, json_of,
    query_encoded,
};
use crate::wire::{Account, Body, Exchange, Fault, Headers, Redirects, Request as Sent, Url};

/// A list with more pages than this does not end: no scenario makes a list of so many entries, so that one which comes
/// entry by entry is read to its end.
const MOST_PAGES: usize = 2000;

/// Sends a request of the scenario, with all its pages or parts.
pub(in crate::run) async fn perform(world: &World, request: &Request) -> Result<Answered, ValueError> {
    match &request.line.value {
        RequestLine::Upload { what, way, query } => {
            let content = world.scope().get(what)?.content()?;
            let way = match way {
                Slot::Is(way) => *way,
                Slot::Column(column) => way_named(&world.scope().get(column)?.text()?)?,
            };
            let query = match query {
                Some(query) => world.scope().query(query)?,
                None => format!("digest={}", content.digest()),
            };
            let place = uploads(world, &world.scope().text_of("repo")?);
            let last = upload(world, place, &content, way, &query).await?;
            Ok(Answered::one(last))
        }
        RequestLine::Http { .. } => {
            let sent = build(world, request)?;
            let first = world.send(sent.clone()).await;
            match &request.paging {
                None => Ok(Answered::one(first)),
                Some(paging) => follow_pages(world, sent, first, paging).await,
            }
        }
    }
}

fn way_named(words: &str) -> Result<Way, ValueError> {
    let way = Way::ALL.iter().find(|way| way.words() == words);
    way.copied()
        .ok_or_else(|| ValueError::Senseless(format!("`{words}` is no way to upload")))
}

/// The request as a correct client sends it, with what the scenario replaces.
fn build(world: &World, request: &Request) -> Result<Sent, ValueError> {
    let RequestLine::Http {
        method,
        target,
        query,
    } = &request.line.value
    else {
        return Err(ValueError::Senseless("an upload is not one request".into()));
    };
    let method = match method {
        Slot::Is(method) => method.clone(),
        Slot::Column(column) => world.scope().get(column)?.text()?,
    };
    let mut url = address(world, &world.scope().target(target)?)?;
    if let Some(query) = query {
        url = url.join_query(&world.scope().query(query)?);
    }
    let content = match &request.body {
        Some(name) => Some(world.scope().get(name)?.content()?),
        None => None,
    };
    let mut sent = plain(&method, url, content.as_deref());
    let mut replaced = BTreeSet::new();
    for line in &request.headers {
        let name = line.name.to_lowercase();
        let value = line
            .value
            .value
            .as_ref()
            .map(|value| world.scope().text(value))
            .transpose()?;
        if replaced.insert(name.clone()) {
            sent.headers.remove(&line.name);
        }
        match (name.as_str(), value) {
            ("content-length", None) | ("transfer-encoding", Some(_)) => {
                sent.body = without_length(sent.body);
            }
            ("content-length", Some(length)) if length == "0" && content.is_none() => {
                sent.body = Body::Sized("".into());
            }
            (_, Some(value)) => sent.headers.append(&line.name, &value),
            (_, None) => {}
        }
    }
    sent.account = match &request.account {
        None => Account::Default,
        Some(account) => match &account.value {
            AstAccount::Nobody => Account::Nobody,
            AstAccount::Named(name) => Account::Named(name.clone()),
        },
    };
    sent.redirects = match request.redirects {
        AstRedirects::Followed => Redirects::Follow,
        AstRedirects::Shown => Redirects::Stop,
    };
    Ok(sent)
}

fn address(world: &World, target: &str) -> Result<Url, ValueError> {
    if target.starts_with('/') {
        return Ok(world.session.client.target().below_mount(target));
    }
    // A scenario holds paths alone: whole addresses are what a registry answered.
    let registry = world.session.client.target();
    registry
        .resolve(target)
        .map_err(|error| ValueError::Missing(Cause::Said(format!("`{target}` is no address: {error}"))))
}

/// Reads a list of the registry, as far as its pages lead.
pub(super) async fn read_list(world: &World, place: Url) -> Result<Answered, ValueError> {
    let sent = plain("GET", place, None);
    let first = world.send(sent.clone()).await;
    follow_pages(world, sent, first, &Paging::ByLink).await
}

async fn follow_pages(
    world: &World,
    sent: Sent,
    first: Arc<Exchange>,
    paging: &Paging,
) -> Result<Answered, ValueError> {
    let mut others: Vec<Arc<Exchange>> = Vec::new();
    let mut seen = BTreeSet::from([sent.url.to_string()]);
    let mut trouble = None;
    loop {
        let page = others.last().unwrap_or(&first);
        let next = match next_page(paging, &sent.url, page)? {
            Next::End => break,
            Next::Page(url) => url,
            Next::Trouble(why) => {
                trouble = Some(why);
                break;
            }
        };
        if !seen.insert(next.to_string()) {
            trouble = Some(format!("the list leads back to {next}, a page seen before"));
            break;
        }
        if seen.len() > MOST_PAGES {
            trouble = Some(format!("the list has more than {MOST_PAGES} pages"));
            break;
        }
        let page = world
            .send(Sent {
                url: next,
                ..sent.clone()
            })
            .await;
        trouble = nobody_there(&sent.url, &page);
        if trouble.is_some() {
            break;
        }
        others.push(page);
    }
    Ok(Answered::pages(first, others, trouble))
}

/// What is wrong with a page that lies on another host than the one that was asked, if there is no such host.
fn nobody_there(asked: &Url, page: &Exchange) -> Option<String> {
    let (Err(fault @ Fault::Connect(_)), there) = (&page.outcome, page.request.url.origin()) else {
        return None;
    };
    (there != asked.origin()).then(|| format!("the Link leads to {there}, and nobody is there: {fault}"))
}

/// The collection of a repository's uploads.
pub(in crate::run) fn uploads(world: &World, repository: &str) -> Url {
    world
        .session
        .client
        .target()
        .below_mount(&format!("/v2/{repository}/blobs/uploads/"))
}

/// Uploads a content in one of the ways; the last exchange, or the first one that was refused.
pub(in crate::run) async fn upload(
    world: &World,
    place: Url,
    content: &Content,
    way: Way,
    query: &str,
) -> Result<Arc<Exchange>, ValueError> {
    if way == Way::SinglePost {
        let sent = plain("POST", place.join_query(query), Some(content));
        return Ok(world.send(sent).await);
    }
    let place = match content.algorithm {
        Algorithm::Sha256 | Algorithm::TarSum => place,
        Algorithm::Sha512 => place.join_query("digest-algorithm=sha512"),
    };
    let mut last = world.send(plain("POST", place, None)).await;
    let (patches, closing) = pieces(content, way);
    for patch in patches {
        let Some(place) = goes_on_at(&last)? else {
            return Ok(last);
        };
        let mut sent = plain("PATCH", place, Some(&patch));
        if way != Way::StreamedPatch {
            sent.headers.set("Content-Range", &range(&patch));
        }
        last = world.send(sent).await;
    }
    let Some(place) = goes_on_at(&last)? else {
        return Ok(last);
    };
    let mut sent = plain("PUT", place.join_query(query), closing.as_ref());
    if let (Way::LastChunkInPut, Some(chunk)) = (way, &closing) {
        sent.headers.set("Content-Range", &range(chunk));
    }
    Ok(world.send(sent).await)
}

/// Where an upload goes on; nowhere if it was refused. A success that does not say where is no upload that came to its end.
fn goes_on_at(last: &Arc<Exchange>) -> Result<Option<Url>, ValueError> {
    match (last.upload_address(), last.status()) {
        (None, Some(202)) => Err(Cause::Lacks(last.clone(), "usable Location".to_owned())),
        (None, Some(200..300)) => Err(Cause::Came(last.clone())),
        (place, _) => Ok(place),
    }
    .map_err(ValueError::Missing)
}

/// The value of `Content-Range` for a part of an upload.
pub(in crate::run) fn range(part: &Content) -> String {
    let start = part.place.map_or(0, |place| place.start);
    format!("{start}-{}", (start + part.size()).saturating_sub(1))
}

/// What goes into PATCH requests, and what into the PUT.
fn pieces(content: &Content, way: Way) -> (Vec<Content>, Option<Content>) {
    let chunk = if content.chunk == u64::MAX {
        content.size().div_ceil(3).max(1)
    } else {
        content.chunk
    };
    let chunks = || {
        let several = content.size().div_ceil(chunk).max(1);
        (0..several)
            .map(|at| content.part(at * chunk, (at + 1) * chunk))
            .collect::<Vec<Content>>()
    };
    match way {
        Way::SinglePost | Way::PostAndPut => (Vec::new(), Some(content.clone())),
        Way::StreamedPatch => (vec![content.clone()], None),
        Way::Chunks => (chunks(), None),
        Way::LastChunkInPut => {
            let mut chunks = chunks();
            let last = chunks.pop();
            (chunks, last)
        }
    }
}

/// A request with the headers and the body that a correct client sends.
pub(in crate::run) fn plain(method: &str, url: Url, content: Option<&Content>) -> Sent {
    let mut headers = Headers::default();
    let kind = Endpoint::of(&url).kind();
    let of_manifest = matches!(kind, EndpointKind::Manifest | EndpointKind::Tag);
    if of_manifest && matches!(method, "GET" | "HEAD") {
        headers.set(
            "Accept",
            &[OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST].join(", "),
        );
    }
    let body = match content {
        Some(content) => {
            let kind = if of_manifest {
                &content.media_type
            } else {
                "application/octet-stream"
            };
            headers.set("Content-Type", kind);
            Body::Sized(content.payload.clone())
        }
        None if matches!(method, "POST" | "PUT" | "PATCH") => Body::Sized("".into()),
        None => Body::None,
    };
    Sent {
        headers,
        body,
        ..Sent::new(method, url)
    }
}

/// The same body in chunks of the transfer coding, or none at all if it is empty.
fn without_length(body: Body) -> Body {
    match body {
        Body::Sized(bytes) if !bytes.is_empty() => Body::Chunked(bytes),
        Body::Sized(_) => Body::None,
        other => other,
    }
}

/// What comes behind a page.
enum Next {
    End,
    Page(Url),
    Trouble(String),
}

fn next_page(paging: &Paging, asked: &Url, page: &Exchange) -> Result<Next, ValueError> {
    let Ok(answer) = &page.outcome else {
        return Ok(Next::End);
    };
    match paging {
        Paging::ByLink => {
            let lines: Vec<&str> = answer.headers.all("Link").collect();
            let Some(target) = next_link(&lines) else {
                return Ok(Next::End);
            };
            Ok(match answer.url.resolve(&target) {
                Ok(next) => Next::Page(next),
                Err(error) => Next::Trouble(format!("the Link `{target}` leads nowhere: {error}")),
            })
        }
        Paging::ByLast(path) => {
            let path = JsonPath::parse(path)
                .map_err(|error| ValueError::Senseless(format!("`{path}` is no JSON path: {error}")))?;
            let json = json_of(answer);
            let node = json
                .as_ref()
                .and_then(|json| path.query(json).first())
                .and_then(|node| node.as_str());
            Ok(node.map_or(Next::End, |last| {
                Next::Page(asked.join_query(&format!("last={}", query_encoded(last))))
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Maker;

    #[test]
    fn chunks_cover_the_content_in_order() {
        let blob = Maker::new(1, "x").chunks(3, 100);
        let (patches, closing) = pieces(&blob, Way::LastChunkInPut);
        assert_eq!(
            patches.iter().map(range).collect::<Vec<String>>(),
            ["0-99", "100-199"]
        );
        assert_eq!(closing.map(|last| range(&last)).as_deref(), Some("200-250"));
    }

    #[test]
    fn a_client_asks_for_every_type_of_manifest_and_for_no_type_of_blob() {
        let base = Url::parse("http://registry.example").unwrap();
        let accept = |path: &str| {
            plain("GET", base.below_mount(path), None)
                .headers
                .get("Accept")
                .map(str::to_owned)
        };
        assert!(accept("/v2/a/manifests/latest").is_some_and(|types| types.contains(DOCKER_LIST)));
        assert_eq!(accept("/v2/a/blobs/sha256:00"), None);
    }
}
