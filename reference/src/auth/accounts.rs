//! The file of accounts: that of `htpasswd`, with rights behind the password.
//!
//! ```text
//! # name:hash            rights       repositories
//! alice:$2y$10$...
//! reader:$2y$10$...      pull         **
//! writer:$2y$10$...      pull,push    team/**,shared     delete  team/**
//! anonymous              pull         public/**
//! ```
//!
//! An account without rights may do everything; `anonymous` is everyone who gives no name. In the name of
//! a repository `*` stands for a part between slashes, and `**` for any number of them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use bcrypt::HashParts;
use glob::{MatchOptions, Pattern};

use crate::protocol::Name;

/// Something that can be done in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// To read it.
    Pull,
    /// To add to it, and to move tags.
    Push,
    /// To delete from it.
    Delete,
}

impl Right {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "pull" => Ok(Self::Pull),
            "push" => Ok(Self::Push),
            "delete" => Ok(Self::Delete),
            _ => Err(format!("{text:?} is no right: there are pull, push and delete")),
        }
    }
}

/// What somebody may do, and where.
#[derive(Debug, Default)]
pub(crate) struct Grants(Vec<(Vec<Right>, Vec<Pattern>)>);

impl Grants {
    /// Reads pairs of rights and repositories; none at all is everything.
    fn parse(words: &[&str]) -> Result<Self, String> {
        if words.is_empty() {
            return Self::parse(&["pull,push,delete", "**"]);
        }
        let pairs = words.chunks(2).map(|pair| {
            let [rights, names] = pair else {
                return Err("rights are followed by repositories, such as: pull,push team/**".to_owned());
            };
            let rights = rights.split(',').map(Right::parse).collect::<Result<_, _>>()?;
            let names = names
                .split(',')
                .map(|name| Pattern::new(name).map_err(|error| format!("{name:?}: {error}")));
            Ok((rights, names.collect::<Result<_, _>>()?))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// Whether something may be done in a repository.
    pub(super) fn allow(&self, right: Right, name: &Name) -> bool {
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: false,
        };
        self.patterns(right)
            .any(|pattern| pattern.matches_with(name.as_str(), options))
    }

    /// Whether something may be done in every repository.
    pub(super) fn allow_everywhere(&self, right: Right) -> bool {
        self.patterns(right).any(|pattern| pattern.as_str() == "**")
    }

    fn patterns(&self, right: Right) -> impl Iterator<Item = &Pattern> {
        let granted = self.0.iter().filter(move |(rights, _)| rights.contains(&right));
        granted.flat_map(|(_, patterns)| patterns)
    }
}

/// An account.
#[derive(Debug)]
pub(crate) struct Account {
    /// The bcrypt hash of its password.
    pub(super) hash: String,
    /// What it may do.
    pub(super) grants: Arc<Grants>,
}

/// Every account.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    named: HashMap<String, Account>,
    /// What may be done without an account, if anything.
    pub(super) anonymous: Option<Arc<Grants>>,
}

impl Accounts {
    /// Reads a file of accounts.
    ///
    /// # Errors
    /// Says what is wrong, and in which line.
    pub(super) fn read(files: &[PathBuf]) -> Result<Self, String> {
        let mut accounts = Self::default();
        for file in files {
            let text =
                std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            for (number, line) in (1..).zip(text.lines()) {
                accounts
                    .add(line)
                    .map_err(|error| format!("{}, line {number}: {error}", file.display()))?;
            }
        }
        Ok(accounts)
    }

    /// The account of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Account> {
        self.named.get(name)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let words = line.split_whitespace().collect::<Vec<_>>();
        let Some((first, rest)) = words.split_first().filter(|(first, _)| !first.starts_with('#')) else {
            return Ok(());
        };
        let grants = Arc::new(Grants::parse(rest)?);
        let is_new = if *first == "anonymous" {
            self.anonymous.replace(grants).is_none()
        } else {
            let (name, hash) = first
                .split_once(':')
                .ok_or_else(|| format!("{first:?} has no password; an account is written name:hash"))?;
            hash.parse::<HashParts>()
                .map_err(|_| format!("the password of {name} is not a bcrypt hash; htpasswd -B makes one"))?;
            let hash = hash.to_owned();
            self.named
                .insert(name.to_owned(), Account { hash, grants })
                .is_none()
        };
        if is_new {
            Ok(())
        } else {
            Err("the account is in the file twice".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Accounts, Grants, Right};
    use crate::protocol::Name;

    fn allow(grants: &str, right: Right, name: &str) -> bool {
        let words = grants.split_whitespace().collect::<Vec<_>>();
        Grants::parse(&words)
            .unwrap()
            .allow(right, &Name::parse(name).unwrap())
    }

    #[test]
    fn rights_hold_in_the_repositories_behind_them() {
        let grants = "pull,push team/**,shared delete team/*";
        assert!(allow(grants, Right::Push, "team/a/b"));
        assert!(allow(grants, Right::Pull, "shared"));
        assert!(allow(grants, Right::Delete, "team/a"));
        assert!(!allow(grants, Right::Delete, "team/a/b"));
        assert!(!allow(grants, Right::Delete, "shared"));
        assert!(!allow(grants, Right::Pull, "teams/a"));
    }

    #[test]
    fn an_account_without_rights_may_do_everything() {
        assert!(allow("", Right::Delete, "a/b/c"));
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        for (line, why) in [
            ("alice", "has no password"),
            ("alice:plain", "is not a bcrypt hash"),
            ("anonymous read **", "is no right"),
            ("anonymous pull", "followed by repositories"),
        ] {
            let error = Accounts::default().add(line).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
