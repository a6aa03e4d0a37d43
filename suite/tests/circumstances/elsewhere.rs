//! Registries with rules of their own, and what runs leave there.

use assize::judgement::Verdict;
use assize::report::Ruling;
use assize::run::{CleanUp, ContentKind, LeftIn, clean};
use assize::wire::{Client, ClientSettings, Credentials, Login, Url};

use super::asked::{Asked, PART, all, left_over, ruling, some, told, verdict};
use super::support::{Circumstance, Proxy, registry};

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
    some(&registry.url(), &["pull/manifest"])
        .with(|settings| {
            settings.repository_prefix = Some("team/qa".to_owned());
            settings.clean_up = CleanUp::Never;
        })
        .conforms()
        .await;
    let client = Client::new(ClientSettings::new(Url::parse(&registry.url()).unwrap()));
    let client = client.unwrap();
    let put = async |path: &str, body: &'static str| {
        let mut request = assize::wire::Request::new("PUT", client.target().below_mount(path));
        request
            .headers
            .set("Content-Type", "application/vnd.oci.image.index.v1+json");
        request.body = assize::wire::Body::Sized(body.into());
        assert_eq!(client.send(request).await.status(), Some(201));
    };
    let index = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
    put("/v2/team/app/manifests/latest", index).await;
    let before = left_over(&registry.url()).await;
    assert!(
        before.iter().any(|left| left.starts_with("assize/")),
        "{before:?}"
    );
    let own = clean(&client, LeftIn::Own { below: None }).await.unwrap();
    let below = LeftIn::Own {
        below: Some("team/qa"),
    };
    let below = clean(&client, below).await.unwrap();
    let given = clean(&client, LeftIn::Shared(&["team/app".to_owned()]))
        .await
        .unwrap();
    assert_eq!(left_over(&registry.url()).await, ["team/app:\"latest\""]);
    for (kind, name, digest) in own.removed.iter().chain(&given.removed) {
        if *kind == ContentKind::Blob {
            let url = client.target().below_mount(&format!("/v2/{name}/blobs/{digest}"));
            let asked = client.send(assize::wire::Request::new("GET", url)).await;
            assert_eq!(asked.status(), Some(404), "{name} {digest}");
        }
    }
    for cleaned in [own, below, given] {
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
        notes.contains(" blobs, since the registry answers 405 to such deletions: "),
        "{notes}"
    );
    assert!(!notes.contains("manifest"), "{notes}");
    let kept = some(&registry.url(), &["pull/manifest"]);
    kept.with(|settings| settings.clean_up = CleanUp::Never)
        .conforms()
        .await;
    let client = Client::new(ClientSettings::new(Url::parse(&registry.url()).unwrap())).unwrap();
    let cleaned = clean(&client, LeftIn::Own { below: None }).await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn where_an_index_keeps_its_images_it_is_removed_before_them_and_nothing_stays() {
    let registry = registry(|_| {}).await;
    let proxy = Proxy::before(&registry.url(), Circumstance::KeepsChildren).await;
    let outcome = some(&proxy.url(), PART).conforms().await;
    let notes = outcome.facts.notes.join("\n");
    assert!(!notes.contains("left in the registry"), "{notes}");
    let kept = some(&proxy.url(), &["pull/*index*", "push/index*"]);
    kept.with(|settings| settings.clean_up = CleanUp::Never)
        .conforms()
        .await;
    let client = Client::new(ClientSettings::new(Url::parse(&proxy.url()).unwrap())).unwrap();
    let cleaned = clean(&client, LeftIn::Own { below: None }).await.unwrap();
    assert_eq!(
        cleaned.left.lines().collect::<Vec<String>>(),
        Vec::<String>::new()
    );
    registry.shutdown().await;
}
