//! Results made by hand, for the tests of the reports.

mod library;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use self::library::{MOUNT, RANGE, library};
use super::baseline::Baseline;
use super::{Counted, Report};
use crate::catalogue::{Level, RequirementId, Version};
use crate::cause::{Beyond, Cause, Loss, Unsettled};
use crate::diagnostic::SourceFile;
use crate::judgement::{
    Consequence, Counts, End, Facts, Finding, Judgement, Lifetime, Link, NotAsked, Offer, Place, Proof,
    Repetition, RequirementOutcome, Rerun, ScenarioOutcome, Strictness, Verdict, Way,
};
use crate::scenario::Library;
use crate::wire::{Answer, Body, Exchange, Fault, Headers, Protocol, Request, Secrets, Url};

/// A result and all that explains it.
pub(super) struct Sample {
    pub(super) outcome: Judgement,
    pub(super) library: Library,
    pub(super) baseline: Option<Baseline>,
    pub(super) counted: Counted,
}

impl Sample {
    pub(super) fn report(&self) -> Report<'_> {
        Report {
            outcome: &self.outcome,
            library: &self.library,
            baseline: self.baseline.as_ref(),
            counted: &self.counted,
        }
    }

    /// The same result, held against a baseline.
    pub(super) fn against(mut self, baseline: &str) -> Sample {
        let source = SourceFile::new("baseline.toml", baseline);
        self.baseline = Some(Baseline::parse(&source, &self.library.catalogue).expect("a good baseline"));
        self
    }

    /// The same result with another verdict on a requirement.
    pub(super) fn with(mut self, requirement: &str, verdict: Verdict) -> Sample {
        let outcome = self
            .outcome
            .requirements
            .iter_mut()
            .find(|one| one.id.as_str() == requirement);
        outcome.expect("a requirement of the sample").verdict = verdict;
        self
    }

    /// The same result, judged by what counts.
    pub(super) fn counting(mut self, counted: Counted) -> Sample {
        self.counted = counted;
        self
    }

    /// The same result of a run that asked a part.
    pub(super) fn narrowed(mut self) -> Sample {
        self.outcome.facts.narrowed = vec!["--only 'push/*'".to_owned()];
        self
    }

    /// The same result, judged strictly.
    pub(super) fn strictly(mut self) -> Sample {
        self.outcome.facts.strictness = Strictness::Warnings;
        self
    }
}

/// The JSON reports on the registry that held everything, and later broke something.
pub(crate) fn documents() -> [String; 2] {
    let mut later = broken();
    later.outcome.facts.started += 86_400;
    [clean(), later].map(|sample| super::json::render(&sample.report()).expect("a document"))
}

const REQUIREMENTS: [(&str, Level); 9] = [
    ("base.get-200", Level::Must),
    ("pull.blob.get-200", Level::Must),
    ("range.suffix", Level::Must),
    ("push.mount.201", Level::Must),
    ("push.mount.location", Level::Must),
    ("push.mount.readable-in-target", Level::Must),
    ("push.cancel.204", Level::Should),
    ("discovery.tags.n-exact", Level::Must),
    ("manage.tag.delete-202", Level::Should),
];

fn id(text: &str) -> RequirementId {
    RequirementId::parse(text).expect("an id")
}

/// An exchange with the registry of the samples.
pub(super) fn exchange(method: &str, path: &str, outcome: Result<u16, Fault>) -> Arc<Exchange> {
    let url = Url::parse(&format!("https://registry.example.com{path}")).expect("an address");
    let mut request = Request::new(method, url.clone());
    request.headers.append("Authorization", "Bearer <redacted>");
    request.body = Body::Sized("".into());
    Arc::new(Exchange {
        number: 17,
        request,
        protocol: Protocol::Http1,
        outcome: outcome.map(|status| Answer {
            url,
            status,
            headers: [
                ("Content-Type", "application/json"),
                ("Set-Cookie", "session=secret"),
            ]
            .into_iter()
            .collect::<Headers>(),
            body: "{\"errors\":[{\"code\":\"UNKNOWN\"}]}\n".into(),
            cut: None,
        }),
        hops: Vec::new(),
        elapsed: Duration::from_millis(12),
        limit: Duration::from_secs(300),
        pass: None,
        insecure: false,
    })
}

