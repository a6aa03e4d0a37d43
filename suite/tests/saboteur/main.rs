//! Every deviation is caught, under the requirement that it breaks, and seen again by the scripts that are printed
//! (those of one of five, or with `ASSIZE_REPLAY` of all): a trial for each, and a snapshot of what that proves.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod replay;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use assize::bundled::{self, Both};
use assize::catalogue::RequirementId;
use assize::judgement::Judgement;
use assize::saboteur::matrix::{Catch, Cell, JudgedBy, Tried, prove};
use assize::saboteur::{Deviation, Upstreams, deviations};
use assize::scenario::Library;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

/// The variable of the environment with which the scripts of every deviation are run, and each has to repeat.
const REPLAY: &str = "ASSIZE_REPLAY";
/// Without it, of so many deviations the scripts of one are run: all of them take longer than the rest.
const ONE_OF: u64 = 5;
/// How many of these may show something else: what depends on the order of pushes that were made at once is not always
/// repeated.
const STRAY: usize = 3;
/// How many deviations are tried at once: two cores are half asleep with two of them, since many make the suite wait.
const AT_ONCE: usize = 8;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
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
    let conclusion = libtest_mimic::run(&arguments, trials);
    let all_were_tried = conclusion.num_passed == deviations::all().len() as u64;
    if all_were_tried {
        insta::assert_snapshot!("matrix", bench.matrix());
    }
    let strays = bench.strays.lock().unwrap_or_else(PoisonError::into_inner);
    if strays.len() > STRAY {
        eprintln!(
            "the scripts of too many deviations do not repeat:\n\n{}",
            strays.join("\n\n")
        );
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// Whose scripts are run.
#[derive(Clone, Copy)]
enum Replays {
    /// Those of every deviation, and each has to repeat.
    Every,
    /// Those of some, of which a few may stray.
    Some,
}

/// The suite, and well-behaved registries to lay deviations over.
struct Bench {
    runtime: Runtime,
    library: Arc<Library>,
    upstreams: Upstreams,
    /// They run as long as it does.
    _both: Both,
    /// The requirements that are proven, each with the deviations that prove it.
    proofs: Mutex<BTreeMap<RequirementId, BTreeSet<&'static str>>>,
    replays: Replays,
    /// The deviations whose scripts showed something else, and what.
    strays: Mutex<Vec<String>>,
}

impl Bench {
    fn build() -> Result<Bench, Box<dyn std::error::Error>> {
        let runtime = Runtime::new()?;
        let both = runtime.block_on(async { Both::with(bundled::of_every_profile().await?).await })?;
        Ok(Bench {
            runtime,
            library: Arc::new(Library::built_in()?),
            upstreams: both.upstreams()?,
            _both: both,
            proofs: Mutex::default(),
            replays: match std::env::var_os(REPLAY) {
                Some(_) => Replays::Every,
                None => Replays::Some,
            },
            strays: Mutex::default(),
        })
    }

    /// A line for each requirement that is proven: its id, and what proves it.
    fn matrix(&self) -> String {
        let proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut matrix = String::new();
        for (id, deviations) in proofs.iter() {
            let deviations: Vec<&str> = deviations.iter().copied().collect();
            // Writing to a string cannot fail.
            let _ = writeln!(matrix, "{id}: {}", deviations.join(", "));
        }
        matrix
    }

    fn note(&self, cell: &Cell) {
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        for id in &cell.breaks {
            proofs.entry(id.clone()).or_default().insert(cell.deviation);
        }
    }

    /// Runs the scripts of what was found, if it is the turn of this deviation.
    fn replay(&self, deviation: &str, number: u64, outcome: &Judgement) -> Result<(), Failed> {
        let replayed = || self.runtime.block_on(replay::all(deviation, outcome));
        match self.replays {
            Replays::Every => replayed(),
            Replays::Some if number.is_multiple_of(ONE_OF) => {
                if let Err(failed) = replayed() {
                    let mut strays = self.strays.lock().unwrap_or_else(PoisonError::into_inner);
                    strays.push(format!("{deviation}: {}", failed.message().unwrap_or_default()));
                }
                Ok(())
            }
            Replays::Some => Ok(()),
        }
    }

    fn catches(&self, deviation: Deviation, seed: u64) -> Result<(), Failed> {
        let upstream = self.upstreams.under(deviation.over)?;
        let nothing = BTreeSet::new();
        let judged_by = JudgedBy::Newest;
        let tried = prove(
            self.library.clone(),
            deviation,
            upstream,
            judged_by,
            &nothing,
            seed,
        );
        let Tried { cell, outcome, .. } = &self.runtime.block_on(tried);
        match &cell.verdict {
            Catch::Caught => {
                self.note(cell);
                let outcome = outcome.as_ref().ok_or("nothing was found")?;
                self.replay(deviation.id, seed, outcome)
            }
            Catch::Missed(ids) => Err(format!("not found: {ids:?}; found: {:?}", cell.found).into()),
            Catch::Misreported(ids) => Err(format!("found, though it does not break them: {ids:?}").into()),
            Catch::Refused(why) | Catch::NotTried(why) => Err(why.into()),
        }
    }
}
