//! What is granted nowhere is one cause, whatever was asked of those who needed it.

use super::acknowledged::{bringing, digest_of};
use super::causes::{UPLOAD, opened, scene, with_header};
use super::*;

/// What is asked of an answer, under a requirement.
fn ask(id: &str, what: &str) -> String {
    format!("> GET /v2/\nMUST {id}\n< {what}\n")
}

/// An upload that is closed by a PUT that brings a blob.
fn whole(status: u16) -> [Arc<Exchange>; 2] {
    let close = format!("PUT /v2/a/blobs/uploads/1?digest={}", digest_of("content"));
    [
        opened(),
        bringing(&exchange(2, &close, Ok((status, &[]))), "content"),
    ]
}

/// An upload of two chunks, the second of which comes with the PUT.
fn with_last_chunk(status: u16) -> [Arc<Exchange>; 3] {
    let close = format!("PUT /v2/a/blobs/uploads/1?digest={}", digest_of("content"));
    let patch = exchange(2, "PATCH /v2/a/blobs/uploads/1", Ok((202, &[UPLOAD])));
    [
        opened(),
        bringing(&patch, "con"),
        bringing(&exchange(3, &close, Ok((status, &[]))), "tent"),
    ]
}

#[test]
fn what_every_push_needs_and_no_push_is_granted_is_one_finding() {
    let library = library("push.put.201 MUST\na.name MUST\na.last MUST\na.other MUST");
    let found = |more: Option<u16>| {
        let mut programs = vec![
            scene(&library, "push/plain", &ask("push.put.201", "201"), &whole(400)),
            scene(&library, "push/name", &ask("a.name", "201"), &whole(400)),
            scene(
                &library,
                "push/last",
                &ask("a.last", "2xx"),
                &with_last_chunk(400),
            ),
            scene(&library, "push/other", &ask("a.other", "201"), &whole(409)),
        ];
        programs
            .extend(more.map(|status| scene(&library, "push/more", &ask("a.other", "2xx"), &whole(status))));
        findings(&judge(&library, &run_log(programs)))
    };
    assert_eq!(found(None), ["push.put.201 = a.name = a.last", "a.other"]);
    assert_eq!(
        found(Some(201)),
        ["push.put.201", "a.last", "a.name", "a.other"],
        "it is granted once, so that something else is amiss of each"
    );
}

#[test]
fn a_denial_that_no_requirement_tells_explains_nothing() {
    let library = library("push.put.201 MUST\na.name MUST\na.last MUST");
    let programs = vec![
        scene(&library, "push/name", &ask("a.name", "201"), &whole(400)),
        scene(
            &library,
            "push/last",
            &ask("a.last", "201"),
            &with_last_chunk(400),
        ),
    ];
    assert_eq!(
        findings(&judge(&library, &run_log(programs))),
        ["a.last", "a.name"]
    );
}

#[test]
fn what_a_header_of_a_denial_says_and_who_is_denied_have_causes_of_their_own() {
    let library = library("push.put.201 MUST\na.header MUST\na.rights MUST\na.code MUST");
    let told = |id: &str, what: &str, status| {
        let name = format!("push/{}-{status}", id.replace('.', "-"));
        scene(&library, &name, &ask(id, what), &whole(status))
    };
    let programs = vec![
        told("push.put.201", "201", 405),
        told("a.header", "Allow: present", 405),
        told("a.code", "$.errors[*].code: has UNSUPPORTED", 405),
        told("push.put.201", "201", 403),
        told("a.rights", "201", 403),
    ];
    assert_eq!(
        findings(&judge(&library, &run_log(programs))),
        ["push.put.201", "a.code", "a.header", "a.rights"]
    );
}

