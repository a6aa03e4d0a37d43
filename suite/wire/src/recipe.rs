//! How a shell makes bytes that are too long to be pasted: what is written out, what repeats, and text that counts.

use bytes::{Bytes, BytesMut};
use data_encoding::HEXLOWER;

use super::Generator;
use super::curl::{escaped, printf};

/// How many digits a mark of counted text has.
const MARK: usize = 12;
/// The shortest counted text, and the shortest repetition, that is made in place of being written out, in bytes.
const WORTHWHILE: usize = 96;
/// The longest unit whose repetition is noticed, in bytes: as long as a descriptor in a list of many.
const UNIT: usize = 256;
/// The most bytes that are written out: more than any manifest that a client makes, and less than a shell takes.
const WRITTEN: usize = 16 * 1024;

/// A text that counts: `1.MARK.2.MARK.3.MARK.4`, as `seq -s .MARK. 4` prints its beginning.
///
/// No part of it occurs twice, so that bytes in the wrong place show, and from each part of some length the whole
/// can be told.
#[derive(Clone, Debug)]
pub struct Counted(String);

impl Counted {
    /// The text of a mark, which is made of as many hexadecimal digits as there are in six bytes.
    pub fn new(mark: [u8; MARK / 2]) -> Counted {
        Counted(HEXLOWER.encode(&mark))
    }

    /// Whether a text is a mark.
    pub fn is_mark(text: &str) -> bool {
        text.len() == MARK && text.bytes().all(|byte| is_digit(&byte))
    }

    /// The number that stands at a place, and how much of it and of the mark behind it comes before that place.
    fn number_at(&self, place: u64) -> (u64, usize) {
        let (mut first, mut digits, mut rest) = (1_u64, 1_u64, place);
        loop {
            let each = digits + self.0.len() as u64 + 2;
            let all = first.saturating_mul(9).saturating_mul(each);
            if rest < all {
                return (
                    first + rest / each,
                    usize::try_from(rest % each).unwrap_or_default(),
                );
            }
            rest -= all;
            first = first.saturating_mul(10);
            digits += 1;
        }
    }
}

impl Generator for Counted {
    fn fill(&self, from: u64, buffer: &mut [u8]) {
        let (number, mut skipped) = self.number_at(from);
        let mut entry = Entry::new(number, &self.0);
        let mut rest = buffer;
        while !rest.is_empty() {
            let written = entry.write(skipped, rest);
            (rest, skipped) = (&mut rest[written..], 0);
            entry.count();
        }
    }

    fn part(&self, from: u64, length: u64) -> Part {
        let in_memory = |length| usize::try_from(length).unwrap_or(usize::MAX);
        Part::Counted(self.0.clone(), in_memory(from), in_memory(length))
    }
}

/// How many bytes are written at once: at least as many as the longest number and a mark take with their dots.
const AT_ONCE: usize = 48;

/// A number and the mark behind it, as they are written.
struct Entry {
    /// What is written, and zeros behind it.
    bytes: [u8; AT_ONCE],
    length: usize,
    digits: usize,
}

impl Entry {
    fn new(number: u64, mark: &str) -> Entry {
        let digits = number.to_string();
        let text = format!("{digits}.{mark}.");
        let mut bytes = [0; AT_ONCE];
        for (to, from) in bytes.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        Entry {
            bytes,
            length: text.len().min(AT_ONCE),
            digits: digits.len(),
        }
    }

    /// Writes what is not skipped, as far as there is room; how much of it that was.
    fn write(&self, skipped: usize, to: &mut [u8]) -> usize {
        // A piece of a length that is known is copied at once, and what is too much of it is written over.
        if let (0, Some(to)) = (skipped, to.first_chunk_mut()) {
            *to = self.bytes;
            return self.length;
        }
        let what = &self.bytes[skipped..self.length];
        let fits = to.len().min(what.len());
        to[..fits].copy_from_slice(&what[..fits]);
        fits
    }

    /// Goes on to the next number.
    fn count(&mut self) {
        for digit in self.bytes[..self.digits].iter_mut().rev() {
            match *digit {
                b'9' => *digit = b'0',
                _ => {
                    *digit += 1;
                    return;
                }
            }
        }
        self.bytes.copy_within(..AT_ONCE - 1, 1);
        self.bytes[0] = b'1';
        self.digits += 1;
        self.length += 1;
    }
}

/// So many bytes of the counted text of a mark, from this place on.
fn counted(mark: &str, from: usize, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Counted(mark.to_owned()).fill(from as u64, &mut bytes);
    bytes
}

