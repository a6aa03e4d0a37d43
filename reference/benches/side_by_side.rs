//! The reference registry and registries that others wrote, measured side by side on one machine.
//!
//! Which these are, and how each is started, says a table (`side_by_side/peers.toml`, or another one by `--peers`).
//!
//! ```sh
//! cargo bench -p assize-reference --bench side_by_side -- --rounds 5 --size 1073741824 --only get
//! ```
//! Each round takes every measure of every server, in an order that is drawn anew; the medians are printed, with the
//! least and the largest, and the ratios of the reference to the first peer and to the best of them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measure that cannot be taken ends the bench"
)]

#[path = "common/client.rs"]
mod client;
#[path = "common/content.rs"]
mod content;
#[path = "side_by_side/held.rs"]
mod held;
#[path = "side_by_side/measures.rs"]
mod measures;
#[path = "side_by_side/peers.rs"]
mod peers;
#[path = "common/process.rs"]
mod process;
#[path = "side_by_side/repeat.rs"]
mod repeat;
#[path = "side_by_side/report.rs"]
mod report;
#[path = "side_by_side/secure.rs"]
mod secure;
#[path = "side_by_side/server.rs"]
mod server;

use clap::Parser;

use content::Random;
use held::{Held, below, random_from_the_clock};
use measures::{MEASURES, Measure};
use peers::{Peer, Transport};
use report::Report;
use server::{Kind, Make, Server};

/// Measures the reference registry and others side by side
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

    /// A table of the other registries, in place of the one that comes with the bench
    #[arg(long)]
    peers: Option<std::path::PathBuf>,

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
    let content = Held::new(options.size);
    let peers = Peer::all(options.peers.as_deref());
    let servers = kinds(&peers)
        .filter(|kind| measures.iter().any(|measure| measure.is_of(*kind)))
        .map(|kind| Server::start(kind, &peers, &options.folder))
        .collect::<Vec<_>>();
    for server in &servers {
        measures::prepare(server, &content, &measures);
    }
    let mut report = Report::default();
    let mut random = random_from_the_clock();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        for (measure, server) in shuffled(&measures, &servers, &mut random) {
            let before = server.cpu_seconds();
            let result = (measure.take)(server, &content);
            report.add(measure, server.kind, &result, server.cpu_seconds() - before);
        }
    }
    report.print(&measures, &servers);
}

/// The reference, and those of its peers that are installed, over each transport.
fn kinds(peers: &[Peer]) -> impl Iterator<Item = Kind> {
    let is_there = |peer: &Peer| {
        let is_there = peer.is_installed();
        if !is_there {
            eprintln!("skipped: {} is not installed", peer.name);
        }
        is_there
    };
    let others = peers.iter().enumerate().filter(move |(_, peer)| is_there(peer));
    let makes = [Make::Strict, Make::Relaxed].into_iter();
    let makes: Vec<Make> = makes.chain(others.map(|(at, _)| Make::Peer(at))).collect();
    let of = |transport| move |make| Kind { make, transport };
    let plain: Vec<Kind> = makes.iter().copied().map(of(Transport::Plain)).collect();
    plain.into_iter().chain(makes.into_iter().map(of(Transport::Tls)))
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
        .filter(|(measure, server)| measure.is_of(server.kind))
        .collect::<Vec<_>>();
    for last in (1..all.len()).rev() {
        all.swap(last, below(random, last + 1));
    }
    all
}
