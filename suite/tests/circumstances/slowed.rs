//! A target that limits or is slow, and runs that are cut off.

use std::time::{Duration, Instant};

use assize::judgement::End;
use assize::report::Ruling;
use futures_util::future::join_all;

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
async fn a_limit_that_everything_meets_for_a_while_is_no_loss_of_the_target() {
    let registry = registry(|_| {}).await;
    let limited = Circumstance::LimitedFor(100, Duration::from_secs(3));
    let proxy = Proxy::before(&registry.url(), limited).await;
    some(&proxy.url(), PART).conforms().await;
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_met_at_once_is_waited_out_and_told() {
    let registry = registry(|_| {}).await;
    for wait in [None, Some("1")] {
        let proxy = Proxy::before(&registry.url(), Circumstance::LimitedAtFirst(2, wait)).await;
        let outcome = some(&proxy.url(), &["pull/blob"]).conforms().await;
        let notes = outcome.facts.notes.join("\n");
        let told = "the first GET /v2/ was answered 2 times with 429 and waited for, 2.0 s";
        assert!(notes.contains(told), "{notes}");
    }
    registry.shutdown().await;
}

#[tokio::test]
async fn a_limit_that_cannot_be_waited_out_is_told_before_anything_is_asked() {
    let registry = registry(|_| {}).await;
    let limited = Circumstance::LimitedAtFirst(usize::MAX, Some("3600"));
    let proxy = Proxy::before(&registry.url(), limited).await;
    let refused = all(&proxy.url()).outcome().await.unwrap_err().to_string();
    let told = "takes no requests now: GET /v2/ is answered with 429 Too Many Requests and Retry-After: 3600";
    assert!(refused.contains(told), "{refused}");
    assert_eq!(proxy.requests(), 1);
    registry.shutdown().await;
}

#[tokio::test]
async fn whoever_interrupts_before_the_first_answer_is_not_kept_waiting() {
    let registry = registry(|_| {}).await;
    let limited = Circumstance::LimitedAtFirst(usize::MAX, Some("30"));
    let proxy = Proxy::before(&registry.url(), limited).await;
    let asked = all(&proxy.url());
    asked.settings.stop.stop();
    let refused = asked.outcome().await.unwrap_err().to_string();
    assert!(refused.contains("stopped before"), "{refused}");
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_out_of_service_now_and_then_is_blamed_for_nothing_on_connections_by_hand() {
    let registry = registry(|_| {}).await;
    let by_hand = [
        "http/connection-after-error",
        "http/expect-continue",
        "http/nothing-behind-*",
        "security/bad-length",
        "security/two-lengths",
        "push/put-cut-short",
    ];
    // Each meets other requests of theirs.
    let (url, by_hand) = (&registry.url(), &by_hand);
    let runs = (17..30).map(|every| async move {
        let proxy = Proxy::before(url, Circumstance::OutOfService(every)).await;
        let outcome = some(&proxy.url(), by_hand).outcome().await.unwrap();
        assert_eq!(warnings(&outcome), "", "one of {every}: {}", told(&outcome));
    });
    join_all(runs).await;
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_cannot_be_borne_is_waited_for_on_no_connection() {
    let registry = registry(|_| {}).await;
    let limited = Circumstance::LimitedWrites(5, "3600");
    let proxy = Proxy::before(&registry.url(), limited).await;
    let began = Instant::now();
    // One sends what is written by hand, the other what clients send.
    let asked = some(&proxy.url(), &["http/connection-after-error", "pull/manifest"]);
    let outcome = asked.outcome().await.unwrap();
    assert_eq!(warnings(&outcome), "", "{}", told(&outcome));
    assert_eq!(ruling(&outcome), Ruling::NotShown);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    registry.shutdown().await;
}

/// What registries say whose owner has no room left: the words of Harbor, of Quay, a code alone, and nothing at all.
const FULL: [(u16, &str); 4] = [
    (
        403,
        r#"{"errors":[{"code":"DENIED","message":"adding 1.0 MiB of storage resource, which when updated to current usage of 9.5 MiB will exceed the configured upper limit of 10.0 MiB."}]}"#,
    ),
    (
        413,
        r#"{"errors":[{"code":"DENIED","message":"Quota has been exceeded on namespace"}]}"#,
    ),
    (413, r#"{"errors":[{"code":"DENIED","message":"denied"}]}"#),
    (507, ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_room_nothing_is_found_and_it_is_told_once() {
    let registry = registry(|_| {}).await;
    for (status, error) in FULL {
        let proxy = Proxy::before(&registry.url(), Circumstance::Full(20_000, status, error)).await;
        let asked = match status {
            403 => all(&proxy.url()),
            _ => some(&proxy.url(), &["push/*"]),
        };
        let outcome = asked.outcome().await.unwrap();
        assert_eq!(warnings(&outcome), "", "{status}: {}", told(&outcome));
        assert_eq!(ruling(&outcome), Ruling::NotShown, "{status}");
        let notes = outcome.facts.notes.join("\n");
        assert_eq!(
            notes.matches("there is no room for what is pushed").count(),
            1,
            "{notes}"
        );
    }
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
