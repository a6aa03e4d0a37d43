//! A connection by hand, for what no request says: false lengths, cut bodies, pauses, bytes that should not come.

use std::future::Future;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::timeout;

use super::connection::{Stream, WRITE_SIZE};
use super::head::{Head, USER_AGENT};
use super::incoming::{BodyLimits, Incoming, how_it_ended};
use super::{Account, Answer, Client, Fault, Limit, Payload, Request, Step, Timeouts, Tls, Transcript, Url};

/// The most that is read of what comes besides answers, in bytes.
const REST_LIMIT: usize = 1024 * 1024;

/// A new connection to the target on which bytes are written as they are; dropped, it is closed.
pub struct RawConnection {
    client: Client,
    incoming: Incoming<ReadHalf<Box<dyn Stream>>>,
    writer: WriteHalf<Box<dyn Stream>>,
    transcript: Transcript,
    begin: Instant,
}

/// What came on a connection after the answers that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// The bytes, as they came.
    pub bytes: Bytes,
    /// Whether the server ended the connection; if not, it was silent for as long as was waited.
    pub ended: bool,
}

impl RawConnection {
    /// Connects to the target of the client, with its limits and its TLS.
    pub async fn open(client: &Client) -> Result<RawConnection, Fault> {
        let begin = Instant::now();
        let (reader, writer) = split(client.connect_by_hand().await?);
        Ok(RawConnection {
            client: client.clone(),
            incoming: Incoming::listening(reader),
            writer,
            transcript: Transcript {
                number: client.number(),
                registry: client.target().clone(),
                steps: Vec::new(),
                elapsed: Duration::ZERO,
                insecure: client.settings().tls == Tls::Insecure,
                limited: None,
                pass: None,
            },
            begin,
        })
    }

    /// Writes the head of a request: these lines, and the `Host`, the `User-Agent` and the credentials they lack.
    ///
    /// The address is one of the target. Nothing is checked: what the lines say, true or false, is what is sent.
    pub async fn write_head(
        &mut self,
        method: &str,
        url: &Url,
        lines: &[(&str, &str)],
        account: &Account,
    ) -> Result<(), Fault> {
        let has = |name: &str| {
            lines
                .iter()
                .any(|(present, _)| present.eq_ignore_ascii_case(name))
        };
        let mut head = format!("{method} {} HTTP/1.1\r\n", url.request_target());
        if !has("Host") {
            head += &format!("Host: {}\r\n", self.client.target().authority());
        }
        let settings = self.client.settings();
        if !has("User-Agent") {
            let name = settings.user_agent.as_deref().unwrap_or(USER_AGENT);
            head += &format!("User-Agent: {name}\r\n");
        }
        for (name, value) in settings.lines.iter().filter(|(name, _)| !has(name)) {
            head += &format!("{name}: {value}\r\n");
        }
        if !has("Authorization") && !settings.lines.contains("Authorization") {
            let mut request = Request::new(method, url.clone());
            request.account = account.clone();
            if let Some(grant) = self.client.grant(&request).await? {
                self.send(head.as_bytes()).await?;
                self.note(Step::Sent(std::mem::take(&mut head).into()));
                self.send(format!("Authorization: {}\r\n", grant.value()).as_bytes())
                    .await?;
                self.note(Step::Authorized(grant.shown()));
                self.transcript.pass = self.client.pass_of(&grant.value());
            }
        }
        for (name, value) in lines {
            head += &format!("{name}: {value}\r\n");
        }
        self.write(head + "\r\n").await
    }

    /// Writes these bytes, as they are.
    pub async fn write(&mut self, bytes: impl Into<Payload>) -> Result<(), Fault> {
        let payload = bytes.into();
        self.note(Step::Sent(payload.clone()));
        for piece in payload.chunks(WRITE_SIZE) {
            self.send(&piece).await?;
        }
        Ok(())
    }

    /// Says that nothing more will be written, and goes on reading.
    pub async fn finish(&mut self) -> Result<(), Fault> {
        self.note(Step::Finished);
        let limit = self.timeouts().idle;
        written(limit, self.writer.shutdown()).await
    }

    /// The next answer, as one to a request of this method; interim answers (1xx) are skipped.
    pub async fn answer(&mut self, method: &str) -> Result<Answer, Fault> {
        let limit = self.timeouts().answer;
        let head = awaited(limit, self.incoming.head()).await;
        self.read(method, head).await
    }

    /// The next answer, be it an interim one.
    pub async fn next(&mut self, method: &str) -> Result<Answer, Fault> {
        let limit = self.timeouts().answer;
        let head = awaited(limit, self.incoming.any_head()).await;
        self.read(method, head).await
    }

