//! Servers with TLS, without, and with certificates that nobody vouches for.

use std::path::PathBuf;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::super::testing::{Canned, ServerAct, answer, hasty, patient};
use super::super::{Client, Exchange, Request, Shows, Tls, Url, curl};
use super::*;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/tls")
        .join(name)
}

/// The port of a server that speaks TLS, answers every request, and closes without a word.
async fn tls_server(answer: &'static str) -> u16 {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let chain: Result<Vec<CertificateDer<'_>>, _> = CertificateDer::pem_file_iter(fixture("server.pem"))
        .unwrap()
        .collect();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            chain.unwrap(),
            PrivateKeyDer::from_pem_file(fixture("server.key")).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    });
    port
}

async fn get(url: &str, tls: Tls) -> Exchange {
    let url = Url::parse(url).unwrap();
    let mut settings = patient(&url);
    settings.tls = tls;
    Client::new(settings)
        .unwrap()
        .send(Request::new("GET", url))
        .await
}

/// The fault of a GET that is waited for as long as `quick` says.
async fn hasty_fault(url: &Url) -> String {
    let exchange = hasty(url).send(Request::new("GET", url.clone())).await;
    exchange.outcome.unwrap_err().to_string()
}

fn with_root() -> Tls {
    Tls::Verified {
        extra_roots: vec![fixture("root.pem")],
    }
}

fn machine_only() -> Tls {
    // A root that is not the server's, so that there is one even where the machine has none.
    Tls::Verified {
        extra_roots: vec![fixture("server.pem")],
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

#[tokio::test]
async fn certificates_are_checked_against_the_roots_that_are_named() {
    let port = tls_server(OK).await;
    for host in ["localhost", "127.0.0.1"] {
        let exchange = get(&format!("https://{host}:{port}/"), with_root()).await;
        assert_eq!(exchange.outcome.unwrap().status, 200, "{host}");
        assert!(!exchange.insecure);
    }
    let elsewhere = get(&format!("https://127.0.0.2:{port}/"), with_root()).await;
    assert!(matches!(
        elsewhere.outcome,
        Err(Fault::Connect(_) | Fault::Tls(_))
    ));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_unless_all_are_taken() {
    let port = tls_server(OK).await;
    let url = format!("https://localhost:{port}/");
    let fault = get(&url, machine_only()).await.outcome.unwrap_err();
    assert_eq!(
        fault.to_string(),
        "TLS failed: the certificate of the server leads to no root that is trusted here: name the certificate, or that \
         of who signed it, with --ca, or accept any with --insecure"
    );
    let exchange = get(&url, Tls::Insecure).await;
    let line = curl(&exchange, Shows::Answer, "t").unwrap();
    assert!(exchange.insecure && line.contains(" -k "));
    assert_eq!(exchange.outcome.unwrap().body, "hi".into());
}

#[tokio::test]
async fn a_body_up_to_the_end_needs_an_end_that_is_meant() {
    let port = tls_server("HTTP/1.1 200 OK\r\n\r\nhi").await;
    let exchange = get(&format!("https://localhost:{port}/"), with_root()).await;
    assert_eq!(exchange.status(), Some(200));
    assert_eq!(
        exchange.fault().unwrap().to_string(),
        "TLS was cut off after 2 bytes of the body, so that nobody knows its end"
    );
}

#[tokio::test]
async fn what_does_not_speak_tls_is_said_so() {
    let plain = Canned::serve(vec![vec![ServerAct::Write(
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
    )]])
    .await;
    let fault = get(&format!("https://{}/", plain.url.authority()), with_root())
        .await
        .outcome
        .unwrap_err();
    assert_eq!(
        fault.to_string(),
        "TLS failed: the server does not speak TLS on this port; the address may have to begin with http://"
    );
    let silent = Canned::serve(vec![vec![ServerAct::Wait(Duration::from_secs(60))]]).await;
    let url = Url::parse(&format!("https://{}/", silent.url.authority())).unwrap();
    let fault = hasty_fault(&url).await;
    assert_eq!(fault, "timed out after 500 ms, in the TLS handshake");
}

#[tokio::test]
async fn what_speaks_tls_is_not_asked_in_the_open() {
    let port = tls_server(OK).await;
    let fault = get(&format!("http://localhost:{port}/"), with_root())
        .await
        .outcome
        .unwrap_err();
    let expected = "the answer is malformed: it is TLS; the address may have to begin with https://";
    assert_eq!(fault.to_string(), expected);
}

#[tokio::test]
async fn a_host_that_is_not_there_is_said_so() {
    let fault = hasty_fault(&Url::parse("http://no-such-host.invalid/").unwrap()).await;
    assert!(
        fault.contains("`no-such-host.invalid`") || fault.contains("looking up the host"),
        "{fault}"
    );
}

#[tokio::test]
async fn roots_that_are_none_are_refused_at_once() {
    let server = Canned::serve(vec![answer(OK)]).await;
    let fault = |name: &str| {
        let mut settings = patient(&server.url);
        settings.tls = Tls::Verified {
            extra_roots: vec![PathBuf::from(name)],
        };
        Client::new(settings).unwrap_err().to_string()
    };
    assert!(fault("/nowhere/ca.pem").starts_with("cannot read certificates from /nowhere/ca.pem: "));
    let script = fixture("make.sh");
    let script = script.to_str().unwrap();
    let expected = format!("cannot read certificates from {script}: there is no certificate in PEM in it");
    assert_eq!(fault(script), expected);
}
