//! Every report of every kind of result, as its reader sees it.

use serde_json::Value;

use super::sample::{self, Sample, exchange};
use super::tally::VerdictKind;
use super::{Counted, Detail, Ruling};
use super::{badge, baseline, github, gitlab, json, junit, markdown, sarif, text, words};
use crate::cause::Cause;
use crate::diagnostic::{Color, SourceFile};
use crate::judgement::{Consequence, End, Link, NotAsked, Verdict};
use crate::wire::Url;

/// A baseline that lists what the broken sample breaks.
const LISTED: &str = r#"
["push.mount.location"]
reason = "fixed in 3.2, which is not deployed yet"

["range.suffix"]
reason = "waits for the new storage driver"

["discovery.tags.n-exact"]
reason = "the list is made by the old service"
"#;

fn samples() -> [(&'static str, Sample); 7] {
    [
        ("clean", sample::clean()),
        ("broken", sample::broken()),
        ("known", sample::broken().against(LISTED)),
        ("lost", sample::lost()),
        ("unreached", sample::unreached()),
        ("light", light()),
        ("narrowed", sample::clean().narrowed()),
    ]
}

/// Only what an RFC states is broken, which does not count by itself, and a warning.
fn light() -> Sample {
    let mut sample = sample::broken()
        .with("push.mount.location", Verdict::Held)
        .with("push.mount.readable-in-target", Verdict::Held)
        .with("discovery.tags.n-exact", Verdict::Held)
        .counting(Counted::usual());
    sample.outcome.findings.remove(0);
    sample
}

#[test]
fn text_is_for_people() {
    for (name, sample) in samples() {
        insta::assert_snapshot!(format!("text_{name}"), text::plain(&sample.report()));
    }
}

#[test]
fn a_screen_holds_what_was_found() {
    for (name, sample) in samples() {
        let brief = text::styled(&sample.report(), 80, Detail::Brief);
        insta::assert_snapshot!(
            format!("brief_{name}"),
            anstream::adapter::strip_str(&brief).to_string()
        );
    }
}

#[test]
fn text_fits_a_narrow_terminal_but_for_what_is_copied() {
    let sample = sample::broken();
    let narrow = text::styled(&sample.report(), 40, Detail::Full);
    insta::assert_snapshot!("text_narrow", anstream::adapter::strip_str(&narrow).to_string());
}

#[test]
fn json_keeps_to_its_schema() {
    let schema = include_str!("../../../fixtures/report.schema.json");
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    close(&mut schema);
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, sample) in samples() {
        let text = json::render(&sample.report()).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&document)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert_eq!(faults, Vec::<String>::new(), "{name}");
        assert!(!text.contains("session=secret"), "{name}");
    }
    insta::assert_snapshot!("json_broken", json::render(&sample::broken().report()).unwrap());
}

/// Makes a schema refuse members that it does not describe.
fn close(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        if object.contains_key("properties") {
            object.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
        object.values_mut().for_each(close);
    } else if let Some(array) = schema.as_array_mut() {
        array.iter_mut().for_each(close);
    }
}

#[test]
fn junit_fails_where_the_run_fails() {
    for (name, sample) in samples() {
        let xml = junit::render(&sample.report()).unwrap();
        let passes = sample.report().ruling().passes();
        assert_eq!(
            !xml.contains("<failure") && !xml.contains("<error"),
            passes,
            "{name}"
        );
        insta::assert_snapshot!(format!("junit_{name}"), xml);
    }
}