/// Where a line of a scenario stands.
fn place(name: &str, text: &str, line: &str) -> Place {
    let start = text.find(line).expect("a line of the scenario");
    Place {
        scenario: name.into(),
        line: text[..start].lines().count() + 1,
        span: (start, start + line.len()),
    }
}

fn way(place: Place, asked: &str, got: &str, exchange: Arc<Exchange>) -> Way {
    Way {
        place,
        row: None,
        asked: asked.to_owned(),
        got: got.to_owned(),
        count: 1,
        again: Repetition { broken: 2, runs: 2 },
        proof: Proof::of(exchange),
    }
}

/// Everything held, but for what is not offered.
pub(super) fn clean() -> Sample {
    let refused = exchange("DELETE", "/v2/assize/7/a/manifests/latest", Ok(405));
    let requirements = REQUIREMENTS.into_iter().map(|(name, level)| RequirementOutcome {
        id: id(name),
        level: Some(level),
        verdict: Verdict::Held,
        counts: Counts {
            held: 3,
            ..Counts::default()
        },
        held_by: (name == "base.get-200").then(|| exchange("GET", "/v2/", Ok(200))),
        elapsed: Duration::from_millis(120),
    });
    let outcome = Judgement {
        facts: Facts {
            target: Url::parse("https://registry.example.com").expect("an address"),
            version: Version::V1_1,
            seed: 7,
            run_id: "k3x9mt".parse().expect("an id"),
            strictness: Strictness::Violations,
            narrowed: Vec::new(),
            started: 1_790_000_000,
            elapsed: Duration::from_millis(8_240),
            requests: 412,
            rerun: Rerun {
                command: "assize run https://registry.example.com".to_owned(),
                explore: None,
                lifetime: Lifetime::Stays,
            },
            hosts: vec!["https://registry.example.com".to_owned()],
            notes: Vec::new(),
            secrets: Secrets::default(),
        },
        capabilities: [
            ("delete-tag".to_owned(), Offer::Refused(refused)),
            (
                "push".to_owned(),
                Offer::Offered(exchange("POST", "/v2/assize/7/a/blobs/uploads/", Ok(202))),
            ),
        ]
        .into(),
        findings: Vec::new(),
        requirements: requirements.collect(),
        scenarios: [
            ("push/mount", "A mounted blob is there, whole"),
            (
                "pull/range",
                "Every way to ask for a range gives exactly the bytes it names",
            ),
        ]
        .into_iter()
        .map(|(name, title)| ScenarioOutcome {
            name: name.into(),
            title: title.to_owned(),
            verdict: Verdict::Held,
            elapsed: Duration::from_millis(730),
        })
        .collect(),
        generated: BTreeMap::new(),
        end: End::Complete,
    };
    let sample = Sample {
        outcome,
        library: library(),
        baseline: None,
        counted: Counted::all(),
    };
    sample.with(
        "manage.tag.delete-202",
        Verdict::NotOffered("delete-tag is refused with 405".to_owned()),
    )
}

/// Two violations, one of them in rows and now and then, one with a consequence; a warning without an answer.
pub(super) fn broken() -> Sample {
    let mut sample = clean()
        .with("push.mount.location", Verdict::Broken)
        .with("push.mount.readable-in-target", Verdict::Broken)
        .with("range.suffix", Verdict::Broken)
        .with("push.cancel.204", Verdict::Broken)
        .with(
            "discovery.tags.n-exact",
            Verdict::NotReached(Cause::Came(exchange(
                "PUT",
                "/v2/assize/7/e/manifests/t-1",
                Ok(500),
            ))),
        );
    sample.outcome.findings = vec![mount(), suffix(), cancel()];
    sample.outcome.scenarios[0].verdict = Verdict::Broken;
    sample
}

