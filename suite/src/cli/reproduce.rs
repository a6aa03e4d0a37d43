//! The command that runs a scenario again: what was typed, less what does not matter to one scenario.

use assize::wire::quoted;
use clap::ValueEnum;

use super::arguments::{Profile, RunArguments, USUAL_PASSWORD};

/// The command as far as the user typed it; the password stays in the environment.
pub(crate) fn command(arguments: &RunArguments) -> String {
    let RunArguments {
        target,
        registry,
        selection,
        conduct,
        ..
    } = arguments;
    let mut words = vec!["assize run".to_owned()];
    words.extend(target.iter().map(|target| quoted(target)));
    let mut add = |option: &str, value: &str| words.push(format!("{option} {}", quoted(value)));
    if let Some(spec) = selection.spec.and_then(|spec| spec.to_possible_value()) {
        add("--spec", spec.get_name());
    }
    let profile = Some(selection.profile).filter(|profile| *profile != Profile::Oci);
    if let Some(profile) = profile.and_then(|profile| profile.to_possible_value()) {
        add("--profile", profile.get_name());
    }
    registry.login.user.iter().for_each(|user| add("--user", user));
    if registry.login.password_env != USUAL_PASSWORD {
        add("--password-env", &registry.login.password_env);
    }
    registry
        .login
        .account
        .iter()
        .for_each(|account| add("--account", account));
    registry
        .repository
        .iter()
        .for_each(|repository| add("--repository", repository));
    selection
        .image
        .iter()
        .for_each(|image| add("--image", &image.to_string()));
    selection
        .require
        .iter()
        .for_each(|capability| add("--require", capability));
    registry
        .ca
        .iter()
        .for_each(|file| add("--ca", &file.to_string_lossy()));
    let files = [("--cert", &registry.cert), ("--key", &registry.key)];
    for (option, file) in files {
        file.iter().for_each(|file| add(option, &file.to_string_lossy()));
    }
    for found in &registry.resolve {
        add(
            "--resolve",
            &format!("{}:{}:{}", found.host, found.port, found.address),
        );
    }
    for (name, value) in &registry.header {
        add("--header", &format!("{name}: {value}"));
    }
    registry
        .user_agent
        .iter()
        .for_each(|name| add("--user-agent", name));
    if let Some(proxy) = &registry.proxy {
        add("--proxy", &proxy.server.to_string());
    }
    selection
        .scenarios
        .iter()
        .for_each(|folder| add("--scenarios", &folder.to_string_lossy()));
    if !conduct.pace.grace.is_zero() {
        add("--grace", &format!("{}ms", conduct.pace.grace.as_millis()));
    }
    if selection.read_only {
        words.push("--read-only".to_owned());
    }
    if registry.login.anonymous {
        words.push("--anonymous".to_owned());
    }
    if registry.insecure {
        words.push("--insecure".to_owned());
    }
    if registry.same_host {
        words.push("--same-host".to_owned());
    }
    words.join(" ")
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
            @"assize run https://registry.example.com --spec 1.0 --user me --repository me/app --image me/app:v1 --resolve registry.example.com:443:192.0.2.7 --header 'X-Tenant: me' --proxy http://proxy.example.com:3128 --scenarios 'my folder' --grace 5000ms --read-only --anonymous --insecure --same-host"
        );
    }
}
