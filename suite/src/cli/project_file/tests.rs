//! A project with a file of targets.

use clap::CommandFactory as _;
use serde_json::json;

use super::*;
use crate::cli::arguments::Arguments;

/// Where the schema of the file is kept.
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/assize.schema.json");

const FILE: &str = r#"
[targets.staging]
target = "https://registry.staging.example.com"
user = "ci"
password-env = "STAGING_PASSWORD"
repository = ["team/app", "team/other"]
ca = "certificates/ca.pem"
jobs = 4
same-host = true
strict = false

[targets.production]
target = "https://registry.example.com"
"#;

/// The folder of a project, in which somebody works further down.
fn project(file: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("src/deep")).unwrap();
    std::fs::write(folder.path().join(NAME), file).unwrap();
    folder
}

/// The address and the command line that a typed line becomes.
fn typed(file: &str, line: &str) -> Result<Option<(String, String)>, String> {
    let folder = project(file);
    let plain = |text: String| text.replace(&folder.path().display().to_string(), "PROJECT");
    let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    let mut command = Arguments::command();
    command.build();
    let matches = command.clone().try_get_matches_from(&words).unwrap();
    let found = named_target(&command, &matches, &words, &folder.path().join("src/deep"));
    let found = found.map_err(|error| plain(error.to_string()))?;
    Ok(found.map(|found| {
        let words: Vec<String> = found
            .words
            .iter()
            .map(|word| word.display().to_string())
            .collect();
        Arguments::command().try_get_matches_from(&found.words).unwrap();
        (found.address, plain(words.join(" ")))
    }))
}

#[test]
fn a_target_is_typed_by_its_name() {
    let (address, line) = typed(FILE, "assize run staging --strict").unwrap().unwrap();
    assert_eq!(address, "https://registry.staging.example.com");
    insta::assert_snapshot!(line, @"assize run --ca=PROJECT/certificates/ca.pem --jobs=4 --password-env=STAGING_PASSWORD --repository=team/app --repository=team/other --same-host --user=ci staging --strict");
    let (_, line) = typed(FILE, "assize production").unwrap().unwrap();
    assert_eq!(line, "assize production");
}

#[test]
fn what_is_typed_comes_first() {
    let (_, line) = typed(FILE, "assize staging --user me --repository mine --jobs=1")
        .unwrap()
        .unwrap();
    insta::assert_snapshot!(line, @"assize --ca=PROJECT/certificates/ca.pem --password-env=STAGING_PASSWORD --same-host staging --user me --repository mine --jobs=1");
}

#[test]
fn another_command_takes_what_it_knows() {
    let (_, line) = typed(FILE, "assize clean staging --color never")
        .unwrap()
        .unwrap();
    insta::assert_snapshot!(line, @"assize clean --ca=PROJECT/certificates/ca.pem --password-env=STAGING_PASSWORD --repository=team/app --repository=team/other --same-host --user=ci staging --color never");
    assert_eq!(typed(FILE, "assize list").unwrap(), None);
}

#[test]
fn other_words_are_what_they_were() {
    for line in ["assize", "assize run https://r.example", "assize run preview"] {
        assert_eq!(typed(FILE, line).unwrap(), None, "{line}");
    }
}

#[test]
fn a_slip_is_told_with_its_place() {
    let refused = |options: &str| {
        let file = format!("[targets.staging]\ntarget = \"https://r.example\"\n{options}\n");
        typed(&file, "assize run staging").unwrap_err()
    };
    insta::assert_snapshot!(
        [
            refused("passphrase-env = \"X\""),
            refused("password = \"hunter2\""),
            refused("grace = 1.5"),
        ]
        .join("\n"),
        @"
    PROJECT/assize.toml: the target `staging` has `passphrase-env`, which is no option of `assize run`
    PROJECT/assize.toml: the target `staging` has `password`, which is no option of `assize run`
    PROJECT/assize.toml: the target `staging` has a `grace` that is neither a text, a number, true or false, nor a list of these
    "
    );
    let malformed = typed("[target.staging]\n", "assize run staging").unwrap_err();
    assert!(malformed.contains("line 1"), "{malformed}");
}

/// The schema of the file, as the options of `assize run` make it.
fn schema() -> serde_json::Value {
    let mut command = Arguments::command();
    command.build();
    let run = command.find_subcommand("run").unwrap();
    let mut properties = serde_json::Map::new();
    let address = json!({"type": "string", "description": "URL or host of the registry"});
    properties.insert("target".to_owned(), address);
    for argument in options(run) {
        let one = json!({"type": ["string", "integer"]});
        let mut property = match argument.get_action() {
            ArgAction::SetTrue => json!({"type": "boolean"}),
            ArgAction::Append => json!({"anyOf": [one, {"type": "array", "items": one}]}),
            _ => one,
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        property["description"] = json!(help);
        properties.insert(argument.get_long().unwrap().to_owned(), property);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "assize.toml",
        "description": "The targets of a project by name; `assize run NAME` tests one with these options",
        "type": "object",
        "additionalProperties": false,
        "required": ["targets"],
        "properties": {
            "targets": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["target"],
                    "properties": properties,
                },
            },
        },
    })
}

/// `ASSIZE_SCHEMA=1` writes it anew.
#[test]
fn the_schema_knows_every_option_and_no_other() {
    let text = format!("{:#}\n", schema());
    if std::env::var_os("ASSIZE_SCHEMA").is_some() {
        std::fs::write(SCHEMA, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(SCHEMA).unwrap(), text);
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let valid = |file: &str| validator.is_valid(&toml::from_str(file).unwrap());
    assert!(valid(FILE));
    assert!(!valid("[targets.staging]\ntarget = \"r\"\npassword = \"p\"\n"));
    assert!(!valid("[targets.staging]\nuser = \"me\"\n"));
}
