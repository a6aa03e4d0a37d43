//! Every deviation is caught, under the requirement that it breaks: a trial for each.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use assize::bundled::{self, Authentication, Guarded};
use assize::saboteur::matrix::{Catch, prove};
use assize::saboteur::{Deviation, Ground, Grounds, deviations};
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

/// The suite, and well-behaved registries to lay deviations over.
struct Bench {
    runtime: Runtime,
    library: Arc<Library>,
    grounds: Grounds,
}

impl Bench {
    fn build() -> Result<Bench, Box<dyn std::error::Error>> {
        let runtime = Runtime::new()?;
        let open = runtime.block_on(bundled::in_memory())?;
        let guarded = runtime.block_on(Guarded::start(Authentication::Token))?;
        let grounds = Grounds::two(
            Ground::open(Url::parse(&open.url())?),
            Ground {
                url: Url::parse(&guarded.url())?,
                credentials: Guarded::credentials(),
            },
        );
        runtime.spawn(async move {
            std::future::pending::<()>().await;
            drop((open, guarded));
        });
        Ok(Bench {
            runtime,
            library: Arc::new(Library::built_in()?),
            grounds,
        })
    }

    fn catches(&self, deviation: Deviation, seed: u64) -> Result<(), Failed> {
        let ground = self.grounds.under(&deviation)?;
        let nothing = BTreeSet::new();
        let cell = self
            .runtime
            .block_on(prove(self.library.clone(), deviation, ground, &nothing, seed));
        match &cell.verdict {
            Catch::Caught => Ok(()),
            Catch::Missed(ids) => Err(format!("not found: {ids:?}; found: {:?}", cell.found).into()),
            Catch::Misreported(ids) => Err(format!("found, though it does not break them: {ids:?}").into()),
            Catch::Refused(why) | Catch::NotTried(why) => Err(why.into()),
        }
    }
}
