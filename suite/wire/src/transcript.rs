//! What was written and read on a connection by hand, and the shell line that does it again.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::curl::{escaped, quoted};
use super::grant::REDACTED;
use super::url::Scheme;
use super::{Limit, Pass, Payload, Url};

/// How long the shell line waits for an answer at least, in seconds.
const PATIENCE: u64 = 2;
/// The longest request line, in bytes.
const LINE: u64 = 16 * 1024;

/// All that happened on a connection, in order.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Which exchange of its client this is.
    pub number: u64,
    /// The registry.
    pub registry: Url,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// How long the connection was open.
    pub elapsed: Duration,
    /// Whether certificates went unchecked.
    pub insecure: bool,
    /// What the server asked for, if it answered that too many requests came.
    pub limited: Option<Limit>,
    /// The token by which it was let in, if it was by one that was fetched.
    pub pass: Option<Pass>,
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
    /// One line of shell that writes the same bytes, with the same pauses, and shows what comes; none where the bytes are
    /// too many to be written out and follow no pattern.
    ///
    /// Passwords stand in it as variables of the environment, and a token as the variable of this name.
    pub fn shell(&self, token: &str) -> Option<String> {
        let mut commands: Vec<String> = Vec::new();
        let mut answered = false;
        for step in &self.steps {
            let command = match step {
                Step::Sent(bytes) if bytes.is_empty() => continue,
                Step::Sent(payload) => payload.recipe()?.commands(),
                Step::Authorized(value) => authorization(value, token),
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
        if commands.is_empty() {
            commands.push(":".to_owned());
        }
        Some(format!("{{ {}; }} | {}", commands.join("; "), self.pipe()))
    }

    /// What `shell` gives, for an address that is in this variable, in place of the one that was given when this was
    /// written.
    pub fn shell_at(&self, token: &str, place: &Url, variable: &str) -> Option<String> {
        let taken = format!("'; printf %s \"${{{variable}#{}}}\"; printf '", place.origin());
        let asked = escaped(place.request_target().as_bytes());
        Some(self.shell(token)?.replacen(&asked, &taken, 1))
    }

    /// The program that the line needs besides those that every shell has.
    pub fn tool(&self) -> &'static str {
        match self.registry.origin().scheme() {
            Scheme::Http if self.steps.contains(&Step::Finished) => "perl",
            Scheme::Http => "curl",
            Scheme::Https => "openssl",
        }
    }

    /// The methods and the addresses of the requests that were written.
    pub fn requests(&self) -> impl Iterator<Item = (String, Url)> {
        self.steps.iter().filter_map(|step| {
            let Step::Sent(payload) = step else { return None };
            let beginning = payload.slice(0..LINE).bytes();
            let line = beginning.split(|byte| *byte == b'\r').next()?;
            let (method, rest) = std::str::from_utf8(line).ok()?.split_once(' ')?;
            let (target, version) = rest.split_once(' ')?;
            let is_request = version.starts_with("HTTP/");
            is_request.then(|| (method.to_owned(), self.registry.with_target(target)))
        })
    }

    /// Whether what was written asks for this address, or for it with more behind it.
    pub fn asks(&self, place: &Url) -> bool {
        let target = place.request_target();
        self.requests()
            .any(|(_, asked)| asked.request_target().starts_with(&*target))
    }

    /// The command that passes on what it reads, and shows what comes.
    fn pipe(&self) -> String {
        let server = self.registry.origin();
        let (host, port) = (server.host(), server.port());
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let limit = self.elapsed.as_secs() + PATIENCE;
        match server.scheme() {
            // No option of curl ends what is written and goes on reading.
            Scheme::Http if self.steps.contains(&Step::Finished) => format!(
                "perl -MIO::Socket -e 'alarm {limit}; my $s = IO::Socket::INET->new(\"{host}:{port}\") or die; \
                 $s->autoflush; print $s $_ while <STDIN>; shutdown $s, 1; print while <$s>'"
            ),
            Scheme::Http => format!("curl -sN --max-time {limit} telnet://{host}:{port}"),
            Scheme::Https => {
                let check = if self.insecure {
                    ""
                } else {
                    " -verify_return_error"
                };
                let name = server.host();
                format!(
                    "timeout {limit} openssl s_client -quiet{check} -servername {name} -connect {host}:{port}"
                )
            }
        }
    }
}