/// How bytes are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe(Vec<Part>);

/// One piece of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// These bytes.
    Plain(Bytes),
    /// These bytes again and again, for this length.
    Repeated(Bytes, usize),
    /// The counted text of a mark: so much of it is left out, and so much comes.
    Counted(String, usize, usize),
}

impl Recipe {
    /// How these bytes are made; none where too much of them follows no pattern.
    pub fn of(bytes: &[u8]) -> Option<Recipe> {
        let mut parts = Vec::new();
        let (mut plain, mut at, mut written) = (0, 0, 0);
        while at < bytes.len() {
            let Some((start, part)) = counted_at(bytes, plain, at).or_else(|| repeated_at(bytes, at)) else {
                at += 1;
                written += 1;
                if written > WRITTEN {
                    return None;
                }
                continue;
            };
            if plain < start {
                parts.push(Part::Plain(Bytes::copy_from_slice(&bytes[plain..start])));
            }
            at = start + part.len();
            plain = at;
            parts.push(part);
        }
        if plain < bytes.len() {
            parts.push(Part::Plain(Bytes::copy_from_slice(&bytes[plain..])));
        }
        Some(Recipe(parts))
    }

    /// The recipe of these parts.
    pub fn from_parts(parts: Vec<Part>) -> Recipe {
        Recipe(parts)
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The bytes, if all of them are written out.
    pub(super) fn plain(&self) -> Option<&[u8]> {
        match self.0.as_slice() {
            [] => Some(b""),
            [Part::Plain(bytes)] => Some(bytes),
            _ => None,
        }
    }

    /// The command of shell that prints the bytes.
    pub fn command(&self) -> String {
        let commands: Vec<String> = self.0.iter().map(Part::command).collect();
        match commands.as_slice() {
            [] => ":".to_owned(),
            [only] => only.clone(),
            several => format!("{{ {}; }}", several.join("; ")),
        }
    }

    /// The commands of shell that print the bytes, one after the other.
    pub(super) fn commands(&self) -> String {
        let commands: Vec<String> = self.0.iter().map(Part::command).collect();
        commands.join("; ")
    }

    /// The bytes.
    pub fn bytes(&self) -> Bytes {
        let mut bytes = BytesMut::new();
        for part in &self.0 {
            match part {
                Part::Plain(plain) => bytes.extend_from_slice(plain),
                Part::Repeated(unit, length) => bytes.extend(unit.iter().cycle().take(*length)),
                Part::Counted(mark, skipped, length) => {
                    bytes.extend_from_slice(&counted(mark, *skipped, *length));
                }
            }
        }
        bytes.freeze()
    }
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Part::Plain(bytes) => bytes.len(),
            Part::Repeated(_, length) | Part::Counted(_, _, length) => *length,
        }
    }

    fn command(&self) -> String {
        match self {
            Part::Plain(bytes) => printf(bytes),
            Part::Repeated(unit, length) if unit.len() == 1 => {
                format!("head -c {length} /dev/zero | tr '\\0' '{}'", escaped(unit))
            }
            Part::Repeated(unit, length) => {
                let times = length.div_ceil(unit.len());
                format!("printf '{}%.0s' $(seq {times}) | head -c {length}", escaped(unit))
            }
            Part::Counted(mark, 0, length) => {
                format!("seq -s .{mark}. {} | head -c {length}", numbers(*length))
            }
            Part::Counted(mark, skipped, length) => {
                let (numbers, first) = (numbers(skipped + length), skipped + 1);
                format!("seq -s .{mark}. {numbers} | tail -c +{first} | head -c {length}")
            }
        }
    }
}

/// Up to which number a counted text of this length counts, at most; behind the last one stands no mark.
fn numbers(length: usize) -> usize {
    (length + MARK + 2).div_ceil(MARK + 3)
}

