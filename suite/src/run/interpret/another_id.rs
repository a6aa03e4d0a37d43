//! The address of an upload that does not exist: one that exists, with another id in the same form.

use std::sync::LazyLock;

use regex::Regex;

use crate::values::Maker;

/// The fewest letters and digits of an id that can be made another one by chance.
const SHORTEST: usize = 6;

#[expect(
    clippy::expect_used,
    reason = "the pattern is written here, and every test of an edit compiles it"
)]
static UUID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
        .expect("the pattern compiles")
});

/// The text with its first UUID replaced; where it has none, with every letter and digit of the last part of its path
/// replaced by another of the same kind. `None` where that part is too short to be an id.
pub(super) fn another_id(text: &str, maker: &mut Maker) -> Option<String> {
    if UUID.is_match(text) {
        return Some(UUID.replace(text, maker.uuid()).into_owned());
    }
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (text, String::new()),
    };
    let (before, id) = path.rsplit_once('/')?;
    let length = id.chars().filter(char::is_ascii_alphanumeric).count();
    (length >= SHORTEST).then(|| format!("{before}/{}{query}", of_the_same_form(id, maker)))
}

fn of_the_same_form(id: &str, maker: &mut Maker) -> String {
    let drawn = maker.random(id.len() as u64).bytes();
    let another = |(c, drawn): (char, &u8)| match c {
        '0'..='9' => char::from(b'0' + drawn % 10),
        'a'..='f' if is_hexadecimal(id) => char::from(b'a' + drawn % 6),
        'a'..='z' => char::from(b'a' + drawn % 26),
        'A'..='Z' => char::from(b'A' + drawn % 26),
        other => other,
    };
    id.chars().zip(drawn.iter()).map(another).collect()
}

fn is_hexadecimal(id: &str) -> bool {
    id.chars()
        .all(|c| !c.is_ascii_alphabetic() || ('a'..='f').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn another(text: &str) -> Option<String> {
        another_id(text, &mut Maker::new(7, "ids"))
    }

    #[test]
    fn an_id_is_replaced_by_one_of_the_same_form() {
        for address in [
            "http://h/v2/a/blobs/uploads/0f3b1c2d-0000-4000-8000-0123456789ab?_state=x",
            "http://h/v2/a/blobs/uploads/8123456789012345678",
            "http://h/v2/a/blobs/uploads/aGVsbG8td29ybGQ_x-y",
            "/v2/a/blobs/uploads/9f86d081884c7d65?digest=sha256:00",
        ] {
            let made = another(address).unwrap();
            assert_ne!(made, address);
            assert_eq!(made.len(), address.len());
            let shape = |text: &str| -> Vec<bool> { text.chars().map(|c| c.is_ascii_digit()).collect() };
            if !address.contains("0f3b1c2d") {
                assert_eq!(shape(&made), shape(address));
            }
            let (start, _) = address.split_once("uploads/").unwrap();
            assert!(made.starts_with(start));
            assert_eq!(
                made.split_once('?').map(|at| at.1),
                address.split_once('?').map(|at| at.1)
            );
        }
    }

    #[test]
    fn what_is_too_short_to_be_an_id_is_not_taken_for_one() {
        assert_eq!(another("http://h/v2/a/blobs/uploads/1"), None);
        assert_eq!(another("nothing"), None);
    }
}
