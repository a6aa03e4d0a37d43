//! Servers that speak HTTP/2 well, badly, and not at all.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;

use super::super::testing::{Frame, Secure, patient, quick};
use super::super::{Account, Body, Client, Exchange, Protocol, RawConnection, Shows, Tls, Versions, curl};
use super::*;

const BOTH: &[&str] = &["h2", "http/1.1"];

/// A setting that changes nothing: the largest frame is as large as usual.
fn usual() -> Frame {
    Frame::setting(5, 16_384)
}

/// A server that offers both versions and plays this for each head of a request: the number of the connection and that
/// of the stream are given.
async fn server(play: impl Fn(usize, u32) -> Option<Vec<Frame>> + Send + Sync + 'static) -> Secure {
    Secure::serve(BOTH, usual(), move |connection, frame| match frame.kind {
        Frame::HEADERS => play(connection, frame.stream),
        _ => Some(Vec::new()),
    })
    .await
}

fn request(server: &Secure, method: &str) -> Request {
    Request::new(method, server.url.with_target("/v2/"))
}

fn upload(server: &Secure, length: usize) -> Request {
    let mut request = request(server, "PUT");
    request.body = Body::Sized(vec![b'x'; length].into());
    request
}

/// What one request comes to, by a client of quick limits.
async fn told(server: &Secure, request: Request) -> Result<(u16, String), String> {
    let exchange = server.client(quick).send(request).await;
    assert!(exchange.elapsed < Duration::from_secs(20));
    read(&exchange)
}

fn read(exchange: &Exchange) -> Result<(u16, String), String> {
    let answer = exchange.whole().map_err(ToString::to_string)?;
    let body = String::from_utf8(answer.body.bytes().to_vec()).unwrap();
    Ok((answer.status, body))
}

fn answered(status: u16, body: &str) -> Result<(u16, String), String> {
    Ok((status, body.to_owned()))
}

fn failed(why: &str) -> Result<(u16, String), String> {
    Err(why.to_owned())
}

#[tokio::test]
async fn many_requests_share_a_connection() {
    let waiting = Mutex::new(Vec::new());
    let server = server(move |_, stream| {
        let mut waiting = waiting.lock().unwrap();
        waiting.push(stream);
        // The last comes first.
        let all = if waiting.len() == 8 {
            std::mem::take(&mut *waiting)
        } else {
            Vec::new()
        };
        let answers = all
            .iter()
            .rev()
            .map(|id| Frame::answer(*id, "200", &id.to_string()));
        Some(answers.flatten().collect())
    })
    .await;
    let client = server.client(patient);
    let exchanges = join_all((0..8).map(|_| client.send(request(&server, "GET")))).await;
    let mut bodies: Vec<String> = exchanges
        .iter()
        .map(|exchange| read(exchange).unwrap().1)
        .collect();
    bodies.sort_unstable();
    assert_eq!(bodies, ["1", "11", "13", "15", "3", "5", "7", "9"]);
    assert!(
        exchanges
            .iter()
            .all(|exchange| exchange.protocol == Protocol::Http2)
    );
    assert_eq!(server.connections(), 1);
    assert_eq!(client.requests_over_http2(), 8);
    assert_eq!(
        client.notes().last().unwrap(),
        "8 of 8 requests went over HTTP/2, as the server chose"
    );
}

#[tokio::test]
async fn a_request_and_its_answer_are_carried_whole() {
    let play = |_: usize, frame: &Frame| match (frame.kind, frame.flags & 1) {
        (Frame::DATA, 1) => {
            let lines = [
                (":status", "201"),
                ("x-b", "1"),
                ("x-a", "2"),
                ("x-b", "3"),
                ("location", "/there"),
            ];
            let head = Frame::head(frame.stream, &lines, false);
            let trailer = Frame::head(frame.stream, &[("x-trailer", "1")], true);
            let body = [
                Frame::data(frame.stream, "bo", false),
                Frame::data(frame.stream, "dy", false),
            ];
            Some([head, body.to_vec(), trailer].concat())
        }
        _ => Some(Vec::new()),
    };
    let server = Secure::serve(BOTH, usual(), play).await;
    let exchange = server.client(patient).send(upload(&server, 60_000)).await;
    let answer = exchange.whole().unwrap();
    assert_eq!((answer.status, answer.body.bytes()), (201, "body".into()));
    assert_eq!(answer.headers.all("X-B").collect::<Vec<_>>(), ["1", "3"]);
    assert_eq!(answer.headers.get("Location"), Some("/there"));
    let sent: usize = server
        .heard(Frame::DATA)
        .iter()
        .map(|(_, frame)| frame.payload.len())
        .sum();
    assert_eq!(sent, 60_000);
}

