//! Buffers that are used again and again: fresh memory costs a page fault for every page.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// How many bytes a buffer holds.
pub(crate) const BLOCK: usize = 512 * 1024;

/// How many buffers that nobody uses are kept.
const KEPT: usize = 8;

/// Buffers that nobody uses at the moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

impl Pool {
    /// A buffer of [`BLOCK`] bytes, whatever they are.
    pub(crate) fn take(&self) -> Buffer {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer {
            bytes: kept.unwrap_or_else(|| vec![0; BLOCK]),
            length: BLOCK,
            pool: self.clone(),
        }
    }
}

/// A buffer in use; it goes back when it is dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    length: usize,
    pool: Pool,
}

impl Buffer {
    /// All of it, to be written to.
    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// The first `length` bytes, to be handed on.
    pub(crate) fn freeze(mut self, length: usize) -> Bytes {
        self.length = length.min(BLOCK);
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut kept = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, KEPT, Pool};

    #[test]
    fn a_buffer_is_used_again_when_its_last_bytes_are_dropped() {
        let pool = Pool::default();
        let mut buffer = pool.take();
        buffer.as_mut()[..3].copy_from_slice(b"abc");
        let bytes = buffer.freeze(3);
        let part = bytes.slice(1..);
        drop(bytes);
        assert_eq!(part, "bc");
        assert!(pool.0.lock().unwrap().is_empty());
        drop(part);
        assert_eq!(pool.take().as_mut().len(), BLOCK);
    }

    #[test]
    fn no_more_buffers_are_kept_than_are_worth_it() {
        let pool = Pool::default();
        drop((0..KEPT * 2).map(|_| pool.take()).collect::<Vec<_>>());
        assert_eq!(pool.0.lock().unwrap().len(), KEPT);
    }
}
