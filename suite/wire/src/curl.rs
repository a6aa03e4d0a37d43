//! The line of shell that sends a request again.

use super::grant::REDACTED;
use super::head::USER_AGENT;
use super::{Body, Exchange, Payload, Request};
use crate::hidden_characters::hides;

/// The longest text that is written out in the line, in bytes.
const TEXT_LIMIT: u64 = 16 * 1024;
/// The longest other body that is written out in the line, in bytes.
const BYTES_LIMIT: u64 = 4 * 1024;

/// One line of shell that sends again what was sent, as it was sent, and shows the answer.
///
/// Secrets stand in it as `$ASSIZE_PASSWORD` and `$ASSIZE_TOKEN`. Redirects are not followed, since curl would change
/// the request on the way.
pub fn curl(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let mut words = vec!["curl".to_owned()];
    words.extend(method(request));
    words.push("--path-as-is".to_owned());
    if exchange.insecure {
        words.push("-k".to_owned());
    }
    words.extend(
        request
            .headers
            .iter()
            .flat_map(|(name, value)| header(request, name, value)),
    );
    words.extend(
        defaults(request)
            .into_iter()
            .flat_map(|name| ["-H".to_owned(), quoted(&format!("{name}:"))]),
    );
    let (source, body) = body(&request.body);
    words.extend(body);
    words.extend(address(request));
    source + &words.join(" ")
}

/// `-I` for a HEAD, whose answer has no body to wait for.
fn method(request: &Request) -> Vec<String> {
    if request.method == "HEAD" && request.body == Body::None {
        return vec!["-I".to_owned()];
    }
    vec!["-i".to_owned(), "-X".to_owned(), quoted(&request.method)]
}

/// The words for one header line; none for a line that curl writes by itself.
fn header(request: &Request, name: &str, value: &str) -> Vec<String> {
    let is = |other: &str| name == other;
    let length = request.body.len();
    let by_itself = name.eq_ignore_ascii_case("Host") && value == request.url.authority()
        || is("User-Agent") && value == USER_AGENT
        || is("Content-Length") && length > 0 && value == length.to_string();
    if by_itself {
        return Vec::new();
    }
    let password = value
        .strip_prefix("Basic ")
        .and_then(|rest| rest.strip_suffix(REDACTED));
    if let Some(user) = password {
        let pair = format!("{}\"$ASSIZE_PASSWORD\"", quoted(user));
        return if is("Authorization") {
            vec!["-u".to_owned(), pair]
        } else {
            let encoded = format!("$(printf %s {pair} | base64 | tr -d '\\n')");
            vec!["-H".to_owned(), format!("\"{name}: Basic {encoded}\"")]
        };
    }
    let line = match value.strip_suffix(REDACTED) {
        Some(scheme) => format!("{}\"$ASSIZE_TOKEN\"", quoted(&format!("{name}: {scheme}"))),
        None if value.is_empty() => quoted(&format!("{name};")),
        None => quoted(&format!("{name}: {value}")),
    };
    vec!["-H".to_owned(), line]
}

/// The lines that curl would add and that were not sent.
fn defaults(request: &Request) -> Vec<&'static str> {
    let body = request.body != Body::None;
    [("Accept", true), ("Content-Type", body), ("Expect", body)]
        .into_iter()
        .filter(|(name, added)| *added && !request.headers.contains(name))
        .map(|(name, _)| name)
        .collect()
}

/// What stands before `curl` to make the body, and the words that make curl send it.
fn body(body: &Body) -> (String, Vec<String>) {
    let from = |file: String| vec!["--data-binary".to_owned(), file];
    let bytes = match body {
        Body::None => return (String::new(), Vec::new()),
        Body::Sized(bytes) if bytes.is_empty() => return (String::new(), Vec::new()),
        Body::Sized(payload) | Body::Chunked(payload) if is_written_out(payload) => payload.bytes(),
        longer => return (String::new(), from(format!("@body-of-{}-bytes", longer.len()))),
    };
    match std::str::from_utf8(&bytes) {
        Ok(text) if !text.contains(char::is_control) => {
            (String::new(), vec!["--data-raw".to_owned(), quoted(text)])
        }
        _ => (printf(&bytes) + " | ", from("@-".to_owned())),
    }
}

