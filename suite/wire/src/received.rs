//! The body of an answer: counted and hashed as it comes, and kept only as far as memory allows.
//!
//! Whoever judges an answer has its body whole as [`Keeping`] says; of longer ones there are the length, the digest and the
//! beginning. What all answers of a client keep together stays below [`BUDGET`]: the oldest bodies give way first. Of
//! those that are still coming, only so many are longer than [`SHORT`] at once: the others are read when there is room.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Payload;

/// The longest body that is kept whole to be judged, in bytes: longer than any list or error that a registry has reason
/// to send.
pub const WHOLE: usize = 2 * 1024 * 1024;
/// What is kept of the bodies of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// What answers are judged by: of what may be JSON or have parts, all up to [`WHOLE`]; of anything else, all if it is
    /// short.
    ForJudging,
    /// All up to [`WHOLE`], whatever it is.
    Whole,
    /// All of it, to be passed on.
    All,
}

impl Keeping {
    /// The longest body that is kept whole, in bytes, by how it begins.
    fn longest(self, beginning: &[u8]) -> usize {
        // Parts begin with a hyphen, and JSON may begin with blanks.
        let may_be_read = beginning.first().is_some_and(|byte| b"{[- \t\r\n".contains(byte));
        match self {
            Keeping::All => usize::MAX,
            Keeping::Whole => WHOLE,
            Keeping::ForJudging if may_be_read => WHOLE,
            Keeping::ForJudging => SHORT,
        }
    }
}

/// How much of a body is kept whatever comes, in bytes: as much as a report shows.
const BEGINNING: usize = 4 * 1024;
/// How much all bodies of one client keep together, in bytes, those of a few KiB not counted.
const BUDGET: usize = 12 * 1024 * 1024;
/// How much of a body that is still coming is kept without asking for room, in bytes: most bodies end before.
const SHORT: usize = 64 * 1024;
/// How many longer ones come at once: together with what is kept of others they leave half of 64 MiB to everything else.
const ROOMS: usize = 4;
/// The most values that are read as JSON, by the characters that come between them: each takes up to a hundred times the
/// room of its text, and no list that a registry has reason to send holds as many.
const VALUES: usize = 100_000;
/// How many bodies the books remember before they forget those that nobody holds any more.
const MOST_HOLDERS: usize = 4 * 1024;

/// The body of an answer.
#[derive(Clone)]
pub struct Received(Arc<ReceivedInner>);

struct ReceivedInner {
    length: u64,
    sha256: OnceLock<[u8; 32]>,
    /// What was sent, where the digest of it is made when somebody asks.
    sent: Option<Payload>,
    kept: Mutex<Bytes>,
    /// The books of the client that keeps it, if it counts there.
    books: Option<Books>,
}

impl Received {
    /// A body of which only this beginning is kept.
    pub fn part(length: u64, sha256: [u8; 32], beginning: Bytes) -> Received {
        Received(Arc::new(ReceivedInner {
            length,
            sha256: sha256.into(),
            sent: None,
            kept: Mutex::new(beginning),
            books: None,
        }))
    }

    /// What who is asked receives of this, which takes no room of its own; only this beginning is in memory.
    pub(super) fn of_sent(payload: &Payload, beginning: Bytes) -> Received {
        Received(Arc::new(ReceivedInner {
            length: payload.len(),
            sha256: OnceLock::new(),
            sent: Some(payload.clone()),
            kept: Mutex::new(beginning),
            books: None,
        }))
    }

    /// The same body, of which this is kept.
    #[must_use]
    pub fn keeping(&self, kept: Bytes) -> Received {
        Received(Arc::new(ReceivedInner {
            length: self.0.length,
            sha256: self.0.sha256.clone(),
            sent: self.0.sent.clone(),
            kept: Mutex::new(kept),
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
        let sent = || self.0.sent.as_ref().map(Payload::sha256).unwrap_or_default();
        *self.0.sha256.get_or_init(sent)
    }

    /// The SHA-256 of all bytes that came, as `sha256:` and hexadecimal digits.
    pub fn digest(&self) -> String {
        format!("sha256:{}", HEXLOWER.encode(&self.sha256()))
    }

    /// As JSON, if it is that, is whole, and holds no more values than can be read.
    pub fn json(&self) -> Option<Json> {
        let bytes = self.bytes();
        (self.is_whole() && has_room(&bytes)).then(|| serde_json::from_slice(&bytes).ok())?
    }

    /// Why it is not read as JSON although it may be that, if there is too much of it.
    pub fn too_much(&self) -> Option<String> {
        (self.is_whole() && !has_room(&self.bytes()))
            .then(|| format!("more than {VALUES} values are more than are read as JSON"))
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
    pub fn is(&self, payload: &Payload) -> bool {
        self.0.length == payload.len() && self.sha256() == payload.sha256()
    }
}

/// Whether JSON holds no more values than can be read.
fn has_room(json: &[u8]) -> bool {
    if json.len() <= VALUES {
        return true;
    }
    let between = json.iter().filter(|byte| b",:[{".contains(byte));
    between.take(VALUES + 1).count() <= VALUES
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
        self.len() == other.len() && self.sha256() == other.sha256()
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
            sha256: <[u8; 32]>::from(Sha256::digest(&kept)).into(),
            sent: None,
            kept: Mutex::new(kept),
            books: None,
        }))
    }
}

/// A body while it comes.
pub(super) struct Receiving<'a> {
    books: &'a Books,
    keeping: Keeping,
    length: u64,
    hash: Sha256,
    kept: Vec<u8>,
    /// The place among those that are long.
    room: Option<SemaphorePermit<'a>>,
}

