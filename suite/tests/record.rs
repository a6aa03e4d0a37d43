//! What a run writes down is judged again as it was judged the first time, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use assize::bundled::{self, Authentication, Guarded};
use assize::catalogue::Version;
use assize::log::record::{ReadError, write};
use assize::log::{RunLog, trace};
use assize::report::Format;
use assize::run::Budget;
use assize::saboteur::{Saboteur, Upstream, deviations};
use assize::wire::{ClientSettings, Url};
use assize::{Run, Suite};
use serde_json::Value as Json;

fn run(suite: &Suite, target: &str) -> Run {
    suite.against(target).spec(Version::Next).seed(7).strict()
}

fn record(suite: &Suite, log: &RunLog) -> Vec<u8> {
    let mut record = Vec::new();
    write(log, suite.library(), &mut record).unwrap();
    record
}

/// The reports of a run against this target, and of its record.
async fn judged_twice(run: Run) -> [[String; 2]; 2] {
    let suite = Suite::built_in().unwrap();
    let log = run.record().await.unwrap();
    let again = suite.read_log(record(&suite, &log).as_slice()).unwrap();
    [log, again].map(|log| {
        let outcome = suite.judge(&log);
        [Format::Text, Format::Json].map(|format| outcome.report(format).unwrap())
    })
}

