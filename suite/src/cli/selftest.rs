//! `assize selftest`: the suite against registries that lie, and what that proves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(feature = "bundled")]
use assize::bundled::{self, Both};
use assize::catalogue::RequirementId;
use assize::saboteur::matrix::{Catch, Cell, JudgedBy, Matrix, matrix, to_be_proven};
use assize::saboteur::{Deviation, Upstream, Upstreams, deviations};
use assize::scenario::Library;
use serde_json::json;

use super::arguments::SelftestArguments;
use super::environment::Environment;
use super::exit::Exit;
use super::failure::Failure;
use super::{library, login, output, settings, target};

/// Tries every deviation, and says which requirements that proves.
pub(crate) async fn execute(
    arguments: &SelftestArguments,
    environment: Environment<'_>,
) -> Result<Exit, Failure> {
    let library = Arc::new(library::load(None)?);
    let judged_by = judged_by(arguments)?;
    let deviations = selected(arguments, &library, judged_by)?;
    let seed = arguments.seed;
    let told = progress(deviations.len());
    let matrix = match &arguments.over {
        Some(target) => {
            let url = target::target(target)?;
            let over = Upstreams::one(Upstream {
                credentials: login::credentials(&arguments.login, Some(&url), None, environment)?,
                url,
            });
            matrix(library.clone(), deviations, &over, judged_by, seed, told).await?
        }
        None => over_the_bundled(library.clone(), deviations, judged_by, seed, told).await?,
    };
    let text = match arguments.json {
        true => format!("{:#}\n", as_json(&matrix)),
        false => as_text(&matrix, &library, judged_by, arguments),
    };
    output::print(&text)?;
    Ok(if passes(&matrix, arguments) {
        Exit::Done
    } else {
        Exit::Fails
    })
}

#[cfg(feature = "bundled")]
async fn over_the_bundled(
    library: Arc<Library>,
    deviations: Vec<Deviation>,
    judged_by: JudgedBy,
    seed: u64,
    told: impl Fn(&Cell),
) -> Result<Matrix, Failure> {
    let both = Both::with(bundled::of_every_profile().await?).await?;
    let upstreams = both
        .upstreams()
        .map_err(|error| Failure::Arguments(error.to_string()))?;
    let matrix = matrix(library, deviations, &upstreams, judged_by, seed, told).await;
    both.shutdown().await;
    Ok(matrix?)
}

#[cfg(not(feature = "bundled"))]
async fn over_the_bundled(
    _: Arc<Library>,
    _: Vec<Deviation>,
    _: JudgedBy,
    _: u64,
    _: impl Fn(&Cell),
) -> Result<Matrix, Failure> {
    Err(Failure::Arguments(
        "this build comes without a registry: name one with --over".to_owned(),
    ))
}

fn judged_by(arguments: &SelftestArguments) -> Result<JudgedBy, Failure> {
    match arguments.profile {
        Some(profile) => Ok(JudgedBy::Version(settings::version(profile, None)?)),
        None => Ok(JudgedBy::Newest),
    }
}

fn selected(
    arguments: &SelftestArguments,
    library: &Library,
    judged_by: JudgedBy,
) -> Result<Vec<Deviation>, Failure> {
    let globs: Result<Vec<glob::Pattern>, glob::PatternError> = arguments
        .only
        .iter()
        .map(|glob| glob::Pattern::new(glob))
        .collect();
    let globs = globs.map_err(|error| Failure::Arguments(format!("--only: {error}")))?;
    let takes = |id: &str| globs.is_empty() || globs.iter().any(|glob| glob.matches(id));
    let selected: Vec<Deviation> = deviations::all()
        .into_iter()
        .filter(|deviation| takes(deviation.id) && judged_by.asks(deviation, &library.catalogue))
        .collect();
    if selected.is_empty() {
        return Err(Failure::Arguments(
            "no deviation has such a name and breaks what is asked".to_owned(),
        ));
    }
    Ok(selected)
}

/// Says on a terminal how far it is.
fn progress(all: usize) -> impl Fn(&Cell) {
    let done = AtomicUsize::new(0);
    move |cell| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if std::io::stderr().is_terminal() {
            let end = if done == all { "\r\x1b[K" } else { "" };
            anstream::eprint!("\r\x1b[K{done} of {all}  {}{end}", cell.deviation);
        }
    }
}

