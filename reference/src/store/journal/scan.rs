//! The journals that are found: which of them counts, how far it reaches, and whether it is whole.

use std::io;
use std::sync::Arc;

use uuid::Uuid;

use super::VERSION;
use super::line::{JournalRecord, Line, Lines, ScannedLine};
use crate::store::StoreError;
use crate::store::entry::Entry;
use crate::store::files::{File, Files};

/// A journal that was found.
#[derive(Debug)]
pub(in crate::store) struct FoundJournal {
    pub(super) number: u128,
    pub(super) file: Arc<dyn File>,
    /// The store that it belongs to; `None` if its first line is damaged.
    pub(in crate::store) store: Option<Uuid>,
    /// The change from which it goes on.
    pub(in crate::store) state: u64,
    /// Where its state ends.
    pub(super) state_end: u64,
    /// The last change before the first damage.
    pub(in crate::store) sequence: u64,
    /// Where that ends.
    pub(super) end: u64,
    /// The last change of all.
    pub(in crate::store) last: u64,
    /// Whether it is damaged elsewhere than at its end, which a crash may tear.
    pub(in crate::store) is_damaged: bool,
    /// Whether it has neither a state nor a change.
    pub(in crate::store) is_empty: bool,
}

impl FoundJournal {
    /// The name of its file.
    pub(in crate::store) fn id(&self) -> Uuid {
        Uuid::from_u128(self.number)
    }
}

/// Finds the journal that counts: of those whose state is complete, the one that reaches furthest; of two that
/// reach as far the older one, since the database may not have come to the state that the other one begins with.
pub(in crate::store) fn find(files: &dyn Files) -> Result<Option<FoundJournal>, StoreError> {
    let mut best: Option<FoundJournal> = None;
    for id in files.list()? {
        if let Some(found) = scan(id.as_u128(), files.open(id)?)?
            && best
                .as_ref()
                .is_none_or(|best| (found.last, best.number) > (best.last, found.number))
        {
            best = Some(found);
        }
    }
    Ok(best)
}

/// What a scan has seen so far.
struct Scan {
    found: FoundJournal,
    is_complete: bool,
    is_broken: bool,
}

/// Reads a journal; none if its state is not complete.
fn scan(number: u128, file: Arc<dyn File>) -> Result<Option<FoundJournal>, StoreError> {
    let mut scan = Scan {
        found: FoundJournal {
            number,
            file: Arc::clone(&file),
            store: None,
            state: 0,
            state_end: 0,
            sequence: 0,
            end: 0,
            last: 0,
            is_damaged: false,
            is_empty: true,
        },
        is_complete: false,
        is_broken: false,
    };
    let mut lines = Lines::of(file);
    let mut is_first = true;
    while let Some(piece) = lines.next()? {
        match piece {
            ScannedLine::Broken => scan.is_broken = true,
            ScannedLine::Whole(line) if is_first => scan.begin(&line)?,
            ScannedLine::Whole(line) => scan.go_on(&line),
        }
        is_first = false;
    }
    Ok(Some(scan.found).filter(|_| scan.is_complete))
}

impl Scan {
    fn begin(&mut self, line: &Line) -> Result<(), StoreError> {
        let JournalRecord::Journal { version, store } = line.body()? else {
            self.found.is_damaged = true;
            return Ok(());
        };
        if version != VERSION {
            return Err(StoreError::Unusable(format!(
                "its journal is of version {version}, and this program reads version {VERSION}"
            )));
        }
        self.found.store = Some(store);
        self.found.state = line.sequence;
        self.reach(line);
        Ok(())
    }

    fn go_on(&mut self, line: &Line) {
        // What is whole behind what is not was written later: a crash tears the last line only.
        self.found.is_damaged |= self.is_broken;
        if line.is_complete() {
            self.is_complete = true;
            self.found.state_end = line.end;
        } else {
            self.found.is_empty = false;
        }
        let is_next = line.sequence == self.found.last + 1;
        self.found.is_damaged |= line.is_change() && !is_next && self.found.store.is_some();
        self.is_complete |= line.is_change();
        self.reach(line);
    }

    fn reach(&mut self, line: &Line) {
        self.found.last = line.sequence;
        if !self.found.is_damaged {
            self.found.sequence = line.sequence;
            self.found.end = line.end;
        }
    }
}

/// Tells all that can be read of a journal, in its order; returns how many pieces cannot.
pub(in crate::store) fn salvage(
    found: &FoundJournal,
    tell: &mut dyn FnMut(&Entry) -> Result<(), StoreError>,
) -> Result<usize, StoreError> {
    let mut lines = Lines::of(Arc::clone(&found.file));
    let mut broken = 0;
    while let Some(piece) = lines.next().map_err(io::Error::other)? {
        let ScannedLine::Whole(line) = piece else {
            broken += 1;
            continue;
        };
        if let JournalRecord::State(entries) | JournalRecord::Changes(entries) = line.body()? {
            entries.iter().try_for_each(&mut *tell)?;
        }
    }
    Ok(broken)
}
