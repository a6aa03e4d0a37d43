//! The judge, asked about runs that never took place: programs and logs written by hand.

use std::sync::Arc;
use std::time::Duration;

mod acknowledged;
mod causes;
mod denials;

use acknowledged::{bringing, digest_of};

use super::*;
use crate::cause::Cause;
use crate::check::{CheckResult, check};
use crate::diagnostic::SourceFile;
use crate::judgement::{Link, NotAsked, Repetition};
use crate::log::{
    End, Event, Evidence, Facts, Lifetime, Observation, Reason, Rerun, Skipped, Strictness, Timing,
};
use crate::scenario::{Library, parse};
use crate::values::{Answered, Scope};
use crate::wire::{Answer, Body, Exchange, Fault, Protocol, Request, Transcript, Url};

const TARGET: &str = "http://registry.example";

/// A library of these requirements, each a line `id LEVEL [guard] [rests-on]`, and no scenario but a probe.
fn library(requirements: &str) -> Library {
    let entries = requirements.lines().map(|line| {
        let mut words = line.split_whitespace();
        let (id, level) = (words.next().unwrap(), words.next().unwrap());
        let (guards, rests_on): (Vec<&str>, Vec<&str>) = words.partition(|word| *word == "guard");
        let protects = guards.first().map_or("", |_| "protects = \"content\"\n");
        format!(
            "[\"{id}\"]\nlevel = \"{level}\"\nsection = \"s\"\nbasis = \"interop\"\ntext = \"t\"\nwhy = \"w\"\n{protects}rests-on = {rests_on:?}\n",
        )
    });
    let text = format!("category = \"pull\"\n{}", entries.collect::<String>());
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("requirements")).unwrap();
    std::fs::write(folder.path().join("requirements/all.toml"), &text).unwrap();
    std::fs::write(folder.path().join("requirements/documents.toml"), "").unwrap();
    std::fs::create_dir_all(folder.path().join("probe")).unwrap();
    std::fs::write(
        folder.path().join("probe/none.scenario"),
        "scenario  A registry is there\n",
    )
    .unwrap();
    let (_, faulty) = Catalogue::load(vec![SourceFile::new("all.toml", text)]);
    assert_eq!(faulty, []);
    Library::from_folder(folder.path()).unwrap()
}

/// A scenario of this name and body, understood.
fn program(library: &Library, name: &str, body: &str) -> Arc<Program> {
    let text = format!("scenario  {name} is true\n{body}");
    let (scenario, faults) = parse(&text);
    assert_eq!(faults, []);
    Arc::new(Program::of(
        name.into(),
        text.as_str().into(),
        &scenario.unwrap(),
        &library.catalogue,
        Version::V1_1,
    ))
}

/// A status and header lines, or why there is none.
type Came<'a> = Result<(u16, &'a [(&'a str, &'a str)]), Fault>;

fn exchange(number: u64, request: &str, outcome: Came<'_>) -> Arc<Exchange> {
    let (method, target) = request.split_once(' ').unwrap();
    let url = Url::parse(TARGET).unwrap().below_mount(target);
    let mut request = Request::new(method, url.clone());
    request.body = Body::None;
    Arc::new(Exchange {
        number,
        request,
        protocol: Protocol::Http1,
        outcome: outcome.map(|(status, headers)| Answer {
            url,
            status,
            headers: headers.iter().copied().collect(),
            body: bytes::Bytes::new().into(),
            cut: None,
        }),
        hops: Vec::new(),
        elapsed: Duration::ZERO,
        limit: Duration::ZERO,
        pass: None,
        insecure: false,
    })
}

/// What happens when each check of a program looks at this exchange.
fn all_look(program: &Program, exchange: &Arc<Exchange>) -> Vec<Event> {
    let answered = Answered::one(exchange.clone());
    let mut events = vec![Event::Sent(0, exchange.clone())];
    for (index, checkpoint) in program.checks.iter().enumerate() {
        events.push(Event::Observed(Observation {
            check: index,
            row: checkpoint.row.clone(),
            asked: checkpoint.asked.clone(),
            seen: check(checkpoint.check.as_ref().unwrap(), &answered, &Scope::default()),
            timing: Timing::AtOnce,
            evidence: Evidence::Exchanges(vec![exchange.clone()]),
        }));
    }
    events
}

