//! What is kept of a log: no secret that a registry gave away, and of long bodies their beginning.
//!
//! A run is judged by what is kept, so that a record of it is judged alike.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::de::IgnoredAny;

use super::{End, Event, Evidence, Observation, Offer, ProgramLog, Reason, Refusal, Skipped};
use crate::cause::{Cause, Loss, Unsettled};
use crate::check::CheckResult;
use crate::secret;
use crate::wire::{
    Answer, Body, Exchange, Fault, Headers, Hop, Part, Payload, Received, Recipe, Request, Secrets, Step,
    Transcript, Url,
};

/// The longest JSON of an answer that is kept whole, in bytes: lists and errors are judged by what is in them.
const JSON: usize = 64 * 1024;
/// The longest body of a request that is kept whole, in bytes: longer than any manifest that a client makes.
const SENT: u64 = 16 * 1024;
/// How much is kept of any other body, in bytes: as much as a report shows.
const BEGINNING: usize = 4 * 1024;

/// What takes out of a log what is not kept.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    /// The texts that are written nowhere.
    secrets: Secrets,
    /// What was kept of exchanges already, by their numbers: one exchange stays one.
    exchanges: HashMap<u64, Arc<Exchange>>,
    /// What was kept of connections already, by where they are in memory: one may be told of twice, on its way.
    connections: HashMap<usize, Arc<Transcript>>,
    /// The names and the values of header lines that were kept already.
    texts: HashSet<Arc<str>>,
}

impl Redactor {
    /// Takes out these texts, too, wherever a registry repeats them.
    pub(crate) fn without(secrets: Secrets) -> Redactor {
        Redactor {
            secrets,
            ..Redactor::default()
        }
    }

    /// What is kept of a run of a program.
    pub(crate) fn program(&mut self, log: ProgramLog) -> ProgramLog {
        ProgramLog {
            events: log.events.iter().map(|event| self.event(event)).collect(),
            ..log
        }
    }

    /// What is kept of what the probes settled.
    pub(crate) fn offers(&mut self, offers: BTreeMap<String, Offer>) -> BTreeMap<String, Offer> {
        let kept = |(name, offer)| match offer {
            Offer::Offered(exchange) => (name, Offer::Offered(self.exchange(&exchange))),
            Offer::Refused(exchange) => (name, Offer::Refused(self.exchange(&exchange))),
            Offer::Unsettled(why) => (name, Offer::Unsettled(self.unsettled(&why))),
        };
        offers.into_iter().map(kept).collect()
    }

    fn event(&mut self, event: &Event) -> Event {
        match event {
            Event::Sent(action, exchange) => Event::Sent(*action, self.exchange(exchange)),
            Event::Late(action, exchange) => Event::Late(*action, self.exchange(exchange)),
            Event::Bound(_) => event.clone(),
            Event::Connected(connection) => Event::Connected(self.connection(connection)),
            Event::Observed(observation) => Event::Observed(self.observation(observation)),
            Event::Skipped(skipped) => Event::Skipped(Skipped {
                actions: skipped.actions.clone(),
                reason: self.reason(&skipped.reason),
            }),
            Event::Refused(refusal) => Event::Refused(Refusal {
                exchange: self.exchange(&refusal.exchange),
                ..refusal.clone()
            }),
            Event::Stopped(reason) => Event::Stopped(self.reason(reason)),
        }
    }

    fn observation(&mut self, observation: &Observation) -> Observation {
        Observation {
            row: observation.row.as_deref().map(|row| self.text(row)),
            asked: self.text(&observation.asked),
            seen: match &observation.seen {
                CheckResult::Breaks(got) => CheckResult::Breaks(self.text(got)),
                CheckResult::NotReached(cause) => CheckResult::NotReached(self.cause(cause)),
                CheckResult::Senseless(why) => CheckResult::Senseless(self.text(why)),
                CheckResult::Holds | CheckResult::NoOccasion => observation.seen.clone(),
            },
            evidence: match &observation.evidence {
                Evidence::Nothing => Evidence::Nothing,
                Evidence::Exchanges(all) => {
                    let sent = all.iter().filter(|exchange| !exchange.is_withheld());
                    Evidence::Exchanges(sent.map(|exchange| self.exchange(exchange)).collect())
                }
                Evidence::Connection(connection) => Evidence::Connection(self.connection(connection)),
            },
            ..observation.clone()
        }
    }

