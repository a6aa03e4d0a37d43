//! The lists of a registry, page by page.

use serde_json::Value as Json;

use super::patience;
use crate::check::next_link;
use crate::values::json_of;
use crate::wire::{Client, Request};

/// What stands on the first pages of a list of the registry; `None` if it gives none.
pub(super) async fn listed_on(
    client: &Client,
    path: &str,
    member: &str,
    pages: usize,
) -> Option<Vec<String>> {
    let mut all = Vec::new();
    let mut next = Some(client.target().below_mount(path));
    for _ in 0..pages {
        let Some(url) = next.take() else { break };
        let asked = patience::send(client, Request::new("GET", url)).await;
        let answer = asked.outcome.ok().filter(|answer| answer.status == 200)?;
        let json = json_of(&answer)?;
        let members = json[member].as_array().into_iter().flatten();
        all.extend(members.filter_map(Json::as_str).map(str::to_owned));
        let links: Vec<&str> = answer.headers.all("Link").collect();
        next = next_link(&links)
            .and_then(|link| answer.url.resolve(&link).ok())
            .filter(|url| url.origin() == client.target().origin());
    }
    Some(all)
}