fn mount() -> Finding {
    let mounted = exchange(
        "POST",
        "/v2/assize/7/b/blobs/uploads/?mount=sha256:ab12&from=assize/7/a",
        Ok(201),
    );
    let read = exchange("GET", "/v2/assize/7/b/blobs/sha256:ab12", Ok(404));
    Finding {
        requirement: id("push.mount.location"),
        level: Level::Must,
        broken: 1,
        asked: 40,
        ways: vec![way(
            place("push/mount", MOUNT, "< Location: a uri"),
            "Location: a uri",
            "no Location",
            mounted,
        )],
        again: Repetition { broken: 2, runs: 2 },
        consequences: vec![Consequence {
            requirement: id("push.mount.readable-in-target"),
            level: Level::Must,
            ways: vec![way(
                place("push/mount", MOUNT, "< 200"),
                "200",
                "404 Not Found",
                read,
            )],
            link: Link::Follows,
        }],
    }
}

fn suffix() -> Finding {
    let exchange = exchange("GET", "/v2/assize/7/c/blobs/sha256:cd34", Ok(206));
    let got = "100 bytes that differ from the first one on: 7b 22 6c 61 79 65 72 73 instead of 9f 4e 00 c1 2a 07 7d e8";
    let mut ways = vec![way(
        place("pull/range", RANGE, "< @part"),
        "@tail",
        got,
        exchange.clone(),
    )];
    for (row, count) in [
        ("bytes=-100", 1),
        ("bytes=-1", 3),
        ("bytes=-0", 1),
        ("bytes=-5", 1),
        ("bytes=-6", 1),
        ("bytes=-7", 1),
    ] {
        let mut further = way(
            place("pull/range", RANGE, "< 206"),
            "206",
            "416 Range Not Satisfiable",
            exchange.clone(),
        );
        further.row = Some(row.to_owned());
        further.count = count;
        ways.push(further);
    }
    ways[0].row = Some("bytes=-100".to_owned());
    Finding {
        requirement: id("range.suffix"),
        level: Level::Must,
        broken: 8,
        asked: 9,
        ways,
        again: Repetition { broken: 1, runs: 2 },
        consequences: Vec::new(),
    }
}

/// A check that is made in Rust, and that waited for an answer in vain.
fn cancel() -> Finding {
    let fault = Fault::Timeout {
        after: Duration::from_secs(30),
        doing: "waiting for an answer",
    };
    let exchange = exchange("DELETE", "/v2/assize/7/d/blobs/uploads/0f3b", Err(fault));
    let place = Place {
        scenario: "raw/cancel".into(),
        line: 1,
        span: (0, 0),
    };
    let got = "no answer: timed out after 30 s, waiting for an answer";
    Finding {
        requirement: id("push.cancel.204"),
        level: Level::Should,
        broken: 1,
        asked: 1,
        ways: vec![way(place, "204", got, exchange)],
        again: Repetition { broken: 1, runs: 1 },
        consequences: Vec::new(),
    }
}

/// The target was lost after the first finding.
pub(super) fn lost() -> Sample {
    let mut sample = broken();
    sample.outcome.findings.truncate(1);
    sample.outcome.end = End::TargetLost(Loss::Silent(Fault::Connect("connection refused".to_owned())));
    for requirement in &mut sample.outcome.requirements {
        if requirement.verdict == Verdict::Held && requirement.level == Some(Level::Should) {
            requirement.verdict = Verdict::NotAsked(NotAsked::Beyond(Beyond::Ended));
        }
    }
    sample
        .with("range.suffix", Verdict::NotAsked(NotAsked::Beyond(Beyond::Ended)))
        .with(
            "push.cancel.204",
            Verdict::NotAsked(NotAsked::Beyond(Beyond::Ended)),
        )
}

/// Nothing that needs a push was reached.
pub(super) fn unreached() -> Sample {
    let mut sample = clean();
    let refused = exchange("POST", "/v2/assize/7/a/blobs/uploads/", Ok(403));
    for requirement in &mut sample.outcome.requirements {
        if requirement.id.as_str() != "base.get-200" {
            requirement.verdict = Verdict::NotReached(Cause::Came(refused.clone()));
        }
    }
    sample.outcome.capabilities = [(
        "push".to_owned(),
        Offer::Unsettled(Unsettled::Broke {
            probe: "probe/push".to_owned(),
            requirement: id("push.session.post-202"),
            got: "403 Forbidden".to_owned(),
        }),
    )]
    .into();
    sample
}
