//! The reference registry and Debian's `docker-registry`, measured side by side on one machine.
//!
//! ```sh
//! cargo bench -p assize-reference --bench side_by_side -- --rounds 5 --size 1073741824 --only get
//! ```
//! Each round takes every measure of every server, in an order that is drawn anew; the medians are printed,
//! with the least and the largest, and the ratio of the reference to the other.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measure that cannot be taken ends the bench"
)]

#[path = "side_by_side/client.rs"]
mod client;
#[path = "side_by_side/content.rs"]
mod content;
#[path = "side_by_side/measures.rs"]
mod measures;
#[path = "side_by_side/report.rs"]
mod report;
#[path = "side_by_side/secure.rs"]
mod secure;
#[path = "side_by_side/server.rs"]
mod server;

use clap::Parser;

use content::{Content, Random};
use measures::{MEASURES, Measure};
use report::Report;
use server::{Kind, Server};

/// Measures the reference registry and docker-registry side by side
#[derive(Debug, Parser)]
struct Options {
    /// How often everything is measured
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Bytes of the large blob
    #[arg(long, default_value_t = 1 << 30)]
    size: usize,

    /// Measure only what has this in its name
    #[arg(long, default_value = "")]
    only: String,

    /// Directory for the stores; on the disk that is to be measured
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    folder: std::path::PathBuf,

    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    let measures = MEASURES
        .iter()
        .filter(|measure| measure.name.contains(&options.only))
        .collect::<Vec<_>>();
    let content = Content::new(options.size);
    let servers = Kind::ALL
        .iter()
        .filter(|kind| measures.iter().any(|measure| measure.kinds.contains(kind)))
        .filter_map(|kind| Server::start(*kind, &options.folder))
        .collect::<Vec<_>>();
    for server in &servers {
        measures::prepare(server, &content, &measures);
    }
    let mut report = Report::default();
    let mut random = Random::from_the_clock();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        for (measure, server) in shuffled(&measures, &servers, &mut random) {
            let before = server.cpu_seconds();
            let result = (measure.take)(server, &content);
            report.add(measure, server.kind, result, server.cpu_seconds() - before);
        }
    }
    report.print(&measures, &servers);
}

/// Every measure of every server that can take it, in an order of its own.
fn shuffled<'a>(
    measures: &[&'a Measure],
    servers: &'a [Server],
    random: &mut Random,
) -> Vec<(&'a Measure, &'a Server)> {
    let mut all = measures
        .iter()
        .flat_map(|measure| servers.iter().map(move |server| (*measure, server)))
        .filter(|(measure, server)| measure.kinds.contains(&server.kind))
        .collect::<Vec<_>>();
    for last in (1..all.len()).rev() {
        all.swap(last, random.below(last + 1));
    }
    all
}