    fn reason(&mut self, reason: &Reason) -> Reason {
        match reason {
            Reason::NotReached(cause) => Reason::NotReached(self.cause(cause)),
            Reason::Failed(why) => Reason::Failed(self.text(why)),
            Reason::NotOffered(_) | Reason::NoOccasion | Reason::NoAccount(_) | Reason::NotInForce(_) => {
                reason.clone()
            }
        }
    }

    fn cause(&mut self, cause: &Cause) -> Cause {
        match cause {
            Cause::Came(came) => Cause::Came(self.exchange(came)),
            Cause::Lacks(came, what) => Cause::Lacks(self.exchange(came), self.text(what)),
            Cause::Broke(came, requirement) => Cause::Broke(self.exchange(came), requirement.clone()),
            Cause::NotGranted { came, asked, got } => Cause::NotGranted {
                came: self.exchange(came),
                asked: self.text(asked),
                got: self.text(got),
            },
            Cause::Unsettled { capability, because } => Cause::Unsettled {
                capability: capability.clone(),
                because: self.unsettled(because),
            },
            Cause::NoToken(fault) => Cause::NoToken(self.fault(fault)),
            Cause::NotSent(fault) => Cause::NotSent(self.fault(fault)),
            Cause::NoId(address) => Cause::NoId(self.text(address)),
            Cause::NoConnection(fault) => Cause::NoConnection(self.fault(fault)),
            Cause::TargetLost(loss) => Cause::TargetLost(self.loss(loss)),
            Cause::Said(words) => Cause::Said(self.text(words)),
            Cause::NothingToRead | Cause::NothingSent | Cause::OutOfTime(_) | Cause::Beyond(_) => {
                cause.clone()
            }
        }
    }

    fn unsettled(&self, why: &Unsettled) -> Unsettled {
        match why {
            Unsettled::Stopped { probe, came } => Unsettled::Stopped {
                probe: probe.clone(),
                came: self.text(came),
            },
            Unsettled::Broke {
                probe,
                requirement,
                got,
            } => Unsettled::Broke {
                probe: probe.clone(),
                requirement: requirement.clone(),
                got: self.text(got),
            },
            Unsettled::NoProbe
            | Unsettled::Nothing { .. }
            | Unsettled::NothingToRead
            | Unsettled::NotInForce(_)
            | Unsettled::Beyond(_) => why.clone(),
        }
    }

    fn exchange(&mut self, exchange: &Arc<Exchange>) -> Arc<Exchange> {
        if let Some(kept) = self.exchanges.get(&exchange.number) {
            return kept.clone();
        }
        let kept = Arc::new(Exchange {
            request: self.request(&exchange.request),
            outcome: match &exchange.outcome {
                Ok(answer) => Ok(self.answer(answer)),
                Err(fault) => Err(self.fault(fault)),
            },
            hops: exchange.hops.iter().map(|hop| self.hop(hop)).collect(),
            pass: exchange.pass.clone(),
            ..**exchange
        });
        if !exchange.is_withheld() {
            self.exchanges.insert(exchange.number, kept.clone());
        }
        kept
    }

    fn request(&mut self, request: &Request) -> Request {
        Request {
            url: self.url(&request.url),
            headers: self.headers(&request.headers),
            body: self.body(&request.body),
            ..request.clone()
        }
    }

    fn answer(&mut self, answer: &Answer) -> Answer {
        Answer {
            url: self.url(&answer.url),
            status: answer.status,
            headers: self.headers(&answer.headers),
            body: self.received(&answer.body),
            cut: answer.cut.as_ref().map(|fault| self.fault(fault)),
        }
    }

    fn hop(&mut self, hop: &Hop) -> Hop {
        Hop {
            url: self.url(&hop.url),
            status: hop.status,
            headers: self.headers(&hop.headers),
        }
    }

