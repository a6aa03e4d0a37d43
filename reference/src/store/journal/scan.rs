//! The journals that are found: which of them counts, how far it reaches, and whether it is whole.

use std::io;
use std::sync::Arc;

use uuid::Uuid;

use super::VERSION;
use super::line::{JournalRecord, Line, Lines, ScannedLine};
use crate::store::StoreError;
use crate::store::entry::Entry;
use crate::store::files::{File, Files};

/// How far of a journal a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Landmark {
    /// The journal.
    pub(in crate::store) number: u128,
    /// Where its state ends.
    pub(in crate::store) state_end: u64,
    /// Where the line of the last change begins.
    pub(in crate::store) line: u64,
    /// The number of that change.
    pub(in crate::store) sequence: u64,
}

/// A journal that was found.
#[derive(Debug, Clone)]
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
    /// Where the line of that begins.
    pub(super) line: u64,
    /// Where it ends.
    pub(super) end: u64,
    /// What has not been read, since the database has it.
    pub(super) unread: Option<Landmark>,
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

    /// What was not read of it, since the database has it.
    #[cfg(test)]
    pub(in crate::store) const fn unread(&self) -> Option<Landmark> {
        self.unread
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

/// Finds the journal that counts, and reads of it only what a database has not, which knows how far it came: if the
/// journal is the only one, and has the line there that it should have. Otherwise all is read.
pub(in crate::store) fn find_behind(
    files: &dyn Files,
    known: Option<Landmark>,
) -> Result<Option<FoundJournal>, StoreError> {
    if let Some(landmark) = known
        && files.list()? == [Uuid::from_u128(landmark.number)]
        && let Some(found) = scan_behind(landmark, files.open(Uuid::from_u128(landmark.number))?)?
    {
        return Ok(Some(found));
    }
    find(files)
}

/// What a scan has seen so far.
struct Scan {
    found: FoundJournal,
    is_complete: bool,
    is_broken: bool,
}

/// Reads a journal; none if its state is not complete.
fn scan(number: u128, file: Arc<dyn File>) -> Result<Option<FoundJournal>, StoreError> {
    let mut scan = Scan::new(number, Arc::clone(&file));
    let mut lines = Lines::of(file);
    while let Some(piece) = lines.next()? {
        scan.take(piece)?;
    }
    Ok(Some(scan.found).filter(|_| scan.is_complete))
}

/// Reads a journal from a place on; none if that is not what is there.
fn scan_behind(landmark: Landmark, file: Arc<dyn File>) -> Result<Option<FoundJournal>, StoreError> {
    let Some(ScannedLine::Whole(first)) = Lines::of(Arc::clone(&file)).next()? else {
        return Ok(None);
    };
    let mut lines = Lines::behind(Arc::clone(&file), landmark.line);
    let Some(ScannedLine::Whole(line)) = lines.next()? else {
        return Ok(None);
    };
    if line.sequence != landmark.sequence || !(line.is_change() || line.is_complete()) {
        return Ok(None);
    }
    let mut scan = Scan::new(landmark.number, file);
    scan.begin(&first)?;
    scan.is_complete = true;
    scan.found.state_end = landmark.state_end;
    scan.found.is_empty = line.is_complete() && line.start == first.end;
    scan.found.unread = Some(landmark);
    scan.reach(&line);
    while let Some(piece) = lines.next()? {
        scan.take(piece)?;
    }
    Ok(Some(scan.found).filter(|found| found.store.is_some()))
}

/// Whether a journal is whole up to a place; `go_on` is asked before each line.
pub(super) fn is_whole_before(
    landmark: Landmark,
    file: Arc<dyn File>,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<bool, StoreError> {
    let mut scan = Scan::new(landmark.number, Arc::clone(&file));
    let mut lines = Lines::of(file);
    while lines.offset() < landmark.line && go_on(lines.offset()) {
        match lines.next()? {
            Some(piece) => scan.take(piece)?,
            None => return Ok(false),
        }
    }
    Ok(!scan.is_broken && !scan.found.is_damaged)
}

impl Scan {
    fn new(number: u128, file: Arc<dyn File>) -> Self {
        Self {
            found: FoundJournal {
                number,
                file,
                store: None,
                state: 0,
                state_end: 0,
                sequence: 0,
                line: 0,
                end: 0,
                unread: None,
                last: 0,
                is_damaged: false,
                is_empty: true,
            },
            is_complete: false,
            is_broken: false,
        }
    }

    fn take(&mut self, piece: ScannedLine) -> Result<(), StoreError> {
        match piece {
            ScannedLine::Broken => self.is_broken = true,
            ScannedLine::Whole(line) if line.start == 0 => self.begin(&line)?,
            ScannedLine::Whole(line) => self.go_on(&line),
        }
        Ok(())
    }

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
            self.found.line = line.start;
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
