//! The conforming registries behind the deviations, and the accounts that the suite has there.

use crate::wire::{Account, Client, ClientSettings, Credentials, Keeping, SettingsError, Url};

/// The kinds of registry that deviations are laid over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Any; one that asks nobody who they are will do.
    Any,
    /// One that asks nobody who they are.
    Open,
    /// One with accounts. Besides the user that the suite logs in as, it needs those of these names.
    Accounts(&'static [&'static str]),
}

/// A well-behaved registry, and the accounts that the suite has there.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Its address.
    pub url: Url,
    /// Who asks it.
    pub credentials: Credentials,
}

impl Upstream {
    /// A registry that asks nobody who they are.
    pub fn open(url: Url) -> Upstream {
        Upstream {
            url,
            credentials: Credentials::none(),
        }
    }

    /// A client for answers that are passed on, so that every body is kept whole.
    pub(super) fn messenger(&self, url: Url) -> Result<Client, SettingsError> {
        let mut settings = ClientSettings::new(url);
        settings.credentials = self.credentials.clone();
        settings.keeping = Keeping::All;
        Client::new(settings)
    }

    /// What this registry lacks to be of a kind.
    fn lacks(&self, kind: Over) -> Option<String> {
        let is_missing = |account: &Account| !self.credentials.has(account);
        let is_open = is_missing(&Account::Default);
        let names = match kind {
            Over::Any => return None,
            Over::Open if is_open => return None,
            Over::Open => return Some("it takes a registry that asks nobody who they are".to_owned()),
            Over::Accounts(_) if is_open => {
                return Some("it takes a registry with accounts, and a user to log in as".to_owned());
            }
            Over::Accounts(names) => names,
        };
        let named = |name: &&&str| is_missing(&Account::Named((**name).to_owned()));
        names
            .iter()
            .find(named)
            .map(|name| format!("it takes another account: --account {name}"))
    }
}

/// The registries that a matrix is made over.
#[derive(Clone, Debug)]
pub struct Upstreams {
    open: Upstream,
    guarded: Option<Upstream>,
}

impl Upstreams {
    /// One registry for all deviations that its accounts allow.
    pub fn one(upstream: Upstream) -> Upstreams {
        Upstreams {
            open: upstream,
            guarded: None,
        }
    }

    /// A registry that asks nobody who they are, and one with accounts.
    pub fn two(open: Upstream, guarded: Upstream) -> Upstreams {
        Upstreams {
            open,
            guarded: Some(guarded),
        }
    }

    /// The registry of a kind, or why there is none.
    pub fn under(&self, kind: Over) -> Result<&Upstream, String> {
        let upstream = match (&self.guarded, kind) {
            (Some(guarded), Over::Accounts(_)) => guarded,
            _ => &self.open,
        };
        upstream.lacks(kind).map_or(Ok(upstream), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saboteur::Deviation;
    use crate::wire::Login;

    const OPEN: Deviation = Deviation::instead("open", &[], |_| None);
    const GUARDED: Deviation = Deviation::instead("guarded", &[], |_| None).with_accounts(&["reader"]);

    fn upstream(address: &str, credentials: Credentials) -> Upstream {
        Upstream {
            url: Url::parse(address).unwrap(),
            credentials,
        }
    }

    fn under(upstreams: &Upstreams, deviation: &Deviation) -> Result<String, String> {
        upstreams
            .under(deviation.over)
            .map(|upstream| upstream.url.to_string())
    }

    #[test]
    fn a_deviation_of_rights_lies_over_a_registry_with_the_accounts_that_it_needs() {
        let user = || Credentials::none().with_default(Login::Token("t".into()));
        let reader = || user().with_named("reader", Login::Token("r".into()));
        let nobody = || upstream("http://open", Credentials::none());
        let upstreams = Upstreams::two(nobody(), upstream("http://guarded", reader()));
        assert_eq!(under(&upstreams, &OPEN).unwrap(), "http://open");
        assert_eq!(under(&upstreams, &GUARDED).unwrap(), "http://guarded");
        let foreign = Upstreams::one(upstream("http://foreign", reader()));
        assert_eq!(under(&foreign, &OPEN).unwrap(), "http://foreign");
        assert_eq!(under(&foreign, &GUARDED).unwrap(), "http://foreign");
        let why = |credentials| {
            under(&Upstreams::one(upstream("http://foreign", credentials)), &GUARDED).unwrap_err()
        };
        assert!(why(Credentials::none()).contains("a user to log in as"));
        assert!(why(user()).ends_with("--account reader"));
        let over_accounts = under(&foreign, &OPEN.without_accounts());
        assert!(over_accounts.unwrap_err().contains("asks nobody"));
    }
}
