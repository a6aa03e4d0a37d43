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

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::RangeInclusive;
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
    /// Every right.
    pub(super) const ALL: [Self; 3] = [Self::Pull, Self::Push, Self::Delete];

    /// The right as it is written in accounts and in scopes.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|right| right.as_str() == text);
        named.ok_or_else(|| format!("{text:?} is no right: there are pull, push and delete"))
    }
}

/// What somebody may do, and where.
#[derive(Debug, Default)]
pub(crate) struct Grants(Vec<(Vec<Right>, Vec<Pattern>)>);

impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Right::ALL.into_iter().all(|right| self.allow_everywhere(right)) {
            return f.write_str("do everything");
        }
        let pairs = self.0.iter().map(|(rights, names)| {
            let rights = rights.iter().map(|right| right.as_str()).collect::<Vec<_>>();
            let names = names.iter().map(Pattern::as_str).collect::<Vec<_>>();
            format!("{} {}", rights.join(","), names.join(","))
        });
        f.write_str(&pairs.collect::<Vec<_>>().join(" "))
    }
}

impl Grants {
    /// Reads pairs of rights and repositories; none at all is everything.
    pub(super) fn parse(words: &[&str]) -> Result<Self, String> {
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

/// The costs of hashes that are accepted. Less is guessed too fast; more takes whoever logs in longer than a second
/// or two, and all others, who wait for it.
const COSTS: RangeInclusive<u32> = 4..=14;

/// Every account.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    named: HashMap<String, Account>,
    /// The cost of each account's hash.
    costs: Vec<u32>,
    /// Chooses among the costs.
    hasher: RandomState,
    /// What may be done without an account, if anything.
    pub(super) anonymous: Option<Arc<Grants>>,
}

/// How many accounts are told of at a start.
const TOLD: usize = 8;

impl fmt::Display for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.named.iter().map(|(name, account)| (name, &account.grants));
        let named = named.collect::<BTreeMap<_, _>>();
        for (name, grants) in named.iter().take(TOLD) {
            write!(f, "{name} may {grants}, ")?;
        }
        if named.len() > TOLD {
            write!(f, "{} more may do what the file says, ", named.len() - TOLD)?;
        }
        match &self.anonymous {
            Some(grants) => write!(f, "without a name one may {grants}"),
            None => f.write_str("nobody else may do anything"),
        }
    }
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
            accounts
                .add_all(&text)
                .map_err(|error| format!("{}, {error}", file.display()))?;
        }
        Ok(accounts)
    }

    /// The account of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Account> {
        self.named.get(name)
    }

    /// What it costs to find out that a name is unknown: what it would cost with one of the accounts, always the same
    /// for a name, so that time does not tell which names there are.
    pub(super) fn cost_for_nobody(&self, name: &str) -> u32 {
        let count = self.costs.len() as u64;
        let choice = self.hasher.hash_one(name).checked_rem(count);
        let cost = choice.and_then(|choice| self.costs.get(usize::try_from(choice).ok()?));
        cost.copied().unwrap_or(bcrypt::DEFAULT_COST)
    }

    /// Adds the accounts of a text.
    ///
    /// # Errors
    /// Says what is wrong, and in which line.
    pub(super) fn add_all(&mut self, text: &str) -> Result<(), String> {
        // Editors put it there; it belongs to no name.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        (1..)
            .zip(text.lines())
            .try_for_each(|(number, line)| self.add(line).map_err(|error| format!("line {number}: {error}")))
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
            let cost = cost(hash).map_err(|why| format!("the password of {name} {why}"))?;
            self.costs.push(cost);
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

/// The cost of a hash.
fn cost(hash: &str) -> Result<u32, String> {
    let parts = hash.parse::<HashParts>();
    let parts = parts.map_err(|_| "is not a bcrypt hash; htpasswd -B makes one".to_owned())?;
    let cost = parts.get_cost();
    if COSTS.contains(&cost) {
        return Ok(cost);
    }
    let (least, most) = COSTS.into_inner();
    Err(format!(
        "is a hash of cost {cost}; between {least} and {most} is accepted, and htpasswd -B -C 10 makes one"
    ))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

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
    fn a_mark_of_the_byte_order_belongs_to_no_name() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let hash = bcrypt::hash("secret", 5).unwrap();
        writeln!(file, "\u{feff}alice:{hash}").unwrap();
        let accounts = Accounts::read(&[file.path().to_owned()]).unwrap();
        assert!(accounts.get("alice").is_some());
    }

    #[test]
    fn an_unknown_name_costs_what_some_account_does() {
        let mut accounts = Accounts::default();
        for (name, cost) in [("a", 4), ("b", 6)] {
            let hash = bcrypt::hash("secret", cost).unwrap();
            accounts.add(&format!("{name}:{hash}")).unwrap();
        }
        let names = (0..100)
            .map(|number| format!("nobody{number}"))
            .collect::<Vec<_>>();
        let costs = names.iter().map(|name| accounts.cost_for_nobody(name));
        let costs = costs.collect::<Vec<_>>();
        assert!(costs.contains(&4) && costs.contains(&6) && costs.iter().all(|cost| [4, 6].contains(cost)));
        assert_eq!(accounts.cost_for_nobody(&names[0]), costs[0]);
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        for (line, why) in [
            ("alice", "has no password"),
            ("alice:plain", "is not a bcrypt hash"),
            (
                "alice:$2y$31$abcdefghijklmnopqrstuu0gsYYip3ZDmer67mvCZy2fVWOOJMsO.",
                "the password of alice is a hash of cost 31; between 4 and 14 is accepted",
            ),
            (
                "alice:$2y$03$abcdefghijklmnopqrstuu0gsYYip3ZDmer67mvCZy2fVWOOJMsO.",
                "a hash of cost 3;",
            ),
            ("anonymous read **", "is no right"),
            ("anonymous pull", "followed by repositories"),
        ] {
            let error = Accounts::default().add(line).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
