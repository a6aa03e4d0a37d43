//! `assize hunt`: random changes of a good registry's answers, in search of such as break a client and not the suite.

mod known;
mod victim;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use assize::Version;
use assize::catalogue::RequirementId;
use assize::saboteur::hunt::{SuiteVerdict, say};
use assize::saboteur::mutation::Mutation;
use assize::saboteur::{Saboteur, Upstream};
use assize::scenario::Library;
use assize::wire::Scheme;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use self::known::KnownMutations;
use self::victim::{ClientOutcome, Victim};
use super::arguments::HuntArguments;
use super::exit::Exit;
use super::failure::Failure;
use super::{library, output, target};

/// Hunts over the registry that was named, or over the bundled one.
pub(crate) async fn execute(arguments: &HuntArguments) -> Result<Exit, Failure> {
    match &arguments.over {
        Some(named) => {
            let url = target::target(named)?;
            if url.origin().scheme() != Scheme::Http {
                let advice = "what lies over a registry reaches it without TLS: name one with http://";
                return Err(Failure::Arguments(advice.to_owned()));
            }
            hunt(arguments, Upstream::open(url)).await
        }
        None => over_the_bundled(arguments).await,
    }
}

#[cfg(feature = "bundled")]
async fn over_the_bundled(arguments: &HuntArguments) -> Result<Exit, Failure> {
    let open = assize::bundled::in_memory().await?;
    let exit = hunt(arguments, Upstream::open(target::target(&open.url())?)).await;
    open.shutdown().await;
    exit
}

#[cfg(not(feature = "bundled"))]
async fn over_the_bundled(_: &HuntArguments) -> Result<Exit, Failure> {
    Err(Failure::Arguments(
        "this build comes without a registry: name one with --over".to_owned(),
    ))
}

async fn hunt(arguments: &HuntArguments, over: Upstream) -> Result<Exit, Failure> {
    let victim = match &arguments.client {
        Some(script) => Some(Victim::prepare(script, &over, arguments.seed).await?),
        None => None,
    };
    let mut hunter = Hunter {
        library: Arc::new(library::load(None)?),
        known: KnownMutations::read(arguments.known.as_deref())?,
        over,
        victim,
        seed: arguments.seed,
        told: BTreeSet::new(),
        tally: Tally::default(),
    };
    let began = Instant::now();
    let mut random = ChaCha8Rng::seed_from_u64(arguments.seed);
    let mut tried = BTreeSet::new();
    let mut given = arguments.mutation.iter().cloned();
    loop {
        let next = match arguments.mutation.is_empty() {
            true => (began.elapsed() < arguments.duration).then(|| Mutation::draw(&mut random)),
            false => given.next(),
        };
        let Some(mutation) = next else { break };
        let is_met = hunter
            .victim
            .as_ref()
            .is_none_or(|victim| victim.meets(&mutation));
        if is_met && tried.insert(mutation.to_string()) {
            hunter.pursue(mutation).await?;
        }
    }
    output::print(&format!("{}\n", hunter.tally.told()))?;
    Ok(match hunter.tally.missed {
        0 => Exit::Done,
        _ => Exit::Fails,
    })
}

struct Hunter {
    library: Arc<Library>,
    known: KnownMutations,
    over: Upstream,
    victim: Option<Victim>,
    seed: u64,
    /// The smallest mutations that were come upon.
    told: BTreeSet<String>,
    tally: Tally,
}

/// What became of the mutations.
#[derive(Debug, Default)]
struct Tally {
    harmless: usize,
    blamed: usize,
    unshown: usize,
    passed: usize,
    known: usize,
    told: usize,
    missed: usize,
}

