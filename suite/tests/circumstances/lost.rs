//! A target that goes away while it is asked.

use std::time::Duration;

use assize::Outcome;
use assize::judgement::Verdict;

use super::asked::{PART, some};
use super::support::{Circumstance, Proxy, registry};

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
