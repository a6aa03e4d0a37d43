//! Passwords: whether one is right, at the price of a hash once in a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::sync::Semaphore;

use super::signature::secret;

/// How long a password that was right is not hashed again.
const REMEMBERED: Duration = Duration::from_secs(300);

/// How many passwords are remembered.
const MOST: usize = 10_000;

/// How many passwords are hashed at once; hashing is slow by design, and others want the processor too.
const AT_ONCE: usize = 2;

/// The hash of no password, so that an unknown name takes as long as a known one.
const NOBODY: &str = "$2y$10$abcdefghijklmnopqrstuuJ1oF5mJzXnVYkGvVJ1lE8gYHcZ8rZ6W";

/// What stands for a name, a password and a hash that belong together.
type Token = [u8; 32];

/// Checks passwords.
#[derive(Debug)]
pub(super) struct Passwords {
    /// A secret of this process: what is remembered is of no use elsewhere.
    key: [u8; 32],
    right: Mutex<HashMap<Token, Instant>>,
    hashing: Semaphore,
}

impl Passwords {
    /// Knows no password yet.
    pub(super) fn new() -> Self {
        Self {
            key: secret(),
            right: Mutex::default(),
            hashing: Semaphore::new(AT_ONCE),
        }
    }

    /// Whether a password has the hash of its account; never for an account that does not exist.
    pub(super) async fn verify(&self, name: &str, password: &str, hash: Option<&str>) -> bool {
        let token = hash.and_then(|hash| self.token(name, password, hash));
        if token.is_some_and(|token| self.is_remembered(&token)) {
            return true;
        }
        let Ok(_turn) = self.hashing.acquire().await else {
            return false;
        };
        let (password, expected) = (password.to_owned(), hash.unwrap_or(NOBODY).to_owned());
        let verified = tokio::task::spawn_blocking(move || bcrypt::verify(password, &expected));
        let is_right = matches!(verified.await, Ok(Ok(true))) && hash.is_some();
        if let Some(token) = token.filter(|_| is_right) {
            self.remember(token);
        }
        is_right
    }

    fn token(&self, name: &str, password: &str, hash: &str) -> Option<Token> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        for part in [name, password, hash] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Some(mac.finalize().into_bytes().into())
    }

    fn is_remembered(&self, token: &Token) -> bool {
        let right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        right.get(token).is_some_and(|since| since.elapsed() < REMEMBERED)
    }

    fn remember(&self, token: Token) {
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
    use super::{NOBODY, Passwords};

    #[tokio::test]
    async fn a_password_is_right_only_for_its_hash() {
        let passwords = Passwords::new();
        let hash = bcrypt::hash("secret", 4).unwrap();
        for _ in 0..2 {
            assert!(passwords.verify("a", "secret", Some(&hash)).await);
            assert!(!passwords.verify("a", "other", Some(&hash)).await);
        }
        let changed = bcrypt::hash("changed", 4).unwrap();
        assert!(!passwords.verify("a", "secret", Some(&changed)).await);
        assert!(!passwords.verify("nobody", "secret", None).await);
    }

    #[test]
    fn an_unknown_name_costs_a_hash_as_well() {
        assert!(bcrypt::verify("secret", NOBODY).is_ok_and(|is_right| !is_right));
    }
}
