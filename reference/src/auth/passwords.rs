//! Passwords: whether one is right, at the price of a hash once in a while.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::login_queue::{LoginQueue, TooMany};
use super::signature::secret;

/// How long a password that was right is not hashed again: a push of many layers hashes once. A password that is
/// changed or taken away is none from then on, since it is remembered together with its hash.
const REMEMBERED: Duration = Duration::from_secs(300);

/// How many passwords are remembered.
const MOST: usize = 10_000;

/// How many passwords are hashed at once; hashing is slow by design, and others want the processor too.
const AT_ONCE: usize = 2;

/// What stands behind the cost in a hash of no password.
const NOBODY: &str = "abcdefghijklmnopqrstuuJ1oF5mJzXnVYkGvVJ1lE8gYHcZ8rZ6W";

/// What stands for a name, a password and a hash that belong together.
type LoginKey = [u8; 32];

/// Checks passwords.
#[derive(Debug)]
pub(super) struct Passwords {
    /// A secret of this process: what is remembered is of no use elsewhere.
    key: [u8; 32],
    right: Mutex<HashMap<LoginKey, Instant>>,
    hashing: LoginQueue,
}

/// What a password is held against.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hash<'a> {
    /// The hash of an account.
    Of(&'a str),
    /// No hash, at the cost of one: an unknown name takes as long as a known one.
    OfNobody(u32),
}

impl Hash<'_> {
    fn to_text(self) -> String {
        match self {
            Self::Of(hash) => hash.to_owned(),
            Self::OfNobody(cost) => format!("$2y${cost:02}${NOBODY}"),
        }
    }
}

impl Passwords {
    /// Knows no password yet.
    pub(super) fn new() -> Self {
        Self {
            key: secret(),
            right: Mutex::default(),
            hashing: LoginQueue::new(AT_ONCE),
        }
    }

    /// Whether a password has a hash; never that of nobody.
    ///
    /// # Errors
    /// Fails if the client has too many passwords waiting to be hashed.
    pub(super) async fn verify(
        &self,
        name: &str,
        password: &str,
        hash: Hash<'_>,
        client: IpAddr,
    ) -> Result<bool, TooMany> {
        let token = match hash {
            Hash::Of(hash) => self.token(name, password, hash),
            Hash::OfNobody(_) => None,
        };
        if token.is_some_and(|token| self.is_remembered(&token)) {
            return Ok(true);
        }
        let turn = self.hashing.turn(client).await?;
        let (password, expected) = (password.to_owned(), hash.to_text());
        let verified = tokio::task::spawn_blocking(move || {
            // Who goes away meanwhile is hashed to the end.
            let _turn = turn;
            bcrypt::verify(password, &expected)
        });
        let is_right = matches!(verified.await, Ok(Ok(true))) && matches!(hash, Hash::Of(_));
        if let Some(token) = token.filter(|_| is_right) {
            self.remember(token);
        }
        Ok(is_right)
    }

    fn token(&self, name: &str, password: &str, hash: &str) -> Option<LoginKey> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        for part in [name, password, hash] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Some(mac.finalize().into_bytes().into())
    }

    fn is_remembered(&self, token: &LoginKey) -> bool {
        let right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        right.get(token).is_some_and(|since| since.elapsed() < REMEMBERED)
    }

    fn remember(&self, token: LoginKey) {
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if right.len() >= MOST {
            right.retain(|_, since| since.elapsed() < REMEMBERED);
        }
        if right.len() < MOST {
            right.insert(token, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use bcrypt::HashParts;

    use super::{Hash, Passwords};

    const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn a_password_is_right_only_for_its_hash() {
        let passwords = Passwords::new();
        let verify = async |password, hash| passwords.verify("a", password, hash, CLIENT).await;
        let hash = bcrypt::hash("secret", 4).unwrap();
        for _ in 0..2 {
            assert_eq!(verify("secret", Hash::Of(&hash)).await, Ok(true));
            assert_eq!(verify("other", Hash::Of(&hash)).await, Ok(false));
        }
        let changed = bcrypt::hash("changed", 4).unwrap();
        assert_eq!(verify("secret", Hash::Of(&changed)).await, Ok(false));
        assert_eq!(verify("secret", Hash::OfNobody(4)).await, Ok(false));
    }

    #[test]
    fn the_hash_of_nobody_is_a_hash_of_its_cost() {
        for cost in [4, 5, 10, 14] {
            let hash = Hash::OfNobody(cost).to_text();
            assert_eq!(hash.parse::<HashParts>().unwrap().get_cost(), cost);
        }
        let hash = Hash::OfNobody(4).to_text();
        assert!(bcrypt::verify("secret", &hash).is_ok_and(|is_right| !is_right));
    }
}
