//! The well-behaved registries that deviations are laid over, and who asks them.

use super::deviation::{Deviation, Over};
use crate::wire::{Account, Client, Credentials, Keeping, Settings, SettingsError, Url};

/// A well-behaved registry, and the accounts that the suite has there.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Its address.
    pub url: Url,
    /// Who asks it.
    pub credentials: Credentials,
}

impl Ground {
    /// A registry that asks nobody who they are.
    pub fn open(url: Url) -> Ground {
        Ground {
            url,
            credentials: Credentials::none(),
        }
    }

    /// A client for answers that are passed on, so that every body is kept whole.
    pub(super) fn messenger(&self, url: Url) -> Result<Client, SettingsError> {
        Client::new(Settings {
            credentials: self.credentials.clone(),
            keeping: Keeping::All,
            ..Settings::new(url)
        })
    }

    /// Why a deviation can not be laid over this registry, if it can not.
    fn wants(&self, deviation: &Deviation) -> Option<String> {
        let is_missing = |account: &Account| !self.credentials.has(account);
        let is_open = is_missing(&Account::Default);
        let names = match deviation.over {
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
pub struct Grounds {
    open: Ground,
    guarded: Option<Ground>,
}

impl Grounds {
    /// One registry for all deviations that its accounts allow.
    pub fn one(ground: Ground) -> Grounds {
        Grounds {
            open: ground,
            guarded: None,
        }
    }

    /// A registry that asks nobody who they are, and one with accounts.
    pub fn two(open: Ground, guarded: Ground) -> Grounds {
        Grounds {
            open,
            guarded: Some(guarded),
        }
    }

    /// The registry that a deviation is laid over, or why there is none.
    pub fn under(&self, deviation: &Deviation) -> Result<&Ground, String> {
        let ground = match (&self.guarded, deviation.over) {
            (Some(guarded), Over::Accounts(_)) => guarded,
            _ => &self.open,
        };
        ground.wants(deviation).map_or(Ok(ground), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Login;

    const OPEN: Deviation = Deviation::instead("open", &[], |_| None);
    const GUARDED: Deviation = Deviation::instead("guarded", &[], |_| None).with_accounts(&["reader"]);

    fn ground(address: &str, credentials: Credentials) -> Ground {
        Ground {
            url: Url::parse(address).unwrap(),
            credentials,
        }
    }

    fn under(grounds: &Grounds, deviation: &Deviation) -> Result<String, String> {
        grounds.under(deviation).map(|ground| ground.url.to_string())
    }

    #[test]
    fn a_deviation_of_rights_lies_over_a_registry_with_the_accounts_that_it_needs() {
        let user = || Credentials::none().with_default(Login::Token("t".into()));
        let reader = || user().with_named("reader", Login::Token("r".into()));
        let nobody = || ground("http://open", Credentials::none());
        let grounds = Grounds::two(nobody(), ground("http://guarded", reader()));
        assert_eq!(under(&grounds, &OPEN).unwrap(), "http://open");
        assert_eq!(under(&grounds, &GUARDED).unwrap(), "http://guarded");
        let foreign = Grounds::one(ground("http://foreign", reader()));
        assert_eq!(under(&foreign, &OPEN).unwrap(), "http://foreign");
        assert_eq!(under(&foreign, &GUARDED).unwrap(), "http://foreign");
        let why =
            |credentials| under(&Grounds::one(ground("http://foreign", credentials)), &GUARDED).unwrap_err();
        assert!(why(Credentials::none()).contains("a user to log in as"));
        assert!(why(user()).ends_with("--account reader"));
        let over_accounts = under(&foreign, &OPEN.without_accounts());
        assert!(over_accounts.unwrap_err().contains("asks nobody"));
    }
}
