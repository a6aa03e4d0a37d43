//! A disk whose power can be cut: what was not synced survives in part, in no order, and torn.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use redb::StorageBackend;
use uuid::Uuid;

use crate::store::files::{File, Files};

/// Numbers that look random and are the same for the same seed (splitmix).
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// What lies on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Area {
    Content,
    Journal,
    Database,
}

/// A promise that a disk does not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    /// It does not sync the files of an area.
    Sync(Area),
    /// It does not keep the names in an area.
    Name(Area),
}

/// The place of a file: its area, and its name there.
type Place = (Area, Uuid);

/// What has been done and not synced.
#[derive(Debug, Clone)]
enum DiskOperation {
    Write(u64, Vec<u8>),
    Length(u64),
}

impl DiskOperation {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(offset, bytes) => {
                let (start, end) = (*offset as usize, *offset as usize + bytes.len());
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[start..end].copy_from_slice(bytes);
            }
            Self::Length(length) => content.resize(*length as usize, 0),
        }
    }

    /// Applies a part: some of the sectors of a write, or all or nothing of a length.
    fn apply_in_part(&self, content: &mut Vec<u8>, random: &mut Random, sector: u64, odds: u64) {
        let Self::Write(offset, bytes) = self else {
            if random.roll(4) < odds {
                self.apply(content);
            }
            return;
        };
        let (mut from, end) = (*offset, offset + bytes.len() as u64);
        while from < end {
            let to = (from / sector * sector + sector).min(end);
            if random.roll(4) < odds {
                let part = &bytes[(from - offset) as usize..(to - offset) as usize];
                Self::Write(from, part.to_vec()).apply(content);
            }
            from = to;
        }
    }
}

#[derive(Debug, Default)]
struct Inode {
    /// As the process sees it.
    seen: Vec<u8>,
    /// As it survives for sure.
    kept: Vec<u8>,
    unsynced: Vec<DiskOperation>,
}

impl Inode {
    fn act(&mut self, operation: DiskOperation) {
        operation.apply(&mut self.seen);
        self.unsynced.push(operation);
    }
}

#[derive(Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    seen: BTreeMap<Place, usize>,
    kept: BTreeMap<Place, usize>,
    /// Names that were given or taken away, and not kept.
    unkept: Vec<(Place, Option<usize>)>,
    /// How many operations there are until the power is cut; `None` for never.
    left: Option<u64>,
    lie: Option<Lie>,
}

impl State {
    /// Counts an operation; says whether there is power for it.
    fn has_power(&mut self) -> bool {
        match &mut self.left {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                *left > 0
            }
        }
    }

    fn is_off(&self) -> bool {
        self.left == Some(0)
    }
}

fn no_power() -> io::Error {
    io::Error::other("there is no power")
}

/// A disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

impl Disk {
    /// A disk that breaks a promise.
    pub(super) fn lying(lie: Option<Lie>) -> Self {
        let disk = Self::default();
        disk.state().lie = lie;
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Has the power cut after so many operations.
    pub(super) fn cut_after(&self, operations: u64) {
        self.state().left = Some(operations);
    }

    /// Whether there is no power.
    pub(super) fn is_off(&self) -> bool {
        self.state().is_off()
    }

    /// The disk as it is when there is power again.
    pub(super) fn survivor(&self, random: &mut Random) -> Self {
        let state = self.state();
        let sector = [512, 4096][random.roll(2) as usize];
        let mut names = state.kept.clone();
        let odds = random.roll(5);
        for (place, target) in &state.unkept {
            if random.roll(4) < odds {
                match target {
                    Some(inode) => names.insert(*place, *inode),
                    None => names.remove(place),
                };
            }
        }
        let mut after = State {
            lie: state.lie,
            ..State::default()
        };
        for (place, inode) in names {
            let inode = &state.inodes[inode];
            let (mut content, odds) = (inode.kept.clone(), random.roll(5));
            for operation in &inode.unsynced {
                operation.apply_in_part(&mut content, random, sector, odds);
            }
            after.seen.insert(place, after.inodes.len());
            after.inodes.push(Inode {
                seen: content.clone(),
                kept: content,
                unsynced: Vec::new(),
            });
        }
        after.kept.clone_from(&after.seen);
        Self(Arc::new(Mutex::new(after)))
    }

    /// The files of an area.
    pub(super) fn files(&self, area: Area) -> DiskFiles {
        DiskFiles {
            disk: self.clone(),
            area,
        }
    }

    /// The file of the database, whose name is kept from the beginning.
    pub(super) fn database(&self) -> Handle {
        let place = (Area::Database, Uuid::nil());
        let mut state = self.state();
        let inode = state.seen.get(&place).copied().unwrap_or_else(|| {
            state.inodes.push(Inode::default());
            let inode = state.inodes.len() - 1;
            state.seen.insert(place, inode);
            state.kept.insert(place, inode);
            inode
        });
        Handle {
            disk: self.clone(),
            area: Area::Database,
            inode,
        }
    }
}

/// The files of an area of a disk.
#[derive(Debug)]
pub(super) struct DiskFiles {
    disk: Disk,
    area: Area,
}

impl DiskFiles {
    /// Gives a name to an inode, or takes it away.
    fn name(&self, id: Uuid, target: Option<usize>) -> io::Result<()> {
        let place = (self.area, id);
        let mut state = self.disk.state();
        if state.is_off() {
            return Err(no_power());
        }
        match target {
            Some(inode) => state.seen.insert(place, inode),
            None => state.seen.remove(&place),
        };
        state.unkept.push((place, target));
        if state.has_power() {
            Ok(())
        } else {
            Err(no_power())
        }
    }

