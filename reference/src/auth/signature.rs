//! Signed URLs: whoever has one may do what it says, for a while.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use crate::http::routes::Route;
use crate::protocol::Query;

/// How long a signed URL may be used: a client follows it at once, and one that resumes a large download begins again
/// where it was given. What leaks of it is of no use after minutes.
const VALID: Duration = Duration::from_secs(600);

/// The parameters of a signed URL.
const EXPIRES: &str = "expires";
const SIGNATURE: &str = "signature";

/// Signs URLs; what one run of the registry has signed is of no use to another.
pub(crate) struct Signer {
    key: [u8; 32],
}

impl Signer {
    /// A signer with a key of its own.
    pub(crate) fn new() -> Self {
        Self { key: secret() }
    }

    /// The query that makes a URL of `route` a signed one.
    pub(crate) fn sign(&self, route: &Route) -> [(&'static str, String); 2] {
        let expires = now() + VALID.as_secs();
        let signature = self.mac(route, expires).map(|mac| mac.finalize().into_bytes());
        let signature = signature.map(|signature| URL_SAFE_NO_PAD.encode(signature));
        [
            (EXPIRES, expires.to_string()),
            (SIGNATURE, signature.unwrap_or_default()),
        ]
    }

    /// Whether a query makes a URL of `route` a signed one that may still be used.
    pub(crate) fn is_signed(&self, route: &Route, query: &Query) -> bool {
        let signature = query.first(SIGNATURE).map(|text| URL_SAFE_NO_PAD.decode(text));
        let expires = query.first(EXPIRES).map(str::parse::<u64>);
        let (Some(Ok(signature)), Some(Ok(expires))) = (signature, expires) else {
            return false;
        };
        let mac = self.mac(route, expires);
        expires > now() && mac.is_some_and(|mac| mac.verify_slice(&signature).is_ok())
    }

    fn mac(&self, route: &Route, expires: u64) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(format!("{route}\n{expires}").as_bytes());
        Some(mac)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

/// A secret that only this process knows.
pub(super) fn secret() -> [u8; 32] {
    let mut secret = [0; 32];
    secret[..16].copy_from_slice(Uuid::new_v4().as_bytes());
    secret[16..].copy_from_slice(Uuid::new_v4().as_bytes());
    secret
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::Signer;
    use crate::http::routes::Route;
    use crate::protocol::{Name, Query};

    fn query(signed: &[(&str, String)]) -> Query {
        let pairs = signed.iter().map(|(key, value)| format!("{key}={value}"));
        Query::parse(&pairs.collect::<Vec<_>>().join("&"))
    }

    #[test]
    fn a_signature_holds_for_its_route_its_time_and_its_registry() {
        let (signer, other) = (Signer::new(), Signer::new());
        let route = |name| Route::Tags(Name::parse(name).unwrap());
        let mut signed = signer.sign(&route("a"));
        assert!(signer.is_signed(&route("a"), &query(&signed)));
        assert!(!signer.is_signed(&route("b"), &query(&signed)));
        assert!(!other.is_signed(&route("a"), &query(&signed)));
        signed[0].1 = "99999999999".to_owned();
        assert!(!signer.is_signed(&route("a"), &query(&signed)));
        assert!(!signer.is_signed(&route("a"), &Query::parse("")));
    }
}
