//! Runs after one another and at once, on one registry.

use assize::run::CleanUp;

use super::asked::{keeping_everything, some};
use super::support::{Circumstance, Proxy, registry};

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
