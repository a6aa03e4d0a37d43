//! The line of shell that sends a request again.

use super::grant::REDACTED;
use super::head::USER_AGENT;
use super::{Account, Body, Exchange, Fault, Request, redirect};
use crate::hidden_characters::hides;

/// The longest text that is written out as a word of the line, in bytes; a longer one is made before it.
const WORD: usize = 1024;

/// What a line shows of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// All of it.
    Answer,
    /// The status and the header lines, for another command to read.
    Head,
    /// The status alone.
    Status,
    /// Nothing.
    Nothing,
}

/// One line of shell that sends again what was sent, as it was sent, within the same time; none where a body is too long
/// to be written out and follows no pattern.
///
/// Passwords stand in it as variables of the environment, and a token as the variable of this name. Redirects are
/// followed where they were.
pub fn curl(exchange: &Exchange, shows: Shows, token: &str) -> Option<String> {
    let (source, body) = body(&exchange.request.body)?;
    Some(source + &words(exchange, shows, token, body))
}

/// The same line with a body that a command makes.
pub fn curl_with_body_of(command: &str, exchange: &Exchange, shows: Shows, token: &str) -> String {
    format!(
        "{command} | {}",
        words(exchange, shows, token, from_standard_input())
    )
}

/// The words of the line, those about the body being given.
fn words(exchange: &Exchange, shows: Shows, token: &str, body: Vec<String>) -> String {
    let request = &exchange.request;
    let mut words = vec!["curl".to_owned()];
    words.extend(method(request, shows));
    words.extend(["--max-time".to_owned(), limit(exchange).to_string()]);
    words.push("--path-as-is".to_owned());
    words.extend(redirects(exchange));
    if exchange.insecure {
        words.push("-k".to_owned());
    }
    words.extend(
        request
            .headers
            .iter()
            .flat_map(|(name, value)| header(request, name, value, token)),
    );
    words.extend(
        defaults(request)
            .into_iter()
            .flat_map(|name| ["-H".to_owned(), quoted(&format!("{name}:"))]),
    );
    words.extend(body);
    words.extend(address(request));
    words.join(" ")
}

/// How long the line may take, in seconds: as long as the exchange, or as long as was waited where nothing came.
fn limit(exchange: &Exchange) -> u64 {
    let limit = match &exchange.outcome {
        Err(Fault::Timeout { after, .. }) => *after,
        _ => exchange.limit,
    };
    limit.as_secs().max(1)
}

/// `-L` where an answer sent the suite elsewhere, and it went.
fn redirects(exchange: &Exchange) -> Vec<String> {
    let followed = exchange
        .hops
        .iter()
        .any(|hop| redirect::is_redirect(hop.status) && hop.url == exchange.request.url);
    match &exchange.outcome {
        Err(Fault::TooManyRedirects(most)) => {
            vec!["-L".to_owned(), "--max-redirs".to_owned(), most.to_string()]
        }
        _ if followed => vec!["-L".to_owned()],
        _ => Vec::new(),
    }
}

/// The name of the variable with the password of an account.
pub fn password(account: &Account) -> String {
    match account {
        Account::Named(name) => {
            let name = name.to_uppercase().replace('-', "_");
            format!("ASSIZE_{name}_PASSWORD")
        }
        Account::Default | Account::Nobody => "ASSIZE_PASSWORD".to_owned(),
    }
}

/// The name of the variable with the refresh token of an account.
pub fn refresh_token(account: &Account) -> String {
    match account {
        Account::Named(name) => {
            let name = name.to_uppercase().replace('-', "_");
            format!("ASSIZE_{name}_REFRESH_TOKEN")
        }
        Account::Default | Account::Nobody => "ASSIZE_REFRESH_TOKEN".to_owned(),
    }
}

/// `-I` for a HEAD, whose answer has no body to wait for.
fn method(request: &Request, shows: Shows) -> Vec<String> {
    let is_head = request.method == "HEAD" && request.body == Body::None;
    let mut words = match shows {
        Shows::Answer if is_head => Vec::new(),
        Shows::Answer => vec!["-i"],
        Shows::Head => vec!["-s", "-o", "/dev/null", "-D", "-"],
        Shows::Status => vec!["-s", "-o", "/dev/null", "-w", r"'%{http_code}\n'"],
        Shows::Nothing => vec!["-s", "-o", "/dev/null"],
    };
    let method = quoted(&request.method);
    if is_head {
        words.push("-I");
    } else {
        words.extend(["-X", &method]);
    }
    words.into_iter().map(str::to_owned).collect()
}

/// The words for one header line; none for a line that curl writes by itself.
fn header(request: &Request, name: &str, value: &str, token: &str) -> Vec<String> {
    let is = |other: &str| name == other;
    let length = request.body.len();
    let by_itself = name.eq_ignore_ascii_case("Host") && value == request.url.authority()
        || is("User-Agent") && value == USER_AGENT
        || is("Content-Length") && length > 0 && value == length.to_string();
    if by_itself {
        return Vec::new();
    }
    let user = value
        .strip_prefix("Basic ")
        .and_then(|rest| rest.strip_suffix(REDACTED));
    if let Some(user) = user {
        let pair = format!("{}\"${}\"", quoted(user), password(&request.account));
        return if is("Authorization") {
            vec!["-u".to_owned(), pair]
        } else {
            let encoded = format!("$(printf %s {pair} | base64 | tr -d '\\n')");
            vec!["-H".to_owned(), format!("\"{name}: Basic {encoded}\"")]
        };
    }
    let line = match value.strip_suffix(REDACTED) {
        Some(scheme) => format!("{}\"${token}\"", quoted(&format!("{name}: {scheme}"))),
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
fn body(body: &Body) -> Option<(String, Vec<String>)> {
    if body.is_empty() && !matches!(body, Body::Chunked(_)) {
        return Some((String::new(), Vec::new()));
    }
    let recipe = body.recipe()?;
    let text = recipe.plain().and_then(|bytes| std::str::from_utf8(bytes).ok());
    let word = text.filter(|text| text.len() <= WORD && !text.contains(char::is_control));
    Some(match word {
        Some(text) => (String::new(), vec!["--data-raw".to_owned(), quoted(text)]),
        None => (recipe.command() + " | ", from_standard_input()),
    })
}

fn from_standard_input() -> Vec<String> {
    vec!["--data-binary".to_owned(), "@-".to_owned()]
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
    format!("printf '{}'", escaped(bytes))
}

/// The same bytes in the format of a `printf`, between quotes; a hyphen at its beginning would be taken for an option.
pub(super) fn escaped(bytes: &[u8]) -> String {
    let mut format = String::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'-' if at == 0 => format.push_str("\\055"),
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
    use super::super::{Headers, Hop, Letters, Payload, Url};
    use super::*;

    fn request(method: &str, url: &str) -> Request {
        Request::new(method, Url::parse(url).unwrap())
    }

    fn exchange(request: Request) -> Exchange {
        Exchange {
            number: 1,
            request,
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
}
