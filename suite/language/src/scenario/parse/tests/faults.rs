//! What is said of a text that is no scenario.

use proptest::prelude::*;

use crate::diagnostic::{Color, render};
use crate::scenario::parse;

/// Every fault of a text: the words it points at, and what it says of them.
fn faults(text: &str) -> Vec<(&str, String)> {
    let (_, faults) = parse(text);
    faults
        .into_iter()
        .map(|fault| (&text[fault.span.clone()], fault.title))
        .collect()
}

#[test]
fn all_faults_are_found_in_one_pass() {
    let text = "scenario A title\ngivn x pushed\nlet y = rondom 4 KiB\n< 99\nwhen 200\n> get /v2/\n";
    assert_eq!(
        faults(text),
        [
            ("givn", "no line starts with `givn`".to_owned()),
            ("rondom 4 KiB", "these words make no value".to_owned()),
            ("99", "this is not a status".to_owned()),
            ("get", "a method is written in capitals".to_owned()),
            ("when 200", "this `when` is not closed".to_owned()),
        ]
    );
}

#[test]
fn a_fault_points_at_the_word_and_says_what_was_meant() {
    for (line, at, suggestion) in [
        ("let x = {blob}", "{blob}", None),
        ("> GET /{dgiest x}", "dgiest", Some("did you mean `digest`?")),
        ("< Location: a url", "url", Some("did you mean `uri`?")),
        ("let x = random 4 kib", "kib", Some("did you mean `KiB`?")),
        ("let x = image typ=a/b", "typ", Some("did you mean `type`?")),
        ("> upload x by chunk", "chunk", Some("did you mean `chunks`?")),
        ("given any blub as x", "blub", Some("did you mean `blob`?")),
        (
            "MUST a.b, SHUOLD in 1.0",
            "SHUOLD",
            Some("did you mean `SHOULD`?"),
        ),
        ("let x = image with $.a[ = 1", "[", None),
        ("< {digest x}", "{digest x}", None),
    ] {
        let text = format!("scenario A title\n{line}\n");
        let (_, faults) = parse(&text);
        assert_eq!(faults.len(), 1, "{line}: {faults:?}");
        assert_eq!(&text[faults[0].span.clone()], at, "{line}");
        if suggestion.is_some() {
            assert_eq!(faults[0].suggestion.as_deref(), suggestion, "{line}");
        }
    }
}

#[test]
fn a_file_that_opens_with_nothing_is_no_scenario() {
    for text in ["", "\n# nothing\n", "< 200\n"] {
        let (scenario, faults) = parse(text);
        assert_eq!((scenario, faults.len()), (None, 1), "{text:?}");
    }
}

#[test]
fn a_fence_that_does_not_start_its_line_is_a_fault() {
    let text = "scenario A title\nlet x = text\n  ```\n  inside\n  ```\n";
    let at: Vec<&str> = faults(text).into_iter().map(|(at, _)| at).collect();
    assert_eq!(at, ["", "```", "inside", "```"]);
}

#[test]
fn blocks_nested_without_end_are_a_fault_and_not_a_crash() {
    let (_, faults) = parse(&format!("scenario A title\n{}", "when 200\n".repeat(100_000)));
    assert!(!faults.is_empty());
}

/// Lines that stand near the edges of the language.
fn line() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "scenario",
        "given",
        "let",
        "x",
        "=",
        ">",
        "<",
        "==",
        "|",
        "for",
        "when",
        "end",
        "MUST",
        "a.b",
        "{",
        "}",
        "{x}",
        "\"",
        "'",
        "[",
        "]",
        "$.a",
        ":",
        ",",
        "or",
        "with",
        "without",
        "image",
        "text",
        "```",
        "of",
        "in",
        "GET",
        "/v2/",
        "?",
        "@",
        "200",
        "4xx",
        "4",
        "KiB",
        "pushed",
        "as",
        "to",
        "by",
        "any",
        "blob",
        "not",
        "has",
        "if present",
        "a",
        "digest of",
        "\u{e9}",
        "#",
        "\\",
        "type=",
        "annotations={",
        "-",
        "upload",
        "chunks",
    ]);
    let blanks = prop::sample::select(vec!["", "  ", "\t"]);
    (blanks, prop::collection::vec(words, 0..8))
        .prop_map(|(blanks, words)| format!("{blanks}{}", words.join(" ")))
}

proptest! {
    #[test]
    fn no_text_is_too_strange_to_be_read(text in "\\PC*", lines in prop::collection::vec(line(), 0..12)) {
        for text in [text, lines.join("\n"), format!("scenario A title\n{}", lines.join("\n"))] {
            let (_, faults) = parse(&text);
            for fault in &faults {
                prop_assert!(text.get(fault.span.clone()).is_some());
            }
            render(&faults, "test", &text, Color::Never);
        }
    }
}