/// The command that writes an `Authorization` line, its secret taken from the environment.
fn authorization(value: &str, token: &str) -> String {
    let password = value
        .strip_prefix("Basic ")
        .and_then(|rest| rest.strip_suffix(REDACTED));
    if let Some(user) = password {
        let pair = format!("{}\"$ASSIZE_PASSWORD\"", quoted(user));
        return format!(
            "printf 'Authorization: Basic %s\\r\\n' \"$(printf %s {pair} | base64 | tr -d '\\n')\""
        );
    }
    format!("printf 'Authorization: Bearer %s\\r\\n' \"${token}\"")
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
    use super::super::testing::{self, Canned};
    use super::*;

    fn transcript(server: &str, steps: Vec<Step>) -> Transcript {
        Transcript {
            number: 1,
            registry: Url::parse(server).unwrap(),
            steps,
            elapsed: Duration::ZERO,
            insecure: false,
            limited: None,
            pass: None,
        }
    }

    /// The line, which writes to nobody.
    fn written(steps: Vec<Step>) -> String {
        let line = transcript("http://h", steps).shell("ASSIZE_TOKEN").unwrap();
        line.split_once(" | curl -sN").unwrap().0.to_owned()
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
            (any::<u8>(), 250_usize..300).prop_map(|(byte, length)| vec![byte; length]),
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
        assert_eq!(written(steps), "{ printf 'x'; }");
        assert_eq!(written(vec![Step::Sent("".into())]), "{ :; }");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn every_line_is_one_that_a_shell_takes(steps in proptest::collection::vec(any_step(), 0..6), secure in any::<bool>()) {
            let server = if secure { "https://[::1]" } else { "http://h:5000" };
            let line = transcript(server, steps).shell("t").unwrap();
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
        let shell = |server, steps| transcript(server, steps).shell("t").unwrap();
        assert_eq!(
            shell("http://h:5000", steps),
            r"{ printf 'HEAD / HTTP/1.1\r\n\r\n'; sleep 1; printf 'it'\''s'; } | curl -sN --max-time 2 telnet://h:5000"
        );
        assert_eq!(
            shell("https://[::1]", vec![Step::Sent("x".into()), Step::Finished]),
            "{ printf 'x'; } | timeout 2 openssl s_client -quiet -verify_return_error -servername ::1 -connect [::1]:443"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_line_is_heard_as_it_was_written_and_shows_what_comes() {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        let sent = Step::Sent("PUT /it's HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n\u{7f}%%".into());
        for steps in [vec![sent.clone()], vec![sent.clone(), Step::Finished]] {
            let server = Canned::serve(vec![testing::answer(answer)]).await;
            let line = transcript(&server.url.to_string(), steps).shell("t").unwrap();
            let output = Command::new("sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), answer, "{line}");
            assert_eq!(
                server.heard()[0],
                "PUT /it's HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n\u{7f}%%"
            );
        }
    }

    #[test]
    fn an_upload_is_taken_from_where_it_was_opened() {
        let place = Url::parse("http://h/v2/a/blobs/uploads/1?_state=x%3D").unwrap();
        let sent = "PATCH /v2/a/blobs/uploads/1?_state=x%3D&digest=1 HTTP/1.1\r\n\r\n";
        let transcript = transcript("http://h", vec![Step::Sent(sent.into())]);
        assert!(transcript.asks(&place));
        let line = transcript.shell_at("t", &place, "place2").unwrap();
        let line = line.split_once(" | curl").unwrap().0;
        let mut command = Command::new("sh");
        command.env("place2", "http://h/v2/a/blobs/uploads/2?_state=y%20");
        let output = command.args(["-c", line]).output().unwrap();
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
        ];
        let line = written(steps);
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
