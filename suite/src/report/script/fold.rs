//! Lines that differ in one tag or digest alone, made one loop.

/// How many such lines are worth a loop.
const WORTHWHILE: usize = 3;
/// What stands before the word in which the lines differ.
const BEFORE: &str = "/manifests/";

/// The lines, with every run of those that push one manifest under many tags made one.
pub(super) fn folded(lines: &[String]) -> Vec<String> {
    let mut folded = Vec::new();
    for run in lines.chunk_by(|one, next| is_alike(one, next)) {
        let words: Option<Vec<&str>> = run.iter().map(|line| Some(split(line)?.1)).collect();
        match (words, run.first().and_then(|line| split(line))) {
            (Some(words), Some((before, _, after))) if run.len() >= WORTHWHILE => {
                folded.push(many(before, &words, after));
            }
            _ => folded.extend(run.iter().cloned()),
        }
    }
    folded
}

/// One line for all of these words: curl takes them all where it makes the body itself.
fn many(before: &str, words: &[&str], after: &str) -> String {
    if before.starts_with("curl ") && !before.contains(" -g ") {
        return format!("{before}{{{}}}'{after} >/dev/null", words.join(","));
    }
    format!(
        "for tag in {}; do {before}'\"$tag\"{after}; done",
        words.join(" ")
    )
}

fn is_alike(one: &str, next: &str) -> bool {
    let around = |line| split(line).map(|(before, _, after)| (before, after));
    one != next && around(one).is_some() && around(one) == around(next)
}

/// What stands before the last word of the address, the word, and what stands behind it and the quotation mark.
fn split(line: &str) -> Option<(&str, &str, &str)> {
    let start = line.rfind(BEFORE)? + BEFORE.len();
    let (before, rest) = line.split_at(start);
    let (word, after) = rest.split_once('\'')?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || "._-:".contains(c);
    let shows = line.contains(" -i ") || line.contains("location)");
    (!word.is_empty() && word.chars().all(is_word) && !shows).then_some((before, word, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_push_under_many_tags_is_a_loop() {
        let push = |tag: &str| format!("curl -s -X PUT 'http://h/v2/a/manifests/{tag}'");
        let lines = vec![
            "first".to_owned(),
            push("a"),
            push("b"),
            push("c"),
            "last".to_owned(),
        ];
        assert_eq!(
            folded(&lines),
            [
                "first",
                "curl -s -X PUT 'http://h/v2/a/manifests/{a,b,c}' >/dev/null",
                "last"
            ]
        );
        let made = ["a", "b", "c"].map(|tag| format!("seq 9 | {}", push(tag)));
        assert_eq!(
            folded(&made),
            ["for tag in a b c; do seq 9 | curl -s -X PUT 'http://h/v2/a/manifests/'\"$tag\"; done"]
        );
        let two = vec![push("a"), push("b")];
        assert_eq!(folded(&two), two);
    }
}
