//! Where a run may go: into repositories of its own, or into those that it was given and nowhere else.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use super::lock::locked;
use super::{Access, RunSettings, patience};
use crate::cause::{Beyond, Cause};
use crate::check::next_link;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::scenario::ast::{Aspect, Check, CountScope, One, Pattern, Polarity, StatusSet};
use crate::values::{RunId, Value, json_of};
use crate::wire::{Client, Exchange, Request, Url, Withheld};

/// A list of tags is read for so many pages before each scenario: at a hundred a page, more tags than a repository has
/// that a team works with.
const MOST_PAGES: usize = 100;
/// What a second and a third repository are called in a sentence.
const WHICH: [&str; 3] = ["first", "second", "third"];

/// Where a run may go.
#[derive(Debug)]
pub(super) enum Territory {
    /// Every scenario has repositories of its own, under names of this form.
    Own(RunId, Names),
    /// `--repository`: these and no others, for all scenarios, one after another.
    Given(Vec<String>),
    /// These and no others, by a run that only reads: what is in one of them may be in the others as well.
    Shown(Vec<String>),
}

/// Whether a run that only reads may ask for names that nobody has, and is told so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// It may.
    #[default]
    Open,
    /// The account is let into some repositories alone.
    Closed,
}

/// The form of the names that the registry takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Names {
    /// `assize/run/scenario/a`.
    #[default]
    Long,
    /// `assize-run/scenario-a`: exactly two components.
    Two,
    /// `assize-run-scenario-a`: exactly one component.
    One,
}

impl Names {
    /// The forms, in the order in which they are tried.
    pub(super) const ALL: [Names; 3] = [Names::Long, Names::Two, Names::One];

    /// A name in this form.
    pub(super) fn name(self, run: &RunId, scenario: &str, letter: &str) -> String {
        match self {
            Names::Long => format!("assize/{run}/{scenario}/{letter}"),
            Names::Two => format!("assize-{run}/{scenario}-{letter}"),
            Names::One => format!("assize-{run}-{scenario}-{letter}"),
        }
    }
}

/// Whether a name has one of these forms, of whatever run.
pub(super) fn is_own(name: &str) -> bool {
    name.starts_with("assize/") || name.starts_with("assize-")
}

impl Territory {
    /// Where a run with these settings may go, on a registry that takes names of this form; what is there lies in these
    /// repositories, where the run only reads.
    pub(super) fn of(
        settings: &RunSettings,
        names: Names,
        elsewhere: Elsewhere,
        there: Vec<String>,
    ) -> Territory {
        let given = settings.repositories.clone();
        match (&settings.access, given.is_empty(), elsewhere) {
            (Access::Write, false, _) => Territory::Given(given),
            (Access::Read(_), false, _) => Territory::Shown(given),
            (Access::Read(_), true, Elsewhere::Closed) => Territory::Shown(there),
            (_, true, _) => Territory::Own(settings.run_id.clone(), names),
        }
    }

    /// The names of a scenario's three repositories.
    pub(super) fn repositories(&self, scenario: &str, attempt: u32) -> [Value; 3] {
        match self {
            Territory::Own(run, names) => {
                let slug: String = scenario.replace('/', "-").chars().take(60).collect();
                let slug = format!("{}-{attempt}", slug.trim_end_matches('-'));
                ["a", "b", "c"].map(|letter| Value::Text(names.name(run, &slug, letter)))
            }
            Territory::Given(given) => std::array::from_fn(|at| match given.get(at) {
                Some(name) => Value::Text(name.clone()),
                None => Value::Missing(Cause::Beyond(Beyond::NoRepository(WHICH[at]))),
            }),
            Territory::Shown(given) => std::array::from_fn(|at| match given.first().filter(|_| at == 0) {
                Some(name) => Value::Text(name.clone()),
                None => Value::Missing(Cause::Beyond(Beyond::NoRepository(WHICH[at]))),
            }),
        }
    }

    /// The names that were given, if the run is confined to them.
    pub(super) fn given(&self) -> Option<&[String]> {
        match self {
            Territory::Own(..) => None,
            Territory::Given(names) | Territory::Shown(names) => Some(names),
        }
    }

