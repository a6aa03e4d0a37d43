//! How circumstances are tried: a run, as a user asks for it, and what is looked at in what it comes to.

use std::sync::LazyLock;

use assize::catalogue::{Level, Version};
use assize::judgement::{End, Verdict};
use assize::plan::Selection;
use assize::report::{Counted, Ruling, reason};
use assize::run::{RunId, RunSettings};
use assize::wire::{Client, ClientSettings, Credentials, Timeouts, Url};
use assize::{Outcome, RunError, Suite};

pub(super) static SUITE: LazyLock<Suite> = LazyLock::new(|| Suite::built_in().unwrap());

/// A run, as a user asks for it.
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) only: Vec<String>,
    pub(super) settings: RunSettings,
    pub(super) credentials: Credentials,
    pub(super) timeouts: Timeouts,
}

/// All of the suite against a registry.
pub(super) fn all(url: &str) -> Asked {
    let mut settings = RunSettings::new(Version::V1_1, 9);
    settings.run_id = RunId::fresh();
    Asked {
        url: url.to_owned(),
        only: Vec::new(),
        settings,
        credentials: Credentials::none(),
        timeouts: Timeouts::default(),
    }
}

/// A part of the suite against a registry.
pub(super) fn some(url: &str, only: &[&str]) -> Asked {
    Asked {
        only: only.iter().map(ToString::to_string).collect(),
        ..all(url)
    }
}

impl Asked {
    pub(super) fn with(mut self, change: impl FnOnce(&mut RunSettings)) -> Asked {
        change(&mut self.settings);
        self
    }

    pub(super) fn within(self, repositories: &[&str]) -> Asked {
        let names = repositories.iter().map(ToString::to_string).collect();
        self.with(|settings| settings.repositories = names)
    }

    pub(super) async fn outcome(self) -> Result<Outcome, RunError> {
        let timeouts = self.timeouts;
        let run = SUITE
            .against(&self.url)
            .accounts(self.credentials)
            .settings(self.settings)
            .select(Selection::new(&self.only, &[], &[]).unwrap())
            .client_settings(move |url| {
                let mut settings = ClientSettings::new(url);
                settings.timeouts = timeouts;
                settings
            });
        Ok(run.run().await?.counting(Counted::all()))
    }

    pub(super) async fn conforms(self) -> Outcome {
        let outcome = self.outcome().await.unwrap();
        assert_eq!(ruling(&outcome), Ruling::Conforms, "{}", told(&outcome));
        assert_eq!(warnings(&outcome), "", "{}", told(&outcome));
        outcome
    }

    /// The run comes to nothing, and finds nothing.
    pub(super) async fn comes_to_nothing(self) -> Outcome {
        let outcome = self.outcome().await.unwrap();
        assert!(
            matches!(outcome.end, End::TargetLost(_)),
            "{:?}: {}",
            outcome.end,
            told(&outcome)
        );
        assert_eq!(ruling(&outcome), Ruling::TargetLost);
        assert_eq!(warnings(&outcome), "", "{}", told(&outcome));
        outcome
    }
}

pub(super) fn ruling(outcome: &Outcome) -> Ruling {
    outcome.as_report().ruling()
}

/// The findings that weigh anything. What a registry SHOULD offer and may refuse does not.
pub(super) fn warnings(outcome: &Outcome) -> String {
    let weighs = outcome
        .findings
        .iter()
        .filter(|finding| finding.level > Level::May)
        .filter(|finding| !finding.requirement.as_str().starts_with("category."));
    weighs
        .map(|finding| format!("{} ", finding.requirement))
        .collect()
}

/// All that a failed test has to say.
pub(super) fn told(outcome: &Outcome) -> String {
    let findings = outcome
        .findings
        .iter()
        .filter(|finding| finding.level > Level::May)
        .map(|finding| {
            let way = &finding.ways[0];
            let (level, id, again) = (finding.level, &finding.requirement, finding.again);
            let place = format!("{}:{} {:?}", way.place.scenario, way.place.line, way.row);
            let (asked, got) = (&way.asked, &way.got);
            format!(
                "\n{level} {id} ({place}): asked {asked}, got {got}, {} of {}",
                again.broken, again.runs
            )
        });
    let unreached = outcome.requirements.iter().filter_map(|one| match &one.verdict {
        verdict @ (Verdict::NotReached(_) | Verdict::Failed(_)) if one.level == Some(Level::Must) => {
            Some(format!(
                "\n{} not reached: {}",
                one.id,
                reason(verdict).unwrap_or_default()
            ))
        }
        _ => None,
    });
    findings.chain(unreached).collect()
}

pub(super) fn verdict<'a>(outcome: &'a Outcome, id: &str) -> &'a Verdict {
    let found = outcome.requirements.iter().find(|one| one.id.as_str() == id);
    &found.unwrap().verdict
}

/// The names in the catalogue that hold a tag.
pub(super) async fn left_over(url: &str) -> Vec<String> {
    let client = Client::new(ClientSettings::new(Url::parse(url).unwrap())).unwrap();
    let get = async |path: &str| {
        let url = client.target().below_mount(path);
        let asked = client.send(assize::wire::Request::new("GET", url)).await;
        let answer = asked.outcome.unwrap();
        serde_json::from_slice::<serde_json::Value>(&answer.body.bytes()).unwrap_or_default()
    };
    let mut left = Vec::new();
    for name in get("/v2/_catalog?n=10000").await["repositories"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let name = name.as_str().unwrap_or_default();
        let tags = get(&format!("/v2/{name}/tags/list")).await["tags"].clone();
        left.extend(
            tags.as_array()
                .into_iter()
                .flatten()
                .map(|tag| format!("{name}:{tag}")),
        );
    }
    left
}

/// A registry in which nothing is deleted.
pub(super) fn keeping_everything(config: &mut assize::bundled::Config) {
    config.offer.no_blob_deletion = true;
    config.offer.no_manifest_deletion = true;
    config.offer.no_tag_deletion = true;
}

/// What most circumstances are tried with: enough of everything to trip over them.
pub(super) const PART: &[&str] = &["pull/*", "discovery/*", "management/*"];
