//! The reference registry with a million of everything, against the same with ten thousand.
//!
//! ```sh
//! cargo bench -p assize-reference --bench a_million -- --manifests 1000000 --blobs 3 --folder DIR
//! ```
//! A store of N manifests has as many tags in one repository, a tenth of it as repositories and as referrers of one
//! subject, and some blobs for each manifest. Both are filled over HTTP, and closed; then everything is measured with full
//! durability, of the one and of the other in turn, and printed with the factor by which it grows.

#![expect(clippy::unwrap_used, reason = "a measure that cannot be taken ends the bench")]
#![expect(clippy::panic, reason = "a server that hangs up ends the bench")]

#[path = "common/client.rs"]
mod client;
#[path = "common/content.rs"]
mod content;
#[path = "a_million/fill.rs"]
mod fill;
#[path = "a_million/measures.rs"]
mod measures;
#[path = "common/process.rs"]
mod process;
#[path = "a_million/registry.rs"]
mod registry;

use std::path::{Path, PathBuf};

use clap::Parser;

use fill::Shape;
use measures::{Filled, take_all};

/// Measures how the reference registry grows with what it holds
#[derive(Debug, Parser)]
struct Options {
    /// How many manifests the large store has
    #[arg(long, default_value_t = 1_000_000)]
    manifests: u64,

    /// How many the small one has
    #[arg(long, default_value_t = 10_000)]
    against: u64,

    /// How many blobs of its own each manifest has, one at least
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    blobs: u64,

    /// Directory for the stores; on the disk that is to be measured
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    folder: PathBuf,

    /// Leave the stores there, and measure those that an earlier run left
    #[arg(long)]
    keep: bool,

    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    let sizes = [options.against, options.manifests];
    let stores = sizes.map(|manifests| {
        let shape = Shape {
            manifests,
            blobs: options.blobs,
        };
        let folder = options
            .folder
            .join(format!("a-million-{manifests}-{}", shape.blobs));
        if !(options.keep && folder.exists()) {
            fill_anew(&folder, shape);
        }
        Filled { folder, shape }
    });
    let [few, many] = sizes;
    println!("| | at {few} | at {many} | growth |");
    println!("| --- | --- | --- | --- |");
    for (name, [few, many]) in take_all(&stores) {
        println!("| {name} | {few:.2} | {many:.2} | {:.2} |", many / few);
    }
    for store in stores.iter().filter(|_| !options.keep) {
        std::fs::remove_dir_all(&store.folder).unwrap();
    }
}

/// Fills a store, which has its name as soon as it is full.
fn fill_anew(folder: &Path, shape: Shape) {
    let filling = folder.with_extension("filling");
    for left in [folder, &filling].into_iter().filter(|left| left.exists()) {
        std::fs::remove_dir_all(left).unwrap();
    }
    std::fs::create_dir_all(&filling).unwrap();
    fill::fill(&filling, shape);
    std::fs::rename(filling, folder).unwrap();
}