async fn judged_twice_with(deviation: &str, change: impl FnOnce(Run) -> Run) -> [[String; 2]; 2] {
    let suite = Suite::built_in().unwrap();
    let registry = bundled::in_memory().await.unwrap();
    let upstream = Upstream::open(Url::parse(&registry.url()).unwrap());
    let deviation = deviations::all()
        .into_iter()
        .find(|other| other.id == deviation)
        .unwrap();
    let saboteur = Saboteur::lay(deviation, &upstream).await.unwrap();
    judged_twice(change(run(&suite, &saboteur.url()))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_keeps_to_the_specification_is_judged_alike() {
    let suite = Suite::built_in().unwrap();
    let registry = bundled::in_memory().await.unwrap();
    let [first, again] = judged_twice(run(&suite, &registry.url())).await;
    assert_eq!(first, again);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_and_is_secret_is_in_no_record_and_no_trace() {
    let suite = Suite::built_in().unwrap();
    let registry = bundled::in_memory().await.unwrap();
    let run = run(&suite, &registry.url())
        .only("pull/blob")
        .client_settings(|url| {
            let mut settings = ClientSettings::new(url);
            settings.lines.append("Cookie", "session=open-sesame");
            settings
        })
        .with(|settings| settings.command = "assize run --header 'Cookie: session=open-sesame'".to_owned());
    let log = run.record().await.unwrap();
    let mut written = record(&suite, &log);
    trace::write(&log, &mut written).unwrap();
    let written = String::from_utf8(written).unwrap();
    assert!(written.contains("assize run --header 'Cookie: <redacted>'"));
    assert!(!written.contains("open-sesame"));
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_of_exchanges_are_judged_alike() {
    let [first, again] = judged_twice_with("chunk-gap-accepted", |run| run.only("push/*")).await;
    assert!(first[0].contains("does not conform"), "{}", first[0]);
    assert_eq!(first, again);
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_of_connections_by_hand_are_judged_alike() {
    let [first, again] = judged_twice_with("cut-put-committed", |run| run.only("push/*")).await;
    assert!(first[0].contains("it needs the program perl"), "{}", first[0]);
    assert_eq!(first, again);
}

#[tokio::test(flavor = "multi_thread")]
async fn workflows_made_up_at_random_are_judged_alike() {
    let explored = |run: Run| {
        run.only("probe/*")
            .with(|settings| settings.explore = Budget::Workflows(300))
    };
    let [first, again] = judged_twice_with("mount-gone-with-source", explored).await;
    assert!(first[0].contains("made up at random"), "{}", first[0]);
    assert_eq!(first, again);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_written_down() {
    let suite = Suite::built_in().unwrap();
    let registry = Guarded::start(Authentication::Token).await.unwrap();
    let run = run(&suite, &registry.url()).accounts(Guarded::credentials());
    let log = run.only("security/*").record().await.unwrap();
    let mut traced = Vec::new();
    trace::write(&log, &mut traced).unwrap();
    for bytes in [record(&suite, &log), traced] {
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("Bearer <redacted>"));
        for secret in ["b3duZXI6b3duZXI", "cmVhZGVyOnJlYWRlcg"] {
            assert!(!text.contains(secret), "{secret}");
        }
        let tokens = text.split(r#"\"token\":\""#).skip(1);
        assert!(tokens.clone().count() == 0 || tokens.into_iter().all(|rest| rest.starts_with('*')));
    }
}

/// A record of a short run.
async fn short(suite: &Suite) -> Vec<u8> {
    let registry = bundled::in_memory().await.unwrap();
    let log = run(suite, &registry.url()).only("pull/blob*").record().await;
    record(suite, &log.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_record_is_told_apart_by_its_lines() {
    let suite = Suite::built_in().unwrap();
    let record = String::from_utf8(short(&suite).await).unwrap();
    let fault = |text: &str| suite.read_log(text.as_bytes()).unwrap_err().to_string();
    assert!(suite.read_log(record.as_bytes()).is_ok());

    let no_record = "it is no record of a run: the first line of one names `assize-log/1`";
    assert_eq!(fault(""), no_record);
    assert_eq!(fault("{\"log\": {}}\n"), no_record);
    assert_eq!(
        fault(&record.replacen("assize-log/1", "assize-log/2", 1)),
        "it is a record of the form `assize-log/2`, and this assize reads `assize-log/1`"
    );
    let lines: Vec<&str> = record.split_inclusive('\n').collect();
    let last = lines.len() - 1;
    let cut = lines[..last].concat();
    for cut in [&cut, &cut[..cut.len() - 9]] {
        assert!(matches!(suite.read_log(cut.as_bytes()), Err(ReadError::Cut { line }) if line == last));
    }
    let with = |line: &str| fault(&[lines[0], line, "\n", &lines[1..].concat()].concat());
    assert!(with(r#"{"line": 2, "sent": 7}"#).starts_with("line 2: invalid type: integer `7`"));
    assert!(with(r#"{"line": 2, "made": 7}"#).starts_with("line 2: unknown variant `made`"));
    assert!(with(r#"{"sent": 7}"#).starts_with("line 2: missing field `line`"));
    assert_eq!(
        with(r#"{"line": 2, "stopped": "no_occasion"}"#),
        "line 2: no scenario has begun in which this could happen"
    );
    let unknown = record.replacen("\"name\":\"probe/", "\"name\":\"sonde/", 1);
    assert!(fault(&unknown).starts_with("line 2: there is no scenario `sonde/"));
    let changed = record.replacen("\"digest\":\"sha256:", "\"digest\":\"sha256:0", 1);
    assert!(fault(&changed).contains("is not the one that ran: judge with the scenarios of assize"));
    let more = format!("{record}{{\"line\":{},\"end\":\"complete\"}}\n", lines.len() + 1);
    assert!(fault(&more).ends_with("there is more behind the end of the run"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_lacks_a_line_is_not_judged() {
    let suite = Suite::built_in().unwrap();
    let record = String::from_utf8(short(&suite).await).unwrap();
    let lines: Vec<&str> = record.split_inclusive('\n').collect();
    let fault = |lines: Vec<&str>| suite.read_log(lines.concat().as_bytes()).unwrap_err().to_string();
    for missing in (1..lines.len() - 1).step_by(lines.len() / 20) {
        let rest = [&lines[..missing], &lines[missing + 1..]].concat();
        let line = missing + 1;
        assert_eq!(
            fault(rest),
            format!("line {line}: the record is not whole: its line {line} is missing")
        );
    }
    assert_eq!(
        fault([&lines[..4], &lines[7..]].concat()),
        "line 5: the record is not whole: its lines 5 to 7 are missing"
    );
    assert_eq!(
        fault([&lines[..4], &lines[3..]].concat()),
        "line 5: the record is not whole: this was its line 4"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_an_http_archive() {
    let suite = Suite::built_in().unwrap();
    let registry = bundled::in_memory().await.unwrap();
    let log = run(&suite, &registry.url())
        .only("push/put-cut*")
        .only("pull/blob*");
    let log = log.record().await.unwrap();
    let mut archive = Vec::new();
    trace::write(&log, &mut archive).unwrap();
    let archive: Json = serde_json::from_slice(&archive).unwrap();
    let log = &archive["log"];
    assert_eq!(log["version"], "1.2");
    let pages: Vec<&Json> = log["pages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|page| &page["id"])
        .collect();
    let entries = log["entries"].as_array().unwrap();
    assert!(
        entries
            .iter()
            .any(|entry| entry["comment"].as_str().unwrap().contains("by hand"))
    );
    for entry in entries {
        is_an_entry(entry);
        assert!(pages.contains(&&entry["pageref"]), "{entry}");
    }
}

/// Holds an entry to what HAR 1.2 asks of one.
fn is_an_entry(entry: &Json) {
    let date = entry["startedDateTime"].as_str().unwrap();
    assert!(
        date.len() == 27 && date.ends_with('Z') && date.starts_with("20"),
        "{date}"
    );
    let timings = ["send", "wait", "receive"].map(|phase| entry["timings"][phase].as_f64().unwrap());
    assert_eq!(entry["time"].as_f64().unwrap(), timings.iter().sum::<f64>());
    assert!(entry["cache"].is_object());
    for (message, members) in [
        ("request", &["method", "url", "httpVersion"][..]),
        ("response", &["statusText", "httpVersion", "redirectURL"]),
    ] {
        let message = &entry[message];
        assert!(
            members.iter().all(|member| message[member].is_string()),
            "{message}"
        );
        assert!(message["headersSize"].is_i64() && message["bodySize"].is_i64());
        assert!(message["cookies"].is_array());
        for line in message["headers"].as_array().unwrap() {
            assert!(line["name"].is_string() && line["value"].is_string());
        }
    }
    assert!(entry["request"]["queryString"].is_array());
    assert!(entry["response"]["status"].is_u64());
    let content = &entry["response"]["content"];
    assert!(content["size"].is_u64() && content["mimeType"].is_string());
}