    /// Why nothing is sent to an address, if it would leave the territory.
    pub(super) fn leaves(&self, url: &Url) -> Option<Withheld> {
        let given = self.given()?;
        // Beside the mount lies perhaps another registry, with repositories of these names.
        let path = url.path_below_mount().unwrap_or(url.path());
        let endpoint = Endpoint::parse(path, url.query().unwrap_or_default());
        let is_given = |name: &str| given.iter().any(|given| given == name);
        let stays = match (endpoint.kind(), endpoint.repository()) {
            (_, Some(repository)) => {
                is_given(repository) && !climbs(endpoint.reference().unwrap_or_default())
            }
            (EndpointKind::Other, None) => given.iter().any(|name| is_below(path, name)),
            (_, None) => true,
        };
        let from = endpoint.parameter("from");
        (!stays || from.is_some_and(|from| !is_given(from))).then(|| Withheld::Confined(given.to_vec()))
    }

    /// Why no token is asked for with these scopes, if they leave the territory.
    pub(super) fn scope_leaves(&self, scopes: &str) -> Option<Beyond> {
        let given = self.given()?;
        let named = scopes
            .split_whitespace()
            .filter_map(|scope| scope.strip_prefix("repository:")?.rsplit_once(':'));
        let mut outside = named.filter(|(name, _)| !given.iter().any(|given| given == name));
        outside.next().map(|_| Beyond::Confined(given.to_vec()))
    }
}

/// Whether a path that names no repository lies outside `/v2/`, or below this one, or where extensions are.
fn is_below(path: &str, name: &str) -> bool {
    let Some(rest) = path.strip_prefix("/v2/") else {
        return !climbs(path);
    };
    let below = rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
    (below || rest.starts_with("_oci/")) && !climbs(rest)
}

/// Whether a path leads upwards, in whatever spelling.
fn climbs(path: &str) -> bool {
    let path = path.to_lowercase().replace("%2e", ".").replace("%2f", "/");
    path.split(['/', '\\']).any(|part| part == "..")
}

/// What stood in the repositories of a confined run before a scenario began.
#[derive(Clone, Debug, Default)]
pub(super) struct Tenants {
    /// Repository and tag.
    tags: BTreeSet<(String, String)>,
    /// Whether a list might hold more than what the scenario puts there.
    is_shared: bool,
    /// Whether the repositories are those of other scenarios, too, and so never unknown.
    are_known: bool,
    /// The repositories whose lists could not be read to their ends.
    unread: BTreeSet<String>,
    /// Tags of these that were not there when they were looked for.
    vacant: Arc<Mutex<BTreeSet<(String, String)>>>,
}

impl Tenants {
    /// Asks the repositories that were given for their tags.
    pub(super) async fn of(territory: &Territory, client: &Client) -> Tenants {
        let mut tenants = Tenants {
            are_known: territory.given().is_some(),
            ..Tenants::default()
        };
        for name in territory.given().unwrap_or_default() {
            let mut next = Some(client.target().below_mount(&format!("/v2/{name}/tags/list")));
            for _ in 0..MOST_PAGES {
                let Some(url) = next.take() else { break };
                let page = patience::send(client, Request::new("GET", url)).await;
                next = tenants.note_page(name, &page);
            }
            if next.is_some() {
                tenants.unread.insert(name.clone());
            }
        }
        tenants
    }

    /// The repositories whose lists could not be read to their ends.
    pub(super) fn unread(&self) -> impl Iterator<Item = &str> {
        self.unread.iter().map(String::as_str)
    }

    /// Takes note of a page of a list of tags; where the next one is.
    fn note_page(&mut self, name: &str, page: &Exchange) -> Option<Url> {
        let Some(answer) = page
            .outcome
            .as_ref()
            .ok()
            .filter(|answer| matches!(answer.status, 200 | 404))
        else {
            self.is_shared = true;
            self.unread.insert(name.to_owned());
            return None;
        };
        let json = json_of(answer).unwrap_or_default();
        let tags = json["tags"].as_array().map_or(&[][..], Vec::as_slice);
        self.is_shared |= !tags.is_empty();
        let tags = tags.iter().filter_map(serde_json::Value::as_str);
        self.tags
            .extend(tags.map(|tag| (name.to_owned(), tag.to_owned())));
        let links: Vec<&str> = answer.headers.all("Link").collect();
        let next = answer.url.resolve(&next_link(&links)?).ok()?;
        (next.origin() == answer.url.origin() && next != page.request.url).then_some(next)
    }

