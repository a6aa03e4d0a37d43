//! Whether ids can be guessed: what a few of them tell an attacker about the next one.

use std::collections::BTreeSet;

/// In how many places names must differ at least; a time in milliseconds and a counter differ in fewer.
const PLACES: usize = 12;
/// How many different characters a place must have shown to count.
const CHARACTERS: usize = 4;

/// Why the next of these names could be guessed, if it could; they stand in the order in which they were given.
pub(super) fn too_alike(names: &[String]) -> Option<String> {
    let places = places(names);
    if places < PLACES {
        let example = names.last().map(String::as_str).unwrap_or_default();
        return Some(format!(
            "{} names differ in {places} places; the last is {example}",
            names.len()
        ));
    }
    let step = step(names)?;
    Some(format!("every name is the one before it plus {step:#x}"))
}

/// In how many places the names show several characters, counted from the end of the shorter ones.
fn places(names: &[String]) -> usize {
    let longest = names.iter().map(String::len).max().unwrap_or(0);
    let enough = CHARACTERS.min(names.len());
    (0..longest)
        .filter(|from_end| {
            let seen: BTreeSet<Option<u8>> = names
                .iter()
                .map(|name| {
                    let at = name.len().checked_sub(from_end + 1)?;
                    name.as_bytes().get(at).copied()
                })
                .collect();
            seen.len() >= enough
        })
        .count()
}

/// The constant difference of the names, read as numbers, if there is one.
fn step(names: &[String]) -> Option<u128> {
    let (start, end) = (common(names, prefix), common(names, suffix));
    let numbers: Option<Vec<u128>> = names
        .iter()
        .map(|name| number(name.get(start..name.len().checked_sub(end)?)?))
        .collect();
    let numbers = numbers?;
    let mut steps = numbers.windows(2).filter_map(|pair| match pair {
        [one, next] => Some(next.wrapping_sub(*one)),
        _ => None,
    });
    let first = steps.next()?;
    steps.all(|step| step == first).then_some(first)
}

/// The lower half of a name as a number: its hexadecimal digits, without the hyphens.
fn number(text: &str) -> Option<u128> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let last = digits.get(digits.len().saturating_sub(32)..)?;
    u128::from_str_radix(last, 16).ok()
}

fn common(names: &[String], alike: fn(&str, &str) -> usize) -> usize {
    let pairs = names.windows(2).filter_map(|pair| match pair {
        [one, next] => Some(alike(one, next)),
        _ => None,
    });
    pairs.min().unwrap_or(0)
}

fn prefix(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}

fn suffix(one: &str, other: &str) -> usize {
    one.bytes()
        .rev()
        .zip(other.bytes().rev())
        .take_while(|(a, b)| a == b)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Maker;

    fn uploads(name: impl FnMut(u64) -> String) -> Vec<String> {
        let names: Vec<String> = (0..40).map(name).collect();
        names
            .iter()
            .map(|name| format!("/v2/a/blobs/uploads/{name}"))
            .collect()
    }

    #[test]
    fn random_names_pass() {
        for seed in 0..200 {
            let mut maker = Maker::new(seed, "names");
            assert_eq!(too_alike(&uploads(|_| maker.uuid())), None);
        }
        let mut maker = Maker::new(1, "names");
        let short = uploads(|_| String::from_utf8(maker.random(21).bytes().to_vec()).unwrap());
        assert_eq!(too_alike(&short), None);
    }

    #[test]
    fn names_of_a_time_and_random_digits_pass() {
        let mut maker = Maker::new(1, "names");
        let names = uploads(|n| format!("0197a3c4-{:04x}-7{}", 0x5000 + n, &maker.uuid()[15..]));
        assert_eq!(too_alike(&names), None);
    }

    #[test]
    fn counters_are_seen() {
        assert!(too_alike(&uploads(|n| (n + 95).to_string())).is_some());
        assert!(too_alike(&uploads(|n| format!("00000000-0000-4000-8000-{n:012x}"))).is_some());
        let times = uploads(|n| format!("{:08x}-5a1f-11ee-be56-0242ac120002", 0x1f3a_0000 + n * 7919));
        assert!(too_alike(&times).is_some());
    }

    #[test]
    fn a_constant_step_is_seen_however_wide() {
        let step = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835_u128;
        let names = uploads(|n| format!("{:032x}", step.wrapping_mul(u128::from(n) + 3)));
        assert!(too_alike(&names).is_some_and(|why| why.contains("plus")));
    }
}