fn log_of(program: &Arc<Program>, events: Vec<Event>) -> ProgramLog {
    ProgramLog {
        program: program.clone(),
        events,
        moments: std::collections::BTreeMap::new(),
        beside: BTreeSet::new(),
        elapsed: Duration::ZERO,
    }
}

fn once(first: ProgramLog) -> Attempts {
    Attempts { first, again: None }
}

fn run_log(programs: Vec<Attempts>) -> RunLog {
    RunLog {
        facts: Facts {
            target: Url::parse(TARGET).unwrap(),
            version: Version::V1_1,
            seed: 1,
            run_id: crate::values::RunId::of_seed(1),
            strictness: Strictness::Violations,
            narrowed: Vec::new(),
            started: 0,
            elapsed: Duration::ZERO,
            requests: 0,
            hosts: Vec::new(),
            notes: Vec::new(),
            secrets: crate::wire::Secrets::default(),
            rerun: Rerun {
                command: "assize run".to_owned(),
                explore: None,
                lifetime: Lifetime::Stays,
            },
        },
        asked: None,
        invariants: Vec::new(),
        offers: [].into(),
        programs,
        end: End::Complete,
    }
}

/// Findings as lines: the requirement, and behind a sign those that share its cause.
fn findings(outcome: &Judgement) -> Vec<String> {
    let linked = |finding: &crate::judgement::Finding| {
        let one = finding.consequences.iter().map(|one| match one.link {
            Link::SameAnswer => format!(" = {}", one.requirement),
            Link::Follows => format!(" < {}", one.requirement),
        });
        one.collect::<String>()
    };
    let findings = outcome.findings.iter();
    findings
        .map(|finding| format!("{}{}", finding.requirement, linked(finding)))
        .collect()
}

fn verdict_on(outcome: &Judgement, id: &str) -> Verdict {
    let found = outcome.requirements.iter().find(|one| one.id.as_str() == id);
    found.unwrap().verdict.clone()
}

#[test]
fn a_check_that_looked_at_nothing_has_the_verdict_of_what_passed_it_over() {
    let library = library("a.first MUST\na.second MUST\na.third MUST");
    let body = "> GET /v2/\nMUST a.first\n< 200\nwhen 404\n  MUST a.second\n  < no body\nend\n> GET /v2/x\nMUST a.third\n< 200\n";
    let program = program(&library, "pull/three", body);
    let answer = exchange(1, "GET /v2/", Ok((200, &[])));
    let numbers: Vec<usize> = program.checks.iter().map(|check| check.number).collect();
    let skipped = |number: usize, reason| {
        Event::Skipped(Skipped {
            actions: number..number + 1,
            reason,
        })
    };
    let mut events = all_look(&program, &answer);
    events.truncate(2);
    events.push(skipped(numbers[1], Reason::NoOccasion));
    events.push(skipped(
        numbers[2],
        Reason::NotReached(Cause::Came(answer.clone())),
    ));
    let outcome = judge(&library, &run_log(vec![once(log_of(&program, events))]));
    assert_eq!(verdict_on(&outcome, "a.first"), Verdict::Held);
    assert_eq!(verdict_on(&outcome, "a.second"), Verdict::NoOccasion);
    assert_eq!(
        verdict_on(&outcome, "a.third"),
        Verdict::NotReached(Cause::Came(answer))
    );
}

#[test]
fn what_no_program_asks_was_not_asked() {
    let library = library("a.first MUST");
    let outcome = judge(&library, &run_log(Vec::new()));
    assert_eq!(
        verdict_on(&outcome, "a.first"),
        Verdict::NotAsked(NotAsked::NoScenario)
    );
}

