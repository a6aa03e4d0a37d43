//! The bytes that a request sends: in memory, or made again each time that they are needed.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};

use super::{Part, Received, Recipe};

/// How many bytes are made at once: as many as stay near a processor.
const STEP: usize = 32 * 1024;
/// How much of what was sent is held on to until somebody asks for its digest, in bytes: what stands around something
/// that is made again.
const AROUND: u64 = 4 * 1024;

/// Something that makes the same bytes each time.
pub trait Generator: Send + Sync {
    /// Fills a buffer with the bytes from this place on.
    fn fill(&self, from: u64, buffer: &mut [u8]);

    /// How a shell makes so many of the bytes from this place on.
    fn part(&self, from: u64, length: u64) -> Part;
}

/// Bytes to be sent; clones share them, and their digest once it is known.
#[derive(Clone)]
pub struct Payload(Arc<Inner>);

struct Inner {
    pieces: Vec<Piece>,
    length: u64,
    sha256: OnceLock<[u8; 32]>,
}

#[derive(Clone)]
enum Piece {
    Held(Bytes),
    Made(Arc<dyn Generator>, Range<u64>),
}

impl Payload {
    /// The first bytes of a generator, so many of them.
    pub fn made(generator: impl Generator + 'static, length: u64) -> Payload {
        Payload::of(vec![Piece::Made(Arc::new(generator), 0..length)])
    }

    /// This byte, so many times.
    pub fn repeated(byte: u8, times: u64) -> Payload {
        Payload::made(Repeated(byte), times)
    }

    /// These, one behind the other.
    pub fn joined(parts: &[Payload]) -> Payload {
        Payload::of(parts.iter().flat_map(|part| part.0.pieces.clone()).collect())
    }

    fn of(pieces: Vec<Piece>) -> Payload {
        Payload(Arc::new(Inner {
            length: pieces.iter().map(Piece::len).sum(),
            pieces,
            sha256: OnceLock::new(),
        }))
    }

    /// The length in bytes.
    pub fn len(&self) -> u64 {
        self.0.length
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all of it is in memory.
    pub fn is_held(&self) -> bool {
        self.0.pieces.iter().all(|piece| matches!(piece, Piece::Held(_)))
    }

    /// The SHA-256 of all bytes.
    pub fn sha256(&self) -> [u8; 32] {
        *self.0.sha256.get_or_init(|| self.hashed::<Sha256>().into())
    }

    /// What a hash function makes of all bytes.
    pub fn hashed<D: Digest>(&self) -> sha2::digest::Output<D> {
        let mut hash = D::new();
        let mut buffer = Vec::new();
        for piece in &self.0.pieces {
            piece.each(&mut buffer, |bytes| hash.update(bytes));
        }
        hash.finalize()
    }

    /// The bytes in order, in chunks of this size; where pieces meet, and at the end, they may be shorter.
    pub fn chunks(&self, size: usize) -> impl Iterator<Item = Bytes> + Send + '_ {
        let size = size.max(1) as u64;
        self.0.pieces.iter().flat_map(move |piece| {
            let length = piece.len();
            (0..length.div_ceil(size))
                .map(move |at| piece.part(at * size..length.min((at + 1) * size)).bytes())
        })
    }

    /// A part of it, as far as there is one.
    pub fn slice(&self, range: Range<u64>) -> Payload {
        let mut start = 0;
        let pieces = self.0.pieces.iter().filter_map(|piece| {
            let (from, to) = (range.start.max(start), range.end.min(start + piece.len()));
            let part = (from < to).then(|| piece.part(from - start..to - start));
            start += piece.len();
            part
        });
        Payload::of(pieces.collect())
    }

    /// All bytes, in memory.
    pub fn bytes(&self) -> Bytes {
        match self.0.pieces.as_slice() {
            [] => Bytes::new(),
            [piece] => piece.bytes(),
            _ => self
                .chunks(STEP)
                .fold(BytesMut::new(), |all, next| joined(all, &next))
                .freeze(),
        }
    }

    /// How a shell makes it; none where too much of it follows no pattern.
    pub fn recipe(&self) -> Option<Recipe> {
        let mut parts = Vec::new();
        for piece in &self.0.pieces {
            match piece {
                Piece::Held(bytes) => parts.extend(Recipe::of(bytes)?.parts().iter().cloned()),
                Piece::Made(generator, range) => {
                    parts.push(generator.part(range.start, range.end - range.start));
                }
            }
        }
        Some(Recipe::from_parts(parts))
    }