/// A part of the matrix cannot show that everything is proven. On somebody else's registry not everything can be tried.
fn passes(matrix: &Matrix, arguments: &SelftestArguments) -> bool {
    let is_fine = |cell: &Cell| match cell.verdict {
        Catch::Caught => true,
        Catch::NotTried(_) => arguments.over.is_some(),
        Catch::Missed(_) | Catch::Misreported(_) | Catch::Refused(_) => false,
    };
    let caught = matrix.cells.iter().all(is_fine);
    let whole = arguments.only.is_empty() && arguments.over.is_none();
    caught && (!whole || matrix.is_whole())
}

fn as_text(matrix: &Matrix, library: &Library, judged_by: JudgedBy, arguments: &SelftestArguments) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for (id, proofs) in matrix.proofs() {
        let _ = writeln!(text, "{id}\n    {}", proofs.join(", "));
    }
    let wrong = matrix
        .cells
        .iter()
        .filter_map(|cell| Some((cell.deviation, trouble(&cell.verdict)?)));
    for (deviation, trouble) in wrong {
        let _ = writeln!(text, "\n{deviation}: {trouble}");
    }
    if !matrix.honestly.is_empty() {
        let _ = writeln!(
            text,
            "\nfound without any deviation: {}",
            listed(&matrix.honestly)
        );
    }
    if arguments.only.is_empty() && !matrix.unproven.is_empty() {
        let _ = writeln!(text, "\nproven by nothing: {}", listed(&matrix.unproven));
    }
    let untried = untried(matrix);
    for (why, deviations) in &untried {
        let _ = writeln!(text, "\nnot tried, since {why}: {}", deviations.join(", "));
    }
    let untried: usize = untried.values().map(Vec::len).sum();
    let caught = matrix
        .cells
        .iter()
        .filter(|cell| cell.verdict == Catch::Caught)
        .count();
    let aside = match untried {
        0 => String::new(),
        count => format!(" ({count} more were not tried)"),
    };
    let proofs = matrix.proofs();
    let wanted: BTreeSet<RequirementId> = to_be_proven(&library.catalogue, judged_by).collect();
    let proven = wanted.iter().filter(|id| proofs.contains_key(id)).count();
    let _ = writeln!(
        text,
        "\n{caught} of {} deviations caught under the right requirement{aside}; proven: {proven} of {} MUST and SHOULD, {} MAY",
        matrix.cells.len() - untried,
        wanted.len(),
        proofs.len() - proven,
    );
    text
}

/// The deviations that were not tried, by the reason.
fn untried(matrix: &Matrix) -> BTreeMap<&str, Vec<&str>> {
    let mut untried: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for cell in &matrix.cells {
        if let Catch::NotTried(why) = &cell.verdict {
            untried.entry(why).or_default().push(cell.deviation);
        }
    }
    untried
}

fn trouble(verdict: &Catch) -> Option<String> {
    match verdict {
        Catch::Caught | Catch::NotTried(_) => None,
        Catch::Missed(ids) => Some(format!("not found: {}", listed(ids))),
        Catch::Misreported(ids) => Some(format!("reported under what it does not break: {}", listed(ids))),
        Catch::Refused(why) => Some(why.clone()),
    }
}

fn not_tried(verdict: &Catch) -> Option<&str> {
    match verdict {
        Catch::NotTried(why) => Some(why),
        _ => None,
    }
}

fn listed<'a>(ids: impl IntoIterator<Item = &'a RequirementId>) -> String {
    let ids: BTreeSet<&str> = ids.into_iter().map(RequirementId::as_str).collect();
    ids.into_iter().collect::<Vec<&str>>().join(", ")
}

fn as_json(matrix: &Matrix) -> serde_json::Value {
    let cells: Vec<serde_json::Value> = matrix
        .cells
        .iter()
        .map(|cell| {
            json!({
                "deviation": cell.deviation,
                "breaks": ids(&cell.breaks),
                "found": ids(&cell.found),
                "caught": cell.verdict == Catch::Caught,
                "trouble": trouble(&cell.verdict),
                "not-tried": not_tried(&cell.verdict),
            })
        })
        .collect();
    let proofs: serde_json::Map<String, serde_json::Value> = matrix
        .proofs()
        .into_iter()
        .map(|(id, proofs)| (id.to_string(), json!(proofs)))
        .collect();
    json!({
        "schema": "assize-selftest/1",
        "deviations": cells,
        "proofs": proofs,
        "unproven": ids(&matrix.unproven),
        "found-without-deviation": ids(&matrix.honestly),
    })
}

fn ids<'a>(ids: impl IntoIterator<Item = &'a RequirementId>) -> Vec<&'a str> {
    ids.into_iter().map(RequirementId::as_str).collect()
}
