//! How notifications are delivered: again, in order, and without keeping anybody waiting.

use std::sync::Arc;
use std::time::Duration;

use assize_reference::{Config, NotificationEndpoint};
use http::HeaderValue;
use tokio::net::TcpSocket;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::listener::{Listener, PATIENCE, redirect, status, summary};
use crate::support::{config, sha256, text};
use crate::{metric, registry, wait_for};

#[tokio::test]
async fn an_event_is_sent_again_until_it_is_taken_and_then_no_more() {
    let mut listener = Listener::answering(|number| {
        status(match number {
            0 => 500,
            1 => 404,
            2 => 202,
            3 => 304,
            _ => 200,
        })
    })
    .await;
    let registry = registry([listener.endpoint()]).await;
    registry.push_blob("a", b"one").await;
    let first = listener.message().await.events();
    for _ in 0..2 {
        assert_eq!(listener.message().await.events(), first);
    }
    registry.push_blob("a", b"two").await;
    assert_eq!(listener.summaries(1).await, [format!("push {}", sha256(b"two"))]);
    registry.push_blob("a", b"three").await;
    assert_eq!(
        listener.summaries(1).await,
        [format!("push {}", sha256(b"three"))]
    );
    wait_for(&registry, "delivered_total", "", 3).await;
    for (name, labels, value) in [
        ("pending", "", 0),
        ("failures_total", ",status=\"500\"", 1),
        ("failures_total", ",status=\"404\"", 1),
        ("failures_total", ",status=\"202\"", 0),
        ("dropped_total", "", 0),
    ] {
        assert_eq!(metric(&registry, name, labels).await, value, "{name}{labels}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_yet_is_told_when_it_is() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("listener=http://{}/", socket.local_addr().unwrap());
    let endpoint = NotificationEndpoint {
        threshold: 2,
        backoff: Duration::from_millis(50),
        ..url.parse().unwrap()
    };
    let registry = registry([endpoint]).await;
    for content in ["one", "two", "three"] {
        registry.push_blob("a", content.as_bytes()).await;
    }
    wait_for(&registry, "failures_total", ",status=\"none\"", 4).await;
    assert_eq!(metric(&registry, "pending", "").await, 3);
    let socket = socket.listen(16).unwrap();
    let mut listener = Listener::on(socket, Arc::new(|_| status(200)), Semaphore::MAX_PERMITS);
    let expected = ["one", "two", "three"].map(|content| format!("push {}", sha256(content.as_bytes())));
    assert_eq!(listener.summaries(3).await, expected);
    wait_for(&registry, "delivered_total", "", 3).await;
    assert_eq!(metric(&registry, "pending", "").await, 0);
}

#[tokio::test]
async fn after_too_many_failures_there_is_a_pause_before_each_delivery() {
    let mut listener = Listener::answering(|number| status(if number < 4 { 503 } else { 200 })).await;
    let pause = Duration::from_millis(200);
    let registry = registry([NotificationEndpoint {
        threshold: 2,
        backoff: pause,
        ..listener.endpoint()
    }])
    .await;
    registry.push_blob("a", b"content").await;
    let mut times = Vec::new();
    for _ in 0..5 {
        times.push(listener.message().await.at);
    }
    for pair in times[1..].windows(2) {
        assert!(pair[1] - pair[0] >= pause, "{pair:?}");
    }
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_asked_again() {
    let mut listener = Listener::hesitant().await;
    let registry = registry([NotificationEndpoint {
        timeout: Duration::from_millis(100),
        ..listener.endpoint()
    }])
    .await;
    registry.push_blob("a", b"content").await;
    let first = listener.message().await.events();
    assert_eq!(listener.message().await.events(), first);
    wait_for(&registry, "failures_total", ",status=\"none\"", 1).await;
    listener.answers.add_permits(1000);
    wait_for(&registry, "delivered_total", "", 1).await;
}

#[tokio::test]
async fn nobody_waits_for_a_slow_endpoint_and_events_stay_in_order() {
    let mut listener = Listener::hesitant().await;
    let registry = registry([NotificationEndpoint {
        timeout: PATIENCE,
        ..listener.endpoint()
    }])
    .await;
    let contents = (0..150_u32).map(u32::to_be_bytes).collect::<Vec<_>>();
    // The endpoint answers nothing until all of this is over.
    let pushing = async {
        for content in &contents {
            registry.push_blob("a", content).await;
        }
    };
    timeout(PATIENCE, pushing).await.unwrap();
    assert_eq!(metric(&registry, "pending", "").await, 150);
    assert_eq!(metric(&registry, "delivered_total", "").await, 0);
    listener.answers.add_permits(1000);
    let expected = contents.iter().map(|content| format!("push {}", sha256(content)));
    assert_eq!(listener.summaries(150).await, expected.collect::<Vec<_>>());
    wait_for(&registry, "delivered_total", "", 150).await;
}

#[tokio::test]
async fn what_does_not_fit_into_the_queue_is_dropped_and_counted() {
    let mut listener = Listener::hesitant().await;
    let registry = registry([NotificationEndpoint {
        timeout: PATIENCE,
        queue_size: 4000,
        ..listener.endpoint()
    }])
    .await;
    registry.push_blob("a", b"first").await;
    let first = listener.summaries(1).await;
    assert_eq!(first, [format!("push {}", sha256(b"first"))]);
    for number in 0..30_u32 {
        registry.push_blob("a", &number.to_be_bytes()).await;
    }
    let (pending, dropped) = (
        metric(&registry, "pending", "").await,
        metric(&registry, "dropped_total", "").await,
    );
    assert!(pending > 1 && dropped > 1, "{pending} {dropped}");
    assert_eq!(pending + dropped, 31);
    listener.answers.add_permits(1000);
    // The oldest were dropped.
    let kept = u32::try_from(dropped).unwrap()..30;
    let expected = kept.map(|number| format!("push {}", sha256(&number.to_be_bytes())));
    let count = usize::try_from(pending).unwrap() - 1;
    assert_eq!(listener.summaries(count).await, expected.collect::<Vec<_>>());
    wait_for(&registry, "delivered_total", "", pending).await;
}

#[tokio::test]
async fn what_waits_is_delivered_before_the_registry_ends() {
    let mut listener = Listener::hesitant().await;
    let registry = registry([NotificationEndpoint {
        timeout: PATIENCE,
        ..listener.endpoint()
    }])
    .await;
    registry.push_image("a", "t", "x").await;
    assert_eq!(listener.events(1).await.len(), 1);
    listener.answers.add_permits(1000);
    registry.running.shutdown().await;
    assert_eq!(listener.summaries(2).await[1], "push t");
}

#[tokio::test]
async fn an_endpoint_that_never_answers_does_not_keep_the_registry_from_ending() {
    let mut listener = Listener::hesitant().await;
    let registry = registry([NotificationEndpoint {
        timeout: Duration::from_secs(3600),
        ..listener.endpoint()
    }])
    .await;
    registry.push_blob("a", b"content").await;
    listener.message().await;
    timeout(PATIENCE, registry.running.shutdown()).await.unwrap();
}

#[tokio::test]
async fn a_redirect_is_followed_but_takes_no_secret_to_another_host() {
    let mut elsewhere = Listener::willing().await;
    let target = elsewhere.url.clone();
    let mut listener = Listener::answering(move |number| match number {
        0 => redirect("/moved"),
        1 | 4 => status(200),
        2 => redirect(&target),
        _ => status(503),
    })
    .await;
    let mut endpoint = listener.endpoint();
    endpoint
        .headers
        .insert("x-token", HeaderValue::from_static("secret"));
    let registry = registry([endpoint]).await;
    registry.push_blob("a", b"one").await;
    let first = listener.message().await.events();
    let followed = listener.message().await;
    assert_eq!(followed.events(), first);
    assert_eq!(text(&followed.headers, "x-token"), "secret");
    registry.push_blob("a", b"two").await;
    for _ in 0..3 {
        let events = listener.message().await.events();
        assert_eq!(summary(&events[0]), format!("push {}", sha256(b"two")));
    }
    wait_for(&registry, "delivered_total", "", 2).await;
    assert_eq!(metric(&registry, "failures_total", ",status=\"none\"").await, 1);
    assert!(elsewhere.messages.try_recv().is_err());
}

#[tokio::test]
async fn endpoints_of_one_name_are_refused() {
    let endpoint: NotificationEndpoint = "ci=http://127.0.0.1:1/".parse().unwrap();
    let started = assize_reference::serve(Config {
        notify: vec![endpoint.clone(), endpoint],
        ..config()
    });
    assert_eq!(
        started.await.unwrap_err().to_string(),
        "cannot send notifications: two endpoints are called \"ci\""
    );
}
