//! The key that tokens are signed with, and the certificate by which others know it: in one file, in PEM.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};
use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

/// The algorithm by which the registry signs, which every reader of tokens knows.
pub(super) const ALGORITHM: Algorithm = Algorithm::ES256;

/// The file beside the content in which a key is kept that the registry has made.
const FILE: &str = "token-key.pem";
/// The file in which it is written: what is found there was never finished.
const DRAFT: &str = "token-key.pem.draft";

/// What a file has to be to hold a key.
const ADVICE: &str = "such a file has a key for P-256 in PKCS #8 and its certificate: openssl req -x509 -newkey ec -pkeyopt \
                      ec_paramgen_curve:P-256 -nodes -subj /CN=tokens -days 3650 -keyout FILE -out FILE.crt; cat FILE.crt >>FILE";

/// A key, with what others need to check its signatures.
pub(super) struct SigningKey {
    /// The key.
    pub(super) key: EncodingKey,
    /// The same without its secret.
    pub(super) public: Jwk,
    /// Its certificate, then those that vouch for it.
    pub(super) certificates: Vec<CertificateDer<'static>>,
}

/// Where a key comes from.
#[derive(Debug)]
pub(super) enum KeySource {
    /// A file, which is there.
    Given(PathBuf),
    /// A file beside the content, which is made if it is not there.
    Beside(PathBuf),
    /// It is made, and gone when the registry ends.
    Passing,
}

impl KeySource {
    /// Where the key of a registry comes from.
    pub(super) fn of(given: Option<&Path>, store: Option<&Path>) -> Self {
        match (given, store) {
            (Some(file), _) => Self::Given(file.to_owned()),
            (None, Some(folder)) => Self::Beside(folder.to_owned()),
            (None, None) => Self::Passing,
        }
    }

    /// The key.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub(super) fn open(&self) -> Result<SigningKey, String> {
        match self {
            Self::Given(file) => read(file),
            Self::Beside(folder) => {
                let file = folder.join(FILE);
                if !fs::exists(&file).map_err(|error| format!("{}: {error}", file.display()))? {
                    let made = make().map_err(|error| error.to_string())?;
                    keep(folder, &made).map_err(|error| format!("{}: {error}", file.display()))?;
                }
                read(&file)
            }
            Self::Passing => SigningKey::parse(make().map_err(|error| error.to_string())?.as_bytes()),
        }
    }
}

impl SigningKey {
    /// Reads a key and its certificates.
    ///
    /// # Errors
    /// Says what is wrong with them.
    pub(super) fn parse(content: &[u8]) -> Result<Self, String> {
        let wrong = |why: &str| format!("{why}; {ADVICE}");
        let certificates = CertificateDer::pem_slice_iter(content).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| wrong(&error.to_string()))?;
        if certificates.is_empty() {
            return Err(wrong("there is no certificate in it"));
        }
        let secret = PrivateKeyDer::from_pem_slice(content);
        let secret = secret.map_err(|error| wrong(&format!("its key cannot be read: {error}")))?;
        let PrivateKeyDer::Pkcs8(pkcs8) = &secret else {
            return Err(wrong("its key is not in PKCS #8"));
        };
        let key = EncodingKey::from_ec_der(pkcs8.secret_pkcs8_der());
        let public = Jwk::from_encoding_key(&key, ALGORITHM);
        let mut public = public.map_err(|_| wrong("its key is none for P-256"))?;
        CertifiedKey::from_der(certificates.clone(), secret, &aws_lc_rs::default_provider())
            .map_err(|error| wrong(&format!("its key is not that of its certificate: {error}")))?;
        let name = public.thumbprint(ThumbprintHash::SHA256);
        public.common.key_id = Some(name.map_err(|error| error.to_string())?);
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self {
            key,
            public,
            certificates,
        })
    }

    /// The certificates as tokens carry them (RFC 7515, section 4.1.6).
    pub(super) fn chain(&self) -> Vec<String> {
        let encoded = self.certificates.iter().map(|der| STANDARD.encode(der));
        encoded.collect()
    }

    /// The certificates in PEM.
    pub(super) fn certificates_in_pem(&self) -> String {
        let blocks = self.chain().into_iter().map(|text| {
            let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
            let lines = lines.collect::<Vec<_>>().join("\n");
            format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
        });
        blocks.collect()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

fn read(file: &Path) -> Result<SigningKey, String> {
    let content = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    SigningKey::parse(&content).map_err(|why| format!("{}: {why}", file.display()))
}

/// Makes a key and a certificate that says no more than whose it is: whoever trusts it was given it by somebody.
fn make() -> Result<String, rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut certificate = CertificateParams::default();
    certificate
        .distinguished_name
        .push(DnType::CommonName, "assize-reference tokens");
    certificate.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let certificate = certificate.self_signed(&key)?;
    Ok(key.serialize_pem() + &certificate.pem())
}

/// Keeps a key in a folder so that a loss of power leaves it whole or not there, and nobody else may read it.
fn keep(folder: &Path, key: &str) -> io::Result<()> {
    let draft = folder.join(DRAFT);
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::File::options();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(key.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, folder.join(FILE))?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{DRAFT, FILE, KeySource, SigningKey, make};

    #[test]
    fn a_key_that_is_made_is_kept_for_nobody_else_to_read() {
        let folder = tempfile::tempdir().unwrap();
        // What a crash left.
        std::fs::write(folder.path().join(DRAFT), "half a k").unwrap();
        let source = KeySource::of(None, Some(folder.path()));
        let (first, second) = (source.open().unwrap(), source.open().unwrap());
        assert_eq!(first.public, second.public);
        assert_eq!(first.certificates, second.certificates);
        let kept = std::fs::metadata(folder.path().join(FILE)).unwrap();
        assert_eq!(kept.permissions().mode() & 0o777, 0o600);
        let given = KeySource::of(Some(&folder.path().join(FILE)), None).open();
        assert_eq!(given.unwrap().public, first.public);
        assert_ne!(KeySource::of(None, None).open().unwrap().public, first.public);
    }

    #[test]
    fn a_file_that_does_not_hold_a_key_and_its_certificate_is_refused_with_advice() {
        let (one, other) = (make().unwrap(), make().unwrap());
        let split = |text: &str| {
            let (key, certificate) = text.split_at(text.find("-----BEGIN CERTIFICATE").unwrap());
            (key.to_owned(), certificate.to_owned())
        };
        let ((key, certificate), (_, foreign)) = (split(&one), split(&other));
        for (content, why) in [
            (String::new(), "there is no certificate in it"),
            (key.clone(), "there is no certificate in it"),
            (certificate, "its key cannot be read"),
            (key + &foreign, "its key is not that of its certificate"),
        ] {
            let error = SigningKey::parse(content.as_bytes()).err().unwrap();
            assert!(error.starts_with(why) && error.contains("openssl req"), "{error}");
        }
    }
}
