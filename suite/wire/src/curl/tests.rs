//! What was sent is sent again by a line of shell.

use std::process::Command;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::testing::{Server, client, status};
use crate::{Headers, Hop, Letters, Payload, Url};

fn request(method: &str, url: &str) -> Request {
    Request::new(method, Url::parse(url).unwrap())
}

fn exchange(request: Request) -> Exchange {
    Exchange {
        number: 1,
        request,
        protocol: Protocol::Http1,
        outcome: Err(Fault::Closed(String::new())),
        hops: Vec::new(),
        elapsed: Duration::ZERO,
        limit: Duration::from_secs(300),
        pass: None,
        insecure: false,
    }
}

fn line(request: Request) -> String {
    curl(&exchange(request), Shows::Answer, "ASSIZE_TOKEN").unwrap()
}

fn shell(script: &str) -> Vec<u8> {
    let output = Command::new("sh").args(["-c", script]).output().unwrap();
    assert!(
        output.status.success(),
        "{script}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

#[test]
fn what_a_shell_would_take_apart_is_quoted() {
    assert_eq!(quoted("push/mount"), "push/mount");
    assert_eq!(quoted("push/*"), "'push/*'");
    assert_eq!(quoted("it's"), r"'it'\''s'");
}

#[test]
fn a_line_says_what_was_sent_and_no_more() {
    let mut upload = request("PUT", "https://r.example/v2/a/manifests/it's?x=[1]");
    upload.headers = [
        ("Host", "r.example"),
        ("User-Agent", USER_AGENT),
        ("Content-Type", "application/json"),
        ("Content-Length", "10"),
        ("Authorization", "Basic alice:<redacted>"),
    ]
    .into_iter()
    .collect();
    upload.body = Body::Sized(r#"{"a":"it"}"#.into());
    assert_eq!(
        line(upload),
        r#"curl -i -X PUT --max-time 300 --path-as-is -H 'Content-Type: application/json' -u alice:"$ASSIZE_PASSWORD" -H Accept: -H Expect: --data-raw '{"a":"it"}' -g 'https://r.example/v2/a/manifests/it'\''s?x=[1]'"#
    );
    let mut head = request("HEAD", "http://h/v2/../a");
    head.headers = [
        ("Accept", "*/*"),
        ("authorization", "Bearer <redacted>"),
        ("X-Empty", ""),
    ]
    .into_iter()
    .collect();
    assert_eq!(
        line(head),
        r#"curl -I --max-time 300 --path-as-is -H 'Accept: */*' -H 'authorization: Bearer '"$ASSIZE_TOKEN" -H 'X-Empty;' 'http://h/v2/../a'"#
    );
}

#[test]
fn a_password_under_a_name_in_other_letters_is_encoded_by_the_shell() {
    let mut asked = request("GET", "http://h/");
    asked.headers = [("AUTHORIZATION", "Basic o'alice:<redacted>")]
        .into_iter()
        .collect();
    let line = line(asked).replacen("curl", "export ASSIZE_PASSWORD=hunter2; printf '%s\n'", 1);
    let words = String::from_utf8(shell(&line)).unwrap();
    assert!(
        words.contains("\nAUTHORIZATION: Basic bydhbGljZTpodW50ZXIy\n"),
        "{words}"
    );
}

#[test]
fn no_character_hides_in_a_line() {
    let mut odd = request("GET", "http://h/");
    odd.headers = [("X-Odd", "a\u{202e}b'c"), ("X-Plain", "ä")]
        .into_iter()
        .collect();
    assert_eq!(
        line(odd),
        r#"curl -i -X GET --max-time 300 --path-as-is -H "$(printf 'X-Odd: a\342\200\256b'\''c')" -H 'X-Plain: ä' -H Accept: 'http://h/'"#
    );
}

#[test]
fn a_long_body_is_made_by_a_command() {
    let mut long = request("PUT", "http://h/");
    long.body = Body::Sized(Payload::repeated(b'x', 20_000));
    let line = line(long);
    assert!(
        line.starts_with(r"head -c 20000 /dev/zero | tr '\0' 'x' | curl "),
        "{line}"
    );
    assert!(line.contains(" --data-binary @- "), "{line}");
}

#[test]
fn what_was_followed_is_followed_and_what_was_waited_is_waited() {
    let asked = request("GET", "http://h/a");
    let mut sent = exchange(asked.clone());
    sent.hops = vec![Hop {
        url: asked.url,
        status: 307,
        headers: Headers::new(),
    }];
    sent.outcome = Err(Fault::Timeout {
        after: Duration::from_secs(7),
        doing: "waiting",
    });
    let line = curl(&sent, Shows::Nothing, "token").unwrap();
    assert_eq!(
        line,
        "curl -s -o /dev/null -X GET --max-time 7 --path-as-is -L -H Accept: 'http://h/a'"
    );
}

/// What the server heard, without the line that says who asked, and the lines in an order of their own.
fn comparable(heard: &str) -> (String, Vec<String>, String) {
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    // No option of curl changes the letters of its Host.
    let mut lines = head.lines().map(|line| line.trim_end().replace("hOsT:", "Host:"));
    let first = lines.next().unwrap();
    let mut lines: Vec<String> = lines.filter(|line| !line.starts_with("User-Agent:")).collect();
    lines.sort();
    (first, lines, body.to_owned())
}

fn cases(base: &Url) -> Vec<Request> {
    let case = |method: &str, target: &str, lines: &[(&str, &str)], body: Body| Request {
        headers: lines.iter().copied().collect::<Headers>(),
        body,
        ..Request::new(method, base.with_target(target))
    };
    let json = [("Content-Type", "application/json")];
    vec![
        case("GET", "/v2/", &[], Body::None),
        case(
            "GET",
            "/v2/a/../b/%2e%2E/c//d?n=1&last=a%20b",
            &[("accept", "a/b, c/d;q=0.5")],
            Body::None,
        ),
        case(
            "GET",
            "/v2/a\\b/[x]{y}/it's\"$HOME\"`id`",
            &[("X-Odd", "it's $HOME `id` \"\\")],
            Body::None,
        ),
        case("GET", "/v2/ü/#x", &[("X-Empty", "")], Body::None),
        case(
            "HEAD",
            "/v2/a/manifests/latest",
            &[("Range", "bytes=0-1")],
            Body::None,
        ),
        case("DELETE", "/v2/a/manifests/latest", &[], Body::None),
        case("POST", "/v2/a/blobs/uploads/", &[], Body::None),
        case("POST", "/v2/a/blobs/uploads/", &[], Body::Sized("".into())),
        case(
            "PUT",
            "/v2/a/manifests/latest",
            &json,
            Body::Sized("{\"a\": \"it's % ü \\\\n\"}".into()),
        ),
        case(
            "PUT",
            "/v2/a/manifests/latest",
            &json,
            Body::Sized("@{\n\t\"a\": 1\r\n}\n".into()),
        ),
        case(
            "PATCH",
            "/upload?x=%2F",
            &[],
            Body::Sized((0..=127_u8).collect::<Vec<u8>>().into()),
        ),
        case("PATCH", "/upload", &[], Body::Chunked("-n %s text".into())),
        case("POST", "/upload", &[], Body::Chunked("".into())),
        case("FROB", "/v2/", &[("Host", "other.example")], Body::None),
        Request {
            letters: Letters::Mixed,
            ..case("PUT", "/v2/a/manifests/latest", &json, Body::Sized("{}".into()))
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_curl_sends_the_same() {
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let server = Server::serve(|_| status(200, "")).await;
    let client = client(&server.url);
    for request in cases(&server.url) {
        let exchange = client.send(request).await;
        assert!(exchange.outcome.is_ok(), "{exchange:?}");
        let line = curl(&exchange, Shows::Answer, "token").unwrap();
        assert!(!line.contains('\n'), "{line}");
        shell(&format!("{line} -s"));
        let heard = server.heard();
        let [.., ours, theirs] = &heard[..] else {
            unreachable!()
        };
        assert_eq!(comparable(ours), comparable(theirs), "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_shell_reads_what_was_quoted(text in "[^\0]{0,40}") {
        prop_assert_eq!(shell(&format!("printf %s {}", quoted(&text))), text.into_bytes());
    }

    #[test]
    fn a_shell_prints_the_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        prop_assert_eq!(shell(&printf(&bytes)), bytes);
    }

    #[test]
    fn octal_digits_are_not_run_together(digits in "[0-9]{0,4}") {
        let bytes = [&[0xff][..], digits.as_bytes()].concat();
        prop_assert_eq!(shell(&printf(&bytes)), bytes);
    }
}
