//! The names of uploads: each proves by itself that the store has opened the upload.
//!
//! An upload that has received nothing is nothing but its name, so that nothing is written down when it is opened, and it is
//! open all the same after a loss of power. A name is a UUID of version 8: the second in which the upload was opened (32
//! bits), chance (50 bits), and a code over both, the algorithm and the repository (40 bits).

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::{Builder, Uuid};

use crate::protocol::{Algorithm, Name};
use crate::store::now;

/// How many bytes the time takes, with which a name begins.
const TIME: usize = 4;

/// How many bytes the code takes, with which a name ends. Who guesses it has opened an upload where nobody may who could
/// not open one anyway.
const CODE: usize = 5;

/// How many bytes stand before the code.
const PLAIN: usize = 16 - CODE;

/// What makes the names of a store, and knows them again.
pub(in crate::store) struct UploadNames {
    mac: Hmac<Sha256>,
    /// The time before which names prove nothing any more.
    since: AtomicU64,
}

impl fmt::Debug for UploadNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadNames")
    }
}

impl UploadNames {
    /// The names that `store` gives, whose own name is the secret: no client is told it.
    pub(in crate::store) fn new(store: Uuid, since: u64) -> Self {
        let mut key = [0; 64];
        key[..16].copy_from_slice(store.as_bytes());
        Self {
            mac: Hmac::new(&key.into()),
            since: AtomicU64::new(since),
        }
    }

    /// A name for an upload that is opened now.
    pub(super) fn draw(&self, repository: &Name, algorithm: Algorithm) -> Uuid {
        // A clock that was set back makes no names that have expired.
        let opened = now().max(self.since.load(Ordering::Acquire));
        let mut bytes = Uuid::new_v4().into_bytes();
        bytes[..TIME].copy_from_slice(&u32::try_from(opened).unwrap_or(u32::MAX).to_be_bytes());
        bytes = Builder::from_custom_bytes(bytes).into_uuid().into_bytes();
        let code = self.code(&bytes, repository, algorithm).finalize().into_bytes();
        bytes[PLAIN..].copy_from_slice(&code[..CODE]);
        Uuid::from_bytes(bytes)
    }

    /// What an upload was opened for, if its name proves that it was, in this repository, and has not expired.
    pub(super) fn algorithm_of(&self, id: Uuid, repository: &Name) -> Option<Algorithm> {
        if opened_at(id)? < self.since.load(Ordering::Acquire) {
            return None;
        }
        let bytes = id.as_bytes();
        let is_of = |algorithm: &Algorithm| {
            let code = self.code(bytes, repository, *algorithm);
            code.verify_truncated_left(&bytes[PLAIN..]).is_ok()
        };
        Algorithm::resumable().find(is_of)
    }

    /// Lets names from before a time prove nothing any more.
    pub(super) fn expire_before(&self, time: u64) {
        self.since.fetch_max(time, Ordering::AcqRel);
    }

    /// The code over a name, of which the first bytes stand in it.
    fn code(&self, name: &[u8; 16], repository: &Name, algorithm: Algorithm) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(&name[..PLAIN]);
        mac.update(algorithm.as_str().as_bytes());
        mac.update(b":");
        mac.update(repository.as_str().as_bytes());
        mac
    }
}

/// When an upload was opened, if its name says so: earlier versions gave names that are nothing but chance.
pub(in crate::store) fn opened_at(id: Uuid) -> Option<u64> {
    let (time, _) = id.as_bytes().split_first_chunk::<TIME>()?;
    (id.get_version_num() == 8).then(|| u32::from_be_bytes(*time).into())
}

/// The first name that an upload could have that was opened at a time.
pub(in crate::store) fn first_name_at(time: u64) -> u128 {
    u128::from(u32::try_from(time).unwrap_or(u32::MAX)) << (8 * (16 - TIME))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{UploadNames, first_name_at, opened_at};
    use crate::protocol::{Algorithm, Name};
    use crate::store::now;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn a_name_proves_where_and_for_what_an_upload_was_opened_and_no_other_name_does() {
        let names = UploadNames::new(Uuid::from_u128(7), now());
        for algorithm in Algorithm::resumable() {
            let id = names.draw(&name("a/b"), algorithm);
            assert_eq!(names.algorithm_of(id, &name("a/b")), Some(algorithm));
            assert_eq!(names.algorithm_of(id, &name("a")), None);
            let elsewhere = UploadNames::new(Uuid::from_u128(8), now());
            assert_eq!(elsewhere.algorithm_of(id, &name("a/b")), None);
            for bit in 0..128 {
                let other = Uuid::from_u128(id.as_u128() ^ 1 << bit);
                assert_eq!(names.algorithm_of(other, &name("a/b")), None, "bit {bit}");
            }
        }
    }

    #[test]
    fn a_name_tells_when_it_was_given_and_expires() {
        let names = UploadNames::new(Uuid::from_u128(7), 0);
        let before = now();
        let id = names.draw(&name("a"), Algorithm::Sha256);
        let opened = opened_at(id).unwrap();
        assert!((before..=now()).contains(&opened));
        assert!((first_name_at(opened)..first_name_at(opened + 1)).contains(&id.as_u128()));
        names.expire_before(opened);
        assert!(names.algorithm_of(id, &name("a")).is_some());
        names.expire_before(opened + 1);
        assert_eq!(names.algorithm_of(id, &name("a")), None);
        assert_eq!(opened_at(Uuid::new_v4()), None);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_name_that_has_expired() {
        let names = UploadNames::new(Uuid::from_u128(7), now() + 1000);
        let id = names.draw(&name("a"), Algorithm::Sha256);
        assert!(names.algorithm_of(id, &name("a")).is_some());
    }
}
