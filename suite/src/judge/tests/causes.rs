//! What has one cause, and what has not.

use super::*;

/// A scenario of this name and body that sends these exchanges, the last of which all its checks look at.
pub(super) fn scene(library: &Library, name: &str, body: &str, exchanges: &[Arc<Exchange>]) -> Attempts {
    let program = program(library, name, body);
    let (last, before) = exchanges.split_last().unwrap();
    let mut events: Vec<Event> = before.iter().map(|one| Event::Sent(0, one.clone())).collect();
    events.extend(all_look(&program, last));
    once(log_of(&program, events))
}

/// A scenario without rows, whose checks look at these exchanges one by one.
pub(super) fn scene_of_steps(
    library: &Library,
    name: &str,
    body: &str,
    exchanges: &[Arc<Exchange>],
) -> Attempts {
    let program = program(library, name, body);
    let looks = exchanges
        .iter()
        .enumerate()
        .flat_map(|(at, exchange)| {
            let mut events = all_look(&program, exchange).into_iter();
            let sent = events.next();
            [sent, events.nth(at)]
        })
        .flatten();
    once(log_of(&program, looks.collect()))
}

pub(super) fn with_header(exchange: &Arc<Exchange>, name: &str, value: &str) -> Arc<Exchange> {
    let mut changed = Exchange::clone(exchange);
    changed.request.headers.append(name, value);
    Arc::new(changed)
}

fn with_json(exchange: &Arc<Exchange>, json: &str) -> Arc<Exchange> {
    let mut changed = Exchange::clone(exchange);
    let answer = changed.outcome.as_mut().unwrap();
    answer.body = bytes::Bytes::copy_from_slice(json.as_bytes()).into();
    Arc::new(changed)
}

pub(super) const UPLOAD: (&str, &str) = ("Location", "/v2/a/blobs/uploads/1");

pub(super) fn opened() -> Arc<Exchange> {
    exchange(1, "POST /v2/a/blobs/uploads/", Ok((202, &[UPLOAD])))
}

