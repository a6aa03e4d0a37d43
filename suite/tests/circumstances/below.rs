//! An API below a path of its host: `https://host/prefix` with `/prefix/v2/`.

use std::net::Ipv4Addr;

use assize::bundled::Config;
use assize::log::record::write;
use assize::report::Format;
use assize::run::{Access, CleanUp, LeftIn, clean};
use assize::saboteur::{Saboteur, Upstream, deviations};
use assize::wire::{Client, ClientSettings, Url};
use assize_reference::Location;

use super::asked::{SUITE, all, left_over, some, told, warnings};
use super::support::{Circumstance, Front, Proxy, registry};

/// The path; its last word is one of the API's.
const PATH: &str = "/api/v2/hub";

fn behind_a_proxy(config: &mut Config) {
    config.trusted_proxies = vec![Ipv4Addr::LOCALHOST.into()];
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_asked_below_the_path_and_nothing_beside_it() {
    for location in [Location::Relative, Location::Absolute] {
        let registry = registry(|config| {
            behind_a_proxy(config);
            config.location = location;
        })
        .await;
        let proxy = Proxy::before(&registry.url(), Circumstance::Below(PATH, Front::Tells)).await;
        let target = format!("{}{PATH}", proxy.url());
        let outcome = all(&target).conforms().await;
        assert_eq!(proxy.beside(), Vec::<String>::new());
        let notes = outcome.facts.notes.join("\n");
        assert_eq!(notes.matches("below /api/v2/hub").count(), 1, "{notes}");
        assert_eq!(left_over(&registry.url()).await, Vec::<String>::new());
        registry.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_below_the_path_is_removed() {
    let registry = registry(behind_a_proxy).await;
    let proxy = Proxy::before(&registry.url(), Circumstance::Below(PATH, Front::Tells)).await;
    let target = format!("{}{PATH}", proxy.url());
    let kept = some(&target, &["pull/manifest", "discovery/tags"]);
    kept.with(|settings| settings.clean_up = CleanUp::Never)
        .conforms()
        .await;
    assert_ne!(left_over(&registry.url()).await, Vec::<String>::new());
    let client = Client::new(ClientSettings::new(Url::parse(&target).unwrap())).unwrap();
    clean(&client, LeftIn::Own { below: None }).await.unwrap();
    assert_eq!(left_over(&registry.url()).await, Vec::<String>::new());
    assert_eq!(proxy.beside(), Vec::<String>::new());
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_that_does_not_tell_of_the_path_is_told_once_and_nothing_else_is_claimed() {
    let registry = registry(behind_a_proxy).await;
    let proxy = Proxy::before(&registry.url(), Circumstance::Below(PATH, Front::IsSilent)).await;
    let refused = all(&format!("{}{PATH}", proxy.url())).outcome().await;
    let refused = refused.map(|_| ()).unwrap_err().to_string();
    let said = "which is beside /api/v2/hub and not there, so that nobody can push; the front";
    assert!(refused.contains(said), "{refused}");
    assert!(proxy.requests() < 20);
    registry.shutdown().await;
}

#[tokio::test]
async fn a_path_below_which_there_is_no_api_is_no_registry() {
    let registry = registry(|_| {}).await;
    let refused = all(&format!("{}/team/app", registry.url())).outcome().await;
    let refused = refused.map(|_| ()).unwrap_err().to_string();
    let said = "if team/app is a repository: give the host alone, and --repository team/app";
    assert!(refused.contains(said), "{refused}");
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_below_a_path_can_be_made_to_deviate_and_is_judged_again_from_its_record() {
    let registry = registry(behind_a_proxy).await;
    let proxy = Proxy::before(&registry.url(), Circumstance::Below(PATH, Front::Tells)).await;
    let upstream = Upstream::open(Url::parse(&format!("{}{PATH}", proxy.url())).unwrap());
    let deviations = deviations::all();
    let deviation = deviations
        .iter()
        .find(|one| one.id == "chunk-gap-accepted")
        .unwrap();
    let saboteur = Saboteur::lay(deviation.act, &upstream).await.unwrap();
    let run = SUITE.against(&saboteur.url()).only("push/*").seed(7);
    let log = run.record().await.unwrap();
    let mut record = Vec::new();
    write(&log, SUITE.library(), &mut record).unwrap();
    let again = SUITE.read_log(record.as_slice()).unwrap();
    let [first, again] = [log, again].map(|log| {
        let outcome = SUITE.judge(&log);
        let broken: Vec<&str> = outcome
            .findings
            .iter()
            .map(|one| one.requirement.as_str())
            .collect();
        assert!(
            deviation.breaks.iter().any(|id| broken.contains(id)),
            "{broken:?}"
        );
        outcome.report(Format::Text).unwrap()
    });
    assert_eq!(first, again);
    assert!(first.contains(PATH), "{first}");
    assert_eq!(proxy.beside(), Vec::<String>::new());
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_only_reads_stays_below_the_path() {
    let registry = registry(behind_a_proxy).await;
    let proxy = Proxy::before(&registry.url(), Circumstance::Below(PATH, Front::Tells)).await;
    let target = format!("{}{PATH}", proxy.url());
    let kept = some(&target, &["pull/manifest"]).within(&["team/app"]);
    kept.with(|settings| settings.clean_up = CleanUp::Never)
        .conforms()
        .await;
    let before = proxy.methods();
    let reading = all(&target).with(|settings| {
        settings.access = Access::Read(Vec::new());
        settings.narrowed = vec!["--read-only".to_owned()];
    });
    let outcome = reading.outcome().await.unwrap();
    assert_eq!(warnings(&outcome), "", "{}", told(&outcome));
    let after = proxy.methods();
    for method in ["PUT", "POST", "PATCH", "DELETE"] {
        assert_eq!(before.get(method), after.get(method), "{method}");
    }
    assert_eq!(proxy.beside(), Vec::<String>::new());
    registry.shutdown().await;
}
