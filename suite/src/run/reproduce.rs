//! How a finding is shown again: the exchanges that lead to it, as lines for a shell.

use std::sync::Arc;

use crate::wire::{Exchange, Transcript, Url, curl};

/// The exchanges that must be repeated for `last` to mean the same again: each one whose `Location` a later one uses.
/// Content that was pushed is not among them: what a broken scenario pushed stays in the registry.
pub fn backward(transcript: &[Arc<Exchange>], last: &Arc<Exchange>) -> Vec<Arc<Exchange>> {
    let mut chain = vec![last.clone()];
    let mut wanted = &last.request.url;
    let earlier = transcript
        .iter()
        .rev()
        .skip_while(|exchange| exchange.number >= last.number);
    for exchange in earlier {
        if exchange.request.method != "GET"
            && location(exchange).is_some_and(|location| location.path() == wanted.path())
        {
            chain.push(exchange.clone());
            wanted = &exchange.request.url;
        }
    }
    chain.reverse();
    chain
}

/// Where an answer says that the upload is to go on. What was created has an address that stays.
fn location(exchange: &Exchange) -> Option<Url> {
    let answer = exchange
        .outcome
        .as_ref()
        .ok()
        .filter(|answer| answer.status == 202)?;
    answer.url.resolve(answer.headers.get("Location")?).ok()
}

/// The lines for a shell. An address that an earlier answer gave is taken from that answer, not repeated.
pub fn script(chain: &[Arc<Exchange>]) -> String {
    let Some((last, before)) = chain.split_last() else {
        return String::new();
    };
    let (mut lines, place) = leading(before);
    lines.push(line(last, place.as_ref()));
    lines.join("\n")
}

/// The lines that write again what was written on a connection by hand. Where that went to an upload, the lines that
/// open one come first.
pub fn by_hand(transcript: &[Arc<Exchange>], connection: &Transcript) -> String {
    let opened = transcript.iter().rev().find_map(|exchange| {
        let place = location(exchange)?;
        connection.asks(&place).then_some((exchange, place))
    });
    let Some((opened, place)) = opened else {
        return connection.shell();
    };
    let (mut lines, _) = leading(&backward(transcript, opened));
    lines.push(connection.shell_at(&place));
    lines.join("\n")
}

/// Lines each of which keeps in `$place` the address that its answer gives, and the last of those addresses.
fn leading(chain: &[Arc<Exchange>]) -> (Vec<String>, Option<Url>) {
    let mut place = None;
    let mut lines = Vec::new();
    for exchange in chain {
        let origin = exchange.request.url.origin();
        lines.push(format!(
            "place=$({} -s -o /dev/null -D - | tr -d '\\r' | sed -n 's/^[Ll]ocation: *//p' | sed 's|^/|{origin}/|')",
            line(exchange, place.as_ref())
        ));
        place = location(exchange);
    }
    (lines, place)
}

/// The line that sends a request again; its address is `$place` where that is the one which was given.
fn line(exchange: &Exchange, place: Option<&Url>) -> String {
    let line = curl(exchange);
    match place {
        Some(place) => line
            .replace(&format!("'{place}"), "\"$place\"'")
            .replace("\"$place\"''", "\"$place\""),
        None => line,
    }
}