#[test]
fn one_answer_to_one_kind_of_request_is_one_finding_under_the_requirement_asked_most_often() {
    let library = library("a.often MUST\na.rarely MUST\na.lightly SHOULD\na.other MUST");
    let often = program(&library, "pull/often", "> GET /v2/\nMUST a.often\n< 4xx\n< 404\n");
    let rarely = program(
        &library,
        "pull/rarely",
        "> GET /v2/\nMUST a.rarely\n< 4xx\nSHOULD a.lightly\n< 404\n",
    );
    let other = program(&library, "pull/other", "> GET /v2/\nMUST a.other\n< 4xx\n");
    let odd = exchange(1, "HEAD /v2/a/blobs/sha256:00", Ok((500, &[])));
    let elsewhere = exchange(2, "GET /v2/a/tags/list", Ok((500, &[])));
    let programs = vec![
        once(log_of(&often, all_look(&often, &odd))),
        once(log_of(&rarely, all_look(&rarely, &odd))),
        once(log_of(&other, all_look(&other, &elsewhere))),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.often = a.rarely = a.lightly", "a.other"]);
}

#[test]
fn a_requirement_keeps_the_ways_that_have_another_cause() {
    let library = library("a.general MUST\na.special MUST");
    let both = program(
        &library,
        "pull/both",
        "> GET /v2/\nMUST a.general\n< 404\nMUST a.special\n< 404\n",
    );
    let special = program(&library, "pull/special", "> GET /v2/\nMUST a.special\n< 404\n");
    let general = program(&library, "pull/general", "> GET /v2/\nMUST a.general\n< 404\n");
    let fails = exchange(1, "GET /v2/a/tags/list", Ok((500, &[])));
    let found = exchange(2, "GET /v2/a/manifests/latest", Ok((200, &[])));
    let programs = vec![
        once(log_of(&both, all_look(&both, &fails))),
        once(log_of(&general, all_look(&general, &fails))),
        once(log_of(&special, all_look(&special, &found))),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.general = a.special", "a.special"]);
    assert_eq!(outcome.findings[1].ways.len(), 1);
}

#[test]
fn what_rests_on_a_finding_follows_from_it_only_where_it_was_seen_there() {
    let library = library("a.order MUST\na.limit MUST a.order\na.page MUST a.order");
    let list = "> GET /v2/\nMUST a.order\n< X-Order: right\nMUST a.page\n< X-Page: right\n";
    let order = program(&library, "discovery/order", list);
    let limit = program(
        &library,
        "discovery/limit",
        "> GET /v2/\nMUST a.limit\n< X-Limit: right\n",
    );
    let plain = exchange(1, "GET /v2/a/tags/list", Ok((200, &[("X-Order", "wrong")])));
    let limited = exchange(2, "GET /v2/a/tags/list?n=3", Ok((200, &[])));
    let programs = vec![
        once(log_of(&order, all_look(&order, &plain))),
        once(log_of(&limit, all_look(&limit, &limited))),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.limit", "a.order < a.page"]);
}

#[test]
fn a_failure_explains_nothing_that_did_not_fail() {
    let library = library("a.root MUST\na.rests MUST a.root");
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 200\n");
    let tag = |number, status| exchange(number, "GET /v2/a/manifests/tag", Ok((status, &[])));
    let found = |root, rests| {
        let programs = [
            ("pull/root", "a.root", tag(1, root)),
            ("pull/rests", "a.rests", tag(2, rests)),
        ];
        let programs = programs.map(|(name, id, seen)| {
            let program = program(&library, name, &ask(id));
            once(log_of(&program, all_look(&program, &seen)))
        });
        findings(&judge(&library, &run_log(programs.into())))
    };
    assert_eq!(found(404, 403), ["a.root < a.rests"]);
    assert_eq!(found(500, 404), ["a.rests", "a.root"]);
}

#[test]
fn a_way_comes_again_by_itself() {
    let library = library("a.first MUST");
    let rows = "for what | path\n  | one  | /v2/1\n  | two  | /v2/2\n> GET {path}\nMUST a.first\n< X-Here: yes\nend\n";
    let program = program(&library, "pull/rows", rows);
    let lacks = exchange(1, "GET /v2/1", Ok((200, &[])));
    let mut again = all_look(&program, &lacks);
    again.truncate(2);
    let attempts = Attempts {
        first: log_of(&program, all_look(&program, &lacks)),
        again: Some(log_of(&program, again)),
    };
    let outcome = judge(&library, &run_log(vec![attempts]));
    let finding = &outcome.findings[0];
    let runs: Vec<u32> = finding.ways.iter().map(|way| way.again.broken).collect();
    assert_eq!(runs, [2, 1]);
    assert_eq!(finding.again, Repetition { broken: 2, runs: 2 });
}

#[test]
fn a_failure_that_hid_something_is_told_under_the_requirement_about_its_status() {
    let library = library("a.content MUST\npull.blob.get-200 MUST\nerrors.client-fault-not-5xx MUST");
    let found = |request: &str, asked: &str, outcome: Came<'_>| {
        let program = program(
            &library,
            "pull/one",
            &format!("> {request}\nMUST a.content\n< {asked}\n"),
        );
        let failed = exchange(1, request, outcome);
        let mut events = all_look(&program, &failed);
        for event in &mut events {
            if let Event::Observed(observation) = event {
                observation.seen = CheckResult::NotReached(Cause::Came(failed.clone()));
            }
        }
        let outcome = judge(&library, &run_log(vec![once(log_of(&program, events))]));
        assert_eq!(
            verdict_on(&outcome, "a.content"),
            Verdict::NotReached(Cause::Came(failed))
        );
        findings(&outcome)
    };
    let blob = "GET /v2/a/blobs/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let closed = Fault::Closed("the connection was closed".to_owned());
    assert_eq!(found(blob, "200", Ok((500, &[]))), ["pull.blob.get-200"]);
    assert_eq!(found(blob, "200", Err(closed)), ["pull.blob.get-200"]);
    assert_eq!(
        found(blob, "4xx", Ok((500, &[]))),
        ["errors.client-fault-not-5xx"]
    );
    assert_eq!(
        found(blob, "2xx or 4xx", Ok((500, &[]))),
        ["pull.blob.get-200"],
        "it may be refused, and is not wrong"
    );
    assert_eq!(
        found(&blob.replace("sha256:", "sha256:0"), "2xx or 4xx", Ok((500, &[]))),
        ["errors.client-fault-not-5xx"]
    );
    assert_eq!(
        found(blob, "ETag: present", Ok((500, &[]))),
        [""; 0],
        "the status tells it"
    );
    assert_eq!(found(blob, "200", Ok((404, &[]))), [""; 0], "that is no failure");
    assert_eq!(
        found(blob, "200", Ok((503, &[]))),
        [""; 0],
        "that is a circumstance"
    );
}

#[test]
fn what_fails_when_an_upload_is_closed_is_what_was_asked_of_that_upload() {
    let library = library(
        "a.state SHOULD\npush.put.201 MUST\npush.chunk.final-chunk-in-put MUST\npush.chunk.closing-put-201 MUST",
    );
    let program = program(&library, "push/again", "> GET /v2/\nSHOULD a.state\n< 201\n");
    let found = |chunk: Option<&'static str>, last: &'static str| {
        let upload: &[(&str, &str)] = &[("Location", "/v2/a/blobs/uploads/1")];
        let close = format!("PUT /v2/a/blobs/uploads/1?digest={}", digest_of("content"));
        let failed = bringing(&exchange(3, &close, Ok((500, &[]))), last);
        let opened = exchange(1, "POST /v2/a/blobs/uploads/", Ok((202, upload)));
        let mut events = vec![Event::Sent(0, opened)];
        events.extend(chunk.map(|chunk| {
            let patch = exchange(2, "PATCH /v2/a/blobs/uploads/1", Ok((202, upload)));
            Event::Sent(0, bringing(&patch, chunk))
        }));
        events.extend(all_look(&program, &failed));
        for event in &mut events {
            if let Event::Observed(observation) = event {
                observation.seen = CheckResult::NotReached(Cause::Came(failed.clone()));
            }
        }
        findings(&judge(&library, &run_log(vec![once(log_of(&program, events))])))
    };
    assert_eq!(found(None, "content"), ["push.put.201"]);
    assert_eq!(found(Some("con"), "tent"), ["push.chunk.final-chunk-in-put"]);
    assert_eq!(found(Some("content"), ""), ["push.chunk.closing-put-201"]);
}

#[test]
fn an_upload_that_was_spoilt_need_not_go_on() {
    let library = library("a.state SHOULD\npush.put.201 MUST\nerrors.client-fault-not-5xx MUST");
    let program = program(&library, "push/again", "> GET /v2/\nSHOULD a.state\n< 201\n");
    let put = |number, status| {
        exchange(
            number,
            "PUT /v2/a/blobs/uploads/1?digest=sha256:00",
            Ok((status, &[])),
        )
    };
    let found = |before: Option<Arc<Exchange>>| {
        let failed = put(3, 500);
        let opened = exchange(
            1,
            "POST /v2/a/blobs/uploads/",
            Ok((202, &[("Location", "/v2/a/blobs/uploads/1")])),
        );
        let mut events = vec![Event::Sent(0, opened)];
        events.extend(before.into_iter().map(|one| Event::Sent(0, one)));
        events.extend(all_look(&program, &failed));
        for event in &mut events {
            if let Event::Observed(observation) = event {
                observation.seen = CheckResult::NotReached(Cause::Came(failed.clone()));
            }
        }
        findings(&judge(&library, &run_log(vec![once(log_of(&program, events))])))
    };
    assert_eq!(found(None), ["push.put.201"]);
    assert_eq!(found(Some(put(2, 400))), ["errors.client-fault-not-5xx"]);
    let through_another = exchange(2, "PATCH /v2/b/blobs/uploads/1", Ok((202, &[])));
    assert_eq!(found(Some(through_another)), ["errors.client-fault-not-5xx"]);
}

#[test]
fn what_is_asked_of_every_kind_of_request_is_a_finding_for_each_kind() {
    let library = library("errors.client-fault-not-5xx MUST");
    let programs = [
        "GET /v2/a/tags/list",
        "PUT /v2/a/manifests/b",
        "PUT /v2/a/manifests/c",
    ];
    let programs = programs.iter().zip(1..).map(|(request, number)| {
        let body = format!("> {request}\nMUST errors.client-fault-not-5xx\n< not 5xx\n");
        let program = program(&library, &format!("errors/{number}"), &body);
        once(log_of(
            &program,
            all_look(&program, &exchange(number, request, Ok((500, &[])))),
        ))
    });
    let outcome = judge(&library, &run_log(programs.collect()));
    let ways: Vec<usize> = outcome
        .findings
        .iter()
        .map(|finding| finding.ways.len())
        .collect();
    assert_eq!(ways, [1, 2]);
}

#[test]
fn the_same_log_is_judged_the_same_twice() {
    let library = library("a.first MUST\na.second SHOULD");
    let program = program(
        &library,
        "pull/two",
        "> GET /v2/\nMUST a.first\n< 200\nSHOULD a.second\n< no body\n",
    );
    let closed = exchange(
        1,
        "GET /v2/",
        Err(Fault::Closed("the connection was closed".to_owned())),
    );
    let log = run_log(vec![once(log_of(&program, all_look(&program, &closed)))]);
    let judged = || format!("{:?}", judge(&library, &log));
    assert_eq!(judged(), judged());
}

#[test]
fn what_went_on_beside_others_is_told_task_by_task_with_its_connections() {
    let library = library("a.first MUST");
    let program = program(&library, "pull/one", "> GET /v2/\nMUST a.first\n< 200\n");
    let sent = |number| Event::Sent(0, exchange(number, "GET /v2/", Ok((200, &[]))));
    let connected = |number| {
        Event::Connected(Arc::new(Transcript {
            number,
            registry: Url::parse(TARGET).unwrap(),
            steps: Vec::new(),
            elapsed: Duration::ZERO,
            insecure: false,
            limited: None,
            pass: None,
        }))
    };
    let one = [sent(1), sent(2), connected(4), sent(6), connected(4)];
    let other = [sent(3), connected(5), sent(7)];
    let mut log = log_of(&program, one.into_iter().chain(other).chain([sent(8)]).collect());
    log.beside = (2..8).collect();
    let mut numbers: Vec<u64> = (1..=8).collect();
    let places = reproduce::places(&log);
    numbers.sort_by_key(|number| places.get(number).copied().unwrap_or((*number, 0)));
    assert_eq!(numbers, [1, 2, 4, 6, 3, 5, 7, 8]);
}
