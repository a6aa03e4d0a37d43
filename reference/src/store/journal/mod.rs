//! The journal: every change of the metadata, written down beside the content before it is acknowledged.
//!
//! The journal is what makes a change durable, and one sync of it serves all changes of a group. The database
//! follows: what it has not on the disk yet when the power goes is made again from the journal, and a database
//! that is lost is made anew from it. A journal begins with the state at one moment. When it has grown, a new
//! one is written beside it, from the state at a later moment on; the one that reaches further counts.

mod line;
mod review;
mod scan;
mod state;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use bytes::Bytes;
use uuid::Uuid;

pub(super) use scan::{FoundJournal, Landmark, find, find_behind, salvage};
pub(super) use state::entries_of;

use super::StoreError;
use super::entry::Entry;
use super::files::{File, Files};
use super::tables::View;
#[cfg(any(test, fuzzing))]
pub(super) use line::sealed;
use line::{JournalRecord, Lines, ScannedLine, write};
use review::Review;

/// The version of what is written here.
const VERSION: u32 = 1;

/// How many bytes are held ready behind the end, so that a disk that is full still takes what is deleted.
const RESERVE: u64 = 64 * 1024;

/// How many bytes of a state are written at once.
const BLOCK: usize = 256 * 1024;

/// The journal of a store that is open.
pub(super) struct Journal {
    files: Arc<dyn Files>,
    file: Arc<dyn File>,
    number: u128,
    store: Uuid,
    /// The number of the last change.
    sequence: u64,
    /// Where the line of that begins.
    line: u64,
    length: u64,
    /// What was not read when it was found, since the database had it.
    unread: Option<Landmark>,
    /// Where the bytes end that are held ready.
    reserved: u64,
    /// How long the state is that it begins with.
    state_length: u64,
    /// Whether a write has failed in a way that leaves open what the disk holds.
    is_doubtful: bool,
    review: Option<Review>,
    renewal: Option<Renewal>,
}

/// A journal that is being written beside the current one.
struct Renewal {
    number: u128,
    /// How far the current one was when the state was looked at.
    from: u64,
    stop: Arc<AtomicBool>,
    writing: JoinHandle<Result<Begun, StoreError>>,
}

/// A journal that holds a state and nothing else.
struct Begun {
    file: Arc<dyn File>,
    /// Where its last line begins.
    line: u64,
    length: u64,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("number", &self.number)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Begins a journal with the state of a view; older ones go.
    pub(super) fn begin(files: Arc<dyn Files>, store: Uuid, view: &View) -> Result<Self, StoreError> {
        let older = files.list()?;
        let number = older.iter().map(Uuid::as_u128).max().unwrap_or_default() + 1;
        let begun = write_state(files.as_ref(), number, store, view, &AtomicBool::new(false))?;
        for old in older {
            files.remove(old)?;
        }
        Ok(Self {
            files,
            file: begun.file,
            number,
            store,
            sequence: view.sequence()?,
            line: begun.line,
            length: begun.length,
            unread: None,
            reserved: begun.length,
            state_length: begun.length,
            is_doubtful: false,
            review: None,
            renewal: None,
        })
    }

    /// Goes on with a journal that was found; what a crash has left behind its end is cut off.
    pub(super) fn resume(
        files: Arc<dyn Files>,
        store: Uuid,
        found: FoundJournal,
    ) -> Result<Self, StoreError> {
        found.file.truncate(found.end)?;
        found.file.sync()?;
        for other in files.list()? {
            if other.as_u128() != found.number {
                files.remove(other)?;
            }
        }
        let unread = found.unread;
        let review = unread.map(|unread| Review::begin(unread, Arc::clone(&found.file)));
        Ok(Self {
            files,
            file: found.file,
            number: found.number,
            store,
            sequence: found.sequence,
            line: found.line,
            length: found.end,
            unread,
            reserved: found.end,
            state_length: found.state_end,
            is_doubtful: false,
            review: review.transpose()?,
            renewal: None,
        })
    }

    /// The number of the last change.
    pub(super) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// How far a database is that has all of it.
    pub(super) const fn landmark(&self) -> Landmark {
        Landmark {
            number: self.number,
            state_end: self.state_length,
            line: self.line,
            sequence: self.sequence,
        }
    }

    /// Writes a change down; when this returns it is as durable as it will be.
    pub(super) fn append(&mut self, entries: Vec<Entry>) -> Result<(), StoreError> {
        let sequence = self.sequence + 1;
        let line = Bytes::from(write(sequence, &JournalRecord::Changes(entries))?);
        let end = self.length + line.len() as u64;
        self.reserve(end);
        let written = self.file.write_at(&[line], self.length);
        if let Err(error) = written.and_then(|()| self.file.sync().inspect_err(|_| self.is_doubtful = true)) {
            // Who made the change is told that it failed, so it must not come back when the store is opened again.
            self.reserved = self.length;
            self.is_doubtful |= self.file.truncate(self.length).is_err();
            return Err(error.into());
        }
        (self.line, self.length, self.sequence) = (self.length, end, sequence);
        self.reserved = self.reserved.max(end);
        Ok(())
    }

