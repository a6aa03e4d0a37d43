//! What was acknowledged, and is lost, elsewhere, or not what it says.

use super::causes::{UPLOAD, opened, scene, scene_of_steps, with_header};
use super::*;

pub(super) fn digest_of(content: &str) -> String {
    crate::values::digest(crate::scenario::ast::Algorithm::Sha256, content.as_bytes())
}

/// A blob that is pushed as a whole, acknowledged, and not there; what is sent between the two is `between`.
fn lost(content: &'static str, between: Vec<Arc<Exchange>>) -> Vec<Arc<Exchange>> {
    let close = format!("PUT /v2/a/blobs/uploads/1?digest={}", digest_of(content));
    let mut sent = vec![opened(), bringing(&exchange(2, &close, Ok((201, &[]))), content)];
    sent.extend(between);
    sent.push(read(content, 404));
    sent
}

fn read(content: &str, status: u16) -> Arc<Exchange> {
    let read = format!("GET /v2/a/blobs/{}", digest_of(content));
    exchange(9, &read, Ok((status, &[])))
}

#[test]
fn a_blob_that_is_lost_is_one_cause_whoever_asks_for_it_and_however() {
    let library = library("a.get MUST\na.ranges SHOULD\na.kept MUST\na.other MUST");
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 200\n");
    let gone = exchange(
        5,
        &format!("DELETE /v2/b/blobs/{}", digest_of("c")),
        Ok((202, &[])),
    );
    let mut ranged = lost("b", Vec::new());
    let last = ranged.pop().unwrap();
    ranged.push(with_header(&last, "Range", "bytes=0-9"));
    // Nobody ever put this one there.
    let missing = read("d", 404);
    let programs = || {
        vec![
            scene(&library, "pull/get", &ask("a.get"), &lost("a", Vec::new())),
            scene(&library, "pull/ranges", &ask("a.ranges"), &ranged),
            scene(
                &library,
                "manage/kept",
                &ask("a.kept"),
                &lost("c", vec![gone.clone()]),
            ),
            scene(
                &library,
                "pull/other",
                &ask("a.other"),
                std::slice::from_ref(&missing),
            ),
        ]
    };
    let outcome = judge(&library, &run_log(programs()));
    assert_eq!(findings(&outcome), ["a.get = a.ranges = a.kept", "a.other"]);
    // Where it is there as a rule, each has a cause of its own.
    let mut there = lost("e", Vec::new());
    there.pop();
    there.push(read("e", 200));
    let mut programs = programs();
    programs.push(scene(&library, "pull/there", &ask("a.get"), &there));
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(outcome.findings.len(), 4, "{:?}", findings(&outcome));
}

pub(super) fn bringing(exchange: &Arc<Exchange>, bytes: &'static str) -> Arc<Exchange> {
    let mut changed = Exchange::clone(exchange);
    changed.request.body = Body::Sized(bytes.into());
    Arc::new(changed)
}

