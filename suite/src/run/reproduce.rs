//! How a finding is shown again: the exchanges that lead to it, as lines for a shell.

use std::sync::Arc;

use crate::wire::{Exchange, Url, curl};

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
    let mut lines = Vec::new();
    let mut known: Option<Url> = None;
    for (at, exchange) in chain.iter().enumerate() {
        let mut line = curl(exchange);
        if let Some(place) = &known {
            line = line
                .replace(&format!("'{place}"), "\"$place\"'")
                .replace("\"$place\"''", "\"$place\"");
        }
        let next = location(exchange).filter(|_| at + 1 < chain.len());
        if next.is_some() {
            let origin = exchange.request.url.origin();
            line = format!(
                "place=$({line} -s -o /dev/null -D - | tr -d '\\r' | sed -n 's/^[Ll]ocation: *//p' | sed 's|^/|{origin}/|')"
            );
        }
        known = next;
        lines.push(line);
    }
    lines.join("\n")
}
