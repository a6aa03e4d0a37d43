//! The body of an answer: counted and hashed as it comes, and kept only as far as memory allows.
//!
//! Whoever judges an answer has its body whole up to [`WHOLE`]; of longer ones there are the length, the digest and the
//! beginning. What all answers of a client keep together stays below [`BUDGET`]: the oldest bodies give way first.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};

/// The longest body that is kept whole unless a client is told otherwise, in bytes: longer than any list or error that
/// a registry has reason to send.
pub const WHOLE: usize = 2 * 1024 * 1024;
/// How much of a body is kept whatever comes, in bytes: as much as a report shows.
const BEGINNING: usize = 4 * 1024;
/// How much all bodies of one client keep together, in bytes, those of a few KiB not counted.
const BUDGET: usize = 32 * 1024 * 1024;
/// How many bodies the books remember before they forget those that nobody holds any more.
const MOST_HOLDERS: usize = 4 * 1024;

/// The body of an answer.
#[derive(Clone)]
pub struct Received(Arc<ReceivedInner>);

struct ReceivedInner {
    length: u64,
    sha256: [u8; 32],
    kept: Mutex<Bytes>,
    /// The books of the client that keeps it, if it counts there.
    books: Option<Books>,
}

impl Received {
    /// A body of which only this beginning is kept.
    pub fn part(length: u64, sha256: [u8; 32], beginning: Bytes) -> Received {
        Received(Arc::new(ReceivedInner {
            length,
            sha256,
            kept: Mutex::new(beginning),
            books: None,
        }))
    }

    /// How many bytes came.
    pub fn len(&self) -> u64 {
        self.0.length
    }

    /// Whether no byte came.
    pub fn is_empty(&self) -> bool {
        self.0.length == 0
    }

    /// The SHA-256 of all bytes that came.
    pub fn sha256(&self) -> [u8; 32] {
        self.0.sha256
    }

    /// The SHA-256 of all bytes that came, as `sha256:` and hexadecimal digits.
    pub fn digest(&self) -> String {
        let digits = self.0.sha256.iter().map(|byte| format!("{byte:02x}"));
        format!("sha256:{}", digits.collect::<String>())
    }

    /// What is kept of it: everything, or the beginning.
    pub fn bytes(&self) -> Bytes {
        self.0.kept().clone()
    }

    /// Whether what is kept is everything.
    pub fn is_whole(&self) -> bool {
        self.0.kept().len() as u64 == self.0.length
    }

    /// Whether exactly these bytes came, be they kept or not.
    pub fn is(&self, bytes: &[u8]) -> bool {
        self.0.length == bytes.len() as u64 && self.0.sha256 == <[u8; 32]>::from(Sha256::digest(bytes))
    }
}

impl ReceivedInner {
    fn kept(&self) -> MutexGuard<'_, Bytes> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives up all but the beginning.
    fn shrink(&self) {
        let mut kept = self.kept();
        // A copy, since a slice would hold on to the whole.
        *kept = Bytes::copy_from_slice(&kept[..kept.len().min(BEGINNING)]);
    }
}

impl Drop for ReceivedInner {
    fn drop(&mut self) {
        let kept = self.kept().len();
        if let Some(books) = &self.books
            && kept > BEGINNING
        {
            books.lock().held -= kept;
        }
    }
}

impl PartialEq for Received {
    fn eq(&self, other: &Received) -> bool {
        (self.0.length, self.0.sha256) == (other.0.length, other.0.sha256)
    }
}

impl Eq for Received {}

impl fmt::Debug for Received {
    /// Leaves the bytes out: they may be many, and those of a token server are a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.length)
    }
}

impl<T: Into<Bytes>> From<T> for Received {
    /// A body that was made here, kept whole.
    fn from(bytes: T) -> Received {
        let kept = bytes.into();
        Received(Arc::new(ReceivedInner {
            length: kept.len() as u64,
            sha256: Sha256::digest(&kept).into(),
            kept: Mutex::new(kept),
            books: None,
        }))
    }
}

/// A body while it comes.
pub(super) struct Receiving {
    /// The longest body that is kept whole, in bytes.
    whole: usize,
    length: u64,
    hash: Sha256,
    kept: BytesMut,
}

impl Receiving {
    /// A body of which nothing has come; it will be kept whole up to so many bytes.
    pub(super) fn new(whole: usize) -> Receiving {
        Receiving {
            whole,
            length: 0,
            hash: Sha256::new(),
            kept: BytesMut::new(),
        }
    }

