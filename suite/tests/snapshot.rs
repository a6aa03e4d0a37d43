//! What a registry answers is written down so that a change is seen, and nothing but a change.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use assize::catalogue::Version;
use assize::run::RunId;
use assize::saboteur::{Call, Deviation, Kind, Likeness, Reply, Saboteur, Upstream};
use assize::snapshot::{Answers, Difference, Folder, Ignore, compare, fold, observe, text};
use assize::wire::{ClientSettings, Tls, Url};
use assize::{Suite, bundled};
use http::{HeaderValue, Method};

type All = BTreeMap<Arc<str>, Answers>;

fn differences(recorded: &All, present: &All) -> Vec<Difference> {
    let mut names: Vec<&Arc<str>> = recorded.keys().chain(present.keys()).collect();
    names.sort();
    names.dedup();
    let all = names.into_iter();
    all.flat_map(|name| compare(name, recorded.get(name), present.get(name)))
        .collect()
}

fn shown(suite: &Suite, differences: &[Difference]) -> String {
    let folds = fold(differences, &suite.library().catalogue, Version::Next);
    anstream::adapter::strip_str(&text(&folds, usize::MAX)).to_string()
}

/// What a registry in memory answers, behind a deviation.
async fn answers_behind(suite: &Suite, deviation: Deviation, only: &str) -> All {
    let registry = bundled::in_memory().await.unwrap();
    let upstream = Upstream::open(Url::parse(&registry.url()).unwrap());
    let saboteur = Saboteur::lay(deviation.act, &upstream).await.unwrap();
    let run = suite.against(&saboteur.url()).only(only).seed(7);
    run.answers().await.unwrap()
}

