//! Which certificates are believed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::url::Scheme;
use super::{ClientSettings, Identity, SettingsError, Tls, handshake};

/// What a TLS handshake is made with; which versions of HTTP are offered in it is the caller's to say.
pub(super) fn config(settings: &ClientSettings) -> Result<ClientConfig, SettingsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| SettingsError::Tls(error.to_string()))?;
    let believed = match &settings.tls {
        Tls::Verified { extra_roots } => Believed::Vouched(Vouched::of(settings, extra_roots, &provider)?),
        Tls::Insecure => Believed::Any,
    };
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { believed, provider }));
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

/// Which servers are believed to be who they say; each has to hold the key of its certificate all the same.
#[derive(Debug)]
struct Verifier {
    believed: Believed,
    provider: Arc<CryptoProvider>,
}

/// Which certificates are believed.
#[derive(Debug)]
enum Believed {
    /// Those that somebody vouches for.
    Vouched(Vouched),
    /// Every one.
    Any,
}

/// What leads to a root of this machine or of the user, and the user's very certificates, for their names and their time.
#[derive(Debug)]
struct Vouched {
    given: Vec<CertificateDer<'static>>,
    /// The same, as roots.
    roots: RootCertStore,
    /// Made for the first certificate that is to be verified, since to read the roots of this machine takes as long as a
    /// hundred requests.
    chains: OnceLock<Result<Arc<WebPkiServerVerifier>, rustls::Error>>,
}

impl Vouched {
    fn of(
        settings: &ClientSettings,
        files: &[PathBuf],
        provider: &Arc<CryptoProvider>,
    ) -> Result<Vouched, SettingsError> {
        let given = given(files)?;
        let mut roots = RootCertStore::empty();
        for certificate in &given {
            roots.add(certificate.clone()).map_err(|error| {
                SettingsError::Tls(format!("a certificate of --ca cannot be read: {error}"))
            })?;
        }
        let vouched = Vouched {
            given,
            roots,
            chains: OnceLock::new(),
        };
        if settings.target.origin().scheme() == Scheme::Https {
            let (roots, why) = vouched.all_roots();
            if roots.is_empty() {
                return Err(SettingsError::NoRoots {
                    target: settings.target.clone(),
                    hint: why.map(|why| format!(" ({why})")).unwrap_or_default(),
                });
            }
            vouched.chains.get_or_init(|| verifier(roots, provider));
        }
        Ok(vouched)
    }

    /// The roots of this machine and those that the user names, and what kept some of this machine from being read.
    fn all_roots(&self) -> (RootCertStore, Option<rustls_native_certs::Error>) {
        let mut roots = self.roots.clone();
        let native = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(native.certs);
        (roots, native.errors.into_iter().next())
    }

    fn chains(&self, provider: &Arc<CryptoProvider>) -> Result<&WebPkiServerVerifier, rustls::Error> {
        let chains = self.chains.get_or_init(|| verifier(self.all_roots().0, provider));
        chains.as_deref().map_err(Clone::clone)
    }
}

/// Without a root nobody is believed, which no verifier can be told.
fn verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    builder
        .build()
        .map_err(|_| rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))
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
        let Believed::Vouched(vouched) = &self.believed else {
            return Ok(ServerCertVerified::assertion());
        };
        match vouched
            .chains(&self.provider)?
            .verify_server_cert(certificate, chain, name, ocsp, now)
        {
            // Its time was looked at before its kind, and its name was not.
            Err(rustls::Error::InvalidCertificate(error))
                if handshake::is_self_signed(&error)
                    && vouched.given.iter().any(|given| **given == **certificate) =>
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
