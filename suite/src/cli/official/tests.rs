//! Pipelines of the official suite.

use clap::Parser;

use super::*;
use crate::cli::arguments::Arguments;
use crate::cli::reproduce;

/// What is typed on this line with these variables set, and the line that says so.
fn adopted(line: &str, variables: &[(&str, &str)]) -> Result<(String, Option<String>), OfficialError> {
    let words = std::iter::once("assize").chain(line.split_whitespace());
    let mut arguments = Arguments::try_parse_from(words).unwrap().run;
    let held = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let said = adopt(&mut arguments, &held)?;
    let only: Vec<String> = arguments
        .selection
        .only
        .iter()
        .map(|glob| format!(" --only {glob}"))
        .collect();
    Ok((reproduce::command(&arguments) + &only.concat(), said))
}

const NEW: &[(&str, &str)] = &[
    ("OCI_REGISTRY", "r.example:5000"),
    ("OCI_TLS", "disabled"),
    ("OCI_REPO1", "team/one"),
    ("OCI_REPO2", "team/two"),
    ("OCI_USERNAME", "me"),
    ("OCI_PASSWORD", "hunter2"),
    ("OCI_VERSION", "dev"),
    ("OCI_API_PUSH", "true"),
    ("OCI_DATA_SHA512", "false"),
];

const OLD: &[(&str, &str)] = &[
    ("OCI_ROOT_URL", "https://R.example"),
    ("OCI_NAMESPACE", "team/one"),
    ("OCI_CROSSMOUNT_NAMESPACE", "team/two"),
    ("OCI_TEST_PULL", "1"),
    ("OCI_TEST_PUSH", "1"),
    ("OCI_DEBUG", "1"),
];

#[test]
fn the_new_variables_are_options() {
    let (command, said) = adopted("", NEW).unwrap();
    insta::assert_snapshot!(command, @"assize run http://r.example:5000 --spec next --user me --password-env OCI_PASSWORD --repository team/one --repository team/two");
    insta::assert_snapshot!(said.unwrap(), @"variables of the official suite: OCI_REGISTRY → http://r.example:5000, OCI_REPO1 → --repository team/one, OCI_REPO2 → --repository team/two, OCI_USERNAME → --user me, OCI_PASSWORD → --password-env OCI_PASSWORD, OCI_VERSION → --spec next; OCI_API_PUSH, OCI_DATA_SHA512 change nothing here");
}

#[test]
fn the_old_variables_are_options() {
    let (command, said) = adopted("", OLD).unwrap();
    insta::assert_snapshot!(command, @"assize run https://r.example --repository team/one --repository team/two --only pull/* --only push/*");
    insta::assert_snapshot!(said.unwrap(), @"variables of the official suite: OCI_ROOT_URL → https://r.example, OCI_NAMESPACE → --repository team/one, OCI_CROSSMOUNT_NAMESPACE → --repository team/two, OCI_TEST_PULL → --only 'pull/*', OCI_TEST_PUSH → --only 'push/*'; OCI_DEBUG changes nothing here");
    let all =
        ["PULL", "PUSH", "CONTENT_DISCOVERY", "CONTENT_MANAGEMENT"].map(|part| format!("OCI_TEST_{part}"));
    let whole: Vec<(&str, &str)> = all
        .iter()
        .map(|name| (name.as_str(), "1"))
        .chain([OLD[0]])
        .collect();
    assert_eq!(adopted("", &whole).unwrap().0, "assize run https://r.example");
}

#[test]
fn the_new_ones_come_before_the_old_ones() {
    let both = [NEW, OLD].concat();
    let (command, said) = adopted("", &both).unwrap();
    assert!(
        command.starts_with("assize run http://r.example:5000 "),
        "{command}"
    );
    assert!(said.unwrap().contains("; OCI_ROOT_URL, "));
}

