//! What the kernel tells of a process that is measured.

use std::fs;

/// The ticks in which the kernel counts the time of a process.
const TICKS_PER_SECOND: f64 = 100.0;

/// The CPU time that a process has used, in seconds.
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name of the program, in parentheses, may hold spaces.
    let after_name = stat.rsplit(')').next().unwrap();
    let fields = after_name.split_whitespace().skip(11).take(2);
    fields
        .map(|ticks| ticks.parse::<f64>().unwrap() / TICKS_PER_SECOND)
        .sum()
}

/// How much memory a process has by one of the kernel's counts, in MiB: `VmRSS` now, `VmHWM` at its highest; none if it
/// has ended.
pub(crate) fn mebibytes(process: u32, count: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(count));
    let kibibytes = line.and_then(|line| line.split_whitespace().nth(1));
    kibibytes.map_or(0.0, |count| count.parse::<f64>().unwrap() / 1024.0)
}