    /// What comes besides the answers that were read, until the server ends the connection or is silent for so long.
    pub async fn rest(&mut self, silence: Duration) -> Rest {
        let mut bytes = BytesMut::new();
        let begin = Instant::now();
        let ended = loop {
            if begin.elapsed() > self.timeouts().total {
                break false;
            }
            match timeout(silence, self.incoming.whatever()).await {
                Ok(Ok(more)) if !more.is_empty() && bytes.len() < REST_LIMIT => {
                    bytes.extend_from_slice(&more);
                }
                Ok(Ok(more)) => break more.is_empty(),
                Ok(Err(_)) => break true,
                Err(_) => break false,
            }
        };
        self.overhear();
        let after = if ended { Step::Ended } else { Step::Waited(silence) };
        self.note(after);
        Rest {
            bytes: bytes.freeze(),
            ended,
        }
    }

    /// What was written and read so far.
    pub fn transcript(&self) -> Transcript {
        Transcript {
            elapsed: self.begin.elapsed(),
            ..self.transcript.clone()
        }
    }

    async fn read(&mut self, method: &str, head: Result<Head, Fault>) -> Result<Answer, Fault> {
        let total = self.timeouts().total;
        let late = Fault::Timeout {
            after: total,
            doing: "reading the body",
        };
        let answer = match head {
            Ok(head) => timeout(total, self.body(method, head)).await.unwrap_or(Err(late)),
            Err(fault) => Err(fault),
        };
        self.overhear();
        if let Ok(answer) = &answer {
            let limit = Limit::of(answer.status, &answer.headers);
            self.transcript.limited = limit.or(self.transcript.limited);
        }
        if let Err(Fault::Closed(_)) = answer {
            self.note(Step::Ended);
        }
        answer
    }

    async fn body(&mut self, method: &str, head: Head) -> Result<Answer, Fault> {
        let limits = BodyLimits {
            idle: self.timeouts().idle,
            size: self.client.settings().body_limit,
            keeping: self.client.settings().keeping,
        };
        let framing = head.framing(method)?;
        let (body, cut) = self.incoming.body(framing, limits, self.client.books()).await;
        match cut {
            Some(fault) => Err(fault),
            None => Ok(Answer {
                url: self.client.target().clone(),
                status: head.status,
                headers: head.headers,
                body: body.finish(),
                cut: None,
            }),
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let limit = self.timeouts().idle;
        written(limit, self.writer.write_all(bytes)).await?;
        written(limit, self.writer.flush()).await
    }

    fn timeouts(&self) -> Timeouts {
        self.client.settings().timeouts
    }

    /// Notes what has come.
    fn overhear(&mut self) {
        let heard = self.incoming.heard();
        if !heard.is_empty() {
            self.note(Step::Received(heard));
        }
    }

    fn note(&mut self, step: Step) {
        self.transcript.steps.push(step);
    }
}

async fn written(limit: Duration, work: impl Future<Output = std::io::Result<()>>) -> Result<(), Fault> {
    let late = Fault::Timeout {
        after: limit,
        doing: "sending the request",
    };
    let broken = |error| {
        Fault::Closed(format!(
            "{} while the request was being sent",
            how_it_ended(&error)
        ))
    };
    timeout(limit, work).await.map_err(|_| late)?.map_err(broken)
}

async fn awaited<T>(limit: Duration, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let late = Fault::Timeout {
        after: limit,
        doing: "waiting for the answer",
    };
    timeout(limit, work).await.unwrap_or(Err(late))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Canned, Server, ServerAct, answer, client, hasty, patient, status};
    use super::super::{Credentials, Login};
    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    fn says(text: &str) -> ServerAct {
        ServerAct::Write(text.into())
    }

    #[tokio::test]
    async fn what_is_written_is_sent_whatever_it_says() {
        let server = Canned::serve(vec![answer(
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno",
        )])
        .await;
        let mut raw = RawConnection::open(&client(&server.url)).await.unwrap();
        let lines = [
            ("Host", "x"),
            ("User-Agent", "y"),
            ("Content-Length", "3"),
            ("Content-Length", "4"),
        ];
        raw.write_head("PUT", &server.url.with_target("/a b"), &lines, &Account::Nobody)
            .await
            .unwrap();
        raw.write("abc").await.unwrap();
        let answer = raw.answer("PUT").await.unwrap();
        assert_eq!((answer.status, answer.body), (400, "no".into()));
        let text =
            "PUT /a b HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n";
        assert!(server.heard()[0].starts_with(text));
        let Rest { bytes, ended } = raw.rest(Duration::from_secs(9)).await;
        assert_eq!((bytes, ended), (Bytes::new(), true));
        assert_eq!(
            raw.transcript().steps,
            [
                Step::Sent(text.into()),
                Step::Sent("abc".into()),
                Step::Received("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno".into()),
                Step::Ended,
            ]
        );
    }

    #[tokio::test]
    async fn bytes_after_a_head_are_seen() {
        let script = vec![
            ServerAct::Read,
            says("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nbo"),
            ServerAct::Wait(Duration::from_millis(10)),
            says("dy"),
        ];
        let server = Canned::serve(vec![script]).await;
        let mut raw = RawConnection::open(&client(&server.url)).await.unwrap();
        raw.write_head("HEAD", &server.url.with_target("/"), &[], &Account::Nobody)
            .await
            .unwrap();
        assert_eq!(raw.answer("HEAD").await.unwrap().status, 404);
        let rest = raw.rest(Duration::from_secs(9)).await;
        let expected = Rest {
            bytes: "body".into(),
            ended: true,
        };
        assert_eq!(rest, expected);
    }

