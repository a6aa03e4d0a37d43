//! Runs that stop at a finding.

use assize::catalogue::RequirementId;
use assize::judgement::End;
use assize::run::OnFinding;
use assize::saboteur::{Saboteur, Upstream, deviations};
use assize::wire::Url;

use super::asked::{some, told};
use super::support::registry;

/// How a run ends that stops at the violation of one requirement, on a registry that breaks `http.405-allow`.
async fn end_of_a_run_that_stops_at(id: &str) -> End {
    let registry = registry(|_| ()).await;
    let upstream = Upstream::open(Url::parse(&registry.url()).unwrap());
    let mut all = deviations::all().into_iter();
    let deviation = all.find(|one| one.id == "405-without-allow").unwrap();
    let saboteur = Saboteur::lay(deviation, &upstream).await.unwrap();
    let stop = OnFinding::StopAt([RequirementId::parse(id).unwrap()].into());
    let asked = some(&saboteur.url(), &["http/*"]).with(|settings| settings.on_finding = stop);
    let outcome = asked.outcome().await.unwrap();
    let breaks = |finding: &assize::judgement::Finding| finding.requirement.as_str() == "http.405-allow";
    assert!(outcome.findings.iter().any(breaks), "{}", told(&outcome));
    outcome.end.clone()
}

#[tokio::test]
async fn a_run_stops_at_what_makes_it_fail_and_at_nothing_else() {
    assert_eq!(
        end_of_a_run_that_stops_at("http.405-allow").await,
        End::FailedFast
    );
    assert_eq!(end_of_a_run_that_stops_at("push.put.201").await, End::Complete);
}
