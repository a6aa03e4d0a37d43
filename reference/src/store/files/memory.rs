//! Files in memory: for tests and for trying things out.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use uuid::Uuid;

use super::{File, Files, Medium};

/// Files that are gone when the process ends.
#[derive(Debug, Default)]
pub(in crate::store) struct MemoryFiles(RwLock<HashMap<Uuid, Arc<MemoryFile>>>);

/// One file in memory.
#[derive(Debug, Default)]
struct MemoryFile(RwLock<Vec<u8>>);

impl Files for MemoryFiles {
    fn medium(&self) -> Medium {
        Medium::Memory
    }

    fn create(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        let file = Arc::new(MemoryFile::default());
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, Arc::clone(&file));
        Ok(file)
    }

    fn open(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        let files = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let file = files.get(&id).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok(file)
    }

    fn remove(&self, id: Uuid) -> io::Result<()> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        Ok(())
    }

    fn keep_name(&self, _: Uuid) -> io::Result<()> {
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<Uuid>> {
        Ok(self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .keys()
            .copied()
            .collect())
    }
}

impl File for MemoryFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).len() as u64)
    }

    fn on_disk(&self) -> Option<Arc<fs::File>> {
        None
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let content = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|start| content.get(start..))
            .unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write_at(&self, parts: &[Bytes], offset: u64) -> io::Result<()> {
        let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut start = usize::try_from(offset).map_err(io::Error::other)?;
        if content.len() < start {
            content.resize(start, 0);
        }
        for part in parts {
            let there = part.len().min(content.len() - start);
            let (over, behind) = part.split_at(there);
            content[start..start + there].copy_from_slice(over);
            content.extend_from_slice(behind);
            start += part.len();
        }
        Ok(())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .truncate(length);
        Ok(())
    }

    fn write_back(&self) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_are_written_over_what_is_there_and_behind_it(
            writes in vec((0..40_usize, vec(vec(any::<u8>(), 0..9), 0..4)), 0..6),
        ) {
            let (file, mut expected) = (MemoryFile::default(), Vec::new());
            for (offset, parts) in writes {
                let bytes = parts.concat();
                expected.resize(expected.len().max(offset + bytes.len()), 0);
                expected[offset..offset + bytes.len()].copy_from_slice(&bytes);
                let parts: Vec<Bytes> = parts.into_iter().map(Bytes::from).collect();
                file.write_at(&parts, offset as u64).unwrap();
            }
            let mut found = vec![0; expected.len()];
            prop_assert_eq!(file.length().unwrap(), expected.len() as u64);
            prop_assert_eq!(file.read_at(&mut found, 0).unwrap(), expected.len());
            prop_assert_eq!(found, expected);
        }
    }
}