    /// Why a request is not sent, if it would change what stood there before, or might.
    pub(super) async fn would_lose(&self, request: &Request, client: &Client) -> Option<Withheld> {
        let endpoint = Endpoint::of(&request.url);
        let writes = matches!(request.method.as_str(), "PUT" | "DELETE" | "PATCH" | "POST");
        let repository = endpoint.repository().filter(|_| writes)?;
        let is_tag = matches!(endpoint.kind(), EndpointKind::Tag);
        let own = endpoint.reference().filter(|_| is_tag);
        for tag in own.into_iter().chain(endpoint.parameters("tag")) {
            let named = (repository.to_owned(), tag.to_owned());
            if self.tags.contains(&named) || !self.is_vacant(named, client).await {
                return Some(Withheld::Taken(tag.to_owned()));
            }
        }
        None
    }

    /// Whether nothing stood under a tag before; it is looked for where the list does not tell.
    async fn is_vacant(&self, named: (String, String), client: &Client) -> bool {
        let (repository, tag) = &named;
        if !self.unread.contains(repository) || locked(&self.vacant).contains(&named) {
            return true;
        }
        let place = client
            .target()
            .below_mount(&format!("/v2/{repository}/manifests/{tag}"));
        let looked_for = patience::send(client, Request::new("HEAD", place)).await;
        let is_vacant = looked_for.status() == Some(404);
        if is_vacant {
            locked(&self.vacant).insert(named);
        }
        is_vacant
    }

    /// Whether a check of an answer can be made only where nobody else puts content.
    pub(super) fn spoil(&self, asked: &Check, request: &Request) -> bool {
        let endpoint = Endpoint::of(&request.url);
        match endpoint.kind() {
            EndpointKind::Tags => {
                (self.is_shared && wants_all(asked)) || (self.are_known && wants_none(asked))
            }
            EndpointKind::Tag => {
                let (repository, tag) = (endpoint.repository(), endpoint.reference());
                let named = repository.zip(tag);
                named.is_some_and(|(repository, tag)| {
                    self.tags.contains(&(repository.to_owned(), tag.to_owned()))
                })
            }
            _ => false,
        }
    }
}

/// Whether a check of a list of tags speaks of all that is in it, not of what is among it.
fn wants_all(asked: &Check) -> bool {
    let counts = |pattern: &Pattern| {
        pattern.any_of.iter().any(|one| {
            matches!(
                one,
                One::Is(_) | One::List(..) | One::Absent | One::Times(_) | One::AtMost(_, CountScope::Whole)
            )
        })
    };
    match &asked.aspect.value {
        Aspect::Json(_, pattern) => counts(pattern),
        Aspect::Header(name, _) => name.eq_ignore_ascii_case("Link"),
        Aspect::Content(_) | Aspect::SameAs(..) => true,
        Aspect::Status(_)
        | Aspect::Challenge(..)
        | Aspect::Error(_)
        | Aspect::NoBody
        | Aspect::SignedManifest => false,
    }
}

/// Whether a check asks that there be no such repository.
fn wants_none(asked: &Check) -> bool {
    let is_there = |set: &StatusSet| set.contains(200);
    match &asked.aspect.value {
        Aspect::Status(sets) => (asked.polarity == Polarity::Is) != sets.iter().any(is_there),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(path: &str) -> bool {
        let territory = Territory::Given(vec!["team/app".to_owned(), "team/manifests/tags".to_owned()]);
        let url = Url::parse("http://registry.example").unwrap().below_mount(path);
        territory.leaves(&url).is_some()
    }

    #[test]
    fn a_confined_run_names_nothing_but_what_it_was_given() {
        for path in [
            "/v2/",
            "/v2/_catalog?n=1",
            "/v2/team/app/manifests/latest",
            "/v2/team/manifests/tags/manifests/latest",
            "/v2/team/app/blobs/uploads/?mount=sha256:00&from=team/manifests/tags",
            "/v2/team/app/nothing/like/this",
            "/v2/team/app/manifests/a--b..c",
            "/uploads/of/its/own?state=1",
        ] {
            assert!(!leaves(path), "{path}");
        }
        for path in [
            "/v2/team/application/manifests/latest",
            "/v2/team/manifests/latest",
            "/v2/team/app/a/blobs/uploads/",
            "/v2/team/app/UPPER/tags/list",
            "/v2/team/app/../other/tags/list",
            "/v2/team/app/blobs/..%2f..%2fother%2fblobs",
            "/v2/team/app/blobs/uploads/?mount=sha256:00&from=team/other",
            "/v2/_catalog/blobs/uploads/",
            "/v2/elsewhere/nothing",
        ] {
            assert!(leaves(path), "{path}");
        }
    }
}