#[test]
fn what_is_typed_comes_first() {
    assert_eq!(adopted("https://other.example", NEW).unwrap().1, None);
    let (command, said) = adopted("--user you --spec 1.0 --only base/*", NEW).unwrap();
    assert!(
        command.contains("--spec 1.0 --user you") && command.contains("--only base/*"),
        "{command}"
    );
    assert!(said.unwrap().contains("; OCI_USERNAME, OCI_VERSION, "));
    let (command, _) = adopted("--only base/*", OLD).unwrap();
    assert!(command.ends_with("--only base/*"), "{command}");
}

#[test]
fn where_nothing_may_be_pushed_what_is_there_is_read() {
    let new = [
        ("OCI_REGISTRY", "r.example"),
        ("OCI_REPO1", "team/one"),
        ("OCI_API_PUSH", "false"),
        ("OCI_RO_DATA_TAGS", "v1 v2"),
    ];
    let (command, said) = adopted("", &new).unwrap();
    insta::assert_snapshot!(command, @"assize run https://r.example --repository team/one --image team/one:v1 --image team/one:v2 --read-only");
    insta::assert_snapshot!(said.unwrap(), @"variables of the official suite: OCI_REGISTRY → https://r.example, OCI_REPO1 → --repository team/one, OCI_API_PUSH → --read-only, OCI_RO_DATA_TAGS → --image team/one:v1, OCI_RO_DATA_TAGS → --image team/one:v2");
    let old = [
        ("OCI_ROOT_URL", "https://r.example"),
        ("OCI_NAMESPACE", "team/one"),
        ("OCI_TEST_PULL", "1"),
        ("OCI_TAG_NAME", "v1"),
    ];
    let (command, _) = adopted("", &old).unwrap();
    insta::assert_snapshot!(command, @"assize run https://r.example --repository team/one --image team/one:v1 --read-only --only pull/*");
    let pushing = [&old[..], &[("OCI_TEST_PUSH", "1")]].concat();
    assert!(!adopted("", &pushing).unwrap().0.contains("--read-only"));
}

#[test]
fn certificates_are_looked_at_unless_it_says_otherwise() {
    let insecure = [("OCI_REGISTRY", "r.example"), ("OCI_TLS", "insecure")];
    assert_eq!(
        adopted("", &insecure).unwrap().0,
        "assize run https://r.example --insecure"
    );
    assert_eq!(
        adopted("--ca ca.pem", &insecure).unwrap().0,
        "assize run https://r.example --ca ca.pem"
    );
    assert_eq!(
        adopted("", &insecure[..1]).unwrap().0,
        "assize run https://r.example"
    );
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let refused = |variables: &[(&str, &str)]| adopted("", variables).unwrap_err().to_string();
    let with = |name: &'static str, value: &'static str| [("OCI_REGISTRY", "r.example"), (name, value)];
    insta::assert_snapshot!(
        [
            refused(&[("OCI_NAMESPACE", "team/one")]),
            refused(&with("OCI_VERSION", "2.0")),
            refused(&with("OCI_TLS", "on")),
            refused(&with("OCI_TEST_PULL", "yes")),
            refused(&[
                ("OCI_REGISTRY", "r.example"),
                ("OCI_API_PUSH", "false"),
                ("OCI_RO_DATA_TAGS", "v1"),
            ]),
        ]
        .join("\n"),
        @"
    OCI_NAMESPACE is set, but no registry is named: set OCI_REGISTRY or OCI_ROOT_URL, or give a target
    OCI_VERSION is `2.0`, which is none of 1.0, 1.1, stable and dev
    OCI_TLS is `on`, which is none of enabled, insecure and disabled
    OCI_TEST_PULL is `yes`, which is none of 1, 0, true and false
    OCI_RO_DATA_TAGS names `v1`, which is neither a tag nor a digest, or OCI_REPO1 names no repository
    "
    );
    assert_eq!(adopted("", &[("OCI_DEBUG", "1")]).unwrap().1, None);
}

#[test]
fn the_documentation_names_every_variable() {
    let page = include_str!("../../../OFFICIAL.md");
    for variable in VARIABLES {
        assert!(
            page.contains(&format!("`{}`", variable.name)),
            "{}",
            variable.name
        );
    }
}
