//! Messages as bytes: those of a client on the standard input, and the answers on the standard output.

use std::io::{self, BufRead, Read, Write};
use std::thread::{self, JoinHandle};

use crossbeam_channel::bounded;
use lsp_server::{Connection, Message};

/// How many messages wait for an answer before the client has to wait, too. Enough for what is typed while a large
/// file is read; a client that sends without end is held back by it.
const WAITING: usize = 64;
/// The longest message that is read. A scenario has a few KiB, and an editor sends it whole.
const LONGEST: u64 = 64 << 20;

/// What is said where the input ends before anything came.
const NOBODY: &str = "nothing came on the standard input; an editor starts this program and speaks the Language Server \
                      Protocol to it: messages in JSON, each behind a Content-Length";

/// A client on the standard input and output of this process, and the thread that writes to it: join it at the end.
pub fn connect() -> (Connection, JoinHandle<()>) {
    let (to_server, receiver) = bounded(WAITING);
    let (sender, to_client) = bounded::<Message>(WAITING);
    // The end of the input ends the loop, and with it the channel and the server.
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut is_first = true;
        loop {
            match read(&mut input) {
                Ok(Some(message)) => {
                    is_first = false;
                    if to_server.send(message).is_err() {
                        break;
                    }
                }
                Ok(None) if is_first => {
                    say(NOBODY);
                    break;
                }
                Ok(None) => break,
                Err(Unread::Passed(fault)) => say(&format!("a message is passed over: {fault}")),
                Err(Unread::Lost(fault)) => {
                    say(&format!("the client is not understood: {fault}"));
                    break;
                }
            }
        }
    });
    let writer = thread::spawn(move || {
        let mut output = io::stdout().lock();
        for message in to_client {
            if message.write(&mut output).is_err() {
                break;
            }
        }
    });
    (Connection { sender, receiver }, writer)
}

/// Writes to the log that an editor keeps of a server.
fn say(line: &str) {
    // Where there is nobody to read it, there is nobody to tell.
    let _ = writeln!(io::stderr(), "assize lsp: {line}");
}

/// Why no message was read.
#[derive(Debug)]
enum Unread {
    /// It is none, and the next one follows.
    Passed(String),
    /// Nobody knows where the next one begins.
    Lost(String),
}

/// Reads the next message; none, at the end of the input.
fn read(input: &mut impl BufRead) -> Result<Option<Message>, Unread> {
    let lost = |fault: &dyn ToString| Unread::Lost(fault.to_string());
    let Some(length) = length(input).map_err(|fault| lost(&fault))? else {
        return Ok(None);
    };
    if length > LONGEST {
        io::copy(&mut input.take(length), &mut io::sink()).map_err(|fault| lost(&fault))?;
        return Err(Unread::Passed(format!("it has {length} bytes")));
    }
    let mut body = Vec::new();
    input
        .take(length)
        .read_to_end(&mut body)
        .map_err(|fault| lost(&fault))?;
    if (body.len() as u64) < length {
        return Ok(None);
    }
    serde_json::from_slice(&body)
        .map(Some)
        .map_err(|fault| Unread::Passed(fault.to_string()))
}

/// Reads the header of a message, and the length of what follows; none, at the end of the input.
fn length(input: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if input.take(LONGEST).read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim();
        if line.is_empty() {
            return match length {
                Some(length) => Ok(Some(length)),
                None => Err(io::Error::other("a header has no Content-Length")),
            };
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse().map_err(io::Error::other)?);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXIT: &str = r#"{"jsonrpc":"2.0","method":"exit"}"#;

    /// What comes of each message of an input: the method that it names, or why there is none.
    fn read_all(input: &str) -> Vec<String> {
        let mut input = io::Cursor::new(input);
        let mut found = Vec::new();
        loop {
            match read(&mut input) {
                Ok(Some(Message::Notification(notification))) => found.push(notification.method),
                Ok(Some(other)) => found.push(format!("{other:?}")),
                Ok(None) => return found,
                Err(Unread::Passed(_)) => found.push("passed over".to_owned()),
                Err(Unread::Lost(_)) => {
                    found.push("lost".to_owned());
                    return found;
                }
            }
        }
    }

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn messages_are_read_one_after_the_other() {
        let typed = format!(
            "content-length:{}\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n{EXIT}",
            EXIT.len()
        );
        assert_eq!(read_all(&(framed(EXIT) + &typed)), ["exit", "exit"]);
        assert_eq!(read_all(""), [""; 0]);
    }

    #[test]
    fn what_is_no_message_is_passed_over() {
        for body in ["{", "", "[]", "null", "\u{0}"] {
            assert_eq!(
                read_all(&(framed(body) + &framed(EXIT))),
                ["passed over", "exit"],
                "{body}"
            );
        }
        let long = format!(
            "Content-Length: {}\r\n\r\n{}",
            LONGEST + 1,
            " ".repeat(LONGEST as usize + 1)
        );
        assert_eq!(read_all(&(long + &framed(EXIT))), ["passed over", "exit"]);
    }

    #[test]
    fn an_input_that_says_no_length_or_ends_too_soon_is_the_end() {
        for header in [
            "Content-Length: -1\r\n\r\n",
            "Content-Length: x\r\n\r\n",
            "\r\n",
            "a: b\r\n\r\n",
        ] {
            assert_eq!(read_all(&format!("{header}{EXIT}")), ["lost"], "{header}");
        }
        for input in [
            "Content-Length: 99\r\n\r\n{",
            "Content-Length: 18446744073709551615\r\n\r\n{",
            "Content-",
        ] {
            let found = read_all(input);
            assert!(found.is_empty() || found == ["passed over"], "{input}: {found:?}");
        }
    }
}
