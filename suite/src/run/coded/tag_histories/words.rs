//! A piece of a history in words: which client wrote what and when, and who read what afterwards.

use std::time::Duration;

use super::TagValue;
use crate::run::coded::history::{ReadOrWrite, RegisterOperation};

/// The operations in the order in which they were asked for, each with the method that did it.
pub(super) fn of(piece: &[(&RegisterOperation<TagValue>, &str)]) -> String {
    let mut piece = piece.to_vec();
    piece.sort_by_key(|(operation, _)| operation.asked);
    let mut names: Vec<&str> = Vec::new();
    for (operation, _) in &piece {
        if let Some(digest) = operation.act.value().as_deref()
            && !names.contains(&digest)
        {
            names.push(digest);
        }
    }
    let told: Vec<String> = piece
        .iter()
        .map(|(operation, method)| told(operation, method, &names))
        .collect();
    let named: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(at, digest)| format!("{} is {digest}", letter(at)))
        .collect();
    format!("{}. {}", told.join("; "), named.join(", "))
}

fn told(operation: &RegisterOperation<TagValue>, method: &str, names: &[&str]) -> String {
    let name = |digest: &str| {
        let at = names.iter().position(|known| *known == digest);
        letter(at.unwrap_or_default())
    };
    let request = match &operation.act {
        ReadOrWrite::Write(Some(digest)) => format!("put {}", name(digest)),
        ReadOrWrite::Write(None) => "deleted the tag".to_owned(),
        ReadOrWrite::Read(Some(digest)) => format!("got {} by {method}", name(digest)),
        ReadOrWrite::Read(None) => format!("found no tag by {method}"),
    };
    let end = match (operation.answered, &operation.act) {
        (None, _) => "never acknowledged".to_owned(),
        (Some(time), ReadOrWrite::Write(_)) => format!("acknowledged at {}", milliseconds(time)),
        (Some(time), ReadOrWrite::Read(_)) => format!("answered at {}", milliseconds(time)),
    };
    let asked = milliseconds(operation.asked);
    format!("client {} {request} (sent at {asked}, {end})", operation.client)
}

/// A short name for a manifest.
fn letter(at: usize) -> String {
    match u8::try_from(at).ok().filter(|at| *at < 26) {
        Some(at) => char::from(b'A' + at).to_string(),
        None => format!("number {at}"),
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(
        client: usize,
        act: ReadOrWrite<TagValue>,
        asked: u64,
        answered: Option<u64>,
    ) -> RegisterOperation<TagValue> {
        RegisterOperation {
            client,
            act,
            asked: Duration::from_micros(asked),
            answered: answered.map(Duration::from_micros),
        }
    }

    #[test]
    fn a_piece_says_who_wrote_what_when_and_who_read_what_afterwards() {
        let value = |text: &str| Some(format!("sha256:{text}"));
        let old = operation(1, ReadOrWrite::Write(value("0d")), 400, Some(2000));
        let new = operation(2, ReadOrWrite::Write(value("4e")), 2500, Some(4040));
        let stale = operation(3, ReadOrWrite::Read(value("0d")), 4100, Some(5000));
        assert_eq!(
            of(&[(&stale, "GET"), (&old, "PUT"), (&new, "PUT")]),
            "client 1 put A (sent at 0.4 ms, acknowledged at 2.0 ms); \
             client 2 put B (sent at 2.5 ms, acknowledged at 4.0 ms); \
             client 3 got A by GET (sent at 4.1 ms, answered at 5.0 ms). A is sha256:0d, B is sha256:4e"
        );
        let gone = operation(2, ReadOrWrite::Write(None), 2500, None);
        let none = operation(3, ReadOrWrite::Read(None), 4100, Some(5000));
        assert_eq!(
            of(&[(&old, "PUT"), (&gone, "DELETE"), (&none, "HEAD")]),
            "client 1 put A (sent at 0.4 ms, acknowledged at 2.0 ms); \
             client 2 deleted the tag (sent at 2.5 ms, never acknowledged); \
             client 3 found no tag by HEAD (sent at 4.1 ms, answered at 5.0 ms). A is sha256:0d"
        );
    }
}
