//! The line of shell that sends a request again.

use super::grant::REDACTED;
use super::head::USER_AGENT;
use super::{Account, Body, Exchange, Fault, Protocol, Request, redirect};
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
    if exchange.protocol == Protocol::Http1Alone {
        words.push("--http1.1".to_owned());
    }
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
mod tests;
