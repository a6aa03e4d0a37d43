//! Registries that lie, stall, flood and fold: whatever they do, a run ends in time, in little memory, with a verdict that
//! is not about the suite, and shows nobody's secret.
//!
//! A behaviour is one entry of a table: its name, a few lines that say what is answered, and what a run has to come to.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod damaged;
mod floods;
mod honest;
mod laid_over;
mod no_registry;
mod redirects;
mod reflections;
mod server;
mod tokens;
mod trial;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

use self::trial::{Bench, Case, Weight};

/// How many behaviours are tried at once: nearly all of them spend their time asleep.
const AT_ONCE: usize = 8;

fn main() -> ExitCode {
    // As a run of the program does.
    assize::memory::return_what_is_free();
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let bench = Arc::new(Bench::new(Runtime::new().unwrap()));
    let turn = Arc::new(Mutex::new(()));
    let trials = cases()
        .into_iter()
        .map(|case| {
            let (bench, turn) = (Arc::clone(&bench), Arc::clone(&turn));
            Trial::test(case.name, move || match case.weight {
                Weight::Light => bench.try_out(&case),
                Weight::Heavy { most_mib } => {
                    // One at a time: a failure before it says nothing of this one.
                    let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                    bench.measure(&case, most_mib)
                }
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Every behaviour.
fn cases() -> Vec<Case> {
    let tables = [
        answers::cases(),
        no_registry::cases(),
        redirects::cases(),
        tokens::cases(),
        laid_over::cases(),
        damaged::cases(),
        reflections::cases(),
        floods::cases(),
    ];
    tables.into_iter().flatten().collect()
}
