//! A failure is evidence of itself alone: a registry that fails at one kind of request is told so, once, and nothing
//! else is claimed about it.

use std::collections::BTreeSet;

use assize::Outcome;
use assize::catalogue::Failure as Effect;
use assize::catalogue::Level;
use assize::endpoint::{Endpoint, EndpointKind};
use assize::judgement::{Finding, Verdict, Way};
use assize::run::CleanUp;
use futures_util::stream::{self, StreamExt as _};

use super::asked::{SUITE, all, some, verdict};
use super::support::{Circumstance, Failure, Proxy, registry};

/// The kinds of request that are made of content and lists.
const REQUESTS: [(&str, EndpointKind); 18] = [
    ("GET", EndpointKind::Blob),
    ("HEAD", EndpointKind::Blob),
    ("DELETE", EndpointKind::Blob),
    ("GET", EndpointKind::Manifest),
    ("HEAD", EndpointKind::Manifest),
    ("PUT", EndpointKind::Manifest),
    ("DELETE", EndpointKind::Manifest),
    ("GET", EndpointKind::Tag),
    ("HEAD", EndpointKind::Tag),
    ("PUT", EndpointKind::Tag),
    ("DELETE", EndpointKind::Tag),
    ("POST", EndpointKind::Uploads),
    ("GET", EndpointKind::Session),
    ("PATCH", EndpointKind::Session),
    ("PUT", EndpointKind::Session),
    ("DELETE", EndpointKind::Session),
    ("GET", EndpointKind::Tags),
    ("GET", EndpointKind::Referrers),
];
/// Those of them by which content is written and read.
const MOST_TELLING: [(&str, EndpointKind); 4] = [
    ("GET", EndpointKind::Blob),
    ("PUT", EndpointKind::Session),
    ("PUT", EndpointKind::Tag),
    ("GET", EndpointKind::Tags),
];
/// How many registries are tried at once. A run mostly waits.
const AT_ONCE: usize = 4;

/// What is wrong with what is said of registries that fail so, each at one of these kinds of request.
async fn wrong(failure: Failure, requests: &[(&'static str, EndpointKind)]) -> Vec<String> {
    let tried = stream::iter(requests.to_vec()).map(|request| async move {
        let registry = registry(|_| ()).await;
        let (method, kind) = request;
        let circumstance = Circumstance::Fails(method, kind, failure);
        let proxy = Proxy::before(&registry.url(), circumstance).await;
        let asked = all(&proxy.url()).with(|settings| settings.clean_up = CleanUp::Never);
        // Nothing is claimed of a target that cannot be used at all.
        let outcome = asked.outcome().await.ok()?;
        let wrong = false_claims(&outcome, request);
        wrong.map(|wrong| format!("{failure:?} at {method} {}: {wrong}", kind.words()))
    });
    tried
        .buffer_unordered(AT_ONCE)
        .filter_map(async |wrong| wrong)
        .collect()
        .await
}

/// What is claimed although it does not follow from the failure.
fn false_claims(outcome: &Outcome, request: (&str, EndpointKind)) -> Option<String> {
    let findings: Vec<&Finding> = outcome
        .findings
        .iter()
        .filter(|finding| finding.level > Level::May)
        .collect();
    let mut wrong: BTreeSet<String> = BTreeSet::new();
    // What is wrong in itself has to be refused, whatever meets what is sound: that may be said apart.
    let causes = || {
        findings
            .iter()
            .filter(|finding| !finding.ways.iter().all(is_to_be_refused))
    };
    if causes().count() > 1 {
        let told = causes().map(|finding| format!("{} ({})", finding.requirement, told_of(&finding.ways)));
        wrong.insert(format!(
            "one cause, but {}",
            told.collect::<Vec<String>>().join(", ")
        ));
    }
    for finding in findings {
        let following = finding.consequences.iter().filter(|one| one.level > Level::May);
        let following = following.map(|one| (&one.requirement, &one.ways));
        for (id, ways) in std::iter::once((&finding.requirement, &finding.ways)).chain(following) {
            let requirement = SUITE.library().catalogue.get(id).unwrap();
            if requirement.failure == Effect::Hides {
                wrong.insert(format!("{id} is no matter of a failure: {}", told_of(ways)));
            } else if !ways.iter().all(|way| is_of(way, request)) {
                wrong.insert(format!("{id} was seen elsewhere: {}", told_of(ways)));
            }
        }
    }
    let wrong: Vec<String> = wrong.into_iter().collect();
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

/// Whether what was asked for is a refusal.
fn is_to_be_refused(way: &Way) -> bool {
    way.asked == "4xx" || way.asked == "a refusal with a 4xx"
}

fn is_of(way: &Way, (method, kind): (&str, EndpointKind)) -> bool {
    way.exchange().is_some_and(|exchange| {
        exchange.request.method == method && Endpoint::of(&exchange.request.url).kind() == kind
    })
}

fn told_of(ways: &[Way]) -> String {
    let told = ways.iter().map(|way| {
        let (scenario, line) = (&way.place.scenario, way.place.line);
        format!("{scenario}:{line} asked {}, got {}", way.asked, way.got)
    });
    told.take(2).collect::<Vec<String>>().join(" and ")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_server_breaks_what_is_about_its_status() {
    assert_eq!(wrong(Failure::Status(500), &REQUESTS).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_end_that_is_out_of_order_breaks_no_more() {
    assert_eq!(
        wrong(Failure::Status(503), &MOST_TELLING).await,
        Vec::<String>::new()
    );
}

/// What a registry refuses is not offered, also where nothing is known of something else that is needed.
#[tokio::test(flavor = "multi_thread")]
async fn what_needs_what_is_refused_is_not_kept_back_by_a_failure() {
    let registry = registry(|config| {
        config.offer.no_tag_deletion = true;
        config.offer.no_manifest_deletion = true;
    })
    .await;
    let fails = Circumstance::Fails("GET", EndpointKind::Referrers, Failure::Status(500));
    let proxy = Proxy::before(&registry.url(), fails).await;
    let asked = some(&proxy.url(), &["discovery/referrers-*"]);
    let outcome = asked.outcome().await.unwrap();
    for id in ["referrers.tag-delete-keeps", "referrers.fresh-after-delete"] {
        let verdict = verdict(&outcome, id);
        assert!(matches!(verdict, Verdict::NotOffered(_)), "{id}: {verdict:?}");
    }
}
