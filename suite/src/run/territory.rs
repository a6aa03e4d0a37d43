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
    /// Every scenario has repositories of its own.
    Own(OwnNames),
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
}

/// What the repositories of a run's own are called.
#[derive(Clone, Debug)]
pub(super) struct OwnNames {
    run: RunId,
    form: Names,
    /// `--repository-prefix`: the name below which all of them lie.
    prefix: Option<String>,
}

impl OwnNames {
    /// Those of a run with these settings, on a registry that takes names of this form.
    pub(super) fn of(settings: &RunSettings, form: Names) -> OwnNames {
        OwnNames {
            run: settings.run_id.clone(),
            form,
            prefix: settings.repository_prefix.clone(),
        }
    }

    /// One of them.
    pub(super) fn name(&self, scenario: &str, letter: &str) -> String {
        let run = &self.run;
        let name = match self.form {
            Names::Long => format!("assize/{run}/{scenario}/{letter}"),
            Names::Two => format!("assize-{run}/{scenario}-{letter}"),
            Names::One => format!("assize-{run}-{scenario}-{letter}"),
        };
        match &self.prefix {
            Some(prefix) => format!("{prefix}/{name}"),
            None => name,
        }
    }
}

/// Whether a name below a prefix, if there is one, is that of a repository of some run's own.
pub(super) fn is_own(name: &str, prefix: Option<&str>) -> bool {
    let name = match prefix {
        Some(prefix) => name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')),
        None => Some(name),
    };
    name.is_some_and(|name| name.starts_with("assize/") || name.starts_with("assize-"))
}

/// The repositories beside which a run names no others.
#[derive(Clone, Copy)]
enum Bounds<'a> {
    /// These.
    These(&'a [String]),
    /// All below this name.
    Below(&'a str),
}

impl Bounds<'_> {
    /// Whether a repository is one of them.
    fn hold(self, name: &str) -> bool {
        match self {
            Bounds::These(names) => names.iter().any(|one| one == name),
            Bounds::Below(prefix) => is_in(name, prefix) && !climbs(name),
        }
    }

    /// Whether a path that names no repository leads to no other.
    fn hold_path(self, path: &str) -> bool {
        match self {
            Bounds::These(names) => names.iter().any(|name| is_below(path, name)),
            Bounds::Below(prefix) => is_below(path, prefix),
        }
    }

    /// The repositories, in words.
    fn told(self) -> Vec<String> {
        match self {
            Bounds::These(names) => names.to_vec(),
            Bounds::Below(prefix) => vec![format!("what is below {prefix}")],
        }
    }
}

/// Whether a name lies below another one.
fn is_in(name: &str, above: &str) -> bool {
    name.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
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
            (_, true, _) => Territory::Own(OwnNames::of(settings, names)),
        }
    }

    /// The names of a scenario's three repositories.
    pub(super) fn repositories(&self, scenario: &str, attempt: u32) -> [Value; 3] {
        match self {
            Territory::Own(names) => {
                let slug: String = scenario.replace('/', "-").chars().take(60).collect();
                let slug = format!("{}-{attempt}", slug.trim_end_matches('-'));
                ["a", "b", "c"].map(|letter| Value::Text(names.name(&slug, letter)))
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

    /// The repositories beside which the run names no others, if it is confined.
    fn bounds(&self) -> Option<Bounds<'_>> {
        match self {
            Territory::Own(names) => names.prefix.as_deref().map(Bounds::Below),
            Territory::Given(names) | Territory::Shown(names) => Some(Bounds::These(names)),
        }
    }

    /// Why nothing is sent to an address, if it would leave the territory.
    pub(super) fn leaves(&self, url: &Url) -> Option<Withheld> {
        let bounds = self.bounds()?;
        // Beside the mount lies perhaps another registry, with repositories of these names.
        let path = url.path_below_mount().unwrap_or(url.path());
        let endpoint = Endpoint::parse(path, url.query().unwrap_or_default());
        let stays = match (endpoint.kind(), endpoint.repository()) {
            (_, Some(repository)) => {
                bounds.hold(repository) && !climbs(endpoint.reference().unwrap_or_default())
            }
            (EndpointKind::Other, None) => bounds.hold_path(path),
            (_, None) => true,
        };
        let from = endpoint.parameter("from");
        (!stays || from.is_some_and(|from| !bounds.hold(from))).then(|| Withheld::Confined(bounds.told()))
    }

    /// Why no token is asked for with these scopes, if they leave the territory.
    pub(super) fn scope_leaves(&self, scopes: &str) -> Option<Beyond> {
        let bounds = self.bounds()?;
        let named = scopes
            .split_whitespace()
            .filter_map(|scope| scope.strip_prefix("repository:")?.rsplit_once(':'));
        let mut outside = named.filter(|(name, _)| !bounds.hold(name));
        outside.next().map(|_| Beyond::Confined(bounds.told()))
    }
}

/// Whether a path that names no repository lies outside `/v2/`, or below this one, or where extensions are.
fn is_below(path: &str, name: &str) -> bool {
    let Some(rest) = path.strip_prefix("/v2/") else {
        return !climbs(path);
    };
    (is_in(rest, name) || rest.starts_with("_oci/")) && !climbs(rest)
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
    use crate::catalogue::Version;

    fn leaves(path: &str) -> bool {
        let given = Territory::Given(vec!["team/app".to_owned(), "team/manifests/tags".to_owned()]);
        leave(&given, path)
    }

    fn leave(territory: &Territory, path: &str) -> bool {
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

    #[test]
    fn a_run_below_a_prefix_names_nothing_beside_it() {
        let mut settings = RunSettings::new(Version::V1_1, 1);
        settings.repository_prefix = Some("team/qa".to_owned());
        for form in Names::ALL {
            let names = OwnNames::of(&settings, form);
            let name = names.name("push-mount-1", "a");
            assert!(name.starts_with("team/qa/assize"), "{name}");
            assert!(is_own(&name, Some("team/qa")) && !is_own(&name, None) && !is_own(&name, Some("team")));
            let own = Territory::Own(names);
            for path in [
                "/v2/",
                "/v2/_catalog",
                &format!("/v2/{name}/tags/list"),
                "/uploads/1",
            ] {
                assert!(!leave(&own, path), "{path}");
            }
            for path in [
                "/v2/team/qa/tags/list",
                "/v2/team/qap/tags/list",
                "/v2/team/qa/../other/tags/list",
                "/v2/other/tags/list",
                "/v2/elsewhere/nothing",
                &format!("/v2/{name}/blobs/uploads/?mount=sha256:00&from=team/other"),
            ] {
                assert!(leave(&own, path), "{path}");
            }
            assert!(own.scope_leaves("repository:team/other:pull").is_some());
            assert!(own.scope_leaves(&format!("repository:{name}:pull")).is_none());
        }
    }
}
