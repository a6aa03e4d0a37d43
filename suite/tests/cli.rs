//! The command line, as its user meets it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs the command with these arguments and nothing from the environment that it would look at.
fn assize(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assize"));
    for variable in ["ASSIZE_USER", "ASSIZE_PASSWORD", "ASSIZE_TOKEN", "COLUMNS"] {
        command.env_remove(variable);
    }
    command.args(arguments).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn every_command_has_its_help() {
    for command in [
        "run",
        "judge",
        "snapshot",
        "compare",
        "site",
        "list",
        "explain",
        "fmt",
        "sabotage",
        "selftest",
        "lsp",
        "completions",
        "man",
    ] {
        let output = assize(&[command, "--help"]);
        assert_eq!(code(&output), 0);
        insta::assert_snapshot!(format!("help_{command}"), stdout(&output));
    }
    let serve = stdout(&assize(&["serve", "--help"]));
    assert!(
        serve.contains("--listen <") && serve.contains("--store <"),
        "{serve}"
    );
    insta::assert_snapshot!("help", stdout(&assize(&["--help"])));
    insta::assert_snapshot!("help_short", stdout(&assize(&["-h"])));
}

#[test]
fn every_deviation_and_variation_is_listed_with_what_it_does() {
    let listed = stdout(&assize(&["sabotage", "--list"]));
    let line = |id: &str| {
        let mut lines = listed.lines();
        let found = lines.find(|line| line.split(' ').next() == Some(id)).unwrap();
        found.split_whitespace().collect::<Vec<&str>>().join(" ")
    };
    assert_eq!(
        line("body-behind-head"),
        "body-behind-head breaks head.no-content"
    );
    assert_eq!(
        line("link-absolute"),
        "link-absolute is allowed: Link is a whole URL."
    );
    let entries: serde_json::Value =
        serde_json::from_str(&stdout(&assize(&["sabotage", "--list", "--json"]))).unwrap();
    assert_eq!(entries.as_array().unwrap().len(), listed.lines().count());
}

#[test]
fn a_deviation_that_there_is_not_is_refused_with_the_nearest() {
    let output = assize(&["sabotage", "body-behind-heat"]);
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("body-behind-head"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let output = assize(&["man", "--into", text(folder.path())]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    for command in ["", "-run", "-snapshot", "-compare", "-site", "-serve", "-man"] {
        let page = folder.path().join(format!("assize{command}.1"));
        assert!(page.is_file(), "{command}");
        if let Some(name) = command.strip_prefix('-') {
            let shown = stdout(&assize(&["man", name]));
            assert!(shown.contains(&format!(".TH assize{command} 1")), "{shown}");
        }
    }
    let page = stdout(&assize(&["man"]));
    assert!(
        page.contains("assize compare before.json after.json"),
        "the examples are there"
    );
}

#[test]
fn a_client_meets_the_variation_that_is_served() {
    let mut serving = Command::new(env!("CARGO_BIN_EXE_assize"))
        .args(["sabotage", "base-is-a-page", "--listen", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    let mut said = BufReader::new(serving.stdout.take().unwrap());
    said.read_line(&mut url).unwrap();
    let mut client = TcpStream::connect(url.trim().strip_prefix("http://").unwrap()).unwrap();
    client
        .write_all(b"GET /v2/ HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("<title>Registry</title>"), "{answer}");
    serving.kill().unwrap();
    let output = serving.wait_with_output().unwrap();
    assert!(stderr(&output).ends_with("\n  GET /v2/\n"), "{}", stderr(&output));
}

#[test]
fn a_target_where_nothing_listens_is_one_message() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    for command in ["run", "clean"] {
        let output = assize(&[command, &address]);
        assert_eq!(code(&output), 3, "{command}");
        assert_eq!(stdout(&output), "", "{command}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(
                stderr(&output).replace(&address, "127.0.0.1:1"),
                @"error: http://127.0.0.1:1 cannot be reached: cannot connect: 127.0.0.1:1: nothing listens there"
            );
        }
    }
}

#[test]
fn every_fault_of_every_scenario_is_shown_at_once() {
    let folder = folder(&[
        (
            "one.scenario",
            "scenario A registry is there\n> GET /v2/\nMUST base.get-200\n< 20O\n",
        ),
        ("two.scenario", "scenario Another\nneed push\n"),
    ]);
    let output = assize(&["--scenarios", text(folder.path())]);
    assert_eq!(code(&output), 2);
    insta::assert_snapshot!(stderr(&output).replace(text(folder.path()), "mine"));
}

#[test]
fn what_is_not_there_is_refused_with_advice() {
    for (arguments, advice) in [
        (
            &["--only", "psuh/*"][..],
            "no scenario is selected by --only 'psuh/*'",
        ),
        (
            &["--require", "delete-tags"],
            "there is no capability `delete-tags`",
        ),
        (&["--spec", "1.2"], "invalid value '1.2'"),
        (&["--report", "xml=a.xml"], "`xml` is not a format"),
        (
            &["--profile", "docker", "--spec", "1.0"],
            "the docker profile has no versions",
        ),
        (
            &["--baseline", "nowhere.toml"],
            "--baseline nowhere.toml: No such file or directory\n",
        ),
        (
            &["--record", "nowhere/a.jsonl"],
            "--record nowhere/a.jsonl: No such file",
        ),
        (&["--jobs", "0"], "scenarios that run at the same time, 1 or more"),
        (&["--seed", "x"], "a seed is a whole number from 0"),
        (
            &["explian", "push.mount.201"],
            "there is no command `explian`; did you mean `explain`?",
        ),
        (&["man", "rnu"], "there is no command `rnu`; did you mean `run`?"),
        (
            &["snapshot", "answers-of-mine"],
            "`answers-of-mine` is no address of a registry, and there is no such folder",
        ),
        (
            &["snapshot", "http://127.0.0.1:1", "http://127.0.0.1:2"],
            "`http://127.0.0.1:2` stands where the folder",
        ),
        (&["site", "nowhere"], "nowhere: No such file"),
        (&["--scenarios", "nowhere"], "nowhere: No such file"),
        (&["explain", "push.mount.202"], "did you mean `push.mount.201`?"),
        (
            &["lst"],
            "`lst` is neither a command nor the address of a registry; did you mean `list`?",
        ),
    ] {
        let output = assize(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(
            stderr(&output).contains(advice),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_password_is_never_repeated() {
    let output = assize(&["https://me:hunter2@registry.example.com"]);
    assert_eq!(code(&output), 2);
    assert!(!stderr(&output).contains("hunter2"));
}

#[test]
fn lists_are_lines_or_json() {
    for what in ["scenarios", "requirements", "capabilities"] {
        let lines = stdout(&assize(&["list", what])).lines().count();
        let json: serde_json::Value =
            serde_json::from_slice(&assize(&["list", what, "--json"]).stdout).unwrap();
        assert!(lines > 0, "{what}");
        assert_eq!(json.as_array().unwrap().len(), lines, "{what}");
    }
}

#[test]
fn a_requirement_and_a_scenario_are_explained() {
    let requirement = stdout(&assize(&["explain", "push.mount.201"]));
    assert!(requirement.starts_with("push.mount.201\n"), "{requirement}");
    assert!(requirement.contains("push/mount"), "{requirement}");
    assert!(
        requirement.contains("spec: stated by the specification"),
        "{requirement}"
    );
    let link = "https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md\
        #mounting-a-blob-from-another-repository:~:text=";
    assert!(requirement.contains(link), "{requirement}");
    let doubtful = stdout(&assize(&["explain", "push.chunk.range-vs-length"]));
    assert!(doubtful.contains("implied, and stated nowhere"), "{doubtful}");
    assert!(doubtful.contains("\n  decided    "), "{doubtful}");
    let guarded = stdout(&assize(&["explain", "push.mount.readable-in-target"]));
    assert!(
        guarded.contains("\n  protects   content: no wrong bytes"),
        "{guarded}"
    );
    let scenario = stdout(&assize(&["explain", "push/mount"]));
    assert!(scenario.contains("MUST push.mount.201"), "{scenario}");
}

#[test]
fn scenarios_are_brought_into_shape() {
    let (shaped, other) = ("scenario  A registry\n", "scenario   A registry\n\n");
    let folder = folder(&[
        ("a/good.scenario", shaped),
        ("a/other.scenario", other),
        ("a/other.txt", other),
    ]);
    let path = folder.path().join("a/other.scenario");
    let format = |arguments: &[&str]| assize(&[&["fmt", text(folder.path())], arguments].concat());

    let checked = format(&["--check"]);
    assert_eq!(code(&checked), 1);
    assert_eq!(stdout(&checked), format!("{}\n", path.display()));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), other);

    assert_eq!(code(&format(&[])), 0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), shaped);
    assert_eq!(code(&format(&["--check"])), 0);

    std::fs::write(&path, "scenarioo\n").unwrap();
    assert_eq!(code(&format(&[])), 2);
    assert_eq!(code(&assize(&["fmt", text(&folder.path().join("nowhere"))])), 2);
}

#[test]
fn completions_and_the_manual_follow_the_options() {
    for arguments in [&["completions", "bash"][..], &["completions", "fish"], &["man"]] {
        let output = assize(arguments);
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains("baseline"), "{arguments:?}");
    }
}

#[cfg(feature = "bundled")]
mod against_the_bundled_registry {
    use super::*;

    const REQUIREMENTS: &str = r#"
category = "common"

["base.get-200"]
level   = "MUST"
section = "Determining Support"
basis   = "spec"
text    = "GET /v2/ answers 200."
why     = "Every client begins with this request."
"#;

    /// A single scenario, true or not, so that a run is short.
    fn suite(check: &str) -> tempfile::TempDir {
        let scenario =
            format!("scenario  The registry is there\n\n> GET /v2/\nMUST base.get-200\n< {check}\n");
        folder(&[
            ("base.scenario", &scenario),
            ("probe/none.scenario", "scenario  Nothing is found out\n"),
            ("requirements/base.toml", REQUIREMENTS),
            ("requirements/documents.toml", ""),
        ])
    }

    #[test]
    fn a_run_ends_with_its_verdict() {
        let (good, bad) = (suite("200"), suite("404"));
        let output = assize(&[
            "run",
            "--scenarios",
            text(good.path()),
            "--seed",
            "7",
            "--run-id",
            "k3x9mt",
        ]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        assert!(stdout(&output).contains("conforms to OCI distribution 1.1: 1 MUST and 0 SHOULD hold"));

        let output = assize(&[
            "run",
            "--scenarios",
            text(bad.path()),
            "--seed",
            "7",
            "--run-id",
            "k3x9mt",
        ]);
        assert_eq!(code(&output), 1, "{}", stderr(&output));
        let report = stdout(&output).replace(text(bad.path()), "mine");
        insta::with_settings!({filters => vec![(r"127\.0\.0\.1:\d+", "127.0.0.1:1"), (r"in \d+\.\d s", "in 0.1 s")]}, {
            insta::assert_snapshot!(report);
        });
    }

    #[test]
    fn a_check_without_an_id_is_a_finding_under_the_name_of_its_scenario() {
        let house = folder(&[(
            "own.scenario",
            "scenario  The registry says how much room is left\n\n> GET /v2/\n< X-Quota: a number\n",
        )]);
        let file = house.path().join("own.scenario");
        let output = assize(&[
            "run",
            "--scenarios",
            text(&file),
            "--full",
            "--seed",
            "7",
            "--run-id",
            "k3x9mt",
        ]);
        assert_eq!(code(&output), 1, "{}", stderr(&output));
        let report = stdout(&output).replace(text(house.path()), "house");
        insta::with_settings!({filters => vec![
            (r"127\.0\.0\.1:\d+", "127.0.0.1:1"), (r"\d+ requests in \d+\.\d s", "7 requests in 0.1 s"),
        ]}, {
            insta::assert_snapshot!(report);
        });
        let explained = stdout(&assize(&["explain", "own", "--scenarios", text(&file)]));
        assert!(explained.contains("how much room is left"), "{explained}");
        let listed = stdout(&assize(&["list", "requirements", "--scenarios", text(&file)]));
        assert!(
            listed
                .lines()
                .any(|line| line.starts_with("own ") && line.contains("MUST")),
            "{listed}"
        );
    }

    #[test]
    fn rules_of_a_house_are_asked_alone_and_weigh_as_they_say() {
        let rules = "category = \"common\"\n\n[\"house.greeting\"]\nlevel = \"MUST\"\nbasis = \"house\"\nsection = \"Greeting\"\n\
                     text = \"The registry greets.\"\nwhy = \"We are polite.\"\n";
        let house = |asked: &str| {
            let scenario =
                format!("scenario  The registry greets\n\n> GET /v2/\nMUST house.greeting\n< {asked}\n");
            folder(&[("own.scenario", &scenario), ("requirements/house.toml", rules)])
        };
        let (good, bad) = (house("200"), house("X-Greeting: present"));
        let output = assize(&["--scenarios", text(good.path()), "--report", "json=-"]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let verdict = stderr(&output);
        assert!(
            verdict.contains("nothing of what was asked is broken"),
            "{verdict}"
        );
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let held = json["requirements"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["verdict"] == "held");
        let held: Vec<&str> = held.map(|one| one["id"].as_str().unwrap()).collect();
        assert!(held.contains(&"house.greeting"), "{held:?}");
        let output = assize(&["--scenarios", text(bad.path())]);
        assert_eq!(code(&output), 1, "{}", stderr(&output));
        assert!(
            stdout(&output).contains("breaks the rules of the house: 1 violation of its rules"),
            "{}",
            stdout(&output)
        );
        let explained = stdout(&assize(&[
            "explain",
            "house.greeting",
            "--scenarios",
            text(bad.path()),
        ]));
        assert!(explained.contains("house: a rule of the house"), "{explained}");
    }

    #[test]
    fn a_report_on_the_standard_output_stands_there_alone() {
        let suite = suite("200");
        let output = assize(&["--scenarios", text(suite.path()), "--report", "json=-"]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["schema"], "assize-report/1");
        assert!(stderr(&output).contains("conforms to"));
    }

    #[test]
    fn what_was_recorded_is_judged_again() {
        let suite = suite("404");
        let folder = suite.path().join("kept");
        std::fs::create_dir(&folder).unwrap();
        let path = |name: &str| text(&folder.join(name)).to_owned();
        let (record, trace) = (path("record"), path("trace.har"));
        let report = |name: &str| format!("json={}", path(name));
        let ran = assize(&[
            "run",
            "--scenarios",
            text(suite.path()),
            "--record",
            &record,
            "--trace",
            &trace,
            "--report",
            &report("first"),
        ]);
        assert_eq!(code(&ran), 1, "{}", stderr(&ran));
        let scenarios = ["--scenarios", text(suite.path())];
        let again = report("again");
        let judged = assize(&[&["judge", &record, "--report", &again][..], &scenarios].concat());
        assert_eq!(code(&judged), 1, "{}", stderr(&judged));
        assert_eq!(stdout(&judged), stdout(&ran));
        let read = |name: &str| std::fs::read_to_string(path(name)).unwrap();
        assert_eq!(read("first"), read("again"));
        assert!(read("trace.har").starts_with("{\"log\":{\"version\":\"1.2\""));

        let elsewhere = assize(&["judge", &record]);
        assert_eq!(code(&elsewhere), 2);
        let message = stderr(&elsewhere);
        assert!(
            message.contains("record: line 2: there is no scenario"),
            "{message}"
        );
    }

    #[test]
    fn a_record_that_could_not_be_written_is_found_before_the_run() {
        let suite = suite("200");
        let path = suite.path().join("missing/record");
        for option in ["--record", "--trace"] {
            let output = assize(&["--scenarios", text(suite.path()), option, text(&path)]);
            assert_eq!(code(&output), 2);
            assert_eq!(stdout(&output), "");
            assert!(
                stderr(&output).contains("missing/record: No such file"),
                "{}",
                stderr(&output)
            );
        }
    }

    #[test]
    fn a_report_that_cannot_be_begun_is_refused_before_the_run() {
        let suite = suite("200");
        let path = suite.path().join("missing/report.xml");
        let output = assize(&[
            "--scenarios",
            text(suite.path()),
            "--report",
            &format!("junit={}", text(&path)),
        ]);
        assert_eq!(code(&output), 2);
        assert_eq!(stdout(&output), "");
        let message = format!("{}: No such file", path.display());
        assert!(stderr(&output).contains(&message), "{}", stderr(&output));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_report_that_cannot_be_written_is_a_failure_of_the_suite() {
        let suite = suite("200");
        let output = assize(&["--scenarios", text(suite.path()), "--report", "junit=/dev/full"]);
        assert_eq!(code(&output), 4);
        let message = "cannot write the junit report to /dev/full";
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
    }

    #[test]
    fn a_baseline_is_drafted_filled_in_and_kept() {
        let (good, bad) = (suite("200"), suite("404"));
        let path = bad.path().join("baseline.toml");
        let baseline = text(&path);
        let draft = format!("baseline={baseline}");
        assert_eq!(
            code(&assize(&["--scenarios", text(bad.path()), "--report", &draft])),
            1
        );

        let with =
            |suite: &tempfile::TempDir| assize(&["--scenarios", text(suite.path()), "--baseline", baseline]);
        let refused = with(&bad);
        assert_eq!(code(&refused), 2);
        assert!(
            stderr(&refused).contains("the reason is empty"),
            "{}",
            stderr(&refused)
        );

        let filled = std::fs::read_to_string(&path)
            .unwrap()
            .replace("reason = \"\"", "reason = \"known\"");
        std::fs::write(&path, filled).unwrap();
        assert_eq!(code(&with(&bad)), 0);
        let outdated = with(&good);
        assert_eq!(code(&outdated), 1);
        assert!(
            stdout(&outdated).contains("the baseline is out of date"),
            "{}",
            stdout(&outdated)
        );
    }
}

#[test]
fn recorded_responses_and_registries_are_columns_of_a_comparison() {
    let answers = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/answers");
    let same = assize(&["compare", answers, &format!("again={answers}")]);
    assert_eq!(code(&same), 0, "{}", stderr(&same));
    assert!(stdout(&same).contains("no requirement came to different verdicts"));
    let nobody = assize(&["compare", answers, "http://127.0.0.1:1"]);
    assert_eq!(code(&nobody), 3, "{}", stderr(&nobody));
    let empty = folder(&[("notes.txt", "none")]);
    let nothing = assize(&["compare", text(empty.path()), answers]);
    assert_eq!(code(&nothing), 2);
    assert!(stderr(&nothing).contains("there are no recorded responses"));
}
