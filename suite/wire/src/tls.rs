//! Which certificates are believed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::url::Scheme;
use super::{ClientSettings, Identity, SettingsError, Tls, handshake};

/// What a TLS handshake is made with; which versions of HTTP are offered in it is the caller's to say.
pub(super) fn config(settings: &ClientSettings) -> Result<ClientConfig, SettingsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| SettingsError::Tls(error.to_string()))?;
    let believed = match &settings.tls {
        Tls::Verified { extra_roots } => {
            let given = given(extra_roots)?;
            let roots = roots(settings, &given)?;
            // Without a root nobody is believed, which no verifier can be told.
            (!roots.is_empty())
                .then(|| Believed::vouched(roots, given, provider.clone()))
                .transpose()?
        }
        Tls::Insecure => Some(Believed::Any),
    };
    let builder = match believed {
        Some(believed) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier { believed, provider })),
        None => builder.with_root_certificates(RootCertStore::empty()),
    };
    match &settings.identity {
        Some(identity) => {
            let (chain, key) = identity.read()?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| identity.unusable(&error))
        }
        None => Ok(builder.with_no_client_auth()),
    }
}

impl Identity {
    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), SettingsError> {
        let chain = read_certificates(&self.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| self.unusable(&error))?;
        Ok((chain, key))
    }

    fn unusable(&self, error: &impl std::fmt::Display) -> SettingsError {
        SettingsError::Identity {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            reason: error.to_string(),
        }
    }
}

/// The certificates that the user names.
fn given(files: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let read: Result<Vec<Vec<_>>, SettingsError> = files.iter().map(|file| read_certificates(file)).collect();
    Ok(read?.concat())
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let unreadable = |reason: String| SettingsError::Roots {
        path: path.to_owned(),
        reason,
    };
    let file = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?;
    let certificates: Result<Vec<_>, _> = file.collect();
    let certificates = certificates.map_err(|error| unreadable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unreadable("there is no certificate in PEM in it".to_owned()));
    }
    Ok(certificates)
}

/// The roots of this machine and those that the user names.
fn roots(
    settings: &ClientSettings,
    given: &[CertificateDer<'static>],
) -> Result<RootCertStore, SettingsError> {
    let mut store = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    store.add_parsable_certificates(native.certs);
    for certificate in given {
        store
            .add(certificate.clone())
            .map_err(|error| SettingsError::Tls(format!("a certificate of --ca cannot be read: {error}")))?;
    }
    if store.is_empty() && settings.target.origin().scheme() == Scheme::Https {
        let hint = native.errors.first().map(|error| format!(" ({error})"));
        return Err(SettingsError::NoRoots {
            target: settings.target.clone(),
            hint: hint.unwrap_or_default(),
        });
    }
    Ok(store)
}

/// Which servers are believed to be who they say; each has to hold the key of its certificate all the same.
#[derive(Debug)]
struct Verifier {
    believed: Believed,
    provider: Arc<CryptoProvider>,
}

/// Which certificates are believed.
#[derive(Debug)]
enum Believed {
    /// What leads to a root, and these very certificates, for their names and their time.
    Vouched {
        chains: Arc<WebPkiServerVerifier>,
        given: Vec<CertificateDer<'static>>,
    },
    /// Every one.
    Any,
}

impl Believed {
    fn vouched(
        roots: RootCertStore,
        given: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Believed, SettingsError> {
        let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(Believed::Vouched {
            chains: chains.map_err(|error| SettingsError::Tls(error.to_string()))?,
            given,
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Believed::Vouched { chains, given } = &self.believed else {
            return Ok(ServerCertVerified::assertion());
        };
        match chains.verify_server_cert(certificate, chain, name, ocsp, now) {
            // Its time was looked at before its kind, and its name was not.
            Err(rustls::Error::InvalidCertificate(error))
                if handshake::is_self_signed(&error)
                    && given.iter().any(|given| **given == **certificate) =>
            {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests;