    fn handle(&self, inode: usize) -> Arc<dyn File> {
        Arc::new(Handle {
            disk: self.disk.clone(),
            area: self.area,
            inode,
        })
    }

    /// Whether two names are in one folder: then they are kept together.
    fn are_together(&self, one: Uuid, other: Uuid) -> bool {
        self.area != Area::Content || one.as_bytes()[0] == other.as_bytes()[0]
    }
}

impl Files for DiskFiles {
    fn create(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        let inode = {
            let mut state = self.disk.state();
            if state.seen.contains_key(&(self.area, id)) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            state.inodes.push(Inode::default());
            state.inodes.len() - 1
        };
        self.name(id, Some(inode))?;
        Ok(self.handle(inode))
    }

    fn open(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        let state = self.disk.state();
        if state.is_off() {
            return Err(no_power());
        }
        let inode = state.seen.get(&(self.area, id)).copied();
        drop(state);
        Ok(self.handle(inode.ok_or(io::ErrorKind::NotFound)?))
    }

    fn remove(&self, id: Uuid) -> io::Result<()> {
        let is_there = self.disk.state().seen.contains_key(&(self.area, id));
        if is_there { self.name(id, None) } else { Ok(()) }
    }

    fn keep_name(&self, id: Uuid) -> io::Result<()> {
        let mut state = self.disk.state();
        if !state.has_power() {
            return Err(no_power());
        }
        if state.lie == Some(Lie::Name(self.area)) {
            return Ok(());
        }
        let unkept = std::mem::take(&mut state.unkept);
        for (place, target) in unkept {
            if place.0 != self.area || !self.are_together(place.1, id) {
                state.unkept.push((place, target));
                continue;
            }
            match target {
                Some(inode) => state.kept.insert(place, inode),
                None => state.kept.remove(&place),
            };
        }
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<Uuid>> {
        let state = self.disk.state();
        if state.is_off() {
            return Err(no_power());
        }
        let names = state.seen.keys().filter(|(area, _)| *area == self.area);
        Ok(names.map(|(_, id)| *id).collect())
    }
}

/// An open file of a disk.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    disk: Disk,
    area: Area,
    inode: usize,
}

impl Handle {
    fn act(&self, operation: DiskOperation) -> io::Result<()> {
        let mut state = self.disk.state();
        if state.is_off() {
            return Err(no_power());
        }
        state.inodes[self.inode].act(operation);
        if state.has_power() {
            Ok(())
        } else {
            Err(no_power())
        }
    }

    fn look<T>(&self, look: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
        let state = self.disk.state();
        if state.is_off() {
            return Err(no_power());
        }
        Ok(look(&state.inodes[self.inode].seen))
    }

    fn keep(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        if !state.has_power() {
            return Err(no_power());
        }
        if state.lie == Some(Lie::Sync(self.area)) {
            return Ok(());
        }
        let Inode { kept, unsynced, .. } = &mut state.inodes[self.inode];
        for operation in unsynced.drain(..) {
            operation.apply(kept);
        }
        Ok(())
    }
}

impl File for Handle {
    fn length(&self) -> io::Result<u64> {
        self.look(|content| content.len() as u64)
    }

    fn on_disk(&self) -> Option<Arc<fs::File>> {
        None
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.look(|content| {
            let rest = content.get(offset as usize..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            count
        })
    }

    fn write_at(&self, parts: &[Bytes], mut offset: u64) -> io::Result<()> {
        for part in parts {
            self.act(DiskOperation::Write(offset, part.to_vec()))?;
            offset += part.len() as u64;
        }
        Ok(())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.act(DiskOperation::Length(length))
    }

    fn write_back(&self) -> io::Result<()> {
        self.keep()
    }

    fn sync(&self) -> io::Result<()> {
        self.keep()
    }
}

impl StorageBackend for Handle {
    fn len(&self) -> io::Result<u64> {
        self.length()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match self.read_at(out, offset)? {
            count if count == out.len() => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.truncate(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.keep()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.act(DiskOperation::Write(offset, data.to_vec()))
    }
}
