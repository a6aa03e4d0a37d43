//! A run that may use some repositories and no others.

use assize::Outcome;
use assize::cause::Beyond;
use assize::judgement::{NotAsked, Verdict};

use super::asked::{all, keeping_everything, verdict};
use super::support::{Circumstance, Proxy, registry};

async fn confined_to(repositories: &[&str], change: impl FnOnce(&mut assize::bundled::Config)) -> Outcome {
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
