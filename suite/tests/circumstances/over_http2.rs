//! A registry behind TLS, which speaks HTTP/2 to whoever does.

use std::path::{Path, PathBuf};

use assize::catalogue::Version;
use assize::report::Format;
use assize::wire::{ClientSettings, Tls, Versions};
use assize::{Outcome, Run};

use super::asked::{SUITE, told};
use super::support::registry;

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/tls")).join(name)
}

/// The whole suite against the bundled registry, asked in these versions of HTTP.
async fn asked(spec: Version, versions: Versions) -> Outcome {
    let registry = registry(|config| {
        config.tls_certificate = Some(fixture("server.pem"));
        config.tls_key = Some(fixture("server.key"));
    })
    .await;
    let run: Run = SUITE.against(&registry.url()).spec(spec).seed(7).strict();
    let run = run.client_settings(move |url| {
        let mut settings = ClientSettings::new(url);
        settings.versions = versions;
        settings.tls = Tls::Verified {
            extra_roots: vec![fixture("root.pem")],
        };
        settings
    });
    let log = run.record().await.unwrap();
    let mut record = Vec::new();
    assize::log::record::write(&log, SUITE.library(), &mut record).unwrap();
    let again = SUITE.read_log(record.as_slice()).unwrap();
    let [outcome, again] = [log, again].map(|log| SUITE.judge(&log));
    let json = |outcome: &Outcome| outcome.report(Format::Json).unwrap();
    assert_eq!(
        json(&outcome),
        json(&again),
        "the record is judged as the run was"
    );
    registry.shutdown().await;
    outcome
}

/// How many requests there were, and how many of them went over HTTP/2.
fn counted(outcome: &Outcome) -> Option<(u64, u64)> {
    let note = outcome.facts.notes.iter().find(|note| note.contains("HTTP/2"))?;
    let mut numbers = note.split(' ').filter_map(|word| word.parse().ok());
    let over_http2 = numbers.next()?;
    Some((numbers.next()?, over_http2))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_over_it_is_answered_as_it_is_without() {
    for spec in [Version::V1_1, Version::Next] {
        let outcome = asked(spec, Versions::UpTo2).await;
        assert!(outcome.findings().is_empty(), "{}", told(&outcome));
        assert!(outcome.conforms(), "{}", told(&outcome));
        let (all, over_http2) = counted(&outcome).unwrap();
        assert!(over_http2 * 10 > all * 8, "{over_http2} of {all}");
        assert!(over_http2 < all, "what is about HTTP/1.1 is asked over it");
        assert!(
            outcome
                .report(Format::Json)
                .unwrap()
                .contains(r#""protocol": "HTTP/2""#)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_spoken_where_the_user_wants_it_so() {
    let outcome = asked(Version::V1_1, Versions::Http1).await;
    assert!(outcome.findings().is_empty(), "{}", told(&outcome));
    assert_eq!(counted(&outcome), None);
}
