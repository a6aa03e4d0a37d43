//! The memory that answers hold until their clients have taken them: so much for all, and half of it for one client.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::operation::quota::{Permit, Quota};

/// The unit in which memory is counted, and up to which it is not.
pub(crate) const UNIT: usize = 64 * 1024;

/// The number of units for all clients together: 256 MiB, some hundred downloads at full speed, or thirty of the
/// largest manifests.
const UNITS: usize = 4096;

/// The memory of all answers.
#[derive(Debug, Clone)]
pub(crate) struct Memory(Arc<Quota>);

/// The memory that the answers to one client may hold.
#[derive(Debug, Clone)]
pub(crate) struct ClientMemory {
    memory: Memory,
    client: IpAddr,
}

/// Answers to a client hold as much memory as they may.
#[derive(Debug)]
pub(crate) struct NoMemory;

/// Bytes in memory that is counted until they are dropped.
struct Counted {
    bytes: Bytes,
    _permit: Permit,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Memory {
    /// Memory of which nothing is used.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Quota::new(UNITS, UNITS)))
    }

    /// The part of it that a client may use.
    pub(crate) fn of(&self, client: IpAddr) -> ClientMemory {
        ClientMemory {
            memory: self.clone(),
            client,
        }
    }
}

impl ClientMemory {
    /// Makes use of memory for so many bytes; none if there is not as much.
    pub(super) fn take(&self, bytes: usize) -> Option<Permit> {
        self.memory.0.take_several(self.client, bytes.div_ceil(UNIT))
    }
}

/// Counts bytes in the place that was taken for them.
pub(super) fn counted(bytes: Bytes, permit: Option<Permit>) -> Bytes {
    match permit {
        Some(_permit) => Bytes::from_owner(Counted { bytes, _permit }),
        None => bytes,
    }
}
