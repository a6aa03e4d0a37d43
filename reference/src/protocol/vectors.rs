//! The vectors of `fixtures/vectors`, which bind this registry and the suite that checks registries.

use std::path::Path;

use serde::Deserialize;

/// The contents of a file of vectors; each file uses some of the tables.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Vectors {
    pub(crate) valid: Vec<Text>,
    pub(crate) invalid: Vec<Text>,
    pub(crate) range: Vec<Range>,
    pub(crate) content: Vec<Content>,
}

/// A text that a grammar accepts or refuses.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    pub(crate) text: String,
    /// The text is written so often in a row.
    #[serde(default = "once")]
    pub(crate) repeat: usize,
    #[serde(default)]
    pub(crate) why: String,
}

/// A `Range` field, the size of the content, and what is to be sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    pub(crate) field: String,
    pub(crate) size: u64,
    pub(crate) first: Option<u64>,
    pub(crate) last: Option<u64>,
    #[serde(default)]
    pub(crate) unsatisfiable: bool,
}

/// Content with its digests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    pub(crate) text: String,
    pub(crate) sha256: String,
    pub(crate) sha512: String,
}

const fn once() -> usize {
    1
}

/// Reads a file of vectors.
pub(crate) fn read(file: &str) -> Vectors {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/vectors")
        .join(file);
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Asserts that `accepts` agrees with a file of valid and invalid texts.
pub(crate) fn judge(file: &str, accepts: impl Fn(&str) -> bool) {
    let vectors = read(file);
    let judged = |texts: Vec<Text>, expected| texts.into_iter().map(move |text| (text, expected));
    for (text, expected) in judged(vectors.valid, true).chain(judged(vectors.invalid, false)) {
        let written = text.text.repeat(text.repeat);
        assert_eq!(accepts(&written), expected, "{file}: {written:?} ({})", text.why);
    }
}
