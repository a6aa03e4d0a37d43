//! TLS, with a certificate that changes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::sync::Arc;

use assize_reference::{Config, serve};
use rcgen::CertifiedKey;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use support::config;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Makes a certificate and puts it into a folder with its key.
fn issue(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("certificate.pem"), cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

fn encrypted(folder: &Path) -> Config {
    Config {
        tls_certificate: Some(folder.join("certificate.pem")),
        tls_key: Some(folder.join("key.pem")),
        ..config()
    }
}

/// Connects with TLS, trusting one certificate.
async fn connect(
    address: std::net::SocketAddr,
    trusted: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(client)).connect(name, stream).await
}

#[tokio::test]
async fn http_2_is_offered_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = issue(folder.path());
    let registry = serve(encrypted(folder.path())).await.unwrap();
    assert!(registry.url().starts_with("https://"));
    let stream = connect(registry.address(), &certificate).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
}

#[tokio::test]
async fn a_new_certificate_is_used_without_a_restart_and_a_bad_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = issue(folder.path());
    let registry = serve(encrypted(folder.path())).await.unwrap();
    assert!(connect(registry.address(), &first).await.is_ok());
    let second = issue(folder.path());
    registry.reload();
    assert!(connect(registry.address(), &second).await.is_ok());
    assert!(connect(registry.address(), &first).await.is_err());
    std::fs::write(folder.path().join("key.pem"), "no key").unwrap();
    registry.reload();
    assert!(connect(registry.address(), &second).await.is_ok());
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_stops_the_start_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let missing = serve(encrypted(folder.path())).await.unwrap_err().to_string();
    assert!(missing.contains("certificate.pem"), "{missing}");
    issue(folder.path());
    let other = tempfile::tempdir().unwrap();
    issue(other.path());
    std::fs::copy(other.path().join("key.pem"), folder.path().join("key.pem")).unwrap();
    let unlike = serve(encrypted(folder.path())).await.unwrap_err().to_string();
    assert!(unlike.contains("cannot be used for the certificate"), "{unlike}");
}
