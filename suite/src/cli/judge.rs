//! `assize judge`: from what was written down to a verdict.

use std::fs::File;
use std::io::BufReader;

use assize::Suite;
use assize::judgement::Strictness;

use super::arguments::JudgeArguments;
use super::environment::Environment;
use super::exit::Exit;
use super::failure::Failure;
use super::library;
use super::verdict::Wanted;

/// Judges again, and says what came out.
pub(crate) fn execute(arguments: &JudgeArguments, environment: Environment<'_>) -> Result<Exit, Failure> {
    let JudgeArguments {
        file: path,
        scenarios,
        verdict,
    } = arguments;
    let suite = Suite::of(library::load(scenarios.as_deref())?);
    let prepared = Wanted::new(verdict, Some(path), environment)?.prepare(&suite)?;
    let file = File::open(path).map_err(|source| Failure::File {
        option: None,
        path: path.clone(),
        source,
    })?;
    let mut log = suite
        .read_log(BufReader::new(file))
        .map_err(|source| Failure::Record {
            path: path.clone(),
            source,
        })?;
    if verdict.strict {
        log.facts.strictness = Strictness::Warnings;
    }
    prepared.conclude(&suite, &log)
}