impl Hunter {
    /// Tries a mutation on the client, and if it breaks, on the suite.
    async fn pursue(&mut self, mutation: Mutation) -> Result<(), Failure> {
        let Some((mutation, harm)) = self.harmful(mutation).await? else {
            self.tally.harmless += 1;
            return Ok(());
        };
        if !self.told.insert(mutation.to_string()) {
            return Ok(());
        }
        if let Some(said) = self.known.said_of(&mutation) {
            self.tally.known += 1;
            return output::print(&format!("known   {mutation}\n        {said}\n"));
        }
        self.seed = self.seed.wrapping_add(1);
        let said = say(&self.library, &mutation, &self.over, Version::V1_1, self.seed)
            .await
            .map_err(cannot_try)?;
        let line = match (&said, harm) {
            (SuiteVerdict::Blamed(ids), harm) => {
                self.tally.blamed += 1;
                let ids: Vec<&str> = ids.iter().map(RequirementId::as_str).collect();
                format!("found   {mutation}{}\n        {}", told(harm), ids.join(", "))
            }
            (SuiteVerdict::Refused(why), harm) => {
                self.tally.blamed += 1;
                format!("refused {mutation}{}\n        {why}", told(harm))
            }
            (SuiteVerdict::Unshown(ruling), harm) => {
                self.tally.unshown += 1;
                let word = ruling.word();
                format!(
                    "unshown {mutation}{}\n        the run comes to: {word}",
                    told(harm)
                )
            }
            (SuiteVerdict::Passed(_), None) => {
                self.tally.passed += 1;
                format!("passed  {mutation}")
            }
            (SuiteVerdict::Passed(light), harm) if light.is_empty() => {
                self.tally.missed += 1;
                format!("MISSED  {mutation}{}", told(harm))
            }
            (SuiteVerdict::Passed(light), harm) => {
                self.tally.told += 1;
                let light: Vec<&str> = light.iter().map(RequirementId::as_str).collect();
                let ids = light.join(", ");
                format!("told    {mutation}{}\n        for information: {ids}", told(harm))
            }
        };
        output::print(&format!("{line}\n"))
    }

    /// The smallest mutation in this one that breaks the client, and how; none if it breaks nothing. Without a client it is
    /// the mutation as it is.
    async fn harmful(&mut self, mutation: Mutation) -> Result<Option<(Mutation, Option<String>)>, Failure> {
        let Some(victim) = &mut self.victim else {
            return Ok(Some((mutation, None)));
        };
        let Some(mut harm) = broken(victim, &self.over, &mutation).await? else {
            return Ok(None);
        };
        let mut smallest = mutation;
        'smaller: loop {
            let candidates: Vec<Mutation> = smallest.smaller().collect();
            for candidate in candidates {
                if let Some(seen) = broken(victim, &self.over, &candidate).await? {
                    (smallest, harm) = (candidate, seen);
                    continue 'smaller;
                }
            }
            return Ok(Some((smallest, Some(harm))));
        }
    }
}

/// How a mutation breaks the client, if it does so twice.
async fn broken(
    victim: &mut Victim,
    over: &Upstream,
    mutation: &Mutation,
) -> Result<Option<String>, Failure> {
    let mut harm = None;
    for _ in 0..2 {
        let saboteur = Saboteur::mutate(mutation.clone(), over)
            .await
            .map_err(cannot_try)?;
        match victim.go(&saboteur.url()).await? {
            ClientOutcome::Well => return Ok(None),
            ClientOutcome::Failed(said) => harm = Some(said),
            ClientOutcome::Wrong => harm = Some("it says that all is well, and it is not".to_owned()),
        }
    }
    Ok(harm)
}

fn cannot_try(source: io::Error) -> Failure {
    Failure::System {
        doing: "cannot lay a change over the registry",
        source,
    }
}

/// What the client said, on a line of its own.
fn told(harm: Option<String>) -> String {
    harm.map(|said| format!("\n        client: {said}"))
        .unwrap_or_default()
}

impl Tally {
    fn told(&self) -> String {
        let mut text = String::new();
        let counted = [
            (self.harmless, "broke no client"),
            (self.blamed, "were found by the suite"),
            (self.unshown, "broke no rule and kept the run from passing"),
            (self.passed, "passed"),
            (self.known, "are known"),
            (self.told, "broke the client and are told for information"),
            (self.missed, "broke the client and were missed by the suite"),
        ];
        for (count, what) in counted.into_iter().filter(|(count, _)| *count > 0) {
            let mark = if text.is_empty() { "" } else { ", " };
            // Writing to a string cannot fail.
            let _ = write!(text, "{mark}{count} {what}");
        }
        match text.is_empty() {
            true => "nothing was tried".to_owned(),
            false => format!("of the changes {text}"),
        }
    }
}
