//! How fast a TarSum is made, beside the SHA-256 of the same archive: `cargo bench -p assize-legacy`.
//!
//! It is to be no slower than 0.8 of it, and fails if it is.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use assize_legacy::tarsum::{TarSumError, TarSumHasher, Version};
use sha2::{Digest as _, Sha256};

/// How long the archive is, at least: short, so that both sums are made while the machine is as busy.
const SIZE: usize = 16 << 20;

/// How much comes at once, as from a file or a connection.
const PIECE: usize = 64 << 10;

/// How often both are measured, one behind the other; of the ratios the median counts, since any may be disturbed.
const ROUNDS: usize = 101;

/// The least part of the speed of SHA-256.
const LEAST: f64 = 0.8;

fn main() -> ExitCode {
    let mut is_slow = false;
    println!("GB/s             SHA-256   TarSum   ratio");
    for (name, file) in [
        ("files of 4 KiB", 4 << 10),
        ("files of 64 KiB", 64 << 10),
        ("files of 4 MiB", 4 << 20),
    ] {
        let archive = archive(file);
        let rounds: Vec<[Duration; 2]> = (0..ROUNDS).map(|_| round(&archive)).collect();
        let speed = |of: usize| {
            let seconds = median(rounds.iter().map(|round| round[of].as_secs_f64()));
            archive.len() as f64 / seconds / 1e9
        };
        let ratio = median(
            rounds
                .iter()
                .map(|[plain, summed]| plain.div_duration_f64(*summed)),
        );
        println!("{name:<15} {:>8.2} {:>8.2} {ratio:>7.2}", speed(0), speed(1));
        is_slow |= ratio < LEAST;
    }
    if is_slow {
        println!("TarSum is to have {LEAST} of the speed of SHA-256");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// How long SHA-256 takes, and how long TarSum.
fn round(archive: &[u8]) -> [Duration; 2] {
    let plain = timed(|| {
        let mut hasher = Sha256::new();
        archive.chunks(PIECE).for_each(|piece| hasher.update(piece));
        black_box(hasher.finalize());
        Ok(())
    });
    let summed = timed(|| {
        let mut hasher = TarSumHasher::new(Version::One);
        archive.chunks(PIECE).try_for_each(|piece| hasher.update(piece))?;
        hasher.finish().map(|sum| drop(black_box(sum)))
    });
    [plain, summed]
}

fn median(of: impl Iterator<Item = f64>) -> f64 {
    let mut of: Vec<f64> = of.collect();
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

fn timed(work: impl FnOnce() -> Result<(), TarSumError>) -> Duration {
    let began = Instant::now();
    match work() {
        Ok(()) => began.elapsed(),
        // What fails at once would look fast.
        Err(_) => Duration::MAX,
    }
}

/// An archive of files of one size.
fn archive(file: usize) -> Vec<u8> {
    let mut archive = Vec::new();
    for number in 0..SIZE / file {
        let mut block = [0; 512];
        let name = format!("usr/share/doc/package/file-{number}");
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[100..107].copy_from_slice(b"0000644");
        block[124..135].copy_from_slice(format!("{file:011o}").as_bytes());
        block[156] = b'0';
        block[257..265].copy_from_slice(b"ustar\x0000");
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        archive.extend(block);
        archive.extend((0..file).map(|at| (at ^ number) as u8));
    }
    archive.extend([0; 1024]);
    archive
}