#[test]
fn who_cannot_read_a_manifest_is_told_so_once_for_each_way_to_ask_for_it() {
    let library = library(
        "pull.manifest.get-by-tag-200 MUST\npull.manifest.get-by-digest-200 MUST\nhead.manifest.200 MUST\na.other MUST",
    );
    let digest = digest_of("manifest");
    let read = |number, method: &str, reference: &str, accept: &str, status| {
        let target = format!("{method} /v2/a/manifests/{reference}");
        with_header(&exchange(number, &target, Ok((status, &[]))), "Accept", accept)
    };
    let found =
        |granted: Option<(&str, &str)>| {
            let one = |name: &str, id: &str, read| scene(&library, name, &ask(id, "200"), &[read]);
            let mut programs = vec![
                one(
                    "pull/tag",
                    "pull.manifest.get-by-tag-200",
                    read(1, "GET", "t", "a/b, c/d", 500),
                ),
                one(
                    "pull/digest",
                    "pull.manifest.get-by-digest-200",
                    read(2, "GET", &digest, "a/b, c/d", 500),
                ),
                one(
                    "pull/head",
                    "head.manifest.200",
                    read(3, "HEAD", &digest, "a/b, c/d", 500),
                ),
            ];
            programs.extend(granted.map(|(reference, accept)| {
                one("pull/other", "a.other", read(4, "GET", reference, accept, 200))
            }));
            findings(&judge(&library, &run_log(programs)))
        };
    let once = ["pull.manifest.get-by-tag-200 = pull.manifest.get-by-digest-200 = head.manifest.200"];
    assert_eq!(found(None), once);
    assert_eq!(
        found(Some(("t", "a/b"))),
        once,
        "it is what is taken that makes it fail"
    );
    let sorted = |mut found: Vec<String>| {
        found.sort();
        found
    };
    assert_eq!(
        sorted(found(Some(("t", "a/b, c/d")))),
        [
            "pull.manifest.get-by-digest-200 = head.manifest.200",
            "pull.manifest.get-by-tag-200"
        ]
    );
    assert_eq!(
        sorted(found(Some((&digest, "a/b, c/d")))),
        [
            "head.manifest.200",
            "pull.manifest.get-by-digest-200",
            "pull.manifest.get-by-tag-200"
        ]
    );
}

#[test]
fn what_is_never_granted_is_not_granted_to_who_does_it_wrong() {
    let library = library("push.put.201 MUST\na.digest MUST");
    let [opened, put] = whole(409);
    let wrong = [opened, bringing(&put, "something else")];
    let programs = vec![
        scene(&library, "push/plain", &ask("push.put.201", "201"), &whole(409)),
        scene(&library, "push/wrong", &ask("a.digest", "400"), &wrong),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["push.put.201 = a.digest"]);
}

