//! Random text, drawn again each time that it is needed.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::wire::{Generator, Payload};

/// The longest text that is drawn at once and stays in memory, in bytes.
const HELD: u64 = 64 * 1024;
/// The bytes of the words that are drawn.
const WORD: u64 = 4;

/// The text that a generator comes to, from where it stands: printable, so that a reader can paste it.
struct Text(ChaCha8Rng);

impl Generator for Text {
    fn fill(&self, from: u64, buffer: &mut [u8]) {
        let mut rng = self.0.clone();
        rng.set_word_pos(rng.get_word_pos() + u128::from(from / WORD));
        let behind = usize::try_from(from % WORD).unwrap_or_default();
        let head = ((WORD as usize - behind) % WORD as usize).min(buffer.len());
        let (head, rest) = buffer.split_at_mut(head);
        if !head.is_empty() {
            let word = rng.next_u32().to_le_bytes();
            head.copy_from_slice(&word[behind..behind + head.len()]);
            printable(head);
        }
        rng.fill_bytes(rest);
        printable(rest);
    }
}

fn printable(bytes: &mut [u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for byte in bytes {
        *byte = ALPHABET[usize::from(*byte & 63)];
    }
}

/// Random text of `size` bytes; the generator stands behind it then.
pub(super) fn text(rng: &mut ChaCha8Rng, size: u64) -> Payload {
    let text = Payload::made(Text(rng.clone()), size);
    rng.set_word_pos(rng.get_word_pos() + u128::from(size.div_ceil(WORD)));
    if size <= HELD { text.bytes().into() } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn text_is_the_same_in_whatever_pieces_it_is_drawn(
            seed in any::<u64>(),
            before in 0_usize..9,
            size in HELD..HELD + 100,
            cut in (0_u64..HELD, 0_u64..900),
        ) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.fill_bytes(&mut vec![0; before]);
            let mut at_once = vec![0; usize::try_from(size).unwrap()];
            let mut other = rng.clone();
            other.fill_bytes(&mut at_once);
            printable(&mut at_once);
            let text = text(&mut rng, size);
            prop_assert_eq!(text.is_held(), size <= HELD);
            prop_assert_eq!(&text.bytes()[..], &at_once[..]);
            prop_assert_eq!(rng.next_u32(), other.next_u32());
            let part = text.slice(cut.0..cut.0 + cut.1);
            let place = usize::try_from(cut.0).unwrap();
            prop_assert!(at_once[place..].starts_with(&part.bytes()));
        }
    }
}
