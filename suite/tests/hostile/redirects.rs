//! Where a registry leads: redirects of its first address that go nowhere, in circles, or to other kinds of servers.

use assize::wire::Reach;

use super::server::{Act, Call, script};
use super::trial::Case;

/// A redirect of everything to what this makes of the request.
fn redirects(
    name: &'static str,
    location: impl Fn(&Call) -> String + Send + Sync + 'static,
    words: &'static str,
) -> Case {
    let answer = move |call: &Call| {
        let lines = location(call);
        let text = format!("HTTP/1.1 307 Temporary Redirect\r\n{lines}Content-Length: 0\r\n\r\n");
        vec![Act::Say(text.into_bytes())]
    };
    Case::unusable(name, script(answer), words)
}

fn to(name: &'static str, place: &'static str, words: &'static str) -> Case {
    redirects(name, move |_| format!("Location: {place}\r\n"), words)
}

pub(crate) fn cases() -> Vec<Case> {
    let tables = [chains(), addresses(), hosts()];
    tables.into_iter().flatten().collect()
}

/// Redirects that lead nowhere, or to others.
fn chains() -> Vec<Case> {
    vec![
        to("a redirect to itself", "/v2/", "gave up after 10 redirects"),
        redirects(
            "a redirect that grows",
            |call| format!("Location: {}x/\r\n", call.target),
            "gave up after 10 redirects",
        ),
        redirects(
            "a redirect without a place",
            |_| String::new(),
            "the 307 has no Location",
        ),
        redirects(
            "a redirect of 60 KB",
            |_| format!("Location: /{}\r\n", "x".repeat(60_000)),
            "gave up after 10 redirects",
        ),
    ]
}

/// Redirects to addresses that are none of a registry.
fn addresses() -> Vec<Case> {
    vec![
        to(
            "a redirect to a file",
            "file:///etc/passwd",
            "the scheme `file` is neither http nor https",
        ),
        to(
            "a redirect to gopher",
            "gopher://127.0.0.1:70/",
            "the scheme `gopher` is neither http nor https",
        ),
        to(
            "a redirect to javascript",
            "javascript:alert(1)",
            "the scheme `javascript` is neither http nor https",
        ),
        to(
            "a redirect with a password",
            "http://user:pw@127.0.0.1/",
            "it carries credentials",
        ),
        to(
            "a redirect to a port that is none",
            "http://127.0.0.1:99999/",
            "is not a port",
        ),
        to("a redirect to port 0", "http://127.0.0.1:0/", "is not a port"),
        to(
            "a redirect to no host",
            "http:///v2/",
            "is not the name or the address of a host",
        ),
        to(
            "a redirect to a host with signs",
            "http://a$b/",
            "is not the name or the address of a host",
        ),
        to("a redirect with a blank", "/v2/ a", "has to be percent-encoded"),
        redirects(
            "a redirect that is turned around",
            |_| "Location: /v2/\u{202e}x y\r\n".to_owned(),
            "has to be percent-encoded",
        ),
    ]
}

/// Redirects to hosts that are not there, or may not be asked.
fn hosts() -> Vec<Case> {
    vec![
        to(
            "a redirect to where nobody listens",
            "http://127.0.0.1:1/v2/",
            "nothing listens there",
        ),
        to(
            "a redirect to a host that is not there",
            "http://no-such-host.invalid/",
            "cannot connect",
        ),
        Case {
            reach: Reach::SameHost,
            ..to(
                "a redirect to another host, which may not be asked",
                "http://127.0.0.2:1/v2/",
                "--same-host keeps every request on 127.0.0.1",
            )
        },
    ]
}
