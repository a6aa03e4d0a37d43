//! The same client over TLS, and one for HTTP/2.

use std::net::TcpStream;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio_rustls::TlsConnector;

use crate::server::Server;

/// The root of the servers' certificate.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/tls/root.pem");

/// How much may be under way in one stream, and in a connection: what clients written in Go allow.
const WINDOWS: (u32, u32) = (4 << 20, 1 << 30);

fn config(protocol: &[u8]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ROOT).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    Arc::new(config)
}

fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// HTTP/1.1 over TLS, on a connection.
pub(crate) fn stream(stream: TcpStream) -> StreamOwned<ClientConnection, TcpStream> {
    let session = ClientConnection::new(config(b"http/1.1"), name()).unwrap();
    StreamOwned::new(session, stream)
}

/// Gets something over HTTP/2; returns its length.
pub(crate) fn get_over_http2(server: &Server, path: &str) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let connector = TlsConnector::from(config(b"h2"));
        let stream = TokioIo::new(connector.connect(name(), stream).await.unwrap());
        let (mut requests, connection) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(WINDOWS.0)
            .initial_connection_window_size(WINDOWS.1)
            .handshake(stream)
            .await
            .unwrap();
        tokio::spawn(connection);
        let request = Request::get(format!("https://localhost{path}"))
            .body(Empty::<Bytes>::new())
            .unwrap();
        let answer = requests.send_request(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let (mut body, mut length) = (answer.into_body(), 0);
        while let Some(frame) = body.frame().await {
            length += frame.unwrap().data_ref().map_or(0, Bytes::len);
        }
        length
    })
}
