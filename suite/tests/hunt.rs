//! The hunter: what it found once is found by the suite, and a few mutations that nobody has seen are tried.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use assize::Version;
use assize::bundled;
use assize::catalogue::RequirementId;
use assize::report::Ruling;
use assize::saboteur::hunt::{SuiteVerdict, say};
use assize::saboteur::mutation::Mutation;
use assize::saboteur::{Saboteur, Upstream, deviations};
use assize::scenario::Library;
use assize::wire::Url;
use assize::{Suite, Verdict};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

/// How many mutations are drawn: each is a run of the suite, which ends at the first thing that is broken.
const DRAWN: usize = 2;

/// What the hunter left.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hunted {
    /// What broke a client, and is found by the suite.
    #[serde(default)]
    caught: Vec<Caught>,
    /// What broke a client, and is left at that.
    #[serde(default)]
    found: Vec<LeftAtThat>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Caught {
    mutation: String,
    breaks: String,
    under: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftAtThat {
    mutation: String,
    breaks: String,
    reason: String,
}

fn hunted() -> Hunted {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/hunt.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn what_is_left_at_that_says_why() {
    for found in hunted().found {
        assert!(found.mutation.parse::<Mutation>().is_ok(), "{}", found.mutation);
        assert!(
            !found.breaks.is_empty() && found.reason.ends_with('.'),
            "{}",
            found.mutation
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_broke_a_client_once_is_found_under_its_requirement() {
    let registry = bundled::in_memory().await.unwrap();
    let over = Upstream::open(Url::parse(&registry.url()).unwrap());
    let suite = Suite::built_in().unwrap();
    for caught in hunted().caught {
        let mutation: Mutation = caught.mutation.parse().unwrap();
        let saboteur = Saboteur::mutate(mutation, &over).await.unwrap();
        let under = RequirementId::parse(&caught.under).unwrap();
        let run = suite.against(&saboteur.url()).asking(&[under]);
        let outcome = run.run().await.unwrap();
        let verdict = outcome.requirement(&caught.under);
        assert_eq!(
            verdict,
            Some(&Verdict::Broken),
            "{} breaks {}",
            caught.mutation,
            caught.breaks
        );
    }
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_never_pushed_is_missed_by_nothing() {
    let registry = bundled::in_memory().await.unwrap();
    let over = Upstream::open(Url::parse(&registry.url()).unwrap());
    let suite = Suite::built_in().unwrap();
    for id in ["upload-without-location", "upload-opened-200"] {
        let mut all = deviations::all().into_iter();
        let deviation = all.find(|deviation| deviation.id == id).unwrap();
        let saboteur = Saboteur::lay(deviation.act, &over).await.unwrap();
        let outcome = suite.against(&saboteur.url()).run().await.unwrap();
        for missing in [
            "pull.blob.get-200",
            "push.manifest.by-tag-201",
            "push.put.repush-idempotent",
            "manage.blob.disabled-400-405",
            "range.empty-blob",
        ] {
            let verdict = outcome.requirement(missing);
            assert_ne!(verdict, Some(&Verdict::Broken), "{id}: {missing}");
        }
    }
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_a_run_from_passing_is_not_passed() {
    let registry = bundled::in_memory().await.unwrap();
    let over = Upstream::open(Url::parse(&registry.url()).unwrap());
    let library = Arc::new(Library::built_in().unwrap());
    let mutation = "GET tags 2xx: status 503".parse().unwrap();
    let verdict = say(&library, &mutation, &over, Version::V1_1, 1).await;
    assert_eq!(verdict.unwrap(), SuiteVerdict::Unshown(Ruling::NotShown));
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutations_that_nobody_has_seen_come_to_a_verdict() {
    let registry = bundled::in_memory().await.unwrap();
    let over = Upstream::open(Url::parse(&registry.url()).unwrap());
    let library = Arc::new(Library::built_in().unwrap());
    let seed = u64::from(std::process::id());
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for at in 0..DRAWN {
        let mutation = Mutation::draw(&mut random);
        let verdict = say(&library, &mutation, &over, Version::V1_1, seed + at as u64).await;
        match verdict.unwrap() {
            SuiteVerdict::Blamed(ids) => assert!(!ids.is_empty(), "{mutation}"),
            SuiteVerdict::Refused(why) => assert!(!why.is_empty(), "{mutation}"),
            SuiteVerdict::Unshown(ruling) => assert!(!ruling.passes(), "{mutation}"),
            SuiteVerdict::Passed(_) => {}
        }
    }
    registry.shutdown().await;
}
