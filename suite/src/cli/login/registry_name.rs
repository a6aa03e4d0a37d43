//! The names under which files of logins know a registry.

use assize::wire::Url;

/// The hosts of Docker Hub, which are one registry.
const HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];
/// The name under which Docker keeps the login for its Hub.
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// A registry, as files of logins name it.
#[derive(Clone, Debug)]
pub(super) struct RegistryName {
    /// The host, without a port.
    pub(super) host: String,
    /// The host, with its port unless that is the usual one.
    authority: String,
    /// The repository that is asked, if it is known.
    repository: Option<String>,
}

impl RegistryName {
    /// The name of a target, and of a repository in it.
    pub(super) fn of(target: &Url, repository: Option<&str>) -> RegistryName {
        let origin = target.origin();
        // What a client knows of an API below a path is a longer name.
        let mount = target.mount().trim_start_matches('/');
        let mount = (!mount.is_empty()).then_some(mount);
        let names: Vec<&str> = mount.into_iter().chain(repository).collect();
        let authority = target.authority();
        RegistryName {
            host: origin.host().to_owned(),
            authority: plain(authority),
            repository: (!names.is_empty()).then(|| names.join("/")),
        }
    }

    /// What a credential helper is asked for.
    pub(super) fn for_a_helper(&self) -> &str {
        if self.is_hub() { HUB_KEY } else { &self.authority }
    }

    /// Whether a key means this registry, and how much of the name of the repository it holds.
    pub(super) fn matches(&self, key: &str) -> Option<usize> {
        let (authority, path) = split(key);
        let same = authority == self.authority || self.is_hub() && HUB.contains(&authority.as_str());
        if !same {
            return None;
        }
        match (path, &self.repository) {
            ("" | "v1" | "v2", _) => Some(0),
            (_, None) => None,
            (path, Some(repository)) => {
                let rest = repository.strip_prefix(path)?;
                (rest.is_empty() || rest.starts_with('/')).then_some(path.len())
            }
        }
    }

    fn is_hub(&self) -> bool {
        HUB.contains(&self.authority.as_str())
    }
}

/// The host of a key, and what stands behind it.
fn split(key: &str) -> (String, &str) {
    let bare = key.split_once("://").map_or(key, |(_, bare)| bare);
    let (authority, path) = bare.split_once('/').unwrap_or((bare, ""));
    (plain(authority), path.trim_matches('/'))
}

/// A host in small letters, without the ports that mean nothing.
fn plain(authority: &str) -> String {
    let lower = authority.to_ascii_lowercase();
    let bare = [":443", ":80"].iter().find_map(|port| lower.strip_suffix(port));
    bare.map(str::to_owned).unwrap_or(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(target: &str, repository: Option<&str>) -> RegistryName {
        RegistryName::of(&Url::parse(target).unwrap(), repository)
    }

    #[test]
    fn a_key_means_a_registry_with_or_without_scheme_and_path() {
        let registry = name("https://R.example", None);
        for key in [
            "r.example",
            "R.Example",
            "https://r.example",
            "https://r.example/v1/",
            "r.example/v2/",
            "r.example:443",
        ] {
            assert_eq!(registry.matches(key), Some(0), "{key}");
        }
        for key in [
            "r.example:5000",
            "x.r.example",
            "r.example.net",
            "r.example/team",
            "",
        ] {
            assert_eq!(registry.matches(key), None, "{key}");
        }
        assert_eq!(name("http://[::1]:5000", None).matches("[::1]:5000"), Some(0));
    }

    #[test]
    fn a_key_with_a_repository_counts_where_it_is_known() {
        let registry = name("https://r.example", Some("team/app"));
        assert_eq!(registry.matches("r.example/team"), Some(4));
        assert_eq!(registry.matches("r.example/team/app"), Some(8));
        assert_eq!(registry.matches("r.example/te"), None);
        assert_eq!(registry.matches("r.example"), Some(0));
    }

    #[test]
    fn the_hub_has_several_names_and_one_login() {
        let hub = name("https://registry-1.docker.io", None);
        for key in [HUB_KEY, "docker.io", "index.docker.io"] {
            assert_eq!(hub.matches(key), Some(0), "{key}");
        }
        assert_eq!(hub.for_a_helper(), HUB_KEY);
        assert_eq!(
            name("https://r.example:5000", None).for_a_helper(),
            "r.example:5000"
        );
    }
}
