//! How many files and connections this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the registry has open besides connections and the files they read or write: its database, its log, its
/// listeners, notifications.
const OWN: u64 = 64;

/// Raises the limit of this process as far as `connections` need it, and says how many of them it leaves room for.
/// Each has a descriptor, and with content on a disk one more: the file that its request reads or writes.
pub(crate) fn make_room_for(connections: usize, is_on_disk: bool) -> usize {
    let each = if is_on_disk { 2 } else { 1 };
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current else {
        return connections;
    };
    let wanted = connections as u64 * each + OWN;
    if current >= wanted {
        return connections;
    }
    let raised = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raising = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(raised),
            maximum: limit.maximum,
        },
    );
    let open = if raising.is_ok() { raised } else { current };
    let room = usize::try_from(open.saturating_sub(OWN) / each).unwrap_or(usize::MAX);
    let room = room.clamp(1, connections.max(1));
    if room < connections {
        tracing::warn!(
            "{open} files may be open, which is room for {room} connections and not for {connections}: \
             raise the limit (ulimit -Hn) or lower --connections"
        );
    }
    room
}