    fn connection(&mut self, connection: &Arc<Transcript>) -> Arc<Transcript> {
        let place = Arc::as_ptr(connection).addr();
        if let Some(kept) = self.connections.get(&place) {
            return kept.clone();
        }
        let step = |step: &Step| match step {
            Step::Sent(bytes) => Step::Sent(self.payload(bytes)),
            Step::Received(bytes) => Step::Received(self.bytes(beginning(bytes))),
            Step::Authorized(_) | Step::Finished | Step::Waited(_) | Step::Ended => step.clone(),
        };
        let kept = Arc::new(Transcript {
            steps: connection.steps.iter().map(step).collect(),
            ..(**connection).clone()
        });
        self.connections.insert(place, kept.clone());
        kept
    }

    /// What is kept of how a run ended.
    pub(crate) fn end(&self, end: End) -> End {
        match end {
            End::TargetLost(loss) => End::TargetLost(self.loss(&loss)),
            End::Complete | End::FailedFast | End::Interrupted | End::OutOfTime(_) => end,
        }
    }

    fn loss(&self, loss: &Loss) -> Loss {
        match loss {
            Loss::Silent(fault) => Loss::Silent(self.fault(fault)),
            Loss::Elsewhere(server) => Loss::Elsewhere(self.text(server)),
            Loss::Refuses(_) => loss.clone(),
        }
    }

    fn fault(&self, fault: &Fault) -> Fault {
        match fault {
            Fault::Connect(why) => Fault::Connect(self.text(why)),
            Fault::Tls(why) => Fault::Tls(self.text(why)),
            Fault::Closed(why) => Fault::Closed(self.text(why)),
            Fault::BadRedirect(why) => Fault::BadRedirect(self.text(why)),
            Fault::Malformed(why) => Fault::Malformed(self.text(why)),
            Fault::Credentials(why) => Fault::Credentials(self.text(why)),
            Fault::CannotSend { reason, from } => Fault::CannotSend {
                reason: self.text(reason),
                from: *from,
            },
            Fault::Withheld(_)
            | Fault::Elsewhere { .. }
            | Fault::Http2Alone { .. }
            | Fault::Timeout { .. }
            | Fault::TooLarge { .. }
            | Fault::TooManyRedirects(_) => fault.clone(),
        }
    }

    /// An address; a mask takes nothing from it that makes it one.
    fn url(&self, url: &Url) -> Url {
        let text = url.to_string();
        let masked = secret::masked(text.as_bytes(), &self.secrets).and_then(in_text);
        masked
            .and_then(|text| url.resolve(&text).ok())
            .unwrap_or_else(|| url.clone())
    }

    fn headers(&mut self, headers: &Headers) -> Headers {
        let mut kept = |(name, value)| {
            let value = secret::whole_header(name).unwrap_or(value);
            let masked = secret::masked(value.as_bytes(), &self.secrets).and_then(in_text);
            (self.shared(name), self.shared(masked.as_deref().unwrap_or(value)))
        };
        headers.iter().map(&mut kept).collect()
    }