#[tokio::test]
async fn what_a_server_has_not_begun_with_is_sent_again() {
    let refusals: [fn(u32) -> Frame; 3] = [
        |stream| Frame::reset(stream, Reason::REFUSED_STREAM),
        |_| Frame::goodbye(0, Reason::NO_ERROR),
        |_| Frame::goodbye(0, Reason::ENHANCE_YOUR_CALM),
    ];
    for refusal in refusals {
        let server = server(move |connection, stream| {
            Some(match connection {
                0 => vec![refusal(stream)],
                _ => Frame::answer(stream, "202", ""),
            })
        })
        .await;
        assert_eq!(told(&server, request(&server, "POST")).await, answered(202, ""));
        assert_eq!(server.connections(), 2);
    }
}

#[tokio::test]
async fn a_server_that_never_begins_is_not_asked_for_ever() {
    let server = server(|_, stream| Some(vec![Frame::reset(stream, Reason::REFUSED_STREAM)])).await;
    assert_eq!(
        told(&server, request(&server, "POST")).await,
        failed("the server broke off before any answer (REFUSED_STREAM: it has not begun with the request)")
    );
    assert_eq!(server.heard(Frame::HEADERS).len(), 5);
}

#[tokio::test]
async fn what_a_server_breaks_off_is_told_with_its_reason() {
    let server = server(|_, stream| Some(vec![Frame::reset(stream, Reason::INTERNAL_ERROR)])).await;
    assert_eq!(
        told(&server, request(&server, "GET")).await,
        failed("the server broke off before any answer (INTERNAL_ERROR: it failed)")
    );
    assert_eq!(server.heard(Frame::HEADERS).len(), 1);
}

#[tokio::test]
async fn a_connection_that_ends_with_a_request_is_told_with_its_reason() {
    let play = |_: usize, frame: &Frame| match frame.kind {
        Frame::HEADERS => Some(vec![
            Frame::goodbye(frame.stream, Reason::ENHANCE_YOUR_CALM),
            ping(),
        ]),
        Frame::PING => None,
        _ => Some(Vec::new()),
    };
    let server = Secure::serve(BOTH, usual(), play).await;
    assert_eq!(
        told(&server, request(&server, "GET")).await,
        failed(
            "the server ended the connection before any answer (ENHANCE_YOUR_CALM: too much is asked of it)"
        )
    );
}

