//! Scopes: actions on a resource, as clients ask for them and as tokens carry them (Docker: Token Scope Documentation).

use serde::{Deserialize, Deserializer, Serialize};

use super::accounts::{Grants, Right};
use super::required_access::RequiredAccess;
use crate::protocol::Name;

/// The type of a repository, and of what the registry is as a whole.
const REPOSITORY: &str = "repository";
const REGISTRY: &str = "registry";
/// The name of the list of repositories.
const CATALOG: &str = "catalog";
/// Every action.
const EVERY: &str = "*";

/// Actions on a resource: `repository:team/app:pull,push`, or an entry of `access` in a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scope {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default, deserialize_with = "or_null")]
    actions: Vec<String>,
}

impl Scope {
    /// Reads a scope; one that is none is good for nothing, and spoils no other.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        let actions = actions.split(',').filter(|action| !action.is_empty());
        Some(Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            actions: actions.map(str::to_owned).collect(),
        })
    }

    /// The scope that a client has to ask for; whoever adds to a repository reads it as well.
    pub(super) fn wanted(need: &RequiredAccess) -> Option<Self> {
        let actions: &[&str] = match need {
            RequiredAccess::In(Right::Push, _) => &["pull", "push"],
            _ => &[action(need)],
        };
        let (kind, name) = resource(need)?;
        Some(Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            actions: actions.iter().copied().map(str::to_owned).collect(),
        })
    }

    /// Whether it is good for something.
    pub(super) fn covers(&self, need: &RequiredAccess) -> bool {
        let is_named = |named: &String| named == action(need) || named == EVERY;
        resource(need).is_none_or(|resource| {
            resource == (self.kind.as_str(), self.name.as_str()) && self.actions.iter().any(is_named)
        })
    }

    /// What of it is granted; none if nothing is.
    pub(super) fn within(mut self, grants: &Grants) -> Option<Self> {
        let granted = match (self.kind.as_str(), self.name.as_str()) {
            (REPOSITORY, name) => {
                let name = Name::parse(name)?;
                let granted = Right::ALL.into_iter().filter(|right| grants.allow(*right, &name));
                granted.map(Right::as_str).collect::<Vec<_>>()
            }
            (REGISTRY, CATALOG) if grants.allow_everywhere(Right::Pull) => vec![EVERY],
            _ => Vec::new(),
        };
        let is_everything = granted == [EVERY] || granted.len() == Right::ALL.len();
        if self.actions.iter().any(|action| action == EVERY) && !is_everything {
            self.actions = granted.into_iter().map(str::to_owned).collect();
        } else {
            self.actions
                .retain(|action| granted.contains(&action.as_str()) || (action == EVERY && is_everything));
        }
        Some(self).filter(|scope| !scope.actions.is_empty())
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.kind, self.name, self.actions.join(","))
    }
}

/// The type and the name of what is needed.
fn resource(need: &RequiredAccess) -> Option<(&'static str, &str)> {
    match need {
        RequiredAccess::ToBeKnown => None,
        RequiredAccess::In(_, name) => Some((REPOSITORY, name.as_str())),
        RequiredAccess::ToReadAll => Some((REGISTRY, CATALOG)),
    }
}

const fn action(need: &RequiredAccess) -> &'static str {
    match need {
        RequiredAccess::ToBeKnown => Right::Pull.as_str(),
        RequiredAccess::In(right, _) => right.as_str(),
        RequiredAccess::ToReadAll => EVERY,
    }
}

/// A list, which some issuers write as `null` where it is empty.
pub(super) fn or_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::Scope;
    use crate::auth::accounts::Grants;
    use crate::auth::{RequiredAccess, Right};
    use crate::protocol::Name;

    fn need(right: Right, name: &str) -> RequiredAccess {
        RequiredAccess::In(right, Name::parse(name).unwrap())
    }

    #[test]
    fn a_scope_is_good_for_what_it_names() {
        let scope = Scope::parse("repository:team/app:pull,push").unwrap();
        assert!(scope.covers(&need(Right::Push, "team/app")));
        assert!(!scope.covers(&need(Right::Delete, "team/app")));
        assert!(!scope.covers(&need(Right::Pull, "team/app/x")));
        assert!(!scope.covers(&RequiredAccess::ToReadAll));
        let every = Scope::parse("repository:a:*").unwrap();
        assert!(every.covers(&need(Right::Delete, "a")));
        assert_eq!(Scope::parse("nonsense"), None);
        assert_eq!(Scope::parse("repository:a"), None);
    }

    #[test]
    fn what_a_client_is_told_to_ask_for_is_enough() {
        for right in Right::ALL {
            let need = need(right, "a/b");
            let told = Scope::wanted(&need).unwrap();
            assert!(Scope::parse(&told.to_string()).unwrap().covers(&need), "{told}");
        }
        let told = Scope::wanted(&RequiredAccess::ToReadAll).unwrap();
        assert_eq!(told.to_string(), "registry:catalog:*");
        assert!(told.covers(&RequiredAccess::ToReadAll));
    }

    #[test]
    fn of_what_is_asked_for_what_is_granted_is_given() {
        let within = |grants: &str, asked: &str| {
            let words = grants.split_whitespace().collect::<Vec<_>>();
            let granted = Scope::parse(asked)
                .unwrap()
                .within(&Grants::parse(&words).unwrap());
            granted.map_or_else(|| "nothing".to_owned(), |scope| scope.to_string())
        };
        for (grants, asked, given) in [
            ("pull **", "repository:a:pull,push", "repository:a:pull"),
            (
                "pull,push team/*",
                "repository:team/a:push,pull",
                "repository:team/a:push,pull",
            ),
            ("pull team/*", "repository:other:pull", "nothing"),
            ("pull,push **", "repository:a:*", "repository:a:pull,push"),
            ("", "repository:a:*", "repository:a:*"),
            ("", "repository:a:pull,chmod", "repository:a:pull"),
            ("", "repository:NoName:pull", "nothing"),
            ("pull **", "registry:catalog:*", "registry:catalog:*"),
            ("pull a", "registry:catalog:*", "nothing"),
            ("", "plugin:a:pull", "nothing"),
        ] {
            assert_eq!(within(grants, asked), given, "{asked} of {grants:?}");
        }
    }
}
