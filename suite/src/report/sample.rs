//! Results made by hand, for the tests of the reports.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

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
use crate::wire::{Answer, Body, Exchange, Fault, Headers, Request, Secrets, Url};

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

const MOUNT: &str = "\
scenario  A mounted blob is there, whole
needs     push
given any blob as blob

== mount it from one repository into the other
> POST /v2/{other}/blobs/uploads/?mount={digest blob}&from={repo}
MUST push.mount.201
< 201 or 202
when 201
  MUST push.mount.location
  < Location: a uri
end

== the blob is in the other repository
> GET /v2/{other}/blobs/{digest blob}
MUST push.mount.readable-in-target
< 200
< @blob
";

const RANGE: &str = "\
scenario  Every way to ask for a range gives exactly the bytes it names
needs     range
given any blob of 1000 bytes or more as blob
let tail  = last 100 of blob

== a range inside the blob
for asked      | part   | id
  | bytes=-100 | {tail} | range.suffix
  > GET /v2/{repo}/blobs/{digest blob}
  > Range: {asked}
  MUST {id}
  < 206
  < @part
end
";

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

const DOCUMENTS: &str = r#"
[oci-distribution]
title   = "OCI distribution specification"
anchors = "headings"
edition = { url = "https://example.com/oci" }

[rfc9110]
title   = "RFC 9110, HTTP Semantics"
short   = "RFC 9110"
anchors = "numbers"
edition = { url = "https://example.com/rfc9110" }
"#;

const COMMON: &str = r#"
category = "common"

["base.get-200"]
level   = "MUST"
section = "Determining Support"
basis   = "spec"
text    = "GET /v2/ answers 200 once the client has shown whatever credentials the registry asks for."
why     = "docker, podman and every other client begin with this request."
"#;

const PULL: &str = r#"
category = "pull"

["pull.blob.get-200"]
level   = "MUST"
section = "Pulling blobs"
basis   = "spec"
text    = "GET of a blob that is there answers 200 with its bytes."
why     = "Nothing can be pulled."

["range.suffix"]
level   = "MUST"
basis   = "rfc9110"
source  = { section = "14.1.2", from = "A client can refer to" }
text    = "A range of the last N bytes gives the last N bytes."
why     = "Lazy pulling reads the index at the end of a layer first."
"#;

const PUSH: &str = r#"
category = "push"

["push.mount.201"]
level   = "MUST"
section = "Mounting a blob from another repository"
basis   = "spec"
text    = "A mount of a blob that is in the other repository answers 201; or 202 with an upload session instead."
why     = "docker, buildkit and crane mount base layers so as not to send them again."

["push.mount.location"]
level   = "MUST"
basis   = "spec"
source  = { section = "Mounting a blob from another repository", from = "The Location header", to = "the accessible layer" }
text    = "The 201 of a mount carries a Location, and a GET of it gives the blob."
why     = "Clients read this answer with the code they use for a finished upload."

["push.mount.readable-in-target"]
level    = "MUST"
section  = "Mounting a blob from another repository"
basis    = "implied"
protects = "content"
text     = "A blob whose mount was answered with 201 is readable in the target repository."
why      = "The image that is pushed next would name a layer that nobody can pull."
rests-on = ["push.mount.location"]

["push.cancel.204"]
level   = "SHOULD"
section = "Cancel a blob upload"
basis   = "spec"
text    = "DELETE of an upload answers 204."
why     = "Clients that clean up behind them report a failure."
"#;

const DISCOVERY: &str = r#"
category = "discovery"

["discovery.tags.n-exact"]
level   = "MUST"
section = "Listing Tags"
basis   = "spec"
text    = "A list of n tags at most has n of them, if there are as many."
why     = "Clients that stop at a short page miss tags."
"#;

const MANAGEMENT: &str = r#"
category = "management"

["manage.tag.delete-202"]
level   = "SHOULD"
section = "Deleting tags"
basis   = "spec"
text    = "DELETE of a tag answers 202."
why     = "Clean-up jobs leave everything behind."
"#;

fn id(text: &str) -> RequirementId {
    RequirementId::parse(text).expect("an id")
}

const PROBE: &str = "\
scenario  What the samples need is offered
> GET /v2/
when 200
  provides push
  provides range
end
";

/// A library of two scenarios and the requirements of the samples.
fn library() -> Library {
    let files = [
        ("push/mount.scenario", MOUNT),
        ("pull/range.scenario", RANGE),
        ("probe/all.scenario", PROBE),
        ("requirements/documents.toml", DOCUMENTS),
        ("requirements/common.toml", COMMON),
        ("requirements/pull.toml", PULL),
        ("requirements/push.toml", PUSH),
        ("requirements/discovery.toml", DISCOVERY),
        ("requirements/management.toml", MANAGEMENT),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let mut library = Library::from_folder(folder.path()).expect("a good library");
    for loaded in &mut library.scenarios {
        loaded.path = format!("scenarios/{}.scenario", loaded.name).into();
    }
    library
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