    /// What who is asked receives of it; only so many of its bytes are in memory.
    pub fn received(&self, kept: u64) -> Received {
        let beginning = self.slice(0..kept).bytes();
        let held = self
            .0
            .pieces
            .iter()
            .filter(|piece| matches!(piece, Piece::Held(_)));
        if held.map(Piece::len).sum::<u64>() <= AROUND {
            Received::of_sent(self, beginning)
        } else {
            Received::part(self.len(), self.sha256(), beginning)
        }
    }
}

/// One byte again and again.
struct Repeated(u8);

impl Generator for Repeated {
    fn fill(&self, _: u64, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }

    fn part(&self, _: u64, length: u64) -> Part {
        Part::Repeated(Bytes::copy_from_slice(&[self.0]), in_memory(length))
    }
}

fn joined(mut all: BytesMut, next: &Bytes) -> BytesMut {
    all.extend_from_slice(next);
    all
}

impl Piece {
    fn len(&self) -> u64 {
        match self {
            Piece::Held(bytes) => bytes.len() as u64,
            Piece::Made(_, range) => range.end - range.start,
        }
    }

    /// A part that lies within.
    fn part(&self, range: Range<u64>) -> Piece {
        match self {
            Piece::Held(bytes) => Piece::Held(bytes.slice(in_memory(range.start)..in_memory(range.end))),
            Piece::Made(generator, whole) => Piece::Made(
                generator.clone(),
                whole.start + range.start..whole.start + range.end,
            ),
        }
    }

    /// Shows all bytes, in order; what is made is made in this buffer.
    fn each(&self, buffer: &mut Vec<u8>, mut show: impl FnMut(&[u8])) {
        match self {
            Piece::Held(bytes) => show(bytes),
            Piece::Made(generator, range) => {
                let mut at = range.start;
                while at < range.end {
                    buffer.resize(STEP.min(in_memory(range.end - at)), 0);
                    generator.fill(at, buffer);
                    show(buffer);
                    at += buffer.len() as u64;
                }
            }
        }
    }

    fn bytes(&self) -> Bytes {
        match self {
            Piece::Held(bytes) => bytes.clone(),
            Piece::Made(generator, range) => {
                let mut bytes = BytesMut::zeroed(in_memory(self.len()));
                generator.fill(range.start, &mut bytes);
                bytes.freeze()
            }
        }
    }
}

/// A length of what is in memory, or is to be.
fn in_memory(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

impl<T: Into<Bytes>> From<T> for Payload {
    fn from(bytes: T) -> Payload {
        Payload::of(vec![Piece::Held(bytes.into())])
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Payload) -> bool {
        self.len() == other.len() && (Arc::ptr_eq(&self.0, &other.0) || self.sha256() == other.sha256())
    }
}

impl Eq for Payload {}

impl fmt::Debug for Payload {
    /// Leaves the bytes out, which may be many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every byte tells its place.
    struct Places;

    impl Generator for Places {
        fn part(&self, from: u64, length: u64) -> Part {
            let mut bytes = vec![0; in_memory(length)];
            self.fill(from, &mut bytes);
            Part::Plain(bytes.into())
        }

        fn fill(&self, from: u64, buffer: &mut [u8]) {
            for (place, byte) in (from..).zip(buffer) {
                *byte = (place % 251) as u8;
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_made_is_as_if_it_were_in_memory(
            lengths in proptest::collection::vec(0_u64..1_000, 0..5),
            size in 1_usize..300,
            cut in (0_u64..3_000, 0_u64..3_000),
        ) {
            let made: Vec<Payload> = lengths.iter().map(|length| Payload::made(Places, *length)).collect();
            let made = Payload::joined(&made);
            let held = Payload::from(made.bytes());
            prop_assert_eq!(made.len(), lengths.iter().sum::<u64>());
            prop_assert_eq!(&made, &held);
            prop_assert_eq!(made.sha256(), Received::from(held.bytes()).sha256());
            let chunks: Vec<Bytes> = made.chunks(size).collect();
            prop_assert!(chunks.iter().all(|chunk| (1..=size).contains(&chunk.len())));
            prop_assert_eq!(chunks.concat(), held.bytes().to_vec());
            prop_assert_eq!(made.slice(cut.0..cut.1).bytes(), held.slice(cut.0..cut.1).bytes());
        }
    }

    #[test]
    fn a_part_of_what_is_made_is_not_in_memory() {
        let made = Payload::made(Places, u64::MAX);
        let part = made.slice(1_000_000_000_000..1_000_000_000_004);
        assert_eq!((part.len(), made.is_held()), (4, false));
        assert_eq!(part.bytes()[0], (1_000_000_000_000_u64 % 251) as u8);
    }
}
