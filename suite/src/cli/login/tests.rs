//! A home with the files of other clients in it.

use std::path::Path;

use assize::wire::Account;
use clap::Parser;

use super::*;
use crate::cli::arguments::Arguments;

const ALICE: &str = r#"{"auths":{"r.example":{"auth":"YWxpY2U6aHVudGVyMg=="}}}"#;
const BOB: &str = r#"{"auths":{"r.example":{"auth":"Ym9iOmh1bnRlcjI="}}}"#;

/// A folder of somebody, and variables.
struct Home {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Home {
    fn with(files: &[(&str, &str)]) -> Home {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        }
        let path = |path: &str| folder.path().join(path).display().to_string();
        let variables = vec![
            ("HOME", path("")),
            ("PATH", path("bin")),
            ("XDG_RUNTIME_DIR", path("run")),
        ];
        Home { folder, variables }
    }

    fn set(mut self, name: &'static str, value: &str) -> Home {
        self.variables.retain(|(held, _)| *held != name);
        self.variables.push((name, value.to_owned()));
        self
    }

    fn set_path(self, name: &'static str, path: &str) -> Home {
        let path = self.folder.path().join(path).display().to_string();
        self.set(name, &path)
    }

    /// A helper that does what these lines of shell say.
    #[cfg(unix)]
    fn with_helper(self, name: &str, lines: &str) -> Home {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.folder.path().join("bin").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn credentials(&self, line: &str) -> Result<Credentials, String> {
        let words = std::iter::once("assize").chain(line.split_whitespace());
        let registry = Arguments::try_parse_from(words).unwrap().run.registry;
        let held = |name: &str| {
            let mut variables = self.variables.iter();
            variables
                .find(|(held, _)| *held == name)
                .map(|(_, value)| value.clone())
        };
        let target = Url::parse("https://r.example").unwrap();
        credentials(
            &registry.login,
            Some(&target),
            registry.repository.first().map(String::as_str),
            &held,
        )
        .map_err(|error| self.plain(&error.to_string()))
    }

    /// What a report says of the login.
    fn said(&self, line: &str) -> String {
        let credentials = self.credentials(line).unwrap();
        match credentials.source() {
            LoginSource::Found(said) => self.plain(said),
            LoginSource::LookedFor(places) => self.plain(&format!("nothing in {}", places.join(", "))),
            LoginSource::Unsaid => "nothing".to_owned(),
        }
    }

    fn plain(&self, text: &str) -> String {
        let home = |path: &Path| path.display().to_string();
        text.replace(&home(self.folder.path()), "HOME")
    }
}

#[test]
fn a_login_of_docker_is_found_and_its_place_is_told() {
    let home = Home::with(&[(".docker/config.json", ALICE)]);
    insta::assert_snapshot!(home.said(""), @"the login was that of `alice`, with the password from ~/.docker/config.json");
    let home = home.set_path("DOCKER_CONFIG", "elsewhere");
    assert_eq!(home.said(""), "nothing in ");
    let home = Home::with(&[("mine/config.json", BOB), (".docker/config.json", ALICE)]);
    let home = home.set_path("DOCKER_CONFIG", "mine");
    assert!(
        home.said("")
            .contains("`bob`, with the password from ~/mine/config.json")
    );
}

#[test]
fn files_are_looked_at_in_the_order_of_podman() {
    let places = [
        "run/containers/auth.json",
        ".config/containers/auth.json",
        ".docker/config.json",
        ".netrc",
    ];
    let netrc = "machine r.example login alice password hunter2\n";
    let text = |place: &str| if place == ".netrc" { netrc } else { ALICE };
    for first in 0..places.len() {
        let files: Vec<(&str, &str)> = places[first..]
            .iter()
            .map(|place| (*place, text(place)))
            .collect();
        let expected = format!(
            "the login was that of `alice`, with the password from ~/{}",
            places[first]
        );
        assert_eq!(Home::with(&files).said(""), expected);
    }
    let all: Vec<(&str, &str)> = places.iter().map(|place| (*place, "")).collect();
    assert_eq!(
        Home::with(&all).said(""),
        "nothing in ~/run/containers/auth.json, ~/.config/containers/auth.json, ~/.docker/config.json, ~/.netrc"
    );
}

#[test]
fn the_file_that_is_named_is_the_only_one() {
    let home = Home::with(&[(".docker/config.json", ALICE), ("mine.json", BOB)]);
    let home = home.set_path("REGISTRY_AUTH_FILE", "mine.json");
    assert!(home.said("").contains("`bob`"));
    let home = home.set_path("REGISTRY_AUTH_FILE", "none.json");
    insta::assert_snapshot!(
        home.credentials("").unwrap_err(),
        @"the logins in ~/none.json cannot be read: No such file or directory (os error 2); --anonymous goes without any login"
    );
    assert!(!home.credentials("--anonymous").unwrap().has(&Account::Default));
}

#[test]
fn what_is_typed_and_what_variables_hold_comes_first() {
    let home = Home::with(&[(".docker/config.json", ALICE)]).set("ASSIZE_TOKEN", "hunter2");
    assert_eq!(home.said(""), "the login was the token from ASSIZE_TOKEN");
    let home = Home::with(&[(".docker/config.json", ALICE)]).set("MINE", "hunter2");
    let said = home.said("--user me --password-env MINE");
    assert_eq!(said, "the login was that of `me`, with the password from MINE");
    let home = Home::with(&[]).set("ASSIZE_REFRESH_TOKEN", "hunter2");
    assert_eq!(
        home.said(""),
        "the login was the refresh token from ASSIZE_REFRESH_TOKEN"
    );
}

#[test]
fn a_spoilt_file_is_told_without_what_stands_in_it() {
    let spoilt = Home::with(&[(".docker/config.json", "{\"auths\": \"hunter2\"}")]);
    insta::assert_snapshot!(
        spoilt.credentials("").unwrap_err(),
        @"~/.docker/config.json, which should hold logins, is not as it should be in line 1, column 19; --anonymous goes without any login"
    );
    let entry = r#"{"auths":{"r.example":{"auth":"aHVudGVyMg=="}}}"#;
    insta::assert_snapshot!(
        Home::with(&[(".docker/config.json", entry)]).credentials("").unwrap_err(),
        @"~/.docker/config.json, which should hold logins, has no user and password at `r.example`: its `auth` is not what Base64 makes of USER:PASSWORD; --anonymous goes without any login"
    );
}

#[cfg(unix)]
#[test]
fn a_helper_is_asked_for_the_registry() {
    let config = r#"{"credHelpers":{"r.example":"mine"}}"#;
    let login = r#"read asked; [ "$1 $asked" = "get r.example" ] && echo '{"ServerURL":"r.example","Username":"alice","Secret":"hunter2"}'"#;
    let home = Home::with(&[(".docker/config.json", config)]).with_helper("docker-credential-mine", login);
    insta::assert_snapshot!(
        home.said(""),
        @"the login was that of `alice`, with the password from docker-credential-mine, which ~/.docker/config.json names"
    );
    let token = r#"echo '{"Username":"<token>","Secret":"hunter2"}'"#;
    let home = home.with_helper("docker-credential-mine", token);
    assert!(
        home.said("")
            .starts_with("the login was the refresh token from docker-credential-mine")
    );
    let nothing = "echo 'credentials not found in native keychain'; exit 1";
    let home = home.with_helper("docker-credential-mine", nothing);
    assert_eq!(home.said(""), "nothing in ~/.docker/config.json");
    let home = home.with_helper("docker-credential-mine", "echo the keychain is locked; exit 1");
    insta::assert_snapshot!(
        home.credentials("").unwrap_err(),
        @"~/.docker/config.json says to ask a credential helper, but `docker-credential-mine` fails: the keychain is locked; --anonymous goes without any login"
    );
    let home = home.with_helper("docker-credential-mine", "echo hunter2");
    assert!(!home.credentials("").unwrap_err().contains("hunter2"));
}

#[test]
fn a_store_that_is_not_there_matters_where_it_holds_the_login() {
    let config = |auths: &str| format!(r#"{{"credsStore":"desktop","auths":{{{auths}}}}}"#);
    let home = |auths: &str| Home::with(&[(".docker/config.json", &config(auths))]);
    insta::assert_snapshot!(
        home(r#""r.example":{}"#).credentials("").unwrap_err(),
        @"~/.docker/config.json says to ask a credential helper, but there is no program `docker-credential-desktop` in PATH; --anonymous goes without any login"
    );
    insta::assert_snapshot!(
        home("").said(""),
        @"nothing in a credential helper (there is no program `docker-credential-desktop` in PATH), ~/.docker/config.json"
    );
    assert!(
        home(r#""r.example":{"auth":"YWxpY2U6aHVudGVyMg=="}"#)
            .said("")
            .contains("`alice`")
    );
}

#[cfg(unix)]
#[test]
fn what_a_store_does_not_know_docker_and_crane_do_not_look_for_beside_it() {
    let nothing = "echo 'credentials not found in native keychain'; exit 1";
    let text = |entry: &str| format!(r#"{{"credsStore":"mine","auths":{{"r.example":{{{entry}}}}}}}"#);
    let alice = text(r#""auth":"YWxpY2U6aHVudGVyMg==""#);
    let home =
        |path: &str, text: &str| Home::with(&[(path, text)]).with_helper("docker-credential-mine", nothing);
    insta::assert_snapshot!(home(".docker/config.json", &alice).said(""));
    // Podman asks no store.
    assert!(
        home(".config/containers/auth.json", &alice)
            .said("")
            .contains("`alice`")
    );
    let token = text(r#""registrytoken":"hunter2""#);
    assert!(
        home(".docker/config.json", &token)
            .said("")
            .starts_with("the login was the token")
    );
    let bob = r#"echo '{"Username":"bob","Secret":"hunter2"}'"#;
    let home = home(".docker/config.json", &alice).with_helper("docker-credential-mine", bob);
    assert!(home.said("").contains("`bob`"));
}

#[test]
fn half_a_login_is_a_slip() {
    let home = |name: &'static str| Home::with(&[]).set(name, "hunter2");
    insta::assert_snapshot!(
        home("X").credentials("--user me").unwrap_err(),
        @"the user `me` needs a password in ASSIZE_PASSWORD, or a terminal to type it on"
    );
    insta::assert_snapshot!(
        home("ASSIZE_PASSWORD").credentials("").unwrap_err(),
        @"the password in ASSIZE_PASSWORD needs a user in ASSIZE_USER"
    );
    insta::assert_snapshot!(
        home("X").credentials("--account second-one").unwrap_err(),
        @"the account `second-one` needs ASSIZE_SECOND_ONE_USER and ASSIZE_SECOND_ONE_PASSWORD, or ASSIZE_SECOND_ONE_TOKEN, or ASSIZE_SECOND_ONE_REFRESH_TOKEN"
    );
    let both = home("ASSIZE_PASSWORD").set("ASSIZE_TOKEN", "hunter2");
    insta::assert_snapshot!(
        both.credentials("--user me").unwrap_err(),
        @"there is more than one way to log in, and only one can be used: ASSIZE_PASSWORD, ASSIZE_TOKEN"
    );
}