#[test]
fn nonsense_that_is_taken_is_one_cause_whatever_is_wrong_of_the_answer() {
    let library = library("a.name MUST\na.location MUST\na.spoilt MUST\na.uuid MUST");
    let bad = ("Location", "/v2/a b/1");
    let answers = Fault::Malformed("a null byte in a header".to_owned());
    let broken = exchange(3, "POST /v2/a%20b%20c/blobs/uploads/", Err(answers));
    let odd = exchange(1, "POST /v2/a%20b/blobs/uploads/", Ok((202, &[bad])));
    let sound = exchange(2, "POST /v2/a/blobs/uploads/", Ok((202, &[UPLOAD])));
    let programs = vec![
        scene(
            &library,
            "push/name",
            "> GET /v2/\nMUST a.name\n< 4xx\n",
            std::slice::from_ref(&odd),
        ),
        scene(
            &library,
            "push/spoilt",
            "> GET /v2/\nMUST a.spoilt\n< 4xx\n",
            &[broken],
        ),
        scene(
            &library,
            "push/where",
            "> GET /v2/\nMUST a.location\n< Location: a uri\n",
            &[odd],
        ),
        scene(
            &library,
            "push/uuid",
            "> GET /v2/\nMUST a.uuid\n< Location: a uuid\n",
            &[sound],
        ),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.name = a.location = a.spoilt", "a.uuid"]);
}

#[test]
fn a_closed_upload_that_takes_a_chunk_is_no_place_that_is_not_looked_at() {
    let library = library("a.closed MUST\na.gap MUST\na.last MUST");
    let chunk = |number, method: &str, status| {
        let sent = exchange(
            number,
            &format!("{method} /v2/a/blobs/uploads/1"),
            Ok((status, &[])),
        );
        with_header(&sent, "Content-Range", "9-9")
    };
    let put = exchange(2, "PUT /v2/a/blobs/uploads/1?digest=sha256:00", Ok((201, &[])));
    let programs = vec![
        scene(
            &library,
            "push/closed",
            "> GET /v2/\nMUST a.closed\n< 4xx\n",
            &[opened(), put, chunk(3, "PATCH", 202)],
        ),
        scene(
            &library,
            "push/gap",
            "> GET /v2/\nMUST a.gap\n< 416\n",
            &[opened(), chunk(2, "PATCH", 202)],
        ),
        scene(
            &library,
            "push/last",
            "> GET /v2/\nMUST a.last\n< 416\n",
            &[opened(), chunk(2, "PUT", 400)],
        ),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.closed", "a.gap = a.last"]);
}

#[test]
fn who_takes_any_upload_takes_one_that_is_closed_or_of_another_repository() {
    let library = library("a.any MUST\na.closed MUST\na.foreign MUST");
    let patch = |number, target: &str| exchange(number, &format!("PATCH {target}"), Ok((202, &[])));
    let put = exchange(2, "PUT /v2/a/blobs/uploads/1?digest=sha256:00", Ok((201, &[])));
    let any = |id: &str| format!("> GET /v2/\nMUST {id}\n< 4xx\n");
    let closed = || {
        scene(
            &library,
            "push/closed",
            &any("a.closed"),
            &[opened(), put.clone(), patch(3, "/v2/a/blobs/uploads/1")],
        )
    };
    let foreign = || {
        scene(
            &library,
            "push/foreign",
            &any("a.foreign"),
            &[opened(), patch(2, "/v2/b/blobs/uploads/1")],
        )
    };
    let unknown = scene(
        &library,
        "push/any",
        &any("a.any"),
        &[patch(1, "/v2/a/blobs/uploads/2")],
    );
    let outcome = judge(&library, &run_log(vec![unknown, closed(), foreign()]));
    assert_eq!(outcome.findings.len(), 1);
    let outcome = judge(&library, &run_log(vec![closed(), foreign()]));
    assert_eq!(findings(&outcome), ["a.closed", "a.foreign"]);
}

#[test]
fn a_condition_on_a_range_tells_more_than_the_range() {
    let library = library("a.condition MUST\na.range MUST");
    let blob = format!("GET /v2/a/blobs/sha256:{}", "0".repeat(64));
    let ranged = with_header(&exchange(1, &blob, Ok((206, &[]))), "Range", "bytes=0-");
    let conditional = with_header(&ranged, "If-Range", "\"x\"");
    let programs = vec![
        scene(
            &library,
            "pull/if",
            "> GET /v2/\nMUST a.condition\n< 200\n",
            &[conditional],
        ),
        scene(
            &library,
            "pull/range",
            "> GET /v2/\nMUST a.range\n< 200\n",
            &[ranged],
        ),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.condition", "a.range"]);
}

#[test]
fn a_header_of_a_refusal_is_not_that_of_what_is_granted_and_no_matter_of_the_status() {
    let library = library("a.granted MUST\na.refused MUST\na.method MUST");
    let list = |number, status| exchange(number, "GET /v2/a/tags/list", Ok((status, &[])));
    let typed = |id: &str| format!("> GET /v2/\nMUST {id}\n< Content-Type: application/json\n");
    let programs = vec![
        scene(&library, "pull/granted", &typed("a.granted"), &[list(1, 200)]),
        scene(&library, "pull/refused", &typed("a.refused"), &[list(2, 405)]),
        scene(
            &library,
            "pull/method",
            "> GET /v2/\nMUST a.method\n< 200\n",
            &[list(3, 405)],
        ),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.granted", "a.method", "a.refused"]);
}

#[test]
fn a_plain_list_with_other_elements_does_not_tell_why() {
    let library = library("a.deleted MUST\na.lost MUST\na.null MUST\na.filtered MUST");
    let list = |number, query: &str, json: &str| {
        let target = format!("GET /v2/a/referrers/sha256:00{query}");
        with_json(&exchange(number, &target, Ok((200, &[]))), json)
    };
    let ask = |id: &str, what: &str| format!("> GET /v2/\nMUST {id}\n< {what}\n");
    let two = r#"{"manifests":[1,2]}"#;
    let null = r#"{"manifests":null}"#;
    let programs = vec![
        scene(
            &library,
            "pull/deleted",
            &ask("a.deleted", "$.manifests[*]: once"),
            &[list(1, "", two)],
        ),
        scene(
            &library,
            "pull/lost",
            &ask("a.lost", "$.manifests[*]: has 3"),
            &[list(2, "", two)],
        ),
        scene(
            &library,
            "pull/null",
            &ask("a.null", "$.manifests: an array"),
            &[list(3, "", null)],
        ),
        scene(
            &library,
            "pull/filtered",
            &ask("a.filtered", "$.manifests: an array"),
            &[list(4, "?artifactType=a/b", null)],
        ),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.deleted", "a.lost", "a.null = a.filtered"]);
}

#[test]
fn what_is_refused_for_another_reason_does_not_follow() {
    let library = library("a.general MUST\na.special MUST a.general");
    let refused = |number, code: &str| {
        let json = format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#);
        with_json(&exchange(number, "PUT /v2/a/manifests/t", Ok((400, &[]))), &json)
    };
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 201\n");
    let found = |code| {
        let programs = vec![
            scene(
                &library,
                "push/general",
                &ask("a.general"),
                &[refused(1, "MANIFEST_INVALID")],
            ),
            scene(&library, "push/special", &ask("a.special"), &[refused(2, code)]),
        ];
        judge(&library, &run_log(programs)).findings.len()
    };
    assert_eq!(
        (found("MANIFEST_INVALID"), found("MANIFEST_BLOB_UNKNOWN")),
        (1, 2)
    );
}

#[test]
fn failures_with_other_codes_are_other_failures() {
    let library = library("a.first MUST\na.second MUST");
    let fails = |number, code: &str| {
        let json = format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#);
        with_json(&exchange(number, "PUT /v2/a/manifests/t", Ok((500, &[]))), &json)
    };
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 4xx\n");
    let programs = |code| {
        vec![
            scene(&library, "push/first", &ask("a.first"), &[fails(1, "UNKNOWN")]),
            scene(&library, "push/second", &ask("a.second"), &[fails(2, code)]),
        ]
    };
    let found = |code| judge(&library, &run_log(programs(code))).findings.len();
    assert_eq!((found("UNKNOWN"), found("DENIED")), (1, 2));
}

#[test]
fn what_a_plain_request_shows_afterwards_goes_with_the_odd_request_before_it() {
    let library = library("a.general MUST\na.tag MUST");
    let odd = |number| exchange(number, "PUT /v2/a/manifests/.x", Ok((201, &[])));
    let list = with_json(
        &exchange(3, "GET /v2/a/tags/list?n=9", Ok((200, &[]))),
        r#"{"tags":[".x"]}"#,
    );
    let general = scene(
        &library,
        "push/general",
        "> GET /v2/\nMUST a.general\n< 4xx\n< 404\n",
        &[odd(1)],
    );
    let tag = scene_of_steps(
        &library,
        "push/tag",
        "> GET /v2/\nMUST a.tag\n< 4xx\n< $.tags[*]: absent\n",
        &[odd(2), list],
    );
    let outcome = judge(&library, &run_log(vec![general, tag]));
    assert_eq!(findings(&outcome), ["a.general = a.tag"]);
}

#[test]
fn the_rows_of_a_check_go_together_under_what_its_requirement_rests_on() {
    let library = library("a.gone MUST\na.listed MUST a.gone\na.last MUST");
    let list = |number, query: &str| {
        let listed = exchange(number, &format!("GET /v2/a/tags/list{query}"), Ok((200, &[])));
        with_json(&listed, r#"{"tags":["a","b"]}"#)
    };
    let absent = |id: &str| format!("> GET /v2/\nMUST {id}\n< $.tags[*]: absent\n");
    let rows = "for what | query\n  | plain  | x\n  | last  | y\n> GET /v2/{query}\nMUST a.listed\n< $.tags[*]: absent\nend\n";
    let programs = vec![
        scene(&library, "manage/gone", &absent("a.gone"), &[list(1, "")]),
        scene_of_steps(&library, "pull/rows", rows, &[list(2, ""), list(3, "?last=z")]),
        scene(&library, "pull/last", &absent("a.last"), &[list(4, "?last=y")]),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.gone < a.listed", "a.last"]);
}

#[test]
fn a_manifest_that_makes_the_registry_fail_does_so_by_tag_and_by_digest() {
    let library = library("a.deep MUST\na.malformed MUST\na.reference MUST");
    let fails = |number, reference: &str| {
        exchange(
            number,
            &format!("PUT /v2/a/manifests/{reference}"),
            Ok((500, &[])),
        )
    };
    let digest = format!("sha256:{}", "0".repeat(64));
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 4xx\n");
    let programs = vec![
        scene(&library, "push/deep", &ask("a.deep"), &[fails(1, &digest)]),
        scene(&library, "push/malformed", &ask("a.malformed"), &[fails(2, "t")]),
        scene(
            &library,
            "push/reference",
            &ask("a.reference"),
            &[fails(3, "sha256:zz")],
        ),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.deep = a.malformed", "a.reference"]);
}

#[test]
fn who_takes_any_name_takes_one_with_tricks_in_it() {
    let library = library("a.name MUST\na.trick MUST");
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 4xx\n");
    let open = |number, name: &str| {
        exchange(
            number,
            &format!("POST /v2/{name}/blobs/uploads/"),
            Ok((202, &[UPLOAD])),
        )
    };
    let name = || scene(&library, "base/name", &ask("a.name"), &[open(1, "a/B")]);
    let trick = || scene(&library, "base/trick", &ask("a.trick"), &[open(2, "..%2fa")]);
    let outcome = judge(&library, &run_log(vec![name(), trick()]));
    assert_eq!(findings(&outcome), ["a.name = a.trick"]);
}

#[test]
fn who_takes_any_reference_takes_one_with_tricks_in_it() {
    let library = library("a.tag MUST\na.trick MUST");
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 4xx\n");
    let put = |number, tag: &str| exchange(number, &format!("PUT /v2/a/manifests/{tag}"), Ok((201, &[])));
    let tag = scene(&library, "push/tag", &ask("a.tag"), &[put(1, "-x")]);
    let trick = scene(&library, "push/trick", &ask("a.trick"), &[put(2, "t%2f..%2ft")]);
    let outcome = judge(&library, &run_log(vec![tag, trick]));
    assert_eq!(findings(&outcome), ["a.tag = a.trick"]);
}

#[test]
fn who_knows_no_parameters_is_told_so_once() {
    let library = library("a.n MUST\na.last MUST");
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 200\n");
    let list = |number, query: &str, status| {
        exchange(number, &format!("GET /v2/a/tags/list?{query}"), Ok((status, &[])))
    };
    let found = |status| {
        let n = scene(&library, "tags/n", &ask("a.n"), &[list(1, "n=1", status)]);
        let last = scene(
            &library,
            "tags/last",
            &ask("a.last"),
            &[list(2, "last=a", status)],
        );
        judge(&library, &run_log(vec![n, last])).findings.len()
    };
    assert_eq!((found(404), found(400)), (1, 2));
}

#[test]
fn who_finds_nothing_to_delete_of_what_is_there_is_told_so_once() {
    let library = library("a.manifest MUST\na.blob MUST\na.upload MUST");
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 202 or 405\n");
    let gone = |number, path: &str| exchange(number, &format!("DELETE /v2/a/{path}"), Ok((404, &[])));
    let digest = format!("sha256:{}", "0".repeat(64));
    let programs = vec![
        scene(
            &library,
            "probe/manifest",
            &ask("a.manifest"),
            &[gone(1, &format!("manifests/{digest}"))],
        ),
        scene(
            &library,
            "probe/blob",
            &ask("a.blob"),
            &[gone(2, &format!("blobs/{digest}"))],
        ),
        scene(
            &library,
            "probe/upload",
            &ask("a.upload"),
            &[opened(), gone(2, "blobs/uploads/1")],
        ),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.manifest = a.blob", "a.upload"]);
}

#[test]
fn a_failure_says_nothing_of_what_is_kept() {
    let library = library("a.fails MUST\na.kept MUST guard");
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 4xx\n");
    let put = |number, status| exchange(number, "PUT /v2/a/manifests/.x", Ok((status, &[])));
    let found = |status| {
        let one = |name: &str, id, at| scene(&library, name, &ask(id), &[put(at, status)]);
        let programs = vec![
            one("push/fails", "a.fails", 1),
            one("push/kept", "a.kept", 2),
            one("push/kept-too", "a.kept", 3),
        ];
        findings(&judge(&library, &run_log(programs)))
    };
    assert_eq!(found(500), ["a.fails = a.kept"]);
    assert_eq!(found(201), ["a.kept = a.fails"]);
}

#[test]
fn a_race_is_another_cause_than_what_fails_by_itself_unless_that_fails_always() {
    let library = library("a.mount MUST\na.read MUST");
    let blob = format!("GET /v2/a/blobs/sha256:{}", "0".repeat(64));
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 200\n");
    let lasting = |exchange: Arc<Exchange>| {
        let mut lasting = Exchange::clone(&exchange);
        lasting.elapsed = Duration::from_millis(9);
        Arc::new(lasting)
    };
    let read = |number, status| lasting(exchange(number, &blob, Ok((status, &[]))));
    let write = lasting(exchange(1, "PUT /v2/a/blobs/uploads/1", Ok((201, &[]))));
    let found = |held: &[&str]| {
        let mut race = scene(
            &library,
            "push/race",
            &ask("a.read"),
            &[write.clone(), read(2, 500)],
        );
        race.first.moments = [(1, Duration::from_millis(10)), (2, Duration::from_millis(11))].into();
        let mut programs = vec![
            race,
            scene(&library, "push/mount", &ask("a.mount"), &[read(3, 500)]),
        ];
        programs.extend(
            held.iter()
                .map(|id| scene(&library, "pull/held", &ask(id), &[read(4, 200)])),
        );
        findings(&judge(&library, &run_log(programs)))
    };
    assert_eq!(found(&["a.mount", "a.read"]), ["a.mount", "a.read"]);
    assert_eq!(found(&["a.read"]), ["a.read = a.mount"]);
}
