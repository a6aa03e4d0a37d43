//! How many files and connections this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the registry has open besides connections and the files of requests: its database, its log, its listeners,
/// notifications.
const OWN: u64 = 64;

/// How many connections and requests there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Each of them has a descriptor.
    pub(crate) connections: usize,
    /// Each of them reads or writes a file, unless content is kept in memory.
    pub(crate) requests: usize,
}

/// Raises the limit of this process as far as `wanted` needs it, and says how much of that it leaves room for.
pub(crate) fn make_room_for(wanted: Room, has_files: bool) -> Room {
    let files = if has_files { wanted.requests } else { 0 };
    let limit = getrlimit(Resource::Nofile);
    let needed = (wanted.connections.saturating_add(files) as u64).saturating_add(OWN);
    let Some(current) = limit.current.filter(|current| *current < needed) else {
        return wanted;
    };
    let raised = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
    let raising = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(raised),
            maximum: limit.maximum,
        },
    );
    let open = if raising.is_ok() { raised } else { current };
    if open >= needed {
        return wanted;
    }
    let each = open.saturating_sub(OWN) / if has_files { 2 } else { 1 };
    let each = usize::try_from(each).unwrap_or(usize::MAX).max(1);
    let room = Room {
        connections: wanted.connections.min(each),
        requests: if has_files {
            wanted.requests.min(each)
        } else {
            wanted.requests
        },
    };
    tracing::warn!(
        "{open} files may be open, which is room for {} connections with {} requests and not for {} with {}: \
         raise the limit (ulimit -Hn) or lower --connections and --requests",
        room.connections,
        room.requests,
        wanted.connections,
        wanted.requests,
    );
    room
}
