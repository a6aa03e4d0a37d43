//! What HTTP/2 has numbers for, in words.

use std::io;

use h2::{Error, Reason};

/// What an end is called.
const ENDED: &str = "the connection was closed";

/// How a stream or its connection ended, and when.
pub(super) fn ended(error: &Error, when: &str) -> String {
    if let Some(broken) = error.get_io() {
        return format!("{} {when}", how(broken));
    }
    let Some(reason) = error.reason() else {
        return format!("the connection broke {when} ({error})");
    };
    let told = told(reason);
    if error.is_go_away() {
        return format!("the server ended the connection {when} ({told})");
    }
    format!("the server broke off {when} ({told})")
}

/// What a server sent that is not HTTP/2.
pub(super) fn broken(error: &Error) -> String {
    match error.reason() {
        // The library gives the connection up over a head of four times the limit, and over a flood of tiny frames.
        Some(Reason::ENHANCE_YOUR_CALM) => {
            "its head is far too long, or too much came that says nothing".to_owned()
        }
        Some(reason) => format!("it is not HTTP/2 as RFC 9113 has it ({reason:?})"),
        None => format!("it is not HTTP/2 as RFC 9113 has it ({error})"),
    }
}

fn how(error: &io::Error) -> String {
    match error.kind() {
        // The library calls an orderly end a broken pipe.
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => ENDED.to_owned(),
        io::ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        _ => format!("the connection broke ({error})"),
    }
}

/// The name of a reason, and what a server says by it.
fn told(reason: Reason) -> String {
    let words = match reason {
        Reason::NO_ERROR => "nothing is wrong",
        Reason::PROTOCOL_ERROR => "it takes the request for a breach of HTTP/2",
        Reason::INTERNAL_ERROR => "it failed",
        Reason::FLOW_CONTROL_ERROR => "it was sent more than it takes",
        Reason::SETTINGS_TIMEOUT => "its settings went unanswered",
        Reason::STREAM_CLOSED => "it had ended the stream",
        Reason::FRAME_SIZE_ERROR => "it takes no frame of such a size",
        Reason::REFUSED_STREAM => "it has not begun with the request",
        Reason::CANCEL => "it has given the request up",
        Reason::COMPRESSION_ERROR => "it cannot read the header lines",
        Reason::CONNECT_ERROR => "it lost a connection of its own",
        Reason::ENHANCE_YOUR_CALM => "too much is asked of it",
        Reason::INADEQUATE_SECURITY => "TLS is not as it wants it",
        Reason::HTTP_1_1_REQUIRED => "it wants HTTP/1.1",
        _ => return format!("reason {}", u32::from(reason)),
    };
    format!("{reason:?}: {words}")
}
