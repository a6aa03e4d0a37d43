//! Random changes of a good registry's answers: what they are, how they are written, and how they are drawn.
//!
//! A [`Mutation`] is a few [`Stroke`]s, each one line such as `GET tags 2xx: drop link`: which answers, and what becomes of
//! them. What is written is read back, so that what was found once is tried again.

mod draw;
mod stroke;
mod twist;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub use self::stroke::{AnswerChange, BadStroke, Stroke};
pub use self::twist::Twist;
use super::call::{Call, Reply};

/// What stands between two strokes that are written in one line.
const BESIDE: &str = " + ";

/// What becomes of a registry's answers, each stroke changing some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation(pub Vec<Stroke>);

impl Mutation {
    /// Changes an answer as far as it is concerned, and says how long it is held back.
    pub(super) fn change(&self, call: &Call, reply: &mut Reply) -> Duration {
        let honest = reply.status;
        let concerned = self.0.iter().filter(|stroke| stroke.concerns(call, honest));
        concerned.map(|stroke| stroke.change.make(reply)).sum()
    }

    /// Whether it changes this answer.
    pub fn touches(&self, call: &Call, reply: &Reply) -> bool {
        let mut changed = reply.clone();
        self.change(call, &mut changed) > Duration::ZERO || changed != *reply
    }

    /// Smaller ones, each without one of its strokes.
    pub fn smaller(&self) -> impl Iterator<Item = Mutation> + '_ {
        let several = if self.0.len() > 1 { self.0.len() } else { 0 };
        (0..several).map(|left_out| {
            let mut strokes = self.0.clone();
            strokes.remove(left_out);
            Mutation(strokes)
        })
    }
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strokes: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.pad(&strokes.join(BESIDE))
    }
}

impl FromStr for Mutation {
    type Err = BadStroke;

    fn from_str(text: &str) -> Result<Mutation, BadStroke> {
        let strokes = text.split(BESIDE).map(str::parse);
        strokes.collect::<Result<Vec<Stroke>, _>>().map(Mutation)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::Mutation;

    #[test]
    fn what_is_drawn_is_written_and_read_back() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..2_000 {
            let mutation = Mutation::draw(&mut random);
            assert_eq!(mutation.to_string().parse(), Ok(mutation.clone()), "{mutation}");
        }
    }

    #[test]
    fn a_mutation_is_made_smaller_by_each_of_its_strokes() {
        let two: Mutation = "GET tags 2xx: drop link + any blob any: split".parse().unwrap();
        let smaller: Vec<String> = two.smaller().map(|one| one.to_string()).collect();
        assert_eq!(smaller, ["any blob any: split", "GET tags 2xx: drop link"]);
        assert_eq!(
            "HEAD blob 2xx: pause"
                .parse::<Mutation>()
                .unwrap()
                .smaller()
                .count(),
            0
        );
    }

    #[test]
    fn what_is_no_mutation_says_what_it_lacks() {
        for (text, why) in [
            (
                "",
                "`` is no stroke: METHOD KIND STATUS: CHANGE, as in `GET tags 2xx: drop link`",
            ),
            ("GET tag 2xx: vanish", "`vanish` is no change of an answer"),
            (
                "GET tag 2xx: twist location sideways",
                "`sideways` is no twist of a value",
            ),
            (
                "GET tag 9xx: split",
                "`9xx` is no class of statuses: 2xx to 5xx, or any",
            ),
            ("GET cat 2xx: split", "`cat` is no kind of resource"),
        ] {
            assert_eq!(text.parse::<Mutation>().unwrap_err().to_string(), why);
        }
    }
}