impl<'a> Receiving<'a> {
    /// A body of which nothing has come, and which will be counted in these books.
    pub(super) fn new(keeping: Keeping, books: &'a Books) -> Receiving<'a> {
        Receiving {
            books,
            keeping,
            length: 0,
            hash: Sha256::new(),
            kept: Vec::new(),
            room: None,
        }
    }

    /// Takes the next bytes, as soon as there is room.
    pub(super) async fn take(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        self.hash.update(bytes);
        let beginning = if self.kept.is_empty() { bytes } else { &self.kept };
        let longest = self.keeping.longest(beginning);
        if self.length > longest as u64 {
            self.give_up(bytes);
            return;
        }
        let needed = self.kept.len() + bytes.len();
        if needed > SHORT && self.room.is_none() {
            self.room = self.books.room().await;
        }
        if needed > self.kept.capacity() {
            let capacity = needed.saturating_mul(2).min(longest);
            self.kept.reserve_exact(capacity - self.kept.len());
        }
        self.kept.extend_from_slice(bytes);
    }

    /// Keeps the beginning alone, now that it will never be whole.
    fn give_up(&mut self, bytes: &[u8]) {
        let more = BEGINNING.saturating_sub(self.kept.len()).min(bytes.len());
        self.kept.truncate(BEGINNING);
        self.kept.extend_from_slice(&bytes[..more]);
        if self.room.take().is_some() {
            self.kept.shrink_to_fit();
        }
    }

    /// How many bytes came so far.
    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// The body, now that all of it has come.
    pub(super) fn finish(self) -> Received {
        let books = self.books;
        // This gives back what it does not need of its buffer.
        let kept = Bytes::from(self.kept.into_boxed_slice());
        let counts = kept.len() > BEGINNING;
        let received = Received(Arc::new(ReceivedInner {
            length: self.length,
            sha256: <[u8; 32]>::from(self.hash.finalize()).into(),
            sent: None,
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
pub(super) struct Books(Arc<Shelf>);

struct Shelf {
    held: Mutex<Held>,
    /// The rooms for bodies that are coming and are long.
    rooms: Semaphore,
}

impl Default for Shelf {
    fn default() -> Shelf {
        Shelf {
            held: Mutex::default(),
            rooms: Semaphore::new(ROOMS),
        }
    }
}

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

    /// The next room for a long body that is free.
    async fn room(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes them.
        self.0.rooms.acquire().await.ok()
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proptest::prelude::*;

    use super::*;

    fn received(books: &Books, bytes: &[u8], step: usize) -> Received {
        let mut receiving = Receiving::new(Keeping::ForJudging, books);
        for piece in bytes.chunks(step.max(1)) {
            receiving.take(piece).now_or_never().unwrap();
        }
        receiving.finish()
    }

    #[test]
    fn a_long_body_waits_for_room_that_a_finished_one_leaves() {
        let books = Books::default();
        let long = vec![b' '; SHORT + 1];
        let mut coming: Vec<Receiving> = (0..=ROOMS)
            .map(|_| Receiving::new(Keeping::ForJudging, &books))
            .collect();
        let mut last = coming.pop().unwrap();
        for body in &mut coming {
            assert!(body.take(&long).now_or_never().is_some());
        }
        assert!(last.take(&long[1..]).now_or_never().is_some());
        assert!(last.take(b" ").now_or_never().is_none());
        coming.pop();
        assert!(last.take(b" ").now_or_never().is_some());
    }

    #[test]
    fn json_of_too_many_values_is_not_read() {
        let list = |count: usize| Received::from(format!("[{}0]", "0,".repeat(count - 1)));
        assert!(list(VALUES).json().is_some() && list(VALUES).too_much().is_none());
        assert!(list(VALUES + 1).json().is_none() && list(VALUES + 1).too_much().is_some());
    }

    #[test]
    fn a_body_is_known_by_length_and_digest_however_long_it_is() {
        let lengths = [0, 1, BEGINNING, SHORT, SHORT + 1, WHOLE, WHOLE + 1, 3 * WHOLE];
        for (length, byte) in lengths
            .into_iter()
            .flat_map(|length| [(length, b'['), (length, b'x')])
        {
            let bytes = vec![byte; length];
            let body = received(&Books::default(), &bytes, 16 * 1024);
            assert_eq!(body.len(), length as u64);
            let longest = if byte == b'[' { WHOLE } else { SHORT };
            assert_eq!(body.is_whole(), length <= longest, "{length}");
            let (all, more) = (Payload::from(bytes.clone()), [&bytes[..], b"x"].concat());
            assert!(body.is(&all) && !body.is(&more.into()));
            assert_eq!(body.digest(), Received::from(bytes.clone()).digest());
            assert!(bytes.starts_with(&body.bytes()));
            assert!(body.bytes().len() >= length.min(BEGINNING));
        }
    }

    #[test]
    fn the_oldest_bodies_give_way_to_new_ones() {
        let books = Books::default();
        let bytes = vec![b' '; WHOLE];
        let bodies: Vec<Received> = (0..20).map(|_| received(&books, &bytes, WHOLE)).collect();
        let whole = bodies.iter().filter(|body| body.is_whole()).count();
        assert_eq!(whole, BUDGET / WHOLE);
        assert!(bodies.iter().rev().take(whole).all(Received::is_whole));
        assert!(bodies[0].is(&bytes.into()) && bodies[0] == bodies[19]);
        assert!(books.lock().held <= BUDGET);
        drop(bodies);
        assert_eq!(books.lock().held, 0);
    }

    #[test]
    fn what_nobody_holds_any_more_leaves_its_place_to_others() {
        let books = Books::default();
        let bytes = vec![b' '; WHOLE];
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
            prop_assert!(body.is(&bytes.clone().into()) && body.is_whole());
            prop_assert_eq!(&body.bytes()[..], &bytes[..]);
        }
    }
}
