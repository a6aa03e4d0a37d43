//! What was written and read on a connection by hand, and the shell line that does it again.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::curl::{printf, quoted};
use super::grant::REDACTED;
use super::url::{Origin, Scheme};

/// How long the shell line waits for an answer, in seconds.
const PATIENCE: u64 = 2;

/// All that happened on a connection, in order.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Which exchange of its client this is.
    pub number: u64,
    /// The server.
    pub server: Origin,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// How long the connection was open.
    pub elapsed: Duration,
    /// Whether certificates went unchecked.
    pub insecure: bool,
}

/// One thing that happened on a connection.
#[derive(Clone, PartialEq, Eq)]
pub enum Step {
    /// These bytes were written.
    Sent(Bytes),
    /// An `Authorization` line with this value was written; the secret in it is redacted.
    Authorized(String),
    /// No more was to be written, and the server was told so.
    Finished,
    /// These bytes came.
    Received(Bytes),
    /// Nothing came for so long.
    Waited(Duration),
    /// The server ended the connection.
    Ended,
}

impl Transcript {
    /// One line of shell that writes the same bytes, with the same pauses, and shows what comes.
    ///
    /// Secrets stand in it as `$ASSIZE_PASSWORD` and `$ASSIZE_TOKEN`.
    pub fn shell(&self) -> String {
        let mut commands: Vec<String> = Vec::new();
        let mut answered = false;
        for step in &self.steps {
            let command = match step {
                Step::Sent(bytes) => printf(bytes),
                Step::Authorized(value) => authorization(value),
                Step::Received(_) | Step::Waited(_) => {
                    answered = true;
                    continue;
                }
                Step::Finished | Step::Ended => continue,
            };
            if std::mem::take(&mut answered) {
                commands.push("sleep 1".to_owned());
            }
            commands.push(command);
        }
        if !self.steps.contains(&Step::Finished) {
            commands.push(format!("sleep {PATIENCE}"));
        }
        format!("{{ {}; }} | {}", commands.join("; "), self.pipe())
    }

    /// The command that passes on what it reads.
    fn pipe(&self) -> String {
        let (host, port) = (self.server.host(), self.server.port());
        match self.server.scheme() {
            Scheme::Http if self.steps.contains(&Step::Finished) => format!("nc -N {host} {port}"),
            Scheme::Http => format!("nc {host} {port}"),
            Scheme::Https => {
                let check = if self.insecure {
                    ""
                } else {
                    " -verify_return_error"
                };
                let address = if host.contains(':') {
                    format!("[{host}]:{port}")
                } else {
                    format!("{host}:{port}")
                };
                format!("openssl s_client -quiet{check} -servername {host} -connect {address}")
            }
        }
    }
}

/// The command that writes an `Authorization` line, its secret taken from the environment.
fn authorization(value: &str) -> String {
    let password = value
        .strip_prefix("Basic ")
        .and_then(|rest| rest.strip_suffix(REDACTED));
    if let Some(user) = password {
        let pair = format!("{}\"$ASSIZE_PASSWORD\"", quoted(user));
        return format!(
            "printf 'Authorization: Basic %s\\r\\n' \"$(printf %s {pair} | base64 | tr -d '\\n')\""
        );
    }
    "printf 'Authorization: Bearer %s\\r\\n' \"$ASSIZE_TOKEN\"".to_owned()
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Sent(bytes) => write!(f, "> {}", bytes.escape_ascii()),
            Step::Authorized(value) => write!(f, "> Authorization: {value}"),
            Step::Finished => f.write_str("> end"),
            Step::Received(bytes) => write!(f, "< {}", bytes.escape_ascii()),
            Step::Waited(time) => write!(f, "< nothing for {time:?}"),
            Step::Ended => f.write_str("< end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::Url;
    use super::*;

    fn transcript(server: &str, steps: Vec<Step>) -> Transcript {
        Transcript {
            number: 1,
            server: Url::parse(server).unwrap().origin(),
            steps,
            elapsed: Duration::ZERO,
            insecure: false,
        }
    }

    #[test]
    fn a_shell_line_keeps_bytes_and_pauses() {
        let steps = vec![
            Step::Sent("HEAD / HTTP/1.1\r\n\r\n".into()),
            Step::Received("HTTP/1.1 200 OK\r\n\r\n".into()),
            Step::Sent("it's".into()),
            Step::Ended,
        ];
        assert_eq!(
            transcript("http://h:5000", steps).shell(),
            r"{ printf 'HEAD / HTTP/1.1\r\n\r\n'; sleep 1; printf 'it'\''s'; sleep 2; } | nc h 5000"
        );
        assert_eq!(
            transcript("https://[::1]", vec![Step::Sent("x".into()), Step::Finished]).shell(),
            "{ printf 'x'; } | openssl s_client -quiet -verify_return_error -servername ::1 -connect [::1]:443"
        );
    }

    #[test]
    fn secrets_come_from_the_environment() {
        let steps = vec![
            Step::Sent("GET / HTTP/1.1\r\n".into()),
            Step::Authorized("Basic o'alice:<redacted>".to_owned()),
            Step::Authorized("Bearer <redacted>".to_owned()),
            Step::Finished,
        ];
        let line = transcript("http://h", steps).shell().replace("nc -N h 80", "cat");
        let mut command = Command::new("sh");
        command
            .env("ASSIZE_PASSWORD", "hunter2")
            .env("ASSIZE_TOKEN", "to%ken");
        let output = command.args(["-c", &line]).output().unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "GET / HTTP/1.1\r\nAuthorization: Basic bydhbGljZTpodW50ZXIy\r\nAuthorization: Bearer to%ken\r\n"
        );
    }
}
