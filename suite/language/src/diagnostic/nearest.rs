//! Which known word somebody meant who wrote an unknown one.

/// Says which of `words` is so close to `written` that it may have been meant: "did you mean …".
pub fn did_you_mean<'w>(written: &str, words: impl IntoIterator<Item = &'w str>) -> Option<String> {
    nearest(written, words).map(|word| format!("did you mean `{word}`?"))
}

/// The nearest of `words`, if it is near enough to be a typo.
pub(crate) fn nearest<'w>(written: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let folded = written.to_lowercase();
    words
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&folded, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= slips_allowed(word))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// A third of the letters may be wrong, and one in any case; signs and numbers are what they are.
fn slips_allowed(word: &str) -> usize {
    match word.chars().any(char::is_alphabetic) {
        true => (word.chars().count() / 3).max(1),
        false => 0,
    }
}

/// Joins words as a sentence does: "`a`, `b` or `c`".
pub fn one_of<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        assert_eq!(nearest("givn", ["when", "given", "let"]), Some("given"));
        assert_eq!(nearest("must", ["MAY", "MUST"]), Some("MUST"));
        assert_eq!(nearest("dgiest", ["digest", "size"]), Some("digest"));
        assert_eq!(nearest("upload", ["when", "given", "let"]), None);
    }

    #[test]
    fn words_are_joined_as_a_sentence_does() {
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(one_of(["a"]), "`a`");
    }
}
