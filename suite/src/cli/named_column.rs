//! What is compared, under a name.

use std::path::PathBuf;

/// A column of a comparison: what it is called, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct NamedColumn {
    pub(super) name: String,
    pub(super) source: ColumnSource,
}

/// Where a column comes from.
#[derive(Clone, Debug)]
pub(super) enum ColumnSource {
    /// The address of a registry.
    Address(String),
    /// A file, or a folder of recorded responses.
    Path(PathBuf),
}

impl NamedColumn {
    /// Reads `NAME=SOURCE`, or a source alone: an address is called by what follows its scheme, a file by its name without folder
    /// and ending, a folder by its name.
    pub(crate) fn parse(text: &str) -> Result<NamedColumn, String> {
        let (name, source) = match text.split_once('=') {
            Some((name, source)) if !name.is_empty() && !name.contains('/') => (Some(name), source),
            _ => (None, text),
        };
        if let Some((_, host)) = source.split_once("://") {
            let name = name.unwrap_or(host.trim_end_matches('/'));
            return Ok(NamedColumn {
                name: name.to_owned(),
                source: ColumnSource::Address(source.to_owned()),
            });
        }
        let path = PathBuf::from(source);
        let own = match path.is_dir() {
            true => path.file_name(),
            false => path.file_stem(),
        };
        let name = name.map(str::to_owned);
        let name = name.or_else(|| own.map(|own| own.to_string_lossy().into_owned()));
        Ok(NamedColumn {
            name: name.ok_or_else(|| format!("`{text}` names no file"))?,
            source: ColumnSource::Path(path),
        })
    }
}