#[test]
fn pipelines_show_each_finding_once_and_nothing_secret() {
    for (name, sample) in samples() {
        let report = sample.report();
        let sarif = sarif::render(&report).unwrap();
        let gitlab = gitlab::render(&report).unwrap();
        let github = github::render(&report);
        let passes = report.ruling().passes();
        let document: Value = serde_json::from_str(&sarif).unwrap();
        let results = document["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), sample.outcome.findings.len(), "{name}");
        let failing = |result: &&Value| result["level"] == "error" && result.get("suppressions").is_none();
        assert_eq!(
            gitlab.contains("critical"),
            !passes,
            "{name}: GitLab shows what fails the run"
        );
        assert_eq!(
            github.contains("::error"),
            !passes,
            "{name}: GitHub shows what fails the run"
        );
        assert!(
            !passes || !results.iter().any(|result| failing(&result)),
            "{name}: code scanning shows no error in a run that passes"
        );
        for text in [&sarif, &gitlab, &github] {
            assert!(!text.contains("session=secret"), "{name}");
        }
        if ["broken", "known", "lost"].contains(&name) {
            insta::assert_snapshot!(format!("sarif_{name}"), sarif);
            insta::assert_snapshot!(format!("gitlab_{name}"), gitlab);
            insta::assert_snapshot!(format!("github_{name}"), github);
        }
    }
}

#[test]
fn a_finding_keeps_its_fingerprint_from_run_to_run() {
    let fingerprints = |sample: &Sample| -> Vec<String> {
        let alerts = sample.report().alerts();
        alerts.into_iter().map(|alert| alert.fingerprint).collect()
    };
    let first = sample::broken();
    let mut later = sample::broken();
    later.outcome.facts.seed = 8;
    for finding in &mut later.outcome.findings {
        finding.broken += 1;
        for way in &mut finding.ways {
            way.got = "something else".to_owned();
        }
    }
    assert_eq!(fingerprints(&first), fingerprints(&later));
}

#[test]
fn a_badge_has_the_figures_of_both_levels() {
    for (name, title) in [
        ("clean", "OCI distribution 1.1: MUST 7 of 7, SHOULD 1 of 1"),
        ("broken", "OCI distribution 1.1: MUST 3 of 7, SHOULD 0 of 1"),
        (
            "narrowed",
            "OCI distribution 1.1, in part: MUST 7 of 7, SHOULD 1 of 1",
        ),
        ("lost", "OCI distribution 1.1, in part: MUST 3 of 6"),
    ] {
        let (_, sample) = samples().into_iter().find(|(one, _)| *one == name).unwrap();
        let image = badge::render(&sample.report()).unwrap();
        assert!(
            image.contains(&format!("<title>{title}</title>")),
            "{name}: {image}"
        );
        if name == "broken" {
            insta::assert_snapshot!("badge_broken", image);
        }
    }
}

#[test]
fn markdown_is_short() {
    for (name, sample) in samples() {
        insta::assert_snapshot!(format!("markdown_{name}"), markdown::render(&sample.report()));
    }
}

#[test]
fn a_run_comes_to_one_ruling() {
    let ruling = |sample: &Sample| sample.report().ruling();
    let not_reached = || Verdict::NotReached(Cause::Said("no answer".to_owned()));
    assert_eq!(ruling(&sample::clean()), Ruling::Conforms);
    assert_eq!(ruling(&sample::broken()), Ruling::Breaks);
    assert_eq!(ruling(&sample::unreached()), Ruling::NotShown);
    assert_eq!(ruling(&sample::lost()), Ruling::TargetLost);
    let failed = sample::broken().with("base.get-200", Verdict::Failed("no such file".to_owned()));
    assert_eq!(ruling(&failed), Ruling::SuiteFailed);

    assert_eq!(
        ruling(&sample::clean().with("push.cancel.204", not_reached())),
        Ruling::Conforms
    );
    assert_eq!(
        ruling(&sample::clean().with("push.cancel.204", not_reached()).strictly()),
        Ruling::NotShown
    );
    assert_eq!(
        ruling(&sample::clean().with("range.suffix", Verdict::Late)),
        Ruling::Conforms
    );
    assert_eq!(
        ruling(&sample::clean().with("range.suffix", Verdict::Late).strictly()),
        Ruling::Breaks
    );
}

#[test]
fn a_warning_fails_only_a_strict_run() {
    let warning = || {
        let mut sample = sample::broken();
        sample
            .outcome
            .findings
            .retain(|finding| finding.requirement.as_str() == "push.cancel.204");
        sample.with("discovery.tags.n-exact", Verdict::Held)
    };
    assert_eq!(warning().report().ruling(), Ruling::Conforms);
    assert_eq!(warning().strictly().report().ruling(), Ruling::Breaks);
}

#[test]
fn what_does_not_count_is_shown_and_does_not_fail() {
    assert_eq!(light().report().ruling(), Ruling::Conforms);
    assert_eq!(light().counting(Counted::all()).report().ruling(), Ruling::Breaks);
    let verdict = |sample: &Sample| text::verdict(&sample.report());
    insta::assert_snapshot!(
        verdict(&light()),
        @"https://registry.example.com conforms to the text of OCI distribution 1.1: 6 MUST and 0 SHOULD hold, 1 violation of RFC 9110, 1 warning"
    );
    insta::assert_snapshot!(
        verdict(&light().narrowed()),
        @"nothing of what was asked is broken that counts: 6 MUST and 0 SHOULD hold, 1 violation of RFC 9110, 1 warning (asked only in part: --only 'push/*')"
    );
    insta::assert_snapshot!(
        verdict(&light().counting(Counted::all())),
        @"https://registry.example.com breaks what counts beside the text of OCI distribution 1.1: 1 violation of RFC 9110, 1 warning"
    );
    insta::assert_snapshot!(
        verdict(&light().counting(Counted::parse("rfc").unwrap())),
        @"https://registry.example.com breaks what counts by --basis rfc: 1 violation of RFC 9110, 1 warning"
    );
    assert_eq!(baseline::draft(&light().report()).matches("reason").count(), 1);
}

#[test]
fn what_protects_data_counts_whoever_asks_it() {
    let id = |text| crate::catalogue::RequirementId::parse(text).unwrap();
    let sample = sample::clean().counting(Counted::usual());
    let counts = |text| sample.report().counts(&id(text));
    assert!(counts("push.mount.location"), "the text states it");
    assert!(counts("push.mount.readable-in-target"), "it protects content");
    assert!(!counts("range.suffix"), "an RFC states it");

    let unreached = |id| sample::clean().with(id, Verdict::NotReached(Cause::Said("no answer".to_owned())));
    let ruling = |sample: Sample| sample.counting(Counted::usual()).report().ruling();
    assert_eq!(
        ruling(unreached("push.mount.readable-in-target")),
        Ruling::NotShown
    );
    assert_eq!(ruling(unreached("range.suffix")), Ruling::Conforms);
}

#[test]
fn a_part_never_shows_that_a_registry_conforms() {
    let narrowed = sample::clean().narrowed();
    assert_eq!(narrowed.report().ruling(), Ruling::NothingBroken);
    assert!(narrowed.report().ruling().passes());
    insta::assert_snapshot!(
        text::verdict(&narrowed.report()),
        @"nothing of what was asked is broken: 7 MUST and 1 SHOULD hold (asked only in part: --only 'push/*')"
    );
    let known = sample::broken().against(LISTED).narrowed();
    assert!(!text::verdict(&known.report()).contains("conform"));
    assert_eq!(sample::broken().narrowed().report().ruling(), Ruling::Breaks);
}

#[test]
fn a_finding_is_no_mere_consequence_of_another() {
    let mut sample = sample::broken();
    let also = sample.outcome.findings[1].clone();
    sample.outcome.findings[0].consequences.push(Consequence {
        requirement: also.requirement.clone(),
        level: also.level,
        ways: also.ways[..1].to_vec(),
        link: Link::SameAnswer,
    });
    let report = sample.report();
    assert!(report.cause(&also.requirement).is_none());
    let follows: usize = report
        .tally()
        .iter()
        .map(|row| row.number(VerdictKind::Follows))
        .sum();
    assert_eq!(follows, 1, "only the blob that is not in the target follows");
    assert!(text::plain(&report).contains("range.suffix (in this way; in others by itself):"));
}

#[test]
fn a_run_that_asked_nothing_shows_nothing() {
    let mut sample = sample::clean();
    for requirement in &mut sample.outcome.requirements {
        requirement.verdict = Verdict::NotAsked(NotAsked::NotSelected);
    }
    assert_eq!(sample.report().ruling(), Ruling::NotShown);
}

#[test]
fn a_run_that_stopped_early_shows_nothing_whole() {
    let mut sample = sample::clean();
    sample.outcome.end = End::FailedFast;
    assert_eq!(sample.report().ruling(), Ruling::NotShown);
}

#[test]
fn a_baseline_is_a_ratchet() {
    let listed = || sample::broken().against(LISTED);
    assert_eq!(listed().report().ruling(), Ruling::AsListed);
    assert_eq!(listed().strictly().report().ruling(), Ruling::Breaks);

    let fixed = listed().with("discovery.tags.n-exact", Verdict::Held);
    assert_eq!(fixed.report().ruling(), Ruling::Outdated);
    assert_eq!(fixed.report().stale().len(), 1);

    let unlearnt = listed().with("discovery.tags.n-exact", Verdict::NoOccasion);
    assert_eq!(unlearnt.report().ruling(), Ruling::AsListed);

    let entry = r#"reason = "the list is made by the old service""#;
    let now_and_then = LISTED.replace(entry, &format!("{entry}\noccurs = 'now and then'"));
    let lucky = sample::broken()
        .against(&now_and_then)
        .with("discovery.tags.n-exact", Verdict::Held);
    assert_eq!(lucky.report().ruling(), Ruling::AsListed);

    let mut partial = listed().with("discovery.tags.n-exact", Verdict::Held);
    partial.outcome.facts.narrowed = vec!["--only 'push/*'".to_owned()];
    assert_eq!(partial.report().ruling(), Ruling::AsListed);
}

#[test]
fn a_baseline_may_know_the_ways() {
    let with_ways = |ways: &str| {
        let entry = r#"reason = "waits for the new storage driver""#;
        sample::broken().against(&LISTED.replace(entry, &format!("{entry}\nways = [{ways}]")))
    };
    let all = ["-100", "-1", "-0", "-5", "-6", "-7"]
        .map(|row| format!("'pull/range | bytes={row}'"))
        .join(", ");
    assert_eq!(with_ways(&all).report().ruling(), Ruling::AsListed);
    assert_eq!(
        with_ways("'pull/range | bytes=-1'").report().ruling(),
        Ruling::Breaks
    );

    // What comes of a race may be found, or not.
    let races = format!("{all}]\nraces = ['pull/range | bytes=-8'");
    assert_eq!(with_ways(&races).report().ruling(), Ruling::AsListed);
    let races = "'pull/range | bytes=-1']\nraces = ['pull/range | bytes=-100', 'pull/range | bytes=-0', \
                 'pull/range | bytes=-5', 'pull/range | bytes=-6', 'pull/range | bytes=-7'";
    assert_eq!(with_ways(races).report().ruling(), Ruling::AsListed);

    let more = with_ways(&format!("{all}, 'pull/range | bytes=-8'"));
    let more = more.report();
    assert_eq!(more.ruling(), Ruling::Outdated);
    assert_eq!(more.stale()[0].way, Some("pull/range | bytes=-8"));
}

#[test]
fn a_draft_is_refused_until_every_reason_is_given() {
    let sample = sample::broken();
    let draft = baseline::draft(&sample.report());
    insta::assert_snapshot!("baseline_draft", draft);

    let catalogue = &sample.library.catalogue;
    let source = SourceFile::new("baseline.toml", draft.as_str());
    let faulty = baseline::Baseline::parse(&source, catalogue).unwrap_err();
    assert_eq!(faulty.faults.len(), 3);

    let filled = draft.replace("reason = \"\"", "reason = \"known\"");
    let known = sample::broken().against(&filled);
    assert_eq!(known.report().ruling(), Ruling::AsListed);
    assert_eq!(baseline::draft(&known.report()), filled);
}

#[test]
fn every_fault_of_a_baseline_is_found_at_once() {
    let text = r#"
["push.mount.locatoin"]
reason = "a slip"

[push.mount.location]
reason = "no quotes"

["range.suffix"]
reason = "  "
ways = "pull/range"

["push.mount.201"]
raeson = "another slip"

["base.get-200"]
reason = 7
ways = []

"pull.blob.get-200" = "known"
"#;
    let faults = |text: &str| {
        let source = SourceFile::new("baseline.toml", text);
        let faulty = baseline::Baseline::parse(&source, &sample::clean().library.catalogue).unwrap_err();
        faulty.render(Color::Never)
    };
    let foreign = format!("[\n{}]\n", "{\"a\": 1},\n".repeat(200_000));
    let shown = faults(&foreign);
    assert!(shown.lines().count() < 100, "{} lines", shown.lines().count());
    assert!(shown.contains("is this a baseline?"), "{shown}");
    insta::assert_snapshot!("baseline_faults", faults(text));
    insta::assert_snapshot!(
        "baseline_syntax",
        faults("[\"push.mount.201\"\nreason = \"unclosed\n")
    );
}

#[test]
fn a_request_to_another_server_is_shown_whole() {
    let mut facts = sample::clean().outcome.facts;
    let exchange = exchange("GET", "/v2/", Ok(200));
    assert_eq!(words::request(&exchange, &facts), "GET /v2/");
    facts.target = Url::parse("https://registry.example").unwrap();
    assert_eq!(
        words::request(&exchange, &facts),
        "GET https://registry.example.com/v2/"
    );
}
