//! Certificates as people make them for a registry of their own, and those of clients.

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::super::testing::patient;
use super::super::{Client, Request, Url};
use super::*;

/// A certificate and its key, in files, as `openssl req -x509` makes them: signed by itself, and fit to sign others.
struct Made {
    folder: tempfile::TempDir,
}

impl Made {
    fn new(change: impl FnOnce(&mut CertificateParams)) -> Made {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cert.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        Made { folder }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    fn identity(&self) -> Identity {
        Identity {
            certificate: self.certificate(),
            key: self.folder.path().join("key.pem"),
        }
    }
}

/// The port of a server with this certificate, which wants one of its clients that `client` signed, if it is given.
async fn serve(made: &Made, client: Option<&Made>) -> u16 {
    let (chain, key) = made.identity().read().unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let mut roots = RootCertStore::empty();
            read_certificates(&client.certificate())
                .unwrap()
                .into_iter()
                .for_each(|root| roots.add(root).unwrap());
            let provider = Arc::new(aws_lc_rs::default_provider());
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let config = builder.with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    .await;
            }
        }
    });
    port
}

/// What a GET from a host comes to for a client that trusts this certificate.
async fn get(host: &str, port: u16, trusted: &Made, identity: Option<Identity>) -> Result<u16, String> {
    let url = Url::parse(&format!("https://{host}:{port}/")).unwrap();
    get_beside(&url, &url, trusted, identity).await
}

/// What a GET comes to for a client of a registry that trusts this certificate.
async fn get_beside(
    registry: &Url,
    url: &Url,
    trusted: &Made,
    identity: Option<Identity>,
) -> Result<u16, String> {
    let mut settings = patient(registry);
    settings.tls = Tls::Verified {
        extra_roots: vec![trusted.certificate()],
    };
    settings.identity = identity;
    let client = Client::new(settings).map_err(|error| error.to_string())?;
    let outcome = client.send(Request::new("GET", url.clone())).await.outcome;
    outcome
        .map(|answer| answer.status)
        .map_err(|fault| fault.to_string())
}

#[tokio::test]
async fn a_certificate_that_signs_itself_is_believed_when_it_is_named() {
    let (made, other) = (Made::new(|_| {}), Made::new(|_| {}));
    let port = serve(&made, None).await;
    assert_eq!(get("localhost", port, &made, None).await, Ok(200));
    insta::assert_snapshot!(
        get("localhost", port, &other, None).await.unwrap_err(),
        @"TLS failed: the certificate of the server is one that signs others, as a self-signed one does: name the certificate, or that of who signed it, with --ca, or accept any with --insecure"
    );
}

#[tokio::test]
async fn where_a_registry_without_tls_leads_to_it_certificates_are_believed_as_anywhere() {
    let (made, other) = (Made::new(|_| {}), Made::new(|_| {}));
    let port = serve(&made, None).await;
    let registry = Url::parse("http://localhost/").unwrap();
    let url = Url::parse(&format!("https://localhost:{port}/")).unwrap();
    assert_eq!(get_beside(&registry, &url, &made, None).await, Ok(200));
    let fault = get_beside(&registry, &url, &other, None).await.unwrap_err();
    assert!(
        fault.starts_with("TLS failed: the certificate of the server "),
        "{fault}"
    );
}

#[tokio::test]
async fn it_is_believed_for_its_names_alone() {
    let made = Made::new(|_| {});
    let port = serve(&made, None).await;
    insta::assert_snapshot!(
        get("127.0.0.1", port, &made, None).await.unwrap_err(),
        @"TLS failed: the certificate of the server is for localhost, not for 127.0.0.1; --insecure accepts it all the same"
    );
}

#[tokio::test]
async fn it_is_believed_for_its_time_alone() {
    let past = Made::new(|params| params.not_after = date_time_ymd(2001, 2, 3));
    let port = serve(&past, None).await;
    insta::assert_snapshot!(
        get("localhost", port, &past, None).await.unwrap_err(),
        @"TLS failed: the certificate of the server has expired on Sat, 03 Feb 2001 00:00:00 GMT; --insecure accepts it all the same"
    );
    let future = Made::new(|params| params.not_before = date_time_ymd(2998, 1, 1));
    let port = serve(&future, None).await;
    let fault = get("localhost", port, &future, None).await.unwrap_err();
    assert!(fault.contains("is not valid before "), "{fault}");
}

#[tokio::test]
async fn a_client_shows_its_certificate_where_one_is_wanted() {
    let server = Made::new(|_| {});
    let root = Made::new(|params| params.is_ca = IsCa::NoCa);
    let port = serve(&server, Some(&root)).await;
    assert_eq!(
        get("localhost", port, &server, Some(root.identity())).await,
        Ok(200)
    );
    assert!(get("localhost", port, &server, None).await.is_err());
    let mixed = Identity {
        key: server.identity().key,
        ..root.identity()
    };
    let fault = get("localhost", port, &server, Some(mixed)).await.unwrap_err();
    assert!(fault.starts_with("cannot use the certificate "), "{fault}");
}
