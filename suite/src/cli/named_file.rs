//! A file that was given a name.

use std::path::PathBuf;

/// A file, and what its column is called.
#[derive(Clone, Debug)]
pub(crate) struct NamedFile {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

impl NamedFile {
    /// Reads `NAME=FILE`, or `FILE`, which is called by its name without folder and ending.
    pub(crate) fn parse(text: &str) -> Result<NamedFile, String> {
        let (name, path) = match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !name.contains('/') => (Some(name), path),
            _ => (None, text),
        };
        let path = PathBuf::from(path);
        let stem = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = name.map(str::to_owned).or_else(stem);
        Ok(NamedFile {
            name: name.ok_or_else(|| format!("`{text}` names no file"))?,
            path,
        })
    }
}