/// The counted text that shows itself at `at`, and where it starts, behind `from`.
fn counted_at(bytes: &[u8], from: usize, at: usize) -> Option<(usize, Part)> {
    let mark = bytes.get(at..at + MARK + 2)?;
    let is_mark = mark.first() == Some(&b'.') && mark.last() == Some(&b'.');
    let mark = mark
        .get(1..=MARK)
        .filter(|mark| is_mark && mark.iter().all(is_digit))?;
    let number = bytes.get(at + MARK + 2..)?;
    let end = number.iter().take(12).position(|byte| *byte == b'.')?;
    let number: usize = std::str::from_utf8(&number[..end]).ok()?.parse().ok()?;
    let mark = std::str::from_utf8(mark).ok()?;
    // Where this mark stands in the whole text: behind the number before, and all before that.
    let before = (1..number)
        .map(|before| decimal(before) + MARK + 2)
        .sum::<usize>();
    let place = before.checked_sub(MARK + 2)?;
    let most = (at - from).min(place);
    let whole = counted(mark, place - most, most + bytes.len() - at);
    let back = (0..most)
        .take_while(|back| bytes[at - back - 1] == whole[most - back - 1])
        .count();
    let on = bytes[at..]
        .iter()
        .zip(&whole[most..])
        .take_while(|(one, other)| one == other);
    let length = back + on.count();
    (length >= WORTHWHILE).then(|| (at - back, Part::Counted(mark.to_owned(), place - back, length)))
}

fn is_digit(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// How many digits a number has.
fn decimal(number: usize) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

/// The repetition that begins at `at`.
fn repeated_at(bytes: &[u8], at: usize) -> Option<(usize, Part)> {
    let rest = &bytes[at..];
    (1..=UNIT.min(rest.len() / 3)).find_map(|unit| {
        if rest[0] != rest[unit] {
            return None;
        }
        let same = rest
            .iter()
            .zip(&rest[unit..])
            .take_while(|(one, other)| one == other);
        let length = unit + same.count();
        let is_long = length >= WORTHWHILE.max(3 * unit);
        is_long.then(|| (at, Part::Repeated(Bytes::copy_from_slice(&rest[..unit]), length)))
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    const SEED: &str = "0123456789ab";

    fn shell(script: &str) -> Vec<u8> {
        let output = Command::new("sh").args(["-c", script]).output().unwrap();
        assert!(output.status.success(), "{script}");
        output.stdout
    }

    proptest! {
        #[test]
        fn counted_text_is_the_same_in_whatever_pieces_it_is_made(cut in 0_usize..5_000, length in 0_usize..500) {
            let whole = counted(SEED, 0, cut + length);
            prop_assert_eq!(&counted(SEED, cut, length)[..], &whole[cut..]);
        }
    }

    #[test]
    fn a_part_of_counted_text_tells_where_it_comes_from() {
        let whole = counted(SEED, 0, 20_000);
        for (start, end) in [(0, 20_000), (0, 96), (5_000, 12_345), (19_000, 19_200)] {
            let recipe = Recipe::of(&whole[start..end]).unwrap();
            assert_eq!(
                recipe.parts(),
                [Part::Counted(SEED.to_owned(), start, end - start)]
            );
        }
    }

    #[test]
    fn what_stands_around_a_pattern_is_written_out() {
        let note = String::from_utf8(counted(SEED, 0, 5_000)).unwrap();
        let text = format!(
            r#"{{"note":"{note}","list":[{}{{}}]}}"#,
            "{\"a%\": 1},".repeat(40)
        );
        let recipe = Recipe::of(text.as_bytes()).unwrap();
        assert_eq!(recipe.bytes(), text);
        assert_eq!(
            recipe.command(),
            "{ printf '{\"note\":\"'; seq -s .0123456789ab. 335 | head -c 5000; printf '\",\"list\":['; \
             printf '{\"a%%\": 1},%.0s' $(seq 41) | head -c 401; printf '}]}'; }"
        );
    }

    #[test]
    fn what_follows_no_pattern_has_no_recipe_if_it_is_long() {
        let mut number = 1_u32;
        let noise = std::iter::repeat_with(|| {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (number >> 24) as u8
        });
        let noise: Vec<u8> = noise.take(2 * WRITTEN).collect();
        assert_eq!(Recipe::of(&noise), None);
        assert!(Recipe::of(&noise[..WRITTEN]).is_some());
    }

    fn any_piece() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            "[ -~]{0,40}".prop_map(String::into_bytes),
            (any::<u8>(), 90_usize..400).prop_map(|(byte, length)| vec![byte; length]),
            ("[!-~]{2,9}", 30_usize..60).prop_map(|(unit, times)| unit.repeat(times).into_bytes()),
            ("[0-9a-f]{12}", 0_usize..3_000, 0_usize..900)
                .prop_map(|(mark, from, length)| counted(&mark, from, length)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn a_shell_makes_what_a_recipe_says(pieces in proptest::collection::vec(any_piece(), 0..5)) {
            let bytes = pieces.concat();
            let recipe = Recipe::of(&bytes).unwrap();
            prop_assert_eq!(recipe.bytes(), &bytes);
            prop_assert_eq!(shell(&recipe.command()), bytes);
        }
    }
}