    /// Holds bytes ready behind `end`. That there are none is no fault: the write that needs them will tell.
    fn reserve(&mut self, end: u64) {
        let wanted = end + RESERVE;
        if wanted < self.reserved + RESERVE / 2 {
            return;
        }
        let from = self.reserved.max(self.length);
        let zeros = vec![0; usize::try_from(wanted - from).unwrap_or_default()];
        if self.file.write_at(&[Bytes::from(zeros)], from).is_ok() {
            self.reserved = wanted;
        }
    }

    /// Whether the disk may not hold what it was given.
    pub(super) fn is_doubtful(&mut self) -> bool {
        if let Some(review) = self.review.take_if(|review| review.is_over()) {
            self.is_doubtful |= !review.found_it_whole();
        }
        self.is_doubtful
    }

    /// Writes a new journal from a view, which is of the last change, and for good.
    pub(super) fn begin_again(&mut self, view: &View) -> Result<(), StoreError> {
        self.stop_renewal();
        *self = Self::begin(Arc::clone(&self.files), self.store, view)?;
        Ok(())
    }

    /// Tells the changes after one, in their order.
    pub(super) fn replay(
        &self,
        after: u64,
        tell: &mut dyn FnMut(&Entry) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let unread = self.unread.filter(|unread| unread.sequence <= after);
        let from = unread.map_or(0, |unread| unread.line);
        let mut lines = Lines::behind(Arc::clone(&self.file), from);
        while let Some(ScannedLine::Whole(line)) = lines.next()? {
            if line.end > self.length {
                break;
            }
            if line.sequence > after
                && let JournalRecord::Changes(entries) = line.body()?
            {
                entries.iter().try_for_each(&mut *tell)?;
            }
        }
        Ok(())
    }

    /// Whether it has grown so much that a new one is to be begun.
    pub(super) fn is_to_be_renewed(&self, at_least: u64) -> bool {
        self.renewal.is_none() && self.length > at_least.max(self.state_length * 2)
    }

    /// Begins to write a new one beside it, from a view, which is of the last change.
    pub(super) fn begin_renewal(&mut self, view: View) -> Result<(), StoreError> {
        let number = self.number + 1;
        let (files, store) = (Arc::clone(&self.files), self.store);
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let writing = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_state(files.as_ref(), number, store, &view, &told))?;
        self.renewal = Some(Renewal {
            number,
            from: self.length,
            stop,
            writing,
        });
        Ok(())
    }

    /// Whether a new one is written but for what has been changed meanwhile.
    pub(super) fn is_renewed(&self) -> bool {
        self.renewal
            .as_ref()
            .is_some_and(|renewal| renewal.writing.is_finished())
    }

    /// Goes over to the new one. The database must hold the state that it begins with for good.
    pub(super) fn go_over(&mut self) -> Result<(), StoreError> {
        let Some(renewal) = self.renewal.take() else {
            return Ok(());
        };
        let begun = renewal
            .writing
            .join()
            .map_err(|_| StoreError::Damaged("the journal could not be written anew".to_owned()))??;
        let mut offset = renewal.from;
        let mut length = begun.length;
        while offset < self.length {
            let rest = usize::try_from(self.length - offset).unwrap_or(BLOCK).min(BLOCK);
            let mut block = vec![0; rest];
            match self.file.read_at(&mut block, offset)? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                count => block.truncate(count),
            }
            offset += block.len() as u64;
            let end = length + block.len() as u64;
            begun.file.write_at(&[Bytes::from(block)], length)?;
            length = end;
        }
        begun.file.sync()?;
        let old = std::mem::replace(&mut self.number, renewal.number);
        self.file = begun.file;
        self.line = match self.line.checked_sub(renewal.from) {
            Some(behind) => begun.length + behind,
            None => begun.line,
        };
        self.length = length;
        // All of it was written by this process.
        (self.unread, self.review) = (None, None);
        self.reserved = length;
        self.state_length = begun.length;
        Ok(self.files.remove(Uuid::from_u128(old))?)
    }

    fn stop_renewal(&mut self) {
        if let Some(renewal) = self.renewal.take() {
            renewal.stop.store(true, Ordering::Release);
            // What it has written does not count, and goes when the next one is begun.
            drop(renewal.writing.join());
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.stop_renewal();
    }
}

/// Writes a journal with the state of a view.
fn write_state(
    files: &dyn Files,
    number: u128,
    store: Uuid,
    view: &View,
    stop: &AtomicBool,
) -> Result<Begun, StoreError> {
    let (id, sequence) = (Uuid::from_u128(number), view.sequence()?);
    files.remove(id)?;
    let file = files.create(id)?;
    let mut text = write(
        sequence,
        &JournalRecord::Journal {
            version: VERSION,
            store,
        },
    )?;
    let mut length = 0;
    let mut put = |text: &mut String, at_least: usize| -> Result<(), StoreError> {
        if text.len() >= at_least {
            let block = Bytes::from(std::mem::take(text));
            file.write_at(std::slice::from_ref(&block), length)?;
            length += block.len() as u64;
        }
        Ok(())
    };
    entries_of(view, &mut |entry| {
        if stop.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        text += &write(sequence, &JournalRecord::State(vec![entry]))?;
        put(&mut text, BLOCK)
    })?;
    let last = write(sequence, &JournalRecord::Complete {})?;
    text += &last;
    put(&mut text, 0)?;
    file.sync()?;
    files.keep_name(id)?;
    let line = length - last.len() as u64;
    Ok(Begun { file, line, length })
}
