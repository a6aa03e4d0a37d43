//! Reads that lag behind writes.

use std::time::Duration;

use assize::judgement::Verdict;

use super::asked::{some, verdict};
use super::support::{Circumstance, Proxy, registry};

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

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_before_a_client_went_away_may_arrive_late() {
    assert_goes_on(Circumstance::ArrivesLate).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_may_be_in_the_hands_of_a_client_that_went_away() {
    assert_goes_on(Circumstance::HeldStill).await;
}

/// Asserts that an upload that was cut short is found to go on.
async fn assert_goes_on(circumstance: Circumstance) {
    let registry = registry(|_| {}).await;
    let proxy = Proxy::before(&registry.url(), circumstance).await;
    let outcome = some(&proxy.url(), &["push/chunk-cut-short"]).conforms().await;
    assert_eq!(*verdict(&outcome, "push.session.aborted-patch"), Verdict::Held);
    registry.shutdown().await;
}
