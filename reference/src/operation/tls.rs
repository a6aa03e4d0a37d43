//! TLS: the certificate of the registry, and what is agreed on with clients.

use std::path::PathBuf;
use std::sync::Arc;

use crate::operation::reloading::FromFiles;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// The certificate in use, with its key.
pub(crate) type Certificate = FromFiles<CertifiedKey>;

/// Reads a certificate with its key.
///
/// # Errors
/// Says what is wrong with the files.
pub(crate) fn open(certificate: PathBuf, key: PathBuf) -> Result<Certificate, String> {
    FromFiles::open(vec![certificate, key], read)
}

fn read(files: &[PathBuf]) -> Result<CertifiedKey, String> {
    let [certificate, key] = files else {
        return Err("a certificate is in one file, and its key in another".to_owned());
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("{}: {error}", certificate.display()))?;
    if chain.is_empty() {
        return Err(format!(
            "{}: there is no certificate in it",
            certificate.display()
        ));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("{}: {error}", key.display()))?;
    CertifiedKey::from_der(chain, secret, &aws_lc_rs::default_provider()).map_err(|error| {
        format!(
            "the key in {} cannot be used for the certificate in {}: {error}",
            key.display(),
            certificate.display()
        )
    })
}

#[derive(Debug)]
struct Current(Arc<Certificate>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.current())
    }
}

/// What TLS is made with of connections over which one of these protocols is spoken, the first if a client knows it: whatever
/// certificate is current.
///
/// # Errors
/// Fails if the cryptography lacks what TLS 1.2 or 1.3 need.
pub(crate) fn agreement(
    certificate: Arc<Certificate>,
    protocols: &[&[u8]],
) -> Result<Arc<ServerConfig>, String> {
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = builder
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Current(certificate)));
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Arc::new(config))
}
