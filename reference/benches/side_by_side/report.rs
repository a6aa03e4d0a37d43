//! The tables: medians, one row for each measure and one column for each server, and the ratios.

use std::collections::BTreeMap;

use crate::measures::{Measure, Taken};
use crate::server::{Kind, Make, Server};

/// What was measured so far.
#[derive(Debug, Default)]
pub(crate) struct Report(BTreeMap<(&'static str, Kind), Samples>);

/// Results, and the CPU time that the server took for a unit of each, in ms.
#[derive(Debug, Default)]
struct Samples {
    results: Vec<f64>,
    cpu: Vec<f64>,
}

/// A column: the maker, and its name.
type Column<'a> = (Make, &'a str);

impl Report {
    /// Adds one result.
    pub(crate) fn add(&mut self, measure: &Measure, kind: Kind, taken: &Taken, cpu_seconds: f64) {
        let samples = self.0.entry((measure.name, kind)).or_default();
        samples.results.push(taken.units / taken.seconds);
        samples.cpu.push(cpu_seconds * 1e3 / taken.units);
    }

    /// Prints everything as tables in Markdown.
    pub(crate) fn print(&self, measures: &[&Measure], servers: &[Server]) {
        let mut columns: Vec<Column<'_>> = Vec::new();
        for server in servers {
            let name = server.name.trim_end_matches(", TLS");
            if !columns.iter().any(|(make, _)| *make == server.kind.make) {
                columns.push((server.kind.make, name));
            }
        }
        println!(
            "Medians, the least and the largest in brackets; more is better. Ratios are of the durable reference.\n"
        );
        heading("measure", &columns, &["to the first", "to the best"]);
        for measure in measures {
            let medians = self.medians(measure, &columns, |samples| &samples.results);
            let ranges = |make| self.samples(measure, make).map(|samples| range(&samples.results));
            let cells = columns.iter().zip(&medians).map(|((make, _), median)| {
                let Some((median, (least, largest))) = median.zip(ranges(*make)) else {
                    return String::new();
                };
                format!("{} [{}-{}]", short(median), short(least), short(largest))
            });
            let ratios = ratios(&columns, &medians, f64::max);
            row(measure.title, cells, ratios);
        }
        println!("\nCPU of the server for each unit of these, in ms; less is better.\n");
        heading("measure", &columns, &["to the first", "to the best"]);
        for measure in measures {
            let medians = self.medians(measure, &columns, |samples| &samples.cpu);
            let cells = medians.iter().map(|median| median.map(short).unwrap_or_default());
            let ratios = ratios(&columns, &medians, f64::min);
            let unit = if measure.title.ends_with("GB/s") {
                "of a GB"
            } else {
                "of one"
            };
            row(&format!("{}, {unit}", measure.name), cells, ratios);
        }
        println!("\nMemory at its highest, in MiB:");
        for server in servers {
            println!("- {}: {:.0}", server.name, server.peak_mebibytes());
        }
    }

    fn samples(&self, measure: &Measure, make: Make) -> Option<&Samples> {
        let transport = measure.transport;
        self.0.get(&(measure.name, Kind { make, transport }))
    }

    fn medians(
        &self,
        measure: &Measure,
        columns: &[Column<'_>],
        of: impl Fn(&Samples) -> &Vec<f64>,
    ) -> Vec<Option<f64>> {
        let median_of = |make| median(of(self.samples(measure, make)?));
        columns.iter().map(|(make, _)| median_of(*make)).collect()
    }
}

fn heading(first: &str, columns: &[Column<'_>], ratios: &[&str]) {
    let names = columns
        .iter()
        .map(|(_, name)| *name)
        .chain(ratios.iter().copied());
    let names: Vec<&str> = names.collect();
    println!("| {first} | {} |", names.join(" | "));
    println!("|{}", " --- |".repeat(names.len() + 1));
}

fn row(first: &str, cells: impl Iterator<Item = String>, ratios: [Option<f64>; 2]) {
    let ratios = ratios.map(|ratio| ratio.map(short).unwrap_or_default());
    let cells: Vec<String> = cells.chain(ratios).collect();
    println!("| {first} | {} |", cells.join(" | "));
}

/// The durable reference against the first peer, and against the best of them.
fn ratios(columns: &[Column<'_>], medians: &[Option<f64>], better: fn(f64, f64) -> f64) -> [Option<f64>; 2] {
    let all = columns.iter().zip(medians);
    let of = |is_meant: fn(&Make) -> bool| {
        let meant = all.clone().filter(move |((make, _), _)| is_meant(make));
        meant.filter_map(|(_, median)| *median)
    };
    let Some(ours) = of(|make| *make == Make::Strict).next() else {
        return [None; 2];
    };
    let first = of(|make| *make == Make::Peer(0)).next();
    let best = of(|make| !make.is_reference()).reduce(better);
    [first, best].map(|theirs| theirs.map(|theirs| ours / theirs))
}

/// Three digits that count, or all before the point.
fn short(number: f64) -> String {
    match number.abs() {
        large if large >= 100.0 => format!("{number:.0}"),
        middle if middle >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

fn range(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, 0.0), |(least, largest), value| {
            (value.min(least), value.max(largest))
        })
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (below, above) = (
        sorted.get(values.len().checked_sub(1)? / 2)?,
        sorted.get(values.len() / 2)?,
    );
    Some(f64::midpoint(*below, *above))
}
