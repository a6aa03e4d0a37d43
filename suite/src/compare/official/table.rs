//! The table that says which requirements the tests of the OCI's conformance suite tell of.

use std::sync::LazyLock;

use glob::Pattern;
use serde::{Deserialize, Deserializer};

static TABLE: LazyLock<OfficialTable> =
    LazyLock::new(|| toml::from_str(include_str!("table.toml")).unwrap_or_default());

/// What is known of the other suite.
#[derive(Debug, Default, Deserialize)]
pub(super) struct OfficialTable {
    /// By the paths of its steps.
    #[serde(rename = "test")]
    pub(super) tests: Vec<OfficialRow>,
    /// By the sentences that the steps of its older form are called by.
    pub(super) ginkgo: Vec<OfficialRow>,
    /// By the names of its APIs.
    #[serde(rename = "api")]
    pub(super) apis: Vec<OfficialRow>,
}

/// What one name tells of.
#[derive(Debug, Deserialize)]
pub(super) struct OfficialRow {
    /// The names.
    #[serde(deserialize_with = "pattern")]
    pub(super) name: Pattern,
    /// The one requirement that it asks.
    pub(super) asks: Option<String>,
    /// What holds if it passes.
    #[serde(default)]
    pub(super) shows: Vec<String>,
}

impl OfficialTable {
    /// The table that comes with the suite.
    pub(super) fn built_in() -> &'static OfficialTable {
        &TABLE
    }
}

fn pattern<'de, D: Deserializer<'de>>(from: D) -> Result<Pattern, D::Error> {
    let text = String::deserialize(from)?;
    Pattern::new(&text).map_err(serde::de::Error::custom)
}
