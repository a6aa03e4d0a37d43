//! The table: medians with the least and the largest, and ratios.

use std::collections::BTreeMap;

use crate::measures::Measure;
use crate::server::{Kind, Server};

/// Results, and the CPU seconds that each took.
type Samples = (Vec<f64>, Vec<f64>);

/// What was measured so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// By the name of the measure and the server.
    results: BTreeMap<(&'static str, Kind), Samples>,
}

impl Report {
    /// Adds one result.
    pub(crate) fn add(&mut self, measure: &Measure, kind: Kind, result: f64, cpu: f64) {
        let (results, seconds) = self.results.entry((measure.name, kind)).or_default();
        results.push(result);
        seconds.push(cpu);
    }

    /// Prints everything as a table in Markdown.
    pub(crate) fn print(&self, measures: &[&Measure], servers: &[Server]) {
        println!("| measure | server | median [least-largest] | CPU s | ratio | CPU ratio |");
        println!("| --- | --- | --- | --- | --- | --- |");
        for measure in measures {
            for kind in measure.kinds {
                let other = self.medians(measure, kind.rival());
                let Some((result, cpu)) = self.medians(measure, *kind) else {
                    continue;
                };
                let (least, largest) = self.range(measure, *kind);
                let ratios = match other {
                    Some((other, other_cpu)) => format!("{:.2} | {:.2}", result / other, cpu / other_cpu),
                    None => " | ".to_owned(),
                };
                println!(
                    "| {} | {} | {result:.2} [{least:.2}-{largest:.2}] {} | {cpu:.2} | {ratios} |",
                    measure.name,
                    kind.name(),
                    measure.unit
                );
            }
        }
        println!();
        for server in servers {
            println!(
                "{}: {:.0} MiB of memory at most",
                server.kind.name(),
                server.peak_mebibytes()
            );
        }
    }

    fn medians(&self, measure: &Measure, kind: Kind) -> Option<(f64, f64)> {
        let (results, seconds) = self.results.get(&(measure.name, kind))?;
        Some((median(results)?, median(seconds)?))
    }

    fn range(&self, measure: &Measure, kind: Kind) -> (f64, f64) {
        let results = self.results.get(&(measure.name, kind));
        let results = results.iter().flat_map(|(results, _)| results);
        results.fold((f64::INFINITY, 0.0), |(least, largest), result| {
            (result.min(least), result.max(largest))
        })
    }
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