#[test]
fn a_chunk_at_its_place_that_is_refused_says_nothing_of_places() {
    let library = library("a.gap MUST\na.replay MUST\na.refused MUST");
    let ask = |id: &str, status: &str| format!("> GET /v2/\nMUST {id}\n< {status}\n");
    let chunk = |number, place: &str, status, location: &[(&str, &str)]| {
        let sent = exchange(number, "PATCH /v2/a/blobs/uploads/1", Ok((status, location)));
        bringing(&with_header(&sent, "Content-Range", place), "ab")
    };
    let first = || chunk(2, "0-1", 202, &[UPLOAD]);
    let programs = vec![
        scene(
            &library,
            "push/gap",
            &ask("a.gap", "416"),
            &[opened(), chunk(2, "4-5", 202, &[])],
        ),
        scene(
            &library,
            "push/replay",
            &ask("a.replay", "416"),
            &[opened(), first(), chunk(3, "0-1", 202, &[])],
        ),
        scene(
            &library,
            "push/refused",
            &ask("a.refused", "2xx"),
            &[opened(), first(), chunk(3, "2-3", 400, &[])],
        ),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.gap = a.replay", "a.refused"]);
}

#[test]
fn who_takes_any_digest_is_told_so_once_wherever_it_shows() {
    let library = library("a.chunks MUST\na.whole MUST\na.place MUST\na.stored MUST");
    let close = |number, place: &str, bytes: &'static str| {
        let target = format!("PUT /v2/a/blobs/uploads/1?digest={}", digest_of("something else"));
        let sent = exchange(number, &target, Ok((201, &[])));
        match place {
            "" => bringing(&sent, bytes),
            place => bringing(&with_header(&sent, "Content-Range", place), bytes),
        }
    };
    let patch = exchange(2, "PATCH /v2/a/blobs/uploads/1", Ok((202, &[UPLOAD])));
    let first = bringing(&with_header(&patch, "Content-Range", "0-1"), "ab");
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 4xx\n");
    let programs = vec![
        scene(
            &library,
            "push/chunks",
            &ask("a.chunks"),
            &[opened(), first, close(3, "2-3", "cd")],
        ),
        scene(
            &library,
            "push/whole",
            &ask("a.whole"),
            &[opened(), close(2, "", "abcd")],
        ),
        scene(
            &library,
            "push/stored",
            &ask("a.stored"),
            &[opened(), close(2, "", "abcd"), read("something else", 200)],
        ),
        scene(
            &library,
            "push/place",
            &ask("a.place"),
            &[opened(), close(2, "2-3", "cd")],
        ),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.chunks = a.whole = a.stored", "a.place"]);
}

#[test]
fn a_blob_that_is_served_from_another_repository_is_so_also_where_it_was_deleted() {
    let library = library("a.other MUST\na.deleted MUST\na.kept MUST");
    let push = |number, name: &str| {
        let upload = format!("/v2/{name}/blobs/uploads/{number}");
        let open = exchange(
            number,
            &format!("POST /v2/{name}/blobs/uploads/"),
            Ok((202, &[("Location", upload.as_str())])),
        );
        let close = format!("PUT {upload}?digest={}", digest_of("content"));
        [
            open,
            bringing(&exchange(number + 1, &close, Ok((201, &[]))), "content"),
        ]
    };
    let delete = || {
        let target = format!("DELETE /v2/a/blobs/{}", digest_of("content"));
        exchange(6, &target, Ok((202, &[])))
    };
    let ask = |id: &str| format!("> GET /v2/\nMUST {id}\n< 404\n");
    let story = |id: &str, names: &[&str], deletes: bool| {
        let numbers = [1, 3];
        let pushes = names
            .iter()
            .zip(numbers)
            .flat_map(|(name, number)| push(number, name));
        let mut sent: Vec<Arc<Exchange>> = pushes.collect();
        sent.extend(deletes.then(delete));
        sent.push(read("content", 200));
        scene(&library, &format!("pull/{}", &id[2..]), &ask(id), &sent)
    };
    let programs = vec![
        story("a.other", &["b"], false),
        story("a.deleted", &["a", "b"], true),
        story("a.kept", &["a"], true),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.kept", "a.other = a.deleted"]);
}

#[test]
fn an_address_of_no_content_is_another_cause_than_a_route_that_there_is_not() {
    let library = library("a.status MUST\na.location MUST");
    let close = format!("PUT /v2/a/blobs/uploads/1?digest={}", digest_of("content"));
    let closed = bringing(&exchange(2, &close, Ok((201, &[UPLOAD]))), "content");
    let get = |number| exchange(number, "GET /v2/a/blobs/uploads/1", Ok((405, &[])));
    let ask = |id: &str, status: &str| format!("> GET /v2/\nMUST {id}\n< {status}\n");
    let programs = vec![
        scene(
            &library,
            "push/status",
            &ask("a.status", "204"),
            &[opened(), get(2)],
        ),
        scene(
            &library,
            "push/location",
            &ask("a.location", "200"),
            &[opened(), closed, get(3)],
        ),
    ];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.location", "a.status"]);
}

#[test]
fn what_nonsense_removed_is_lost_by_that() {
    let library = library("a.name MUST\na.session MUST");
    let trick = "/v2/a/blobs/uploads/..%2f..%2fmanifests%2ft";
    let put = exchange(1, "PUT /v2/a/manifests/t", Ok((201, &[])));
    let removed = exchange(2, &format!("DELETE {trick}"), Ok((202, &[])));
    let gone = exchange(3, "GET /v2/a/manifests/t", Ok((404, &[])));
    let named = exchange(1, "POST /v2/..%2fa/blobs/uploads/", Ok((202, &[UPLOAD])));
    let session = "> GET /v2/\nMUST a.session\n< 4xx\n< 200\n";
    let mut removal = scene_of_steps(&library, "push/session", session, &[removed, gone]);
    removal.first.events.insert(0, Event::Sent(0, put));
    let name = "> GET /v2/\nMUST a.name\n< 4xx\n< 404\n";
    let programs = vec![scene(&library, "push/name", name, &[named]), removal];
    let outcome = judge(&library, &run_log(programs));
    assert_eq!(findings(&outcome), ["a.name = a.session"]);
}
