//! What was written and read on a connection by hand, and the shell line that does it again.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::curl::{escaped, printf, quoted};
use super::grant::REDACTED;
use super::url::{Origin, Scheme};
use super::{Payload, Url};

/// How long the shell line waits for an answer, in seconds.
const PATIENCE: u64 = 2;

/// The shortest run of one byte that the shell line makes in place of writing it out.
const LONG_RUN: usize = 256;

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
    /// How long the server asked to be left alone, if it answered that too many requests came.
    pub limited: Option<Duration>,
}

/// One thing that happened on a connection.
#[derive(Clone, PartialEq, Eq)]
pub enum Step {
    /// These bytes were written.
    Sent(Payload),
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
                Step::Sent(bytes) if bytes.is_empty() => continue,
                Step::Sent(bytes) => written(&bytes.bytes()),
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
        } else if commands.is_empty() {
            commands.push(":".to_owned());
        }
        format!("{{ {}; }} | {}", commands.join("; "), self.pipe())
    }

    /// The same line for an address that is in `$place`, in place of the one that was given when this was written.
    pub fn shell_at(&self, place: &Url) -> String {
        let taken = format!("'; printf %s \"${{place#{}}}\"; printf '", place.origin());
        self.shell()
            .replace(&escaped(place.request_target().as_bytes()), &taken)
    }

    /// Whether what was written asks for this address, or for it with more behind it.
    pub fn asks(&self, place: &Url) -> bool {
        let target = place.request_target();
        let asked = self.steps.iter().find_map(|step| match step {
            Step::Sent(bytes) => {
                let text = String::from_utf8(bytes.bytes().into()).ok()?;
                text.split(' ').nth(1).map(str::to_owned)
            }
            _ => None,
        });
        asked.is_some_and(|asked| asked.starts_with(&*target))
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

/// The commands that write these bytes; a long run of one byte is made, not written out.
fn written(bytes: &[u8]) -> String {
    let mut commands = Vec::new();
    let (mut plain, mut at) = (0, 0);
    for run in bytes.chunk_by(|one, next| one == next) {
        let end = at + run.len();
        if run.len() >= LONG_RUN {
            commands.extend((plain < at).then(|| printf(&bytes[plain..at])));
            let byte = escaped(&run[..1]);
            commands.push(format!("head -c {} /dev/zero | tr '\\0' '{byte}'", run.len()));
            plain = end;
        }
        at = end;
    }
    commands.extend((plain < bytes.len()).then(|| printf(&bytes[plain..])));
    commands.join("; ")
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
            Step::Sent(bytes) => write!(f, "> {}", bytes.bytes().escape_ascii()),
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

    use proptest::prelude::*;

    use super::super::Url;
    use super::*;

    fn transcript(server: &str, steps: Vec<Step>) -> Transcript {
        Transcript {
            number: 1,
            server: Url::parse(server).unwrap().origin(),
            steps,
            elapsed: Duration::ZERO,
            insecure: false,
            limited: None,
        }
    }

    /// Whether a shell takes a line for one.
    fn is_shell(line: &str) -> bool {
        let output = Command::new("sh").args(["-n", "-c", line]).output().unwrap();
        output.status.success()
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let bytes = prop_oneof![
            Just(Vec::new()),
            proptest::collection::vec(any::<u8>(), 0..40),
            "[ -~]{0,40}".prop_map(String::into_bytes),
            (any::<u8>(), LONG_RUN..LONG_RUN + 9).prop_map(|(byte, length)| vec![byte; length]),
        ];
        prop_oneof![
            4 => bytes.prop_map(|bytes| Step::Sent(bytes.into())),
            1 => "[ -~]{1,9}".prop_map(|user| Step::Authorized(format!("Basic {user}:{REDACTED}"))),
            1 => Just(Step::Finished),
            1 => Just(Step::Received("x".into())),
            1 => Just(Step::Ended),
        ]
    }

    #[test]
    fn nothing_sent_is_no_command() {
        let steps = vec![Step::Sent("x".into()), Step::Sent("".into())];
        assert_eq!(
            transcript("http://h", steps).shell(),
            "{ printf 'x'; sleep 2; } | nc h 80"
        );
        let nothing = transcript("http://h", vec![Step::Sent("".into()), Step::Finished]).shell();
        assert_eq!(nothing, "{ :; } | nc -N h 80");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn every_line_is_one_that_a_shell_takes(steps in proptest::collection::vec(any_step(), 0..6), secure in any::<bool>()) {
            let server = if secure { "https://[::1]" } else { "http://h:5000" };
            let line = transcript(server, steps).shell();
            prop_assert!(is_shell(&line), "{}", line);
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
    fn a_long_run_of_one_byte_is_made() {
        let sent = format!("PATCH / HTTP/1.1\r\n\r\n{}end", "%".repeat(LONG_RUN));
        let steps = vec![Step::Sent(sent.clone().into()), Step::Finished];
        let line = transcript("http://h", steps).shell().replace("nc -N h 80", "cat");
        assert!(line.len() < LONG_RUN, "{line}");
        let output = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), sent);
    }

    #[test]
    fn an_upload_is_taken_from_where_it_was_opened() {
        let place = Url::parse("http://h/v2/a/blobs/uploads/1?_state=x%3D").unwrap();
        let sent = "PATCH /v2/a/blobs/uploads/1?_state=x%3D&digest=1 HTTP/1.1\r\n\r\n";
        let transcript = transcript("http://h", vec![Step::Sent(sent.into()), Step::Finished]);
        assert!(transcript.asks(&place));
        let line = transcript.shell_at(&place).replace("nc -N h 80", "cat");
        let mut command = Command::new("sh");
        command.env("place", "http://h/v2/a/blobs/uploads/2?_state=y%20");
        let output = command.args(["-c", &line]).output().unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "PATCH /v2/a/blobs/uploads/2?_state=y%20&digest=1 HTTP/1.1\r\n\r\n"
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