const HONEST: Deviation = Deviation::reply("honest", &[], |_, _| {});

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_answers_as_it_is_recorded_whatever_the_seed() {
    let suite = Suite::built_in().unwrap();
    let registry = bundled::in_memory().await.unwrap();
    let seed = u64::from(std::process::id());
    let run = suite.against(&registry.url()).spec(Version::Next).seed(seed);
    let log = run.with(|settings| settings.run_id = RunId::fresh());
    let present = observe(suite.library(), &log.record().await.unwrap(), &Ignore::default()).unwrap();
    let folder = Folder::at(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/answers"));
    let recorded = folder.recorded().unwrap();
    let different = shown(&suite, &differences(&recorded, &present));
    assert!(
        different.is_empty(),
        "{different}if this is meant: assize snapshot fixtures/answers --spec next, and with --accept\n"
    );
    // What else is in a registry differs from run to run, and nothing but this.
    let unstable = recorded
        .iter()
        .filter(|(_, answers)| answers.to_string().contains("\n~ "));
    let unstable: Vec<&str> = unstable.map(|(name, _)| &**name).collect();
    assert_eq!(unstable, ["probe/catalog"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_changes_is_one_line_that_says_worse() {
    const DEVIATION: Deviation = Deviation::reply("403-for-404", &[], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) && reply.status == 404 {
            reply.status = 403;
        }
    });
    let suite = Suite::built_in().unwrap();
    let before = answers_behind(&suite, HONEST, "pull/*").await;
    let now = answers_behind(&suite, DEVIATION, "pull/*").await;
    insta::assert_snapshot!(shown(&suite, &differences(&before, &now)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_imitated_answers_as_it_was_recorded() {
    const OTHER: Deviation = Deviation::reply("other", &[], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) && reply.status == 404 {
            *reply = Reply::error(403, "DENIED");
        }
        if call.is(&Method::HEAD, Kind::Manifest) && reply.status == 200 {
            reply.headers.remove("docker-content-digest");
            reply.set("accept-ranges", "none");
        }
    });
    let suite = Suite::built_in().unwrap();
    let recorded = answers_behind(&suite, OTHER, "pull/*").await;
    let own = bundled::answers();
    let folder = Folder::at(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/answers"));
    assert_eq!(own, folder.recorded().unwrap(), "all of the reference is known");
    assert!(Likeness::learn(&own, &own).is_empty(), "it is like itself");

    let likeness = Likeness::learn(&own, &recorded);
    let registry = bundled::in_memory().await.unwrap();
    let upstream = Upstream::open(Url::parse(&registry.url()).unwrap());
    let listen = ([127, 0, 0, 1], 0).into();
    let imitation = Saboteur::imitate(likeness, &upstream, listen, None)
        .await
        .unwrap();
    let run = suite.against(&imitation.url()).only("pull/*").seed(9);
    let present = run.answers().await.unwrap();
    assert_eq!(shown(&suite, &differences(&recorded, &present)), "");
    let own: All = own
        .into_iter()
        .filter(|(name, _)| name.starts_with("pull/"))
        .collect();
    let folded = shown(&suite, &differences(&own, &present));
    for line in ["docker-content-digest", "accept-ranges: none", "403"] {
        assert!(folded.to_ascii_lowercase().contains(line), "{line}: {folded}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_is_as_long_as_a_blob_by_chance_is_not_taken_for_it() {
    fn padded(reply: &mut Reply, length: usize) {
        let [head, tail] = [r#"{"errors":[{"code":"BLOB_UNKNOWN","message":""#, r#""}]}"#];
        let message = "x".repeat(length - head.len() - tail.len());
        reply.set_body([head, &message, tail].concat());
    }
    const AS_LONG: Deviation = Deviation::reply("as-long", &[], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) && reply.status == 404 {
            padded(reply, 4096);
        }
    });
    const SHORTER: Deviation = Deviation::reply("shorter", &[], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) && reply.status == 404 {
            padded(reply, 4095);
        }
    });
    let suite = Suite::built_in().unwrap();
    let before = answers_behind(&suite, SHORTER, "management/delete-blob").await;
    let now = answers_behind(&suite, AS_LONG, "management/delete-blob").await;
    assert_eq!(shown(&suite, &differences(&before, &now)), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_is_imitated_over_tls_and_its_urls_say_so() {
    const DENIES: Deviation = Deviation::reply("denies", &[], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) && reply.status == 404 {
            *reply = Reply::error(403, "DENIED");
        }
    });
    let suite = Suite::built_in().unwrap();
    let only = ["pull/not-found", "push/chunk-gap"];
    let likeness = Likeness::learn(
        &bundled::answers(),
        &answers_behind(&suite, DENIES, only[0]).await,
    );
    let certificate =
        |name: &str| Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/tls")).join(name);
    let registry = bundled::serve_behind_a_front(bundled::Config {
        listen: ([127, 0, 0, 1], 0).into(),
        tls_certificate: Some(certificate("server.pem")),
        tls_key: Some(certificate("server.key")),
        location: bundled::Location::Absolute,
        trusted_proxies: vec![[127, 0, 0, 1].into()],
        ..bundled::Config::default()
    });
    let registry = registry.await.unwrap();
    let upstream = Upstream::open(Url::parse(&registry.url()).unwrap());
    let listen = ([127, 0, 0, 1], 0).into();
    let imitation = Saboteur::imitate(likeness, &upstream, listen, registry.front())
        .await
        .unwrap();
    assert!(imitation.url().starts_with("https://"));
    let run = suite.against(&imitation.url()).client_settings(move |url| {
        let mut settings = ClientSettings::new(url);
        settings.tls = Tls::Verified {
            extra_roots: vec![certificate("root.pem")],
        };
        settings
    });
    let run = only.into_iter().fold(run, assize::Run::only);
    let present = run.answers().await.unwrap();
    assert_eq!(present.len(), only.len());
    let text: String = present.values().map(ToString::to_string).collect();
    assert!(text.contains("< error DENIED"), "{text}");
    assert!(text.contains("< Location: {registry}/v2/"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_registry_warns_of_now_and_then_is_no_part_of_its_answers() {
    const WARNS: Deviation = Deviation::reply("warns", &[], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) {
            reply.set("warning", "299 - \"this registry moves in spring\"");
        }
    });
    let suite = Suite::built_in().unwrap();
    let before = answers_behind(&suite, HONEST, "pull/blob*").await;
    let now = answers_behind(&suite, WARNS, "pull/blob*").await;
    assert_eq!(shown(&suite, &differences(&before, &now)), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hostile_registry_answers_is_short_hides_nothing_and_holds_no_secret() {
    const SECRETS: [&str; 5] = ["open-sesame", "hunter2", "abc123", "s3cr3t", "t0k3n"];
    fn act(call: &Call, reply: &mut Reply) {
        let headers = [
            ("Set-Cookie", "session=open-sesame"),
            ("X-Secret", "hunter2"),
            ("X-Request-Id", "abc123"),
            ("Server", "s3cr3t"),
        ];
        for (name, value) in headers {
            let name = http::HeaderName::try_from(name).unwrap();
            reply.headers.insert(name, HeaderValue::from_static(value));
        }
        if call.is(&Method::GET, Kind::Tags) {
            let body = serde_json::json!({ "to\u{202e}ken": "t0k3n", "a\nb": ["\u{1b}[31m"], "{repo}": {} });
            reply.set_body(body.to_string());
        } else if call.is(&Method::GET, Kind::Referrers) {
            reply.set_body("x".repeat(4 * 1024 * 1024));
        } else if reply.status == 404 {
            reply.set_body("<html>\u{202e}hunter2</html>");
            let value = HeaderValue::from_bytes("text/html\u{202e}{repo}".as_bytes()).unwrap();
            reply.headers.insert(http::header::CONTENT_TYPE, value);
        }
    }
    let suite = Suite::built_in().unwrap();
    let deviation = Deviation::reply("hostile", &[], act);
    let answers = answers_behind(&suite, deviation, "discovery/*").await;
    assert!(answers.len() > 20);
    let is_hidden = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
    for (name, answers) in &answers {
        let text = answers.to_string();
        assert!(text.len() < 20_000, "{name} is long");
        assert!(!text.contains(is_hidden), "{name} hides something:\n{text}");
        let secret = SECRETS.iter().find(|secret| text.contains(**secret));
        assert_eq!(secret, None, "{name}:\n{text}");
    }
    let tags = answers["discovery/tags-none"].to_string();
    insta::assert_snapshot!(tags);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_snapshots_of_insta() {
    let suite = Suite::built_in().unwrap();
    let registry = bundled::in_memory().await.unwrap();
    let run = suite.against(&registry.url()).only("pull/blob");
    let answers = run.answers().await.unwrap();
    assize::assert_answers!(answers);
    assert_eq!(answers.len(), 1);
}

/// Runs `assize snapshot` on this folder, against the registry that comes with it, and types these lines.
fn snapshot(folder: &Path, arguments: &[&str], typed: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assize"));
    command.arg("snapshot").arg(folder).args(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Whoever ends without reading does not mind.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    child.wait_with_output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A folder in which something is recorded, and then changed as if the registry had answered otherwise.
struct Recorded(tempfile::TempDir);

const ONLY: [&str; 4] = ["--only", "pull/blob", "--only", "pull/not-found"];

impl Recorded {
    fn new() -> Recorded {
        let folder = tempfile::tempdir().unwrap();
        let output = snapshot(folder.path(), &ONLY, "");
        assert_eq!(code(&output), 0, "{output:?}");
        assert_eq!(
            files(folder.path()),
            ["codes.md", "pull/blob.answers", "pull/not-found.answers"]
        );
        Recorded(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path().join(file)).unwrap()
    }

    fn change(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{text}");
        std::fs::write(self.path().join(file), text.replace(from, to)).unwrap();
    }

    /// As if the blob had been answered with other header lines, and the unknown one with a status that is wrong.
    fn changed() -> Recorded {
        let recorded = Recorded::new();
        recorded.change("pull/blob.answers", "< Accept-Ranges: bytes\n", "");
        recorded.change(
            "pull/not-found.answers",
            "< 404\n< error BLOB_UNKNOWN",
            "< 410  # breaks pull.blob.404-unknown\n< error BLOB_UNKNOWN",
        );
        recorded
    }
}

/// The files of a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_is_recorded_is_held_against_what_is_answered_now() {
    let recorded = Recorded::new();
    let same = snapshot(
        recorded.path(),
        &[&ONLY[..], &["--check", "--seed", "9"]].concat(),
        "",
    );
    assert_eq!(code(&same), 0, "{same:?}");
    let partial = snapshot(
        recorded.path(),
        &["--only", "pull/manifest", "--only", "pull/blob"],
        "",
    );
    assert_eq!(code(&partial), 0, "{partial:?}");
    assert!(recorded.path().join("pull/not-found.answers").exists());
}

#[test]
fn nothing_is_overwritten_and_a_check_writes_nothing() {
    let recorded = Recorded::changed();
    let (before, text) = (files(recorded.path()), recorded.read("pull/blob.answers"));
    let check = snapshot(recorded.path(), &[&ONLY[..], &["--check"]].concat(), "");
    assert_eq!(code(&check), 1);
    assert_eq!(files(recorded.path()), before);
    let again = snapshot(recorded.path(), &ONLY, "");
    assert_eq!(code(&again), 1);
    insta::assert_snapshot!("differs", stdout(&again));
    assert_eq!(recorded.read("pull/blob.answers"), text);
    assert!(recorded.read("pull/blob.answers.new").contains("Accept-Ranges"));
    let json = snapshot(
        recorded.path(),
        &[&ONLY[..], &["--check", "--report", "json=-"]].concat(),
        "",
    );
    insta::assert_snapshot!("differs_json", stdout(&json));
    let markdown = [&ONLY[..], &["--check", "--report", "markdown=-"]].concat();
    insta::assert_snapshot!(
        "differs_markdown",
        stdout(&snapshot(recorded.path(), &markdown, ""))
    );
}

#[test]
fn what_is_pending_is_taken_over_as_far_as_it_is_accepted() {
    let recorded = Recorded::changed();
    assert_eq!(code(&snapshot(recorded.path(), &ONLY, "")), 1);
    let better = snapshot(recorded.path(), &["--accept", "better"], "");
    assert_eq!(stdout(&better), "1 taken over, 1 pending\n");
    assert!(
        recorded
            .read("pull/not-found.answers")
            .contains("< 404\n< error BLOB")
    );
    assert!(!recorded.path().join("pull/not-found.answers.new").exists());
    let glob = snapshot(recorded.path(), &["--accept", "push/*"], "");
    assert_eq!(stdout(&glob), "0 taken over, 1 pending\n");
    let all = snapshot(recorded.path(), &["--accept"], "");
    assert_eq!(stdout(&all), "1 taken over, nothing is pending any more\n");
    assert!(!recorded.path().join("pull/blob.answers.new").exists());
    let check = snapshot(recorded.path(), &[&ONLY[..], &["--check"]].concat(), "");
    assert_eq!(code(&check), 0, "{check:?}");

    std::fs::write(recorded.path().join("codes.md"), "somebody else's").unwrap();
    let check = snapshot(recorded.path(), &[&ONLY[..], &["--check"]].concat(), "");
    assert_eq!(code(&check), 1, "{check:?}");
    assert!(
        stdout(&check).contains("codes.md is not the table of these answers"),
        "{check:?}"
    );
}

#[test]
fn what_is_pending_is_gone_through_one_by_one() {
    let recorded = Recorded::changed();
    assert_eq!(code(&snapshot(recorded.path(), &ONLY, "")), 1);
    let quit = snapshot(recorded.path(), &["--review"], "what\nskip\nquit\n");
    assert!(stdout(&quit).ends_with("\n2 pending\n"), "{quit:?}");
    let gone = snapshot(recorded.path(), &["--review"], "w\na\nr\n");
    insta::assert_snapshot!("review", stdout(&gone));
    assert!(
        recorded
            .read("pull/not-found.answers")
            .contains("< 404\n< error BLOB")
    );
    assert!(!recorded.read("pull/blob.answers").contains("Accept-Ranges"));
    assert_eq!(
        stdout(&snapshot(recorded.path(), &["--review"], "")),
        "nothing is pending\n"
    );
}

#[test]
fn files_without_a_scenario_are_named() {
    let recorded = Recorded::new();
    std::fs::write(
        recorded.path().join("pull/once.answers"),
        "answers  Once\nspec     1.1\n",
    )
    .unwrap();
    let output = snapshot(recorded.path(), &["--unreferenced"], "");
    let once = recorded.path().join("pull/once.answers");
    assert_eq!(stdout(&output), format!("{}\n", once.display()));
}

#[test]
fn a_damaged_file_and_what_is_ignored_wrongly_are_told_at_their_place() {
    let recorded = Recorded::new();
    recorded.change("pull/blob.answers", "< 200\n", "< two hundred\n");
    let damaged = snapshot(recorded.path(), &ONLY, "");
    assert_eq!(code(&damaged), 2);
    let told = String::from_utf8(damaged.stderr).unwrap();
    assert!(told.contains("pull/blob.answers:"), "{told}");
    let recorded = Recorded::new();
    std::fs::write(recorded.path().join("answers.toml"), "headers = 7\n").unwrap();
    let wrong = snapshot(recorded.path(), &ONLY, "");
    assert_eq!(code(&wrong), 2);
    let told = String::from_utf8(wrong.stderr).unwrap();
    assert!(told.contains("answers.toml:1:11"), "{told}");
}

#[test]
fn what_is_ignored_is_not_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let ignored = "headers = [\"docker-*\"]\nscenarios = [\"pull/not-*\"]\nmembers = [\"message\"]\n";
    std::fs::write(folder.path().join("answers.toml"), ignored).unwrap();
    assert_eq!(code(&snapshot(folder.path(), &ONLY, "")), 0);
    assert_eq!(
        files(folder.path()),
        ["answers.toml", "codes.md", "pull/blob.answers"]
    );
    let text = std::fs::read_to_string(folder.path().join("pull/blob.answers")).unwrap();
    assert!(!text.contains("Docker-"), "{text}");
}
