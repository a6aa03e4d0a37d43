//! A registry behind TLS, which speaks HTTP/2 to whoever does.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assize::catalogue::Version;
use assize::report::Format;
use assize::wire::{ClientSettings, Tls, Versions};
use assize::{Outcome, Run};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

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
    let outcome = asked_at(&registry.url(), spec, versions).await;
    registry.shutdown().await;
    outcome
}

/// TLS in front of a registry that takes HTTP/2 without it, and the address of that: a server that speaks nothing else.
async fn of_http2_alone(registry: SocketAddr) -> String {
    let chain = CertificateDer::pem_file_iter(fixture("server.pem")).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            chain.map(Result::unwrap).collect(),
            PrivateKeyDer::from_pem_file(fixture("server.key")).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut client = acceptor.accept(client).await.ok()?;
                let mut server = TcpStream::connect(registry).await.ok()?;
                copy_bidirectional(&mut client, &mut server).await.ok()
            });
        }
    });
    format!("https://{address}")
}

/// The whole suite against a registry behind TLS, judged as it ran and as it was recorded.
async fn asked_at(url: &str, spec: Version, versions: Versions) -> Outcome {
    let run: Run = SUITE.against(url).spec(spec).seed(7).strict();
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

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_over_it_is_not_reached_and_no_finding() {
    let registry = registry(|_| {}).await;
    let address = registry.url().trim_start_matches("http://").parse().unwrap();
    let url = of_http2_alone(address).await;
    let outcome = asked_at(&url, Version::V1_1, Versions::UpTo2).await;
    assert!(outcome.findings().is_empty(), "{}", told(&outcome));
    let text = outcome.report(Format::Text).unwrap();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for because in ["what is written by hand", "chunks are a framing"] {
        let why = format!("it speaks HTTP/2 alone, and {because}");
        assert!(words.contains(&why), "{text}");
    }
    let (all, over_http2) = counted(&outcome).unwrap();
    assert!(over_http2 * 10 > all * 8, "{over_http2} of {all}");
    registry.shutdown().await;
}