    /// Takes the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        self.hash.update(bytes);
        let room = if self.length > self.whole as u64 {
            // It will never be whole, so that its beginning is enough.
            self.kept.truncate(BEGINNING);
            BEGINNING.saturating_sub(self.kept.len())
        } else {
            bytes.len()
        };
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// How many bytes came so far.
    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// The body, now that all of it has come.
    pub(super) fn finish(self, books: &Books) -> Received {
        // A buffer that has grown is up to twice as large as what is in it.
        let is_tight = self.kept.capacity() - self.kept.len() <= BEGINNING;
        let kept = if is_tight {
            self.kept.freeze()
        } else {
            Bytes::copy_from_slice(&self.kept)
        };
        let counts = kept.len() > BEGINNING;
        let received = Received(Arc::new(ReceivedInner {
            length: self.length,
            sha256: self.hash.finalize().into(),
            kept: Mutex::new(kept),
            books: counts.then(|| books.clone()),
        }));
        if counts {
            books.enter(&received);
        }
        received
    }
}

/// What the bodies of one client keep together; clones are the same books.
#[derive(Clone, Default)]
pub(super) struct Books(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    /// In bytes.
    held: usize,
    /// Who holds them, the oldest first; some may be gone.
    holders: VecDeque<Weak<ReceivedInner>>,
}

impl Books {
    /// Counts a new body, and shrinks the oldest until all fit into the budget.
    fn enter(&self, received: &Received) {
        let mut books = self.lock();
        books.held += received.0.kept().len();
        books.holders.push_back(Arc::downgrade(&received.0));
        if books.holders.len() > MOST_HOLDERS {
            books.holders.retain(|holder| holder.strong_count() > 0);
        }
        let mut met = Vec::new();
        while let Some(oldest) = books.holders.front().map(Weak::upgrade) {
            if let Some(oldest) = oldest {
                let counted = oldest.kept().len();
                met.push(Arc::clone(&oldest));
                if books.held <= BUDGET || books.holders.len() == 1 {
                    break;
                }
                oldest.shrink();
                books.held -= counted;
            }
            books.holders.pop_front();
        }
        drop(books);
        // Only now, since the last owner of a body locks the books.
        drop(met);
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn received(books: &Books, bytes: &[u8], step: usize) -> Received {
        let mut receiving = Receiving::new(WHOLE);
        bytes.chunks(step.max(1)).for_each(|piece| receiving.take(piece));
        receiving.finish(books)
    }

    #[test]
    fn a_body_is_known_by_length_and_digest_however_long_it_is() {
        for length in [0, 1, BEGINNING, BEGINNING + 1, WHOLE, WHOLE + 1, 3 * WHOLE] {
            let bytes = vec![b'x'; length];
            let body = received(&Books::default(), &bytes, 16 * 1024);
            assert_eq!(body.len(), length as u64);
            assert_eq!(body.is_whole(), length <= WHOLE, "{length}");
            assert!(body.is(&bytes) && !body.is(&bytes[..length.saturating_sub(1)]) || length == 0);
            assert_eq!(body.digest(), Received::from(bytes.clone()).digest());
            assert!(bytes.starts_with(&body.bytes()));
            assert!(body.bytes().len() >= length.min(BEGINNING));
        }
    }

    #[test]
    fn the_oldest_bodies_give_way_to_new_ones() {
        let books = Books::default();
        let bytes = vec![b'x'; WHOLE];
        let bodies: Vec<Received> = (0..20).map(|_| received(&books, &bytes, WHOLE)).collect();
        let whole = bodies.iter().filter(|body| body.is_whole()).count();
        assert_eq!(whole, BUDGET / WHOLE);
        assert!(bodies.iter().rev().take(whole).all(Received::is_whole));
        assert!(bodies[0].is(&bytes) && bodies[0] == bodies[19]);
        assert!(books.lock().held <= BUDGET);
        drop(bodies);
        assert_eq!(books.lock().held, 0);
    }

    #[test]
    fn what_nobody_holds_any_more_leaves_its_place_to_others() {
        let books = Books::default();
        let bytes = vec![b'x'; WHOLE];
        let kept = received(&books, &bytes, WHOLE);
        for _ in 0..20 {
            let _ = received(&books, &bytes, WHOLE);
        }
        assert!(kept.is_whole());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn it_does_not_matter_in_which_pieces_it_comes(bytes in proptest::collection::vec(any::<u8>(), 0..20_000), step in 1_usize..5_000) {
            let body = received(&Books::default(), &bytes, step);
            prop_assert!(body.is(&bytes) && body.is_whole());
            prop_assert_eq!(&body.bytes()[..], &bytes[..]);
        }
    }
}
