//! What a program tells its allocator, so that a run stays small whatever a registry sends.

/// From how many bytes on a piece of memory is one of its own, which the system has again as soon as it is free: as many
/// as glibc begins with.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OF_ITS_OWN: libc::c_int = 128 * 1024;

/// So many heaps for all threads: of one, two threads that read scenarios wait a third of their time for each other; of
/// more, each keeps what the others could use.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: libc::c_int = 4;

/// Gives memory of long bodies back to the system as soon as nobody needs it, and keeps that of all else in few heaps.
///
/// Left alone, glibc takes each long piece that is freed for a sign that more will come, and keeps such pieces, up to
/// 32 MiB each, in its heaps, which several that come at once leave full of holes. A run that got a MiB in every answer
/// peaked at 104 MiB, and peaks at 40 with this. It is for the whole process, so a program calls it, and no library.
#[cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(
        unsafe_code,
        reason = "glibc has no other way to be told, and half of the memory is worth it"
    )
)]
pub fn return_what_is_free() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: each sets a number of the allocator under the allocator's own lock. Refused, it changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, OF_ITS_OWN);
        libc::mallopt(libc::M_ARENA_MAX, HEAPS);
    }
}
