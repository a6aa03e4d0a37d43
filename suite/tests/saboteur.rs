//! Every deviation is caught, under the requirement that it breaks: a trial for each.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use assize::saboteur::matrix::{Catch, prove};
use assize::saboteur::{Deviation, deviations};
use assize::scenario::Library;
use assize::wire::Url;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let bench = match Bench::build() {
        Ok(bench) => Arc::new(bench),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let trials = deviations::all()
        .into_iter()
        .enumerate()
        .map(|(at, deviation)| {
            let bench = bench.clone();
            Trial::test(deviation.id, move || bench.catches(deviation, at as u64))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The suite, and a well-behaved registry to lay deviations over.
struct Bench {
    runtime: Runtime,
    library: Arc<Library>,
    over: Url,
}

impl Bench {
    fn build() -> Result<Bench, Box<dyn std::error::Error>> {
        let runtime = Runtime::new()?;
        let config = assize_reference::Config {
            listen: ([127, 0, 0, 1], 0).into(),
            ..Default::default()
        };
        let registry = runtime.block_on(assize_reference::serve(config))?;
        let over = Url::parse(&registry.url())?;
        runtime.spawn(async move {
            std::future::pending::<()>().await;
            drop(registry);
        });
        Ok(Bench {
            runtime,
            library: Arc::new(Library::built_in()?),
            over,
        })
    }

    fn catches(&self, deviation: Deviation, seed: u64) -> Result<(), Failed> {
        let cell = self.runtime.block_on(prove(
            self.library.clone(),
            deviation,
            &self.over,
            &BTreeSet::new(),
            seed,
        ));
        match &cell.verdict {
            Catch::Caught => Ok(()),
            Catch::Missed(ids) => Err(format!("not found: {ids:?}; found: {:?}", cell.found).into()),
            Catch::Misreported(ids) => Err(format!("found, though it does not break them: {ids:?}").into()),
            Catch::Refused(why) => Err(why.into()),
        }
    }
}
