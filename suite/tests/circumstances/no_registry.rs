//! What is no registry.

use super::asked::{all, told};
use super::support::{Circumstance, Proxy, registry};

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
