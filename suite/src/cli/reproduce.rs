//! The command that runs a scenario again: what was typed, less what does not matter to one scenario.

use assize::wire::quoted;
use clap::ValueEnum;

use super::arguments::{HttpVersion, Profile, RunArguments, USUAL_PASSWORD};

/// The command as far as the user typed it; the password stays in the environment.
pub(crate) fn command(arguments: &RunArguments) -> String {
    let mut words = vec!["assize run".to_owned()];
    words.extend(arguments.target.iter().map(|target| quoted(target)));
    for (option, values) in options(arguments) {
        words.extend(values.iter().map(|value| format!("{option} {}", quoted(value))));
    }
    let flags = flags(arguments).into_iter().filter(|(_, is_typed)| *is_typed);
    words.extend(flags.map(|(flag, _)| flag.to_owned()));
    words.join(" ")
}

/// The options that matter to one scenario, each with what was typed behind it, as often as it was.
fn options(arguments: &RunArguments) -> [(&'static str, Vec<String>); 19] {
    let RunArguments {
        registry,
        selection,
        conduct,
        ..
    } = arguments;
    let login = &registry.login;
    let profile = Some(selection.profile).filter(|profile| *profile != Profile::Oci);
    let password_env = Some(&login.password_env).filter(|variable| *variable != USUAL_PASSWORD);
    let grace = Some(conduct.pace.grace).filter(|grace| !grace.is_zero());
    let http = Some(registry.http).filter(|http| *http != HttpVersion::V2);
    let proxy = registry.proxy.as_ref();
    [
        ("--spec", typed(selection.spec.iter().filter_map(name_of))),
        ("--profile", typed(profile.iter().filter_map(name_of))),
        ("--user", typed(&login.user)),
        ("--password-env", typed(password_env)),
        ("--account", typed(&login.account)),
        ("--repository", typed(&registry.repository)),
        ("--repository-prefix", typed(&registry.repository_prefix)),
        ("--image", typed(&selection.image)),
        ("--require", typed(&selection.require)),
        ("--ca", typed(registry.ca.iter().map(|file| file.display()))),
        ("--cert", typed(registry.cert.iter().map(|file| file.display()))),
        ("--key", typed(registry.key.iter().map(|file| file.display()))),
        (
            "--resolve",
            typed(
                registry
                    .resolve
                    .iter()
                    .map(|found| format!("{}:{}:{}", found.host, found.port, found.address)),
            ),
        ),
        (
            "--header",
            typed(
                registry
                    .header
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}")),
            ),
        ),
        ("--http", typed(http.iter().filter_map(name_of))),
        ("--user-agent", typed(&registry.user_agent)),
        ("--proxy", typed(proxy.map(|proxy| proxy.server.to_string()))),
        (
            "--scenarios",
            typed(selection.scenarios.iter().map(|folder| folder.display())),
        ),
        (
            "--grace",
            typed(grace.map(|grace| format!("{}ms", grace.as_millis()))),
        ),
    ]
}

/// The flags that matter to one scenario, and whether each was typed.
fn flags(arguments: &RunArguments) -> [(&'static str, bool); 4] {
    [
        ("--read-only", arguments.selection.read_only),
        ("--anonymous", arguments.registry.login.anonymous),
        ("--insecure", arguments.registry.insecure),
        ("--same-host", arguments.registry.same_host),
    ]
}

fn typed<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn name_of(value: &impl ValueEnum) -> Option<String> {
    value.to_possible_value().map(|value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::arguments::Arguments;

    #[test]
    fn what_matters_to_a_scenario_is_typed_again() {
        let words = [
            "assize",
            "https://registry.example.com",
            "--spec=1.0",
            "--user=me",
            "--repository=me/app",
            "--scenarios=my folder",
            "--grace=5s",
            "--read-only",
            "--image=me/app:v1",
            "--insecure",
            "--anonymous",
            "--same-host",
            "--http=1.1",
            "--header=X-Tenant: me",
            "--resolve=registry.example.com:443:192.0.2.7",
            "--proxy=http://me:secret@proxy.example.com:3128",
            "--only=push/*",
            "--report=json=a",
            "--strict",
            "--seed=7",
        ];
        let arguments = Arguments::try_parse_from(words).unwrap();
        insta::assert_snapshot!(
            command(&arguments.run),
            @"assize run https://registry.example.com --spec 1.0 --user me --repository me/app --image me/app:v1 --resolve registry.example.com:443:192.0.2.7 --header 'X-Tenant: me' --http 1.1 --proxy http://proxy.example.com:3128 --scenarios 'my folder' --grace 5000ms --read-only --anonymous --insecure --same-host"
        );
    }
}
