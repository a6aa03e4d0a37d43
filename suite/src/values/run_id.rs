//! The part of a run's names and contents that is not its seed.

use std::fmt;
use std::str::FromStr;

use rand::RngExt;
use thiserror::Error;

/// The most characters of an id.
const LONGEST: usize = 16;
/// How many characters a fresh id has: two runs in a thousand million have the same.
const FRESH: usize = 6;

/// What tells two runs with one seed apart: small letters and digits, part of every name and of every content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RunId(String);

/// Why a text is no id of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the id of a run is 1 to 16 small letters and digits")]
pub struct BadRunId;

impl RunId {
    /// An id that no other run has.
    pub fn fresh() -> RunId {
        const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut random = rand::rng();
        let letters = (0..FRESH).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]));
        RunId(letters.collect())
    }

    /// The id of a run of which nothing but the seed is to tell: a self-test, whose registry is its own. It is as long as an
    /// id may be, so that a name of the same length that a script draws is nobody else's.
    pub fn of_seed(seed: u64) -> RunId {
        RunId(format!("{seed:016x}"))
    }
}

impl FromStr for RunId {
    type Err = BadRunId;

    fn from_str(text: &str) -> Result<RunId, BadRunId> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let fits = (1..=LONGEST).contains(&text.len()) && text.chars().all(is_plain);
        fits.then(|| RunId(text.to_owned())).ok_or(BadRunId)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_id_is_one_that_can_be_typed_again() {
        let id = RunId::fresh();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_ne!(RunId::fresh(), RunId::fresh());
    }

    #[test]
    fn an_id_may_stand_in_the_name_of_a_repository() {
        for wrong in ["", "A", "a/b", "a b", "-", "12345678901234567"] {
            assert_eq!(wrong.parse::<RunId>(), Err(BadRunId), "{wrong}");
        }
    }
}