fn ping() -> Frame {
    Frame {
        kind: Frame::PING,
        flags: 0,
        stream: 0,
        payload: vec![0; 8],
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_is_no_loss_to_a_question() {
    for (method, second) in [
        ("GET", answered(200, "")),
        ("POST", failed("the connection was closed before any answer")),
    ] {
        let server = server(|connection, stream| match (connection, stream) {
            (0, 3) => None,
            _ => Some(Frame::answer(stream, "200", "")),
        })
        .await;
        let client = server.client(quick);
        for expected in [answered(200, ""), second] {
            let exchange = client.send(request(&server, method)).await;
            assert_eq!(read(&exchange), expected, "{method}");
        }
    }
    let server = server(|_, _| None).await;
    assert_eq!(
        told(&server, request(&server, "GET")).await,
        failed("the connection was closed before any answer")
    );
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_answer_counts_before_the_request_is_through() {
    let server = server(|_, stream| {
        let answer = Frame::answer(stream, "413", "too large");
        Some([answer, vec![Frame::reset(stream, Reason::NO_ERROR)]].concat())
    })
    .await;
    assert_eq!(
        told(&server, upload(&server, 4_000_000)).await,
        answered(413, "too large")
    );
    let server = self::server(|_, stream| Some(Frame::answer(stream, "413", "too large"))).await;
    assert_eq!(
        told(&server, upload(&server, 4_000_000)).await,
        answered(413, "too large")
    );
}

#[tokio::test]
async fn a_window_that_never_opens_is_not_waited_for() {
    // The window of each stream.
    let server = Secure::serve(BOTH, Frame::setting(4, 0), |_, frame| {
        let answers = frame.kind == Frame::HEADERS && frame.flags & 1 == 1;
        Some(if answers {
            Frame::answer(frame.stream, "200", "")
        } else {
            Vec::new()
        })
    })
    .await;
    let client = server.client(quick);
    assert!(read(&client.send(request(&server, "GET")).await).is_ok());
    assert_eq!(
        read(&client.send(upload(&server, 100_000)).await),
        failed("timed out after 200 ms, sending the request")
    );
    // The stream is given up, and so is the connection.
    assert!(read(&client.send(request(&server, "GET")).await).is_ok());
    assert_eq!(server.connections(), 2);
    assert_eq!(server.heard(Frame::RESET).len(), 1);
}

#[tokio::test]
async fn every_phase_ends() {
    let silent = server(|_, _| Some(Vec::new())).await;
    assert_eq!(
        told(&silent, request(&silent, "GET")).await,
        failed("timed out after 200 ms, waiting for the answer")
    );
    let stuck = server(|_, stream| Some(Frame::head(stream, &[(":status", "200")], false))).await;
    let exchange = stuck.client(quick).send(request(&stuck, "GET")).await;
    assert_eq!(exchange.status(), Some(200));
    assert_eq!(
        read(&exchange),
        failed("timed out after 200 ms, reading the body")
    );
    let hints = server(|_, stream| {
        let hint = Frame::head(stream, &[(":status", "103")], false);
        Some((0..102).flat_map(|_| hint.clone()).collect())
    })
    .await;
    assert_eq!(
        told(&hints, request(&hints, "GET")).await,
        failed("the answer is malformed: more than 100 interim answers came")
    );
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let server = server(|_, stream| {
        let hint = Frame::head(stream, &[(":status", "103")], false);
        Some([hint, Frame::answer(stream, "200", "ok")].concat())
    })
    .await;
    assert_eq!(told(&server, request(&server, "GET")).await, answered(200, "ok"));
}

#[tokio::test]
async fn no_answer_is_longer_than_it_may_be() {
    let lines = |stream, count: usize, length| {
        let value = "x".repeat(length);
        let lines: Vec<(&str, &str)> = (0..count).map(|_| ("x-long", value.as_str())).collect();
        Frame::head(stream, &[&[(":status", "200")], lines.as_slice()].concat(), true)
    };
    let server = server(move |_, stream| {
        Some(match stream {
            1 => lines(stream, 9, 8_000),
            3 => lines(stream, 300, 1),
            5 => Frame::head(
                stream,
                &[(":status", "200"), ("content-length", "2000000")],
                false,
            ),
            7 => lines(stream, 256, 1),
            _ => {
                let part = Frame::data(stream, &"x".repeat(16_000), false);
                let head = Frame::head(stream, &[(":status", "200")], false);
                [head, vec![part; 16]].concat()
            }
        })
    })
    .await;
    let mut settings = patient(&server.url);
    settings.tls = Tls::Insecure;
    settings.body_limit = 100_000;
    let client = Client::new(settings).unwrap();
    let mut told = Vec::new();
    for _ in 0..5 {
        let exchange = client.send(request(&server, "GET")).await;
        told.push(exchange.fault().map(ToString::to_string).unwrap_or_default());
        let kept = exchange
            .outcome
            .map(|answer| answer.body.len())
            .unwrap_or_default();
        assert!(kept <= 100_000);
    }
    assert_eq!(
        told,
        [
            "the answer is malformed: it is not HTTP/2 as RFC 9113 has it (PROTOCOL_ERROR)",
            "the answer is malformed: its head has more than 256 lines",
            "the body is longer than 100000 bytes, the most that is read",
            "",
            "the body is longer than 100000 bytes, the most that is read",
        ]
    );
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_body_that_does_not_come_to_its_end_is_cut() {
    let told_of = |length: &'static str, rest: fn(u32) -> Frame| async move {
        let server = server(move |_, stream| {
            let head = Frame::head(stream, &[(":status", "200"), ("content-length", length)], false);
            Some([head, vec![Frame::data(stream, "abc", false), rest(stream)]].concat())
        })
        .await;
        let exchange = server.client(quick).send(request(&server, "GET")).await;
        assert_eq!(exchange.status(), Some(200));
        exchange.fault().unwrap().to_string()
    };
    assert_eq!(
        told_of("9", |stream| Frame::reset(stream, Reason::INTERNAL_ERROR)).await,
        "the server broke off after 3 bytes of the body (INTERNAL_ERROR: it failed)"
    );
    let other_length = "the body has not the 9 bytes that its Content-Length says";
    assert_eq!(
        told_of("9", |stream| Frame::data(stream, "", true)).await,
        other_length
    );
    assert_eq!(
        told_of("9", |stream| Frame::data(stream, "defghij", true)).await,
        other_length
    );
}

#[tokio::test]
async fn an_answer_without_a_body_may_tell_its_length() {
    let length = ("content-length", "9");
    for (method, status) in [("HEAD", "200"), ("GET", "304")] {
        let server =
            server(move |_, stream| Some(Frame::head(stream, &[(":status", status), length], true))).await;
        let exchange = server.client(quick).send(request(&server, method)).await;
        let answer = exchange.whole().unwrap();
        assert_eq!(
            (answer.body.len(), answer.headers.get("Content-Length")),
            (0, Some("9"))
        );
    }
}

#[tokio::test]
async fn a_large_upload_has_a_connection_for_itself() {
    // The streams of large ones, which are answered when the small one was, and whether it was.
    let held = Mutex::new((HashMap::<usize, u32>::new(), false));
    let server = Secure::serve(BOTH, usual(), move |connection, frame| {
        let mut held = held.lock().unwrap();
        let (large, is_small_answered) = &mut *held;
        match (frame.kind, frame.flags & 1) {
            (Frame::DATA, 0) => {
                return Some(vec![
                    Frame::room(0, &frame.payload),
                    Frame::room(frame.stream, &frame.payload),
                ]);
            }
            (Frame::DATA, _) if frame.payload.len() == 2_000 => {
                *is_small_answered = true;
                return Some(Frame::answer(frame.stream, "201", ""));
            }
            (Frame::DATA, _) => {
                large.insert(connection, frame.stream);
            }
            _ => {}
        }
        let pending = large.get(&connection).copied();
        Some(match pending {
            Some(stream) if *is_small_answered => {
                large.remove(&connection);
                Frame::answer(stream, "201", "")
            }
            Some(_) if frame.kind == Frame::DATA || frame.kind == Frame::PING => vec![ping()],
            _ => Vec::new(),
        })
    })
    .await;
    let client = server.client(patient);
    let (large, small) = (upload(&server, 2_000_000), upload(&server, 2_000));
    let together = [large.clone(), large, small].map(|request| client.send(request));
    for exchange in join_all(together).await {
        assert_eq!(read(&exchange), answered(201, ""));
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_server_chooses_the_version() {
    let old = Secure::serve(&["http/1.1"], usual(), |_, _| None).await;
    let client = old.client(quick);
    for _ in 0..2 {
        let exchange = client.send(request(&old, "GET")).await;
        assert_eq!(read(&exchange), answered(200, "one"));
        assert_eq!(exchange.protocol, Protocol::Http1);
        assert!(!curl(&exchange, Shows::Answer, "t").unwrap().contains("--http1.1"));
    }
    let mut chunked = upload(&old, 1);
    chunked.body = Body::Chunked("a".into());
    assert_eq!(client.send(chunked).await.protocol, Protocol::Http1);
    assert_eq!((old.connections(), client.requests_over_http2()), (1, 0));
    assert!(!client.notes().concat().contains("HTTP/2"));
}

#[tokio::test]
async fn what_only_http1_can_say_goes_over_it() {
    let server = server(|_, stream| Some(Frame::answer(stream, "200", "two"))).await;
    let client = server.client(quick);
    let mut chunked = upload(&server, 1);
    chunked.body = Body::Chunked("a".into());
    for _ in 0..2 {
        let exchange = client.send(request(&server, "GET")).await;
        assert_eq!(
            (read(&exchange), exchange.protocol),
            (answered(200, "two"), Protocol::Http2)
        );
        assert!(!curl(&exchange, Shows::Answer, "t").unwrap().contains("--http"));
        let exchange = client.send(chunked.clone()).await;
        assert_eq!(
            (read(&exchange), exchange.protocol),
            (answered(200, "one"), Protocol::Http1Alone)
        );
        assert!(
            curl(&exchange, Shows::Answer, "t")
                .unwrap()
                .contains(" --http1.1 ")
        );
    }
    assert_eq!(server.connections(), 2);
    let mut raw = RawConnection::open(&client).await.unwrap();
    let place = server.url.with_target("/v2/");
    raw.write_head("GET", &place, &[], &Account::Nobody)
        .await
        .unwrap();
    assert_eq!(raw.answer("GET").await.unwrap().body, "one".into());
}

#[tokio::test]
async fn a_server_may_want_http1_for_a_request() {
    let server = server(|_, stream| Some(vec![Frame::reset(stream, Reason::HTTP_1_1_REQUIRED)])).await;
    let exchange = server.client(quick).send(request(&server, "POST")).await;
    assert_eq!(
        (read(&exchange), exchange.protocol),
        (answered(200, "one"), Protocol::Http1Alone)
    );
}

#[tokio::test]
async fn http1_is_spoken_alone_where_the_user_wants_it() {
    let server = server(|_, _| None).await;
    let mut settings = quick(&server.url);
    settings.tls = Tls::Insecure;
    settings.versions = Versions::Http1;
    let exchange = Client::new(settings).unwrap().send(request(&server, "GET")).await;
    assert_eq!(
        (read(&exchange), exchange.protocol),
        (answered(200, "one"), Protocol::Http1Alone)
    );
}

#[tokio::test]
async fn a_server_of_http2_alone_is_not_asked_what_it_cannot_be_asked() {
    let play = |_: usize, frame: &Frame| {
        let is_head = frame.kind == Frame::HEADERS;
        Some(if is_head {
            Frame::answer(frame.stream, "200", "two")
        } else {
            Vec::new()
        })
    };
    let server = Secure::serve(&["h2"], usual(), play).await;
    let client = server.client(quick);
    assert_eq!(
        read(&client.send(request(&server, "GET")).await),
        answered(200, "two")
    );
    let mut chunked = upload(&server, 1);
    chunked.body = Body::Chunked("a".into());
    let place = server.url.origin();
    let fault = client.send(chunked).await.outcome.unwrap_err();
    assert_eq!(
        fault.to_string(),
        format!("{place} was not asked: it speaks HTTP/2 alone, and chunks are a framing of HTTP/1.1")
    );
    let fault = RawConnection::open(&client).await.err().unwrap();
    assert!(matches!(fault, Fault::Http2Alone { .. }), "{fault}");
}

#[tokio::test]
async fn a_request_that_is_given_up_is_reset() {
    let server = server(|_, _| Some(Vec::new())).await;
    let client = server.client(patient);
    let given_up = timeout(Duration::from_millis(300), client.send(request(&server, "GET"))).await;
    assert!(given_up.is_err());
    for _ in 0..100 {
        if !server.heard(Frame::RESET).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no stream was reset");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_sent_at_once_than_a_server_takes() {
    let under_way = Arc::new(Mutex::new(HashMap::<usize, HashSet<u32>>::new()));
    let seen = Arc::clone(&under_way);
    // How many streams there may be at once.
    let server = Secure::serve(BOTH, Frame::setting(3, 1), move |connection, frame| {
        let mut seen = seen.lock().unwrap();
        let open = seen.entry(connection).or_default();
        match frame.kind {
            Frame::HEADERS if !open.is_empty() => {
                Some(vec![Frame::reset(frame.stream, Reason::REFUSED_STREAM)])
            }
            Frame::HEADERS => {
                open.insert(frame.stream);
                Some(vec![ping()])
            }
            // The answer waits for a round trip.
            Frame::PING => Some(open.drain().flat_map(|id| Frame::answer(id, "200", "")).collect()),
            _ => Some(Vec::new()),
        }
    })
    .await;
    let client = server.client(patient);
    for _ in 0..3 {
        let exchanges = join_all((0..6).map(|_| client.send(request(&server, "POST")))).await;
        assert!(exchanges.iter().all(|exchange| exchange.status() == Some(200)));
    }
    assert!(server.connections() <= 12, "{}", server.connections());
}
