//! Challenges that ask for tokens in odd places, and token servers that give none.

use assize::wire::Reach;

use super::server::{Act, Call, script};
use super::trial::{Case, TOKEN};

/// A registry that asks everybody for a token, and this answer at `/token`.
fn server(
    name: &'static str,
    answer: impl Fn(&Call) -> Vec<Act> + Send + Sync + 'static,
    words: &'static str,
) -> Case {
    let registry = move |call: &Call| {
        if call.target.starts_with("/token") {
            return answer(call);
        }
        let realm = format!("http://127.0.0.1:{}/token", call.port);
        challenged(&format!(
            "Bearer realm=\"{realm}\",service=\"x\",scope=\"registry:catalog:*\""
        ))
    };
    Case::unusable(name, script(registry), words)
}

fn challenged(challenge: &str) -> Vec<Act> {
    let text =
        format!("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n");
    vec![Act::Say(text.into_bytes())]
}

/// A registry that asks for a token in this way.
fn asks(name: &'static str, challenge: impl Into<String>, words: &'static str) -> Case {
    let challenge = challenge.into();
    Case::unusable(name, script(move |_| challenged(&challenge)), words)
}

fn says(status: &str, body: &str) -> Vec<Act> {
    let text = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    vec![Act::Say(text.into_bytes())]
}

/// A token server that says this.
fn gives(name: &'static str, body: impl Into<String>, words: &'static str) -> Case {
    let body = body.into();
    server(name, move |_| says("200 OK", &body), words)
}

fn leads(name: &'static str, place: &'static str, words: &'static str) -> Case {
    let answer = move |_: &Call| says(&format!("307 X\r\nLocation: {place}"), "");
    server(name, answer, words)
}

pub(crate) fn cases() -> Vec<Case> {
    let tables = [realms(), challenges(), servers(), grants(), leads_elsewhere()];
    tables.into_iter().flatten().collect()
}

/// What the preflight says of a token that does not let anybody in.
const REFUSED: &str = "refuses the credentials";
/// What it says of an answer in which no token is.
const NONE: &str = "answers without `token` or `access_token`";

/// Places of token servers.
fn realms() -> Vec<Case> {
    vec![
        asks(
            "a realm in a file",
            "Bearer realm=\"file:///etc/passwd\"",
            "the scheme `file`",
        ),
        asks(
            "a realm at gopher",
            "Bearer realm=\"gopher://127.0.0.1/\"",
            "the scheme `gopher`",
        ),
        asks(
            "a realm that is a path",
            "Bearer realm=\"/token\"",
            "it is not an absolute address",
        ),
        asks(
            "a realm with a password",
            "Bearer realm=\"http://user:pw@127.0.0.1/\"",
            "it carries credentials",
        ),
        asks(
            "a realm that is empty",
            "Bearer realm=\"\"",
            "it is not an absolute address",
        ),
        asks(
            "a realm of 50 KB",
            format!("Bearer realm=\"http://127.0.0.1:1/{}\"", "x".repeat(50_000)),
            REFUSED,
        ),
        asks(
            "a realm where nobody listens",
            "Bearer realm=\"http://127.0.0.1:1/t\"",
            "nothing listens there",
        ),
        asks(
            "a realm in the open on another machine",
            "Bearer realm=\"http://192.0.2.1/t\"",
            "is asked in the open",
        ),
        Case {
            reach: Reach::SameHost,
            ..asks(
                "a realm on a host that may not be asked",
                "Bearer realm=\"http://127.0.0.2:1/t\"",
                "--same-host",
            )
        },
    ]
}

/// Challenges that are odd otherwise.
fn challenges() -> Vec<Case> {
    let many = vec!["Bearer realm=\"http://127.0.0.1:1/t\""; 200].join(", ");
    let scopes = "repository:a/b:pull ".repeat(2_500);
    vec![
        asks("two hundred challenges", many, REFUSED),
        asks(
            "thousands of scopes",
            format!("Bearer realm=\"http://127.0.0.1:1/t\",scope=\"{scopes}\""),
            REFUSED,
        ),
        asks(
            "quotes in quotes",
            "Bearer realm=\"http://127.0.0.1:1/\\\"t\\\"\"",
            REFUSED,
        ),
        asks(
            "a challenge that does not parse",
            "Bearer realm=\"unfinished",
            "asks for credentials",
        ),
        asks(
            "a challenge that is turned around",
            "Basic\u{202e} realm=\"x\"",
            "asks for credentials",
        ),
    ]
}

/// Token servers that give no token.
fn servers() -> Vec<Case> {
    vec![
        server(
            "a token server that hangs",
            |_| vec![Act::Hang],
            "no token from the token server",
        ),
        server(
            "a token server that hangs up",
            |_| vec![Act::Close],
            "no token from the token server",
        ),
        server(
            "a token server that refuses",
            |_| says("401 Unauthorized", ""),
            "does not accept the credentials",
        ),
        server(
            "a token server that fails",
            |_| says("500 X", ""),
            "answers 500, not a token",
        ),
        server(
            "a token server without end",
            |_| {
                vec![
                    Act::Say(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
                    Act::Repeat(vec![b'x'; 65_536], 8_000),
                ]
            },
            "the body is longer than",
        ),
        server(
            "a token server that says the password back",
            |call| {
                let line = call.header("Authorization").unwrap_or_default();
                says("200 OK", &format!("{{\"error\":\"{line}\"}}"))
            },
            NONE,
        ),
    ]
}

/// What is given for a token.
fn grants() -> Vec<Case> {
    const ODD: &str = "sends a token that no header line can hold";
    let token = |member: &str, more: &str| format!("{{\"{member}\":\"{TOKEN}\"{more}}}");
    vec![
        gives("HTML for a token", "<html>", NONE),
        gives("nothing for a token", "", NONE),
        gives("a list for a token", "[]", NONE),
        gives("a number for a token", "{\"token\":7}", NONE),
        gives("a token of nothing", "{\"token\":\"\"}", NONE),
        gives("a hundred thousand lists for a token", "[".repeat(100_000), NONE),
        gives(
            "a token of 8 MB",
            format!("{{\"token\":\"{}\"}}", "x".repeat(8 << 20)),
            NONE,
        ),
        gives("a token with a line break", "{\"token\":\"a\\r\\nX: b\"}", ODD),
        gives("a token with a blank", "{\"token\":\"a b\"}", ODD),
        gives("a token that is turned around", "{\"token\":\"a\\u202eb\"}", ODD),
        gives("a token that does not let in", token("token", ""), REFUSED),
        gives(
            "a token for ever",
            token("access_token", ",\"expires_in\":1e308"),
            REFUSED,
        ),
        gives(
            "a token for no time",
            token("token", ",\"expires_in\":0"),
            REFUSED,
        ),
        gives(
            "a token that has ended",
            token("token", ",\"expires_in\":-9223372036854775809"),
            REFUSED,
        ),
        gives(
            "a token of 300 KB",
            format!("{{\"token\":\"{}\"}}", "x".repeat(300_000)),
            REFUSED,
        ),
    ]
}

/// Token servers that are elsewhere.
fn leads_elsewhere() -> Vec<Case> {
    vec![
        leads(
            "a token server that leads in a circle",
            "/token",
            "gave up after 10 redirects",
        ),
        leads(
            "a token server that leads to a file",
            "file:///etc/passwd",
            "the scheme `file`",
        ),
        leads(
            "a token server that leads to another one",
            "http://127.0.0.1:1/t",
            "nothing listens there",
        ),
    ]
}