    /// The same text in memory for equal texts.
    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let text: Arc<str> = text.into();
        self.texts.insert(text.clone());
        text
    }

    /// The body of a request: a long one is known by how it is made.
    fn body(&self, body: &Body) -> Body {
        match body {
            Body::None => Body::None,
            Body::Sized(payload) if payload.len() <= SENT => Body::Sized(self.payload(payload)),
            Body::Chunked(payload) if payload.len() <= SENT => Body::Chunked(self.payload(payload)),
            longer => Body::Cut(
                self.received(&longer.received()),
                longer.recipe().map(|recipe| self.recipe(&recipe)),
            ),
        }
    }

    fn recipe(&self, recipe: &Recipe) -> Recipe {
        let parts = recipe.parts().iter().map(|part| match part {
            Part::Plain(bytes) => Part::Plain(self.bytes(bytes)),
            patterned => patterned.clone(),
        });
        Recipe::from_parts(parts.collect())
    }

    fn received(&self, body: &Received) -> Received {
        let bytes = body.bytes();
        let is_json =
            || bytes.len() <= JSON && body.is_whole() && serde_json::from_slice::<IgnoredAny>(&bytes).is_ok();
        let kept = if bytes.len() <= BEGINNING || is_json() {
            &bytes
        } else {
            beginning(&bytes)
        };
        body.keeping(self.bytes(kept))
    }

    /// What is sent. Nothing is hidden in what is made here, and there is too much of it to be kept.
    fn payload(&self, payload: &Payload) -> Payload {
        if payload.is_held() {
            self.bytes(&payload.bytes()).into()
        } else {
            payload.clone()
        }
    }

    fn bytes(&self, bytes: &[u8]) -> bytes::Bytes {
        // A copy in either case, since a slice would hold on to the whole.
        secret::masked(bytes, &self.secrets)
            .unwrap_or_else(|| bytes.to_vec())
            .into()
    }

    fn text(&self, text: &str) -> String {
        let masked = secret::masked(text.as_bytes(), &self.secrets).and_then(in_text);
        masked.unwrap_or_else(|| text.to_owned())
    }
}

fn beginning(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(BEGINNING)]
}

fn in_text(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Protocol;

    fn kept(body: Vec<u8>) -> Received {
        Redactor::default().received(&body.into())
    }

    #[test]
    fn of_a_long_body_the_beginning_is_kept_and_of_json_all() {
        let long = vec![b'x'; BEGINNING + 1];
        let body = kept(long.clone());
        assert!(body.is(&long.clone().into()) && !body.is_whole());
        assert_eq!(body.bytes(), long[..BEGINNING]);
        let json = |length: usize| format!("[\"{}\"]", "x".repeat(length - 4)).into_bytes();
        assert!(kept(json(JSON)).is_whole());
        assert!(!kept(json(JSON + 1)).is_whole());
        assert!(kept(vec![b'x'; BEGINNING]).is_whole());
    }

    #[test]
    fn of_a_long_body_that_was_sent_it_is_kept_how_it_is_made() {
        let body = |length| Redactor::default().body(&Body::Sized(Payload::repeated(0xff, length)));
        assert!(matches!(body(SENT), Body::Sized(_)));
        let long = body(SENT + 1);
        assert!(matches!(&long, Body::Cut(part, Some(_)) if part.len() == SENT + 1));
        assert_eq!(long.recipe().unwrap().bytes(), vec![0xff; 16 * 1024 + 1]);
    }

    #[test]
    fn what_lets_somebody_in_is_masked_wherever_it_stands() {
        let mut redactor = Redactor::without(Secrets::of(&["hunter2-hunter2"]));
        let url = Url::parse("http://h/v2/a?sig=ab").unwrap();
        let headers = [
            ("Location", "/v2/a?x=1&sig=ab"),
            ("Set-Cookie", "id=ab"),
            ("X-Echo", "hunter2-hunter2"),
        ];
        let exchange = Arc::new(Exchange {
            number: 1,
            request: Request::new("GET", url.clone()),
            protocol: Protocol::Http1,
            outcome: Ok(Answer {
                url,
                status: 200,
                headers: headers.into_iter().collect(),
                body: "{\"token\": \"ab\"}".into(),
                cut: None,
            }),
            hops: Vec::new(),
            elapsed: std::time::Duration::ZERO,
            limit: std::time::Duration::ZERO,
            pass: None,
            insecure: false,
        });
        let kept = redactor.exchange(&exchange);
        assert_eq!(kept.request.url.to_string(), "http://h/v2/a?sig=**");
        let answer = kept.outcome.as_ref().unwrap();
        let values: Vec<&str> = answer.headers.iter().map(|(_, value)| value).collect();
        assert_eq!(values, ["/v2/a?x=1&sig=**", "<redacted>", "***************"]);
        assert_eq!(answer.body.bytes(), "{\"token\": \"**\"}");
        assert!(answer.body.is_whole() && Arc::ptr_eq(&redactor.exchange(&exchange), &kept));
    }
}
