//! Numbers that a server says: digits and nothing else, and never larger than what is done with them can bear.

use thiserror::Error;

/// Why a text is no number that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NumberError {
    /// It has another character than a digit, or none at all.
    #[error("it is no whole number in decimal digits")]
    NoNumber,
    /// It is larger than what is borne.
    #[error("it is larger than {0}, the most that is borne")]
    TooLarge(u64),
}

/// A whole number in decimal digits that is no larger than `most`; blanks around it do not count.
pub fn number(text: &str, most: u64) -> Result<u64, NumberError> {
    of_radix(text.trim_matches([' ', '\t']), 10, most)
}

/// The same in hexadecimal digits, as the size of a chunk is written; no blank may stand around it.
pub(super) fn hexadecimal(text: &str, most: u64) -> Result<u64, NumberError> {
    of_radix(text, 16, most)
}

fn of_radix(text: &str, radix: u32, most: u64) -> Result<u64, NumberError> {
    if text.is_empty() || !text.chars().all(|c| c.is_digit(radix)) {
        return Err(NumberError::NoNumber);
    }
    // Digits alone can only be too many.
    let number = u64::from_str_radix(text, radix).map_err(|_| NumberError::TooLarge(most))?;
    if number > most {
        return Err(NumberError::TooLarge(most));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_digits_are_a_number() {
        assert_eq!(number(" 17\t", 100), Ok(17));
        assert_eq!(number("0017", 100), Ok(17));
        for text in ["", " ", "+1", "-1", "1e9", "0x1", "1_000", "1.0", "1 2", "١"] {
            assert_eq!(number(text, 100), Err(NumberError::NoNumber), "{text:?}");
        }
        assert_eq!(hexadecimal("fF", 255), Ok(255));
        assert_eq!(hexadecimal(" ff", 255), Err(NumberError::NoNumber));
    }

    #[test]
    fn what_is_larger_than_what_is_borne_is_told_apart() {
        for text in [
            "101",
            "18446744073709551615",
            "18446744073709551616",
            &"9".repeat(500),
        ] {
            assert_eq!(number(text, 100), Err(NumberError::TooLarge(100)), "{text:?}");
        }
        assert_eq!(number("18446744073709551615", u64::MAX), Ok(u64::MAX));
    }

    proptest! {
        #[test]
        fn no_text_makes_a_number_beyond_the_most(text in "[0-9 +-]{0,24}", most in any::<u64>()) {
            prop_assert!(number(&text, most).is_ok_and(|number| number <= most) || number(&text, most).is_err());
        }

        #[test]
        fn every_number_is_read_back(value in any::<u64>()) {
            prop_assert_eq!(number(&value.to_string(), u64::MAX), Ok(value));
            prop_assert_eq!(hexadecimal(&format!("{value:x}"), u64::MAX), Ok(value));
        }
    }
}
