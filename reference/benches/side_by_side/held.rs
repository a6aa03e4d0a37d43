//! What all servers hold and are sent, and numbers that never come twice.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::content::{Blob, Random, manifest};

/// What all servers hold and are sent.
pub(crate) struct Held {
    pub(crate) large: Blob,
    pub(crate) small: Blob,
    pub(crate) config: Blob,
    pub(crate) manifest: Blob,
}

impl Held {
    /// Content with a large blob of so many bytes.
    pub(crate) fn new(size: usize) -> Self {
        let mut random = Random(7);
        let small = Blob::new(random.bytes(64 * 1024));
        let config = Blob::new(random.bytes(4 * 1024));
        Self {
            large: Blob::new(random.bytes(size)),
            manifest: manifest(&config, std::slice::from_ref(&small)),
            small,
            config,
        }
    }
}

/// Numbers that were never drawn before.
pub(crate) fn random_from_the_clock() -> Random {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Random(u64::try_from(since.as_nanos() & u128::from(u64::MAX)).unwrap())
}

/// A number below `limit`.
pub(crate) fn below(random: &mut Random, limit: usize) -> usize {
    usize::try_from(random.draw() % limit as u64).unwrap()
}