    #[tokio::test]
    async fn silence_is_not_an_end() {
        let server = Canned::serve(vec![vec![ServerAct::Wait(Duration::from_secs(9))]]).await;
        let mut raw = RawConnection::open(&client(&server.url)).await.unwrap();
        let rest = raw.rest(SHORT).await;
        assert_eq!((rest.bytes.len(), rest.ended), (0, false));
        assert_eq!(raw.transcript().steps, [Step::Waited(SHORT)]);
    }

    #[tokio::test]
    async fn an_interim_answer_can_be_waited_for() {
        let script = vec![
            ServerAct::Read,
            says("HTTP/1.1 100 Continue\r\n\r\n"),
            ServerAct::Read,
            says("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
        ];
        let server = Canned::serve(vec![script]).await;
        let mut raw = RawConnection::open(&client(&server.url)).await.unwrap();
        raw.write_head(
            "PUT",
            &server.url.with_target("/"),
            &[("Expect", "100-continue")],
            &Account::Nobody,
        )
        .await
        .unwrap();
        assert_eq!(raw.next("PUT").await.unwrap().status, 100);
        raw.write("GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(raw.next("PUT").await.unwrap().status, 201);
    }

    #[tokio::test]
    async fn half_a_connection_can_be_closed() {
        let server = Canned::serve(vec![answer("HTTP/1.1 400 Bad Request\r\n\r\n")]).await;
        let mut raw = RawConnection::open(&client(&server.url)).await.unwrap();
        raw.write_head(
            "PUT",
            &server.url.with_target("/"),
            &[("Content-Length", "9")],
            &Account::Nobody,
        )
        .await
        .unwrap();
        raw.write("abc").await.unwrap();
        raw.finish().await.unwrap();
        assert_eq!(raw.answer("PUT").await.unwrap().status, 400);
        assert!(server.heard()[0].ends_with("\r\n\r\nabc"));
    }

    #[tokio::test]
    async fn a_limit_is_the_same_as_on_any_other() {
        let limited = |wait: &str| answer(format!("HTTP/1.1 429 X\r\nRetry-After: {wait}\r\n\r\n"));
        let server = Canned::serve(vec![limited("3"), limited("120")]).await;
        for limit in [Limit::Wait(Duration::from_secs(3)), Limit::TooLong] {
            let mut raw = RawConnection::open(&client(&server.url)).await.unwrap();
            raw.write("GET / HTTP/1.1\r\n\r\n").await.unwrap();
            raw.answer("GET").await.unwrap();
            assert_eq!(raw.transcript().limited, Some(limit));
        }
    }

    #[tokio::test]
    async fn it_ends_like_any_other() {
        let silent = Canned::serve(vec![
            vec![ServerAct::Wait(Duration::from_secs(9))],
            vec![ServerAct::Read],
        ])
        .await;
        let mut raw = RawConnection::open(&hasty(&silent.url)).await.unwrap();
        let fault = raw.answer("GET").await.unwrap_err().to_string();
        assert_eq!(fault, "timed out after 200 ms, waiting for the answer");
        let mut raw = RawConnection::open(&hasty(&silent.url)).await.unwrap();
        raw.write("GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let fault = raw.answer("GET").await.unwrap_err().to_string();
        assert_eq!(fault, "the connection was closed before any answer");
        assert_eq!(raw.transcript().steps.last(), Some(&Step::Ended));
    }

    #[tokio::test]
    async fn credentials_are_written_where_they_are_wanted_and_nowhere_shown() {
        let server =
            Server::serve(
                |request| match request.contains("Authorization: Basic YWxpY2U6aHVudGVyMg==") {
                    true => status(200, ""),
                    false => status(401, "WWW-Authenticate: Basic realm=\"r\"\r\n"),
                },
            )
            .await;
        let mut settings = patient(&server.url);
        settings.credentials = Credentials::none().with_default(Login::Password {
            user: "alice".to_owned(),
            password: "hunter2".into(),
        });
        let client = Client::new(settings).unwrap();
        client
            .send(Request::new("GET", server.url.with_target("/v2/")))
            .await;
        for (account, expected) in [(Account::Default, 200), (Account::Nobody, 401)] {
            let mut raw = RawConnection::open(&client).await.unwrap();
            raw.write_head("GET", &server.url.with_target("/v2/"), &[("X-A", "b")], &account)
                .await
                .unwrap();
            assert_eq!(raw.answer("GET").await.unwrap().status, expected);
            let shown = format!("{:?} {}", raw.transcript(), raw.transcript().shell("t").unwrap());
            assert!(
                !shown.contains("YWxpY2U6aHVudGVyMg") && !shown.contains("hunter2"),
                "{shown}"
            );
        }
    }
}