#[test]
fn what_is_kept_though_it_was_refused_is_one_finding_for_each_way_to_refuse_it() {
    let library = library("a.mismatch MUST\na.size MUST\na.malformed MUST");
    let digest = digest_of("manifest");
    let story = |id: &str, by: &str, status| {
        let put = exchange(1, &format!("PUT /v2/a/manifests/{by}"), Ok((status, &[])));
        let read = exchange(2, &format!("GET /v2/a/manifests/{digest}"), Ok((200, &[])));
        let name = format!("push/{}", id.replace('.', "-"));
        scene(
            &library,
            &name,
            &ask(id, "404"),
            &[bringing(&put, "manifest"), read],
        )
    };
    let by_another = digest_of("another");
    let programs = vec![
        story("a.mismatch", &by_another, 400),
        story("a.size", &digest, 400),
        story("a.malformed", "t", 400),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.malformed", "a.mismatch = a.size"]);
}

#[test]
fn what_is_there_since_another_repository_has_it_was_not_kept_though_it_was_refused() {
    let library = library("a.rights MUST\na.foreign MUST");
    let elsewhere = exchange(1, "PUT /v2/b/blobs/uploads/1", Ok((201, &[])));
    let elsewhere = bringing(&elsewhere, "content");
    let mount = format!("POST /v2/a/blobs/uploads/?digest={}", digest_of("content"));
    let refused = exchange(2, &mount, Ok((401, &[])));
    let read = |number| {
        exchange(
            number,
            &format!("GET /v2/a/blobs/{}", digest_of("content")),
            Ok((200, &[])),
        )
    };
    let programs = vec![
        scene(
            &library,
            "pull/foreign",
            &ask("a.foreign", "404"),
            &[elsewhere.clone(), read(2)],
        ),
        scene(
            &library,
            "push/rights",
            &ask("a.rights", "404"),
            &[elsewhere, refused, read(3)],
        ),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.rights = a.foreign"]);
}

#[test]
fn who_does_not_know_a_method_says_no_other_code_than_that() {
    let library = library("a.method MUST\na.size MUST\na.code MUST");
    let patch = || {
        let denied = exchange(2, "PATCH /v2/a/blobs/uploads/1", Ok((405, &[])));
        let mut changed = Exchange::clone(&denied);
        let answer = changed.outcome.as_mut().unwrap();
        answer.body = bytes::Bytes::from_static(br#"{"errors":[{"code":"DENIED"}]}"#).into();
        [opened(), Arc::new(changed)]
    };
    let programs = vec![
        scene(&library, "push/method", &ask("a.method", "202"), &patch()),
        scene(
            &library,
            "push/size",
            &ask("a.size", "error SIZE_INVALID"),
            &patch(),
        ),
        scene(
            &library,
            "push/code",
            &ask("a.code", "error UNSUPPORTED"),
            &patch(),
        ),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.code", "a.method = a.size"]);
}

/// What is asked of every answer of these statuses.
fn every_answer(library: &Library, statuses: &str) -> Arc<Program> {
    let text =
        format!("always    Every answer is here\nwhen {statuses}\n  SHOULD a.every\n  < X-Here: yes\nend\n");
    let (scenario, faults) = parse(&text);
    assert_eq!(faults, []);
    Arc::new(Program::of(
        "http/every".into(),
        text.into(),
        &scenario.unwrap(),
        &library.catalogue,
        Version::V1_1,
    ))
}

#[test]
fn what_answers_beside_the_api_is_the_registry_only_where_the_registry_leads_there() {
    let library = library("a.every SHOULD\na.own MUST");
    let invariants = [every_answer(&library, "4xx")];
    let own = program(&library, "probe/own", &ask("a.own", "401"));
    let run = run_log(Vec::new());
    let standard = Standard {
        catalogue: &library.catalogue,
        version: Version::V1_1,
        asked: None,
        invariants: &invariants,
        loss: None,
    };
    let is_broken_at = |target: &str, leads_to: &str| {
        let opened = exchange(
            1,
            "POST /v2/a/blobs/uploads/",
            Ok((202, &[("Location", leads_to)])),
        );
        let mut events = vec![Event::Sent(0, opened)];
        events.extend(all_look(&own, &exchange(2, target, Ok((401, &[])))));
        let verdict = judge_program(&standard, &log_of(&own, events), &run.facts.target);
        !verdict.broken.is_empty()
    };
    assert!(is_broken_at("GET /v2/", "/v2/a/blobs/uploads/1"));
    assert!(!is_broken_at("GET /nowhere", "/v2/a/blobs/uploads/1"));
    assert!(!is_broken_at("POST /token", "/v2/a/blobs/uploads/1"));
    assert!(is_broken_at("PATCH /uploads/1", "/uploads/1"));
}

#[test]
fn a_program_came_to_nothing_by_what_it_asks_and_not_by_what_is_asked_of_every_answer() {
    let library = library("a.every SHOULD\na.own MUST");
    let invariants = [every_answer(&library, "2xx")];
    let own = program(&library, "probe/own", &ask("a.own", "404"));
    let log = log_of(&own, all_look(&own, &exchange(1, "GET /v2/", Ok((200, &[])))));
    let run = run_log(Vec::new());
    let standard = Standard {
        catalogue: &library.catalogue,
        version: Version::V1_1,
        asked: None,
        invariants: &invariants,
        loss: None,
    };
    let verdict = judge_program(&standard, &log, &run.facts.target);
    assert_eq!(verdict.broken.len(), 2);
    assert_eq!(verdict.first_broken.unwrap().0.as_str(), "a.own");
}
