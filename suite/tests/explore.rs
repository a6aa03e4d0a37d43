//! Random workflows find by themselves what a registry does wrong in the course of several requests.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use assize::catalogue::Version;
use assize::run::Budget;
use assize::saboteur::{Saboteur, Upstream, deviations};
use assize::wire::Url;
use assize::{Outcome, Suite};

/// How many workflows a run tries at most.
const WORKFLOWS: u32 = 300;

/// Runs the probes, and then nothing but random workflows, against the registry at `url`.
async fn explored(url: &str, seed: u64) -> Outcome {
    let suite = Suite::built_in().unwrap();
    let run = suite
        .against(url)
        .spec(Version::Next)
        .seed(seed)
        .strict()
        .only("probe/*")
        .with(|settings| {
            settings.jobs = 4;
            settings.explore = Budget::Workflows(WORKFLOWS);
        });
    run.run().await.unwrap()
}

async fn bundled() -> assize_reference::Running {
    let config = assize_reference::Config {
        listen: ([127, 0, 0, 1], 0).into(),
        ..Default::default()
    };
    assize_reference::serve(config).await.unwrap()
}

/// What is found with a deviation laid over the bundled registry: the requirements, and the shortest workflow.
async fn found(deviation: &str) -> (Vec<String>, String) {
    let registry = bundled().await;
    let deviation = deviations::all()
        .into_iter()
        .find(|other| other.id == deviation)
        .unwrap();
    let saboteur = Saboteur::lay(
        deviation.act,
        &Upstream::open(Url::parse(&registry.url()).unwrap()),
    )
    .await
    .unwrap();
    let outcome = explored(&saboteur.url(), 7).await;
    let ids = outcome
        .findings()
        .iter()
        .map(|finding| finding.requirement.to_string());
    let shortest = outcome.generated.values().next();
    (
        ids.collect(),
        shortest.map_or_else(String::new, ToString::to_string),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_list_that_lags_behind_deletions_is_found() {
    let (ids, workflow) = found("tags-behind-deletions").await;
    assert_eq!(ids, ["discovery.tags.fresh-after-delete"]);
    insta::assert_snapshot!(workflow);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_is_gone_with_its_source_is_found() {
    let (ids, workflow) = found("mount-gone-with-source").await;
    assert_eq!(ids, ["push.mount.independent-of-source"]);
    insta::assert_snapshot!(workflow);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_manifest_that_stays_in_a_cache_is_found() {
    let (ids, workflow) = found("deleted-manifest-cached").await;
    assert_eq!(ids, ["manage.manifest.get-404-after-delete"]);
    insta::assert_snapshot!(workflow);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_in_a_registry_that_keeps_to_the_specification() {
    let registry = bundled().await;
    let outcome = explored(&registry.url(), 11).await;
    assert!(outcome.findings().is_empty(), "{:?}", outcome.findings());
    assert!(outcome.generated.is_empty());
}

/// What is asked of a referrer that comes before its subject is not asked of every push.
#[tokio::test(flavor = "multi_thread")]
async fn a_referrer_that_is_refused_without_its_subject_is_found_as_one() {
    let (ids, _) = found("missing-subject-refused").await;
    assert_eq!(ids, ["push.manifest.subject-missing-accepted"]);
}
