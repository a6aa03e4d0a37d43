//! Text that nobody else has: short ones drawn at random, long ones counted behind a mark that is.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::wire::{Counted, Payload};

/// The longest text that is drawn, in bytes: a reader pastes it. One command of shell makes a longer one.
const PASTED: u64 = 128;
/// The longest text that stays in memory, in bytes.
const HELD: u64 = 64 * 1024;

/// Text of `size` bytes, printable.
pub(super) fn text(rng: &mut ChaCha8Rng, size: u64) -> Payload {
    if size > PASTED {
        let mut mark = [0; 6];
        rng.fill_bytes(&mut mark);
        let text = Payload::made(Counted::new(mark), size);
        return if size <= HELD { text.bytes().into() } else { text };
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
    rng.fill_bytes(&mut bytes);
    printable(&mut bytes);
    bytes.into()
}

fn printable(bytes: &mut [u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for byte in bytes {
        *byte = ALPHABET[usize::from(*byte & 63)];
    }
}
