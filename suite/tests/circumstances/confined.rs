//! A run that may use some repositories and no others.

use assize::Outcome;
use assize::cause::Beyond;
use assize::endpoint::EndpointKind;
use assize::judgement::{NotAsked, Verdict};
use assize::wire::{Body, Client, ClientSettings, Request, Url};

use super::asked::{all, keeping_everything, left_over, some, verdict};
use super::support::{Circumstance, Failure, Proxy, registry};

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
async fn below_a_prefix_everything_is_asked_and_nothing_beside_it_is_named() {
    let registry = registry(|_| {}).await;
    let proxy = Proxy::before(&registry.url(), Circumstance::Nothing).await;
    let below = all(&proxy.url()).with(|settings| settings.repository_prefix = Some("team/qa".to_owned()));
    let outcome = below.conforms().await;
    let strange = proxy
        .named()
        .into_iter()
        .filter(|name| !name.starts_with("team/qa/assize/"));
    assert_eq!(strange.collect::<Vec<_>>(), Vec::<String>::new());
    let withheld = outcome.requirements.iter().filter(|one| {
        matches!(
            one.verdict,
            Verdict::NotAsked(NotAsked::Beyond(Beyond::Confined(_)))
        )
    });
    assert_eq!(withheld.map(|one| one.id.as_str()).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(left_over(&registry.url()).await, [""; 0]);
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_may_be_made_of_the_words_of_the_paths() {
    confined_to(&["manifests/blobs/uploads", "tags/list/manifests"], |_| {}).await;
}

/// What somebody else has under a tag.
async fn latest(client: &Client) -> String {
    let place = client.target().below_mount(LATEST);
    let found = client.send(Request::new("GET", place)).await.outcome.unwrap();
    found.body.digest()
}

const LATEST: &str = "/v2/team/app/manifests/latest";

const INDEX: &str =
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn where_the_tags_cannot_be_listed_each_is_looked_for_before_it_is_written() {
    let registry = registry(|_| {}).await;
    let client = Client::new(ClientSettings::new(Url::parse(&registry.url()).unwrap())).unwrap();
    let mut push = Request::new("PUT", client.target().below_mount(LATEST));
    push.headers
        .set("Content-Type", "application/vnd.oci.image.index.v1+json");
    push.body = Body::Sized(INDEX.into());
    client.send(push).await;
    let before = latest(&client).await;
    let refused = Circumstance::Fails("GET", EndpointKind::Tags, Failure::Status(403));
    let proxy = Proxy::before(&registry.url(), refused).await;
    let asked = some(&proxy.url(), &["security/tag-moved-at-once", "pull/manifest"]);
    let outcome = asked.within(&["team/app"]).outcome().await.unwrap();
    assert_eq!(*verdict(&outcome, "pull.manifest.get-by-tag-200"), Verdict::Held);
    assert_eq!(latest(&client).await, before);
    let notes = outcome.facts.notes.join("\n");
    let said =
        "the tags of team/app could not be listed to the end: each was looked for before it was written";
    assert!(notes.contains(said), "{notes}");
    assert_eq!(left_over(&registry.url()).await, ["team/app:\"latest\""]);
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_deleted_lists_are_judged_by_what_is_among_them() {
    let outcome = confined_to(&["team/app"], keeping_everything).await;
    assert!(!matches!(
        verdict(&outcome, "discovery.tags.200"),
        Verdict::NotAsked(_)
    ));
}
