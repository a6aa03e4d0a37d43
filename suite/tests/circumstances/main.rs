//! Circumstances are never findings: a registry that conforms is told so wherever it stands, or the run says why it
//! cannot tell.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod failures;
#[path = "../support/mod.rs"]
mod support;

use std::sync::LazyLock;
use std::time::Duration;

use assize::catalogue::{Level, Version};
use assize::cause::Beyond;
use assize::judgement::{End, NotAsked, Verdict};
use assize::plan::Selection;
use assize::report::{Counted, Ruling, reason};
use assize::run::{CleanUp, ContentKind, RunId, RunSettings, clean};
use assize::wire::{Client, ClientSettings, Credentials, Login, Timeouts, Url};
use assize::{Outcome, RunError, Suite};
use support::{Circumstance, Proxy, registry};

static SUITE: LazyLock<Suite> = LazyLock::new(|| Suite::built_in().unwrap());

/// A run, as a user asks for it.
struct Asked {
    url: String,
    only: Vec<String>,
    settings: RunSettings,
    credentials: Credentials,
    timeouts: Timeouts,
}

/// All of the suite against a registry.
fn all(url: &str) -> Asked {
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
fn some(url: &str, only: &[&str]) -> Asked {
    Asked {
        only: only.iter().map(ToString::to_string).collect(),
        ..all(url)
    }
}

impl Asked {
    fn with(mut self, change: impl FnOnce(&mut RunSettings)) -> Asked {
        change(&mut self.settings);
        self
    }

    fn within(self, repositories: &[&str]) -> Asked {
        let names = repositories.iter().map(ToString::to_string).collect();
        self.with(|settings| settings.repositories = names)
    }

    async fn outcome(self) -> Result<Outcome, RunError> {
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

    async fn conforms(self) -> Outcome {
        let outcome = self.outcome().await.unwrap();
        assert_eq!(ruling(&outcome), Ruling::Conforms, "{}", told(&outcome));
        assert_eq!(warnings(&outcome), "", "{}", told(&outcome));
        outcome
    }

    /// The run comes to nothing, and finds nothing.
    async fn comes_to_nothing(self) -> Outcome {
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

fn ruling(outcome: &Outcome) -> Ruling {
    outcome.as_report().ruling()
}

/// The findings that weigh anything. What a registry SHOULD offer and may refuse does not.
fn warnings(outcome: &Outcome) -> String {
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
fn told(outcome: &Outcome) -> String {
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

fn verdict<'a>(outcome: &'a Outcome, id: &str) -> &'a Verdict {
    let found = outcome.requirements.iter().find(|one| one.id.as_str() == id);
    &found.unwrap().verdict
}

/// The names in the catalogue that hold a tag.
async fn left_over(url: &str) -> Vec<String> {
    let client = Client::new(ClientSettings::new(Url::parse(url).unwrap())).unwrap();
    let get = async |path: &str| {
        let url = client.target().with_target(path);
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
fn keeping_everything(config: &mut assize::bundled::Config) {
    config.offer.no_blob_deletion = true;
    config.offer.no_manifest_deletion = true;
    config.offer.no_tag_deletion = true;
}

/// What most circumstances are tried with: enough of everything to trip over them.
const PART: &[&str] = &["pull/*", "discovery/*", "management/*"];

mod confined {
    use super::*;

    async fn confined_to(
        repositories: &[&str],
        change: impl FnOnce(&mut assize::bundled::Config),
    ) -> Outcome {
        let registry = registry(change).await;
        let proxy = Proxy::before(&registry.url(), Circumstance::Nothing).await;
        let outcome = all(&proxy.url()).within(repositories).conforms().await;
        let strange: Vec<String> = proxy
            .named()
            .into_iter()
            .filter(|name| !repositories.contains(&name.as_str()))
            .collect();
        assert_eq!(strange, Vec::<String>::new());
        registry.shutdown().await;
        outcome
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn to_one_repository_a_run_names_no_other() {
        let outcome = confined_to(&["team/app"], |_| {}).await;
        assert_eq!(
            *verdict(&outcome, "push.mount.readable-in-target"),
            Verdict::NotAsked(NotAsked::Beyond(Beyond::NoRepository("second")))
        );
        assert!(matches!(
            verdict(&outcome, "name.valid-accepted"),
            Verdict::NotAsked(NotAsked::Beyond(Beyond::Confined(_)))
        ));
        assert_eq!(*verdict(&outcome, "discovery.tags.complete"), Verdict::Held);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn to_three_repositories_mounts_are_asked() {
        let outcome = confined_to(&["team/app", "team/second", "other"], |_| {}).await;
        assert_eq!(*verdict(&outcome, "push.mount.readable-in-target"), Verdict::Held);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn names_may_be_made_of_the_words_of_the_paths() {
        confined_to(&["manifests/blobs/uploads", "tags/list/manifests"], |_| {}).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn where_nothing_is_deleted_lists_are_judged_by_what_is_among_them() {
        let outcome = confined_to(&["team/app"], keeping_everything).await;
        assert!(!matches!(
            verdict(&outcome, "discovery.tags.200"),
            Verdict::NotAsked(_)
        ));
    }
}

mod twice {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn one_seed_on_a_registry_that_keeps_everything() {
        let registry = registry(keeping_everything).await;
        let part = ["push/*", "discovery/*"];
        some(&registry.url(), &part).conforms().await;
        some(&registry.url(), &part).conforms().await;
        registry.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_seed_at_once_and_after_a_run_that_was_kept() {
        let registry = registry(|_| {}).await;
        let part = ["push/*", "discovery/*"];
        let kept = some(&registry.url(), &part).with(|settings| settings.clean_up = CleanUp::Never);
        kept.conforms().await;
        let (one, other) = (some(&registry.url(), &part), some(&registry.url(), &part));
        tokio::join!(one.conforms(), other.conforms());
        registry.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_seed_and_one_run_id_name_the_same() {
        let registry = registry(|_| {}).await;
        let named = async || {
            let proxy = Proxy::before(&registry.url(), Circumstance::Nothing).await;
            let id = "k3x9mt".parse().unwrap();
            some(&proxy.url(), &["pull/blob"])
                .with(|settings| settings.run_id = id)
                .conforms()
                .await;
            proxy.named()
        };
        assert_eq!(named().await, named().await);
        registry.shutdown().await;
    }
}

mod late {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn reads_that_lag_within_the_grace_are_late_and_no_finding() {
        let registry = registry(|_| {}).await;
        let lag = Duration::from_millis(300);
        let proxy = Proxy::before(&registry.url(), Circumstance::Lags(lag)).await;
        let asked = some(
            &proxy.url(),
            &[
                "pull/*",
                "discovery/*",
                "push/manifest*",
                "push/tag*",
                "management/*",
            ],
        );
        let outcome = asked
            .with(|settings| settings.grace = Duration::from_secs(3))
            .conforms()
            .await;
        assert_eq!(*verdict(&outcome, "pull.manifest.get-by-tag-200"), Verdict::Late);
        registry.shutdown().await;
    }
}

mod lost {
    use super::*;

    async fn after(circumstance: Circumstance) -> Outcome {
        let registry = registry(|_| {}).await;
        let proxy = Proxy::before(&registry.url(), circumstance).await;
        let outcome = some(&proxy.url(), PART).comes_to_nothing().await;
        registry.shutdown().await;
        outcome
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn maintenance() {
        after(Circumstance::EverythingIs(300, 503, Some("120"))).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn maintenance_from_the_first_scenario_on() {
        after(Circumstance::EverythingIs(8, 503, None)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_fault_inside() {
        after(Circumstance::EverythingIs(300, 500, None)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn rights_that_are_gone() {
        after(Circumstance::EverythingIs(300, 401, None)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_limit_that_cannot_be_waited_for() {
        after(Circumstance::EverythingIs(300, 429, Some("999999999"))).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_redirect_to_another_server() {
        after(Circumstance::SentTo(300, "http://127.0.0.1:9/login")).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn connections_that_are_closed() {
        after(Circumstance::Closes(300)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_process_that_ends() {
        let registry = registry(|_| {}).await;
        let proxy = Proxy::before(&registry.url(), Circumstance::Nothing).await;
        let url = proxy.url();
        let (outcome, ()) = tokio::join!(some(&url, PART).comes_to_nothing(), async {
            while proxy.requests() < 300 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            drop(proxy);
        });
        assert!(
            outcome
                .requirements
                .iter()
                .any(|one| one.verdict == Verdict::Held)
        );
        registry.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn answers_that_never_come() {
        let registry = registry(|_| {}).await;
        let slow = Circumstance::Slow(100, Duration::from_secs(60));
        let proxy = Proxy::before(&registry.url(), slow).await;
        let mut asked = some(&proxy.url(), PART);
        asked.timeouts.answer = Duration::from_millis(500);
        asked.comes_to_nothing().await;
        registry.shutdown().await;
    }
}

mod slowed {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_limit_is_waited_out() {
        let registry = registry(|_| {}).await;
        let proxy = Proxy::before(&registry.url(), Circumstance::Limited(10)).await;
        some(&proxy.url(), PART).conforms().await;
        registry.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_slow_registry_is_no_bad_one() {
        let registry = registry(|_| {}).await;
        let slow = Circumstance::Slow(0, Duration::from_millis(400));
        let proxy = Proxy::before(&registry.url(), slow).await;
        some(
            &proxy.url(),
            &[
                "security/slow-clients",
                "http/expect-continue",
                "http/connection-after-error",
                "push/put-cut-short",
                "push/chunk-cut-short",
                "pull/blob",
            ],
        )
        .conforms()
        .await;
        registry.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_run_that_takes_too_long_is_cut_off_and_says_so() {
        let registry = registry(|_| {}).await;
        let slow = Circumstance::Slow(50, Duration::from_millis(500));
        let proxy = Proxy::before(&registry.url(), slow).await;
        let longest = Duration::from_secs(3);
        let asked = some(&proxy.url(), PART).with(|settings| settings.longest = longest);
        let outcome = asked.outcome().await.unwrap();
        assert_eq!(outcome.end, End::OutOfTime(longest));
        assert_eq!(ruling(&outcome), Ruling::NotShown, "{}", told(&outcome));
        assert_eq!(warnings(&outcome), "");
        registry.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_scenario_that_takes_too_long_is_cut_off_by_itself() {
        let registry = registry(|_| {}).await;
        let slow = Circumstance::Slow(0, Duration::from_millis(100));
        let proxy = Proxy::before(&registry.url(), slow).await;
        let asked = some(&proxy.url(), &["pull/blob-sizes", "pull/malformed-digest"]);
        let limit = Duration::from_secs(2);
        let outcome = asked
            .with(|settings| settings.longest_scenario = limit)
            .outcome()
            .await;
        let outcome = outcome.unwrap();
        assert_eq!(outcome.end, End::Complete);
        assert_eq!(warnings(&outcome), "", "{}", told(&outcome));
        registry.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_interrupts_gets_what_was_found_and_leaves_nothing() {
        let registry = registry(|_| {}).await;
        let proxy = Proxy::before(&registry.url(), Circumstance::Nothing).await;
        let asked = all(&proxy.url());
        let stop = asked.settings.stop.clone();
        let (outcome, ()) = tokio::join!(asked.outcome(), async {
            while proxy.requests() < 600 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            stop.stop();
        });
        let outcome = outcome.unwrap();
        assert_eq!(outcome.end, End::Interrupted);
        assert_eq!(ruling(&outcome), Ruling::Interrupted);
        assert_eq!(warnings(&outcome), "", "{}", told(&outcome));
        assert_eq!(left_over(&registry.url()).await, Vec::<String>::new());
        registry.shutdown().await;
    }
}

mod stopped {
    use assize::catalogue::RequirementId;
    use assize::run::OnFinding;
    use assize::saboteur::{Saboteur, Upstream, deviations};

    use super::*;

    /// How a run ends that stops at the violation of one requirement, on a registry that breaks `http.405-allow`.
    async fn end_of_a_run_that_stops_at(id: &str) -> End {
        let registry = registry(|_| ()).await;
        let upstream = Upstream::open(Url::parse(&registry.url()).unwrap());
        let mut all = deviations::all().into_iter();
        let deviation = all.find(|one| one.id == "405-without-allow").unwrap();
        let saboteur = Saboteur::lay(deviation.act, &upstream).await.unwrap();
        let stop = OnFinding::StopAt([RequirementId::parse(id).unwrap()].into());
        let asked = some(&saboteur.url(), &["http/*"]).with(|settings| settings.on_finding = stop);
        let outcome = asked.outcome().await.unwrap();
        let breaks = |finding: &assize::judgement::Finding| finding.requirement.as_str() == "http.405-allow";
        assert!(outcome.findings.iter().any(breaks), "{}", told(&outcome));
        outcome.end.clone()
    }

    #[tokio::test]
    async fn a_run_stops_at_what_makes_it_fail_and_at_nothing_else() {
        assert_eq!(
            end_of_a_run_that_stops_at("http.405-allow").await,
            End::FailedFast
        );
        assert_eq!(end_of_a_run_that_stops_at("push.put.201").await, End::Complete);
    }
}

mod no_registry {
    use super::*;

    async fn refuses(circumstance: Circumstance) {
        let registry = registry(|_| {}).await;
        let proxy = Proxy::before(&registry.url(), circumstance).await;
        let refused = all(&proxy.url()).outcome().await;
        assert!(refused.is_err(), "{}", told(&refused.unwrap()));
        assert!(proxy.requests() < 20);
        registry.shutdown().await;
    }

    #[tokio::test]
    async fn a_web_site() {
        refuses(Circumstance::Always(200, "")).await;
    }

    #[tokio::test]
    async fn a_page_that_takes_everything() {
        refuses(Circumstance::Always(202, "/v2/somewhere")).await;
    }

    #[tokio::test]
    async fn a_page_in_front() {
        refuses(Circumstance::Always(503, "")).await;
    }

    #[tokio::test]
    async fn a_log_in_page() {
        refuses(Circumstance::Always(302, "/login")).await;
    }
}

mod elsewhere {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn an_account_that_may_use_one_namespace() {
        let accounts = tempfile::NamedTempFile::new().unwrap();
        // The password is the name, hashed at the least cost.
        let line = "owner:$2y$04$abcdefghijklmnopqrstuu0gsYYip3ZDmer67mvCZy2fVWOOJMsO. pull,push team/**\n";
        std::fs::write(accounts.path(), line).unwrap();
        let path = accounts.path().to_owned();
        let registry = registry(|config| config.accounts = Some(path)).await;
        let asked = some(&registry.url(), PART).within(&["team/app", "team/other"]);
        let login = Login::Password {
            user: "owner".to_owned(),
            password: "owner".into(),
        };
        let credentials = Credentials::none().with_default(login);
        Asked { credentials, ..asked }.conforms().await;
        registry.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_registry_of_names_with_two_components() {
        let registry = registry(|_| {}).await;
        let proxy = Proxy::before(&registry.url(), Circumstance::Components(2)).await;
        let outcome = some(&proxy.url(), &["pull/*", "base/*names"]).outcome().await;
        let outcome = outcome.unwrap();
        assert_eq!(ruling(&outcome), Ruling::Conforms, "{}", told(&outcome));
        assert_eq!(*verdict(&outcome, "name.valid-accepted"), Verdict::Broken);
        assert_eq!(*verdict(&outcome, "pull.blob.get-200"), Verdict::Held);
        registry.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_runs_left_is_removed_and_what_others_pushed_stays() {
        let registry = registry(|_| {}).await;
        let kept = || some(&registry.url(), &["pull/manifest", "discovery/tags"]);
        kept()
            .with(|settings| settings.clean_up = CleanUp::Never)
            .conforms()
            .await;
        kept()
            .within(&["team/app"])
            .with(|settings| settings.clean_up = CleanUp::Never)
            .conforms()
            .await;
        let client = Client::new(ClientSettings::new(Url::parse(&registry.url()).unwrap()));
        let client = client.unwrap();
        let put = async |path: &str, body: &'static str| {
            let mut request = assize::wire::Request::new("PUT", client.target().with_target(path));
            request
                .headers
                .set("Content-Type", "application/vnd.oci.image.index.v1+json");
            request.body = assize::wire::Body::Sized(body.into());
            assert_eq!(client.send(request).await.status(), Some(201));
        };
        let index =
            r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
        put("/v2/team/app/manifests/latest", index).await;
        let before = left_over(&registry.url()).await;
        assert!(
            before.iter().any(|left| left.starts_with("assize/")),
            "{before:?}"
        );
        let own = clean(&client, &[]).await;
        let given = clean(&client, &["team/app".to_owned()]).await;
        assert_eq!(left_over(&registry.url()).await, ["team/app:\"latest\""]);
        for (kind, name, digest) in own.removed.iter().chain(&given.removed) {
            if *kind == ContentKind::Blob {
                let url = client.target().with_target(&format!("/v2/{name}/blobs/{digest}"));
                let asked = client.send(assize::wire::Request::new("GET", url)).await;
                assert_eq!(asked.status(), Some(404), "{name} {digest}");
            }
        }
        for cleaned in [own, given] {
            assert!(
                cleaned
                    .removed
                    .iter()
                    .any(|(kind, ..)| *kind == ContentKind::Blob)
            );
            assert_eq!(
                cleaned.left.lines().collect::<Vec<String>>(),
                Vec::<String>::new()
            );
        }
        registry.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_cannot_be_removed_is_told_with_the_reason() {
        let registry = registry(|config| config.offer.no_blob_deletion = true).await;
        let outcome = some(&registry.url(), &["pull/manifest"]).outcome().await.unwrap();
        assert_eq!(ruling(&outcome), Ruling::Conforms, "{}", told(&outcome));
        let notes = outcome.facts.notes.join("\n");
        assert!(
            notes.contains(" blobs, since the registry answers 405 to their deletion: "),
            "{notes}"
        );
        assert!(!notes.contains("manifest"), "{notes}");
        let kept = some(&registry.url(), &["pull/manifest"]);
        kept.with(|settings| settings.clean_up = CleanUp::Never)
            .conforms()
            .await;
        let client = Client::new(ClientSettings::new(Url::parse(&registry.url()).unwrap())).unwrap();
        let cleaned = clean(&client, &[]).await;
        let left: Vec<String> = cleaned.left.lines().collect();
        assert!(left.len() == 1 && left[0].contains(" answers 405 "), "{left:?}");
        assert_eq!(left_over(&registry.url()).await, Vec::<String>::new());
        registry.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_run_leaves_nothing_behind() {
        let registry = registry(|_| {}).await;
        all(&registry.url()).conforms().await;
        assert_eq!(left_over(&registry.url()).await, Vec::<String>::new());
        registry.shutdown().await;
    }
}