/// Whether a body is short enough to be written out in the line.
pub fn is_written_out(payload: &Payload) -> bool {
    let is_text = || std::str::from_utf8(&payload.bytes()).is_ok_and(|text| !text.contains(is_unprintable));
    payload.len() <= BYTES_LIMIT || payload.len() <= TEXT_LIMIT && is_text()
}

fn is_unprintable(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

/// The address; where curl would read it in a way of its own, the target is given apart.
fn address(request: &Request) -> Vec<String> {
    let target = request.url.request_target();
    if target.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
        let globs = target.contains(['[', ']', '{', '}']) || request.url.authority().contains('[');
        let plain = globs.then(|| "-g".to_owned());
        return plain
            .into_iter()
            .chain([in_quotes(&request.url.to_string())])
            .collect();
    }
    let server = request.url.with_target("/").to_string();
    vec!["--request-target".to_owned(), quoted(&target), in_quotes(&server)]
}

/// A word of shell that stands for this text.
pub fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:@%+,=".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    // What a shell takes from a command loses its last line breaks.
    if hides(text) && !text.ends_with('\n') {
        return format!("\"$({})\"", printf(text.as_bytes()));
    }
    in_quotes(text)
}

/// The same, in quotes even if it needs none: so an address can be found in a line and put in another's place.
fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A command of shell that prints these bytes.
pub(super) fn printf(bytes: &[u8]) -> String {
    let first = if bytes.starts_with(b"-") { "\\055" } else { "" };
    let rest = bytes.get(usize::from(!first.is_empty())..).unwrap_or_default();
    format!("printf '{first}{}'", escaped(rest))
}

/// The same bytes in the format of a `printf`, between quotes.
pub(super) fn escaped(bytes: &[u8]) -> String {
    let mut format = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\n' => format.push_str("\\n"),
            b'\r' => format.push_str("\\r"),
            b'\t' => format.push_str("\\t"),
            b'\\' => format.push_str("\\\\"),
            b'%' => format.push_str("%%"),
            b' '..=b'~' => format.push(char::from(byte)),
            _ => format.push_str(&format!("\\{byte:03o}")),
        }
    }
    format.replace('\'', r"'\''")
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::testing::{Server, client, status};
    use super::super::{Fault, Headers, Letters, Url};
    use super::*;

    fn request(method: &str, url: &str) -> Request {
        Request::new(method, Url::parse(url).unwrap())
    }

    fn line(request: Request) -> String {
        curl(&Exchange {
            number: 1,
            request,
            outcome: Err(Fault::Closed(String::new())),
            hops: Vec::new(),
            elapsed: Duration::ZERO,
            insecure: false,
        })
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
            r#"curl -i -X PUT --path-as-is -H 'Content-Type: application/json' -u alice:"$ASSIZE_PASSWORD" -H Accept: -H Expect: --data-raw '{"a":"it"}' -g 'https://r.example/v2/a/manifests/it'\''s?x=[1]'"#
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
            r#"curl -I --path-as-is -H 'Accept: */*' -H 'authorization: Bearer '"$ASSIZE_TOKEN" -H 'X-Empty;' 'http://h/v2/../a'"#
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
            r#"curl -i -X GET --path-as-is -H "$(printf 'X-Odd: a\342\200\256b'\''c')" -H 'X-Plain: ä' -H Accept: 'http://h/'"#
        );
    }

    #[test]
    fn a_long_body_is_a_file_to_be_made() {
        let mut long = request("PUT", "http://h/");
        long.body = Body::Sized(vec![0xff; BYTES_LIMIT as usize + 1].into());
        assert!(line(long).contains(" --data-binary @body-of-4097-bytes "));
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
            let line = curl(&exchange);
            assert!(!line.contains('\n'), "{line}");
            shell(&format!("{line} -s --max-time 5"));
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
}
