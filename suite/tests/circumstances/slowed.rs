//! A target that limits or is slow, and runs that are cut off.

use std::time::Duration;

use assize::judgement::End;
use assize::report::Ruling;

use super::asked::{PART, all, left_over, ruling, some, told, warnings};
use super::support::{Circumstance, Proxy, registry};

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
