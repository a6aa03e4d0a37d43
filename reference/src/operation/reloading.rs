//! What is read from files, and read again when they change.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

/// How a file looks from outside: what changes with its content.
type Stamp = Option<(SystemTime, u64)>;

/// A value that files hold.
pub(crate) struct FromFiles<T> {
    files: Vec<PathBuf>,
    read: fn(&[PathBuf]) -> Result<T, String>,
    current: RwLock<Arc<T>>,
    stamps: Mutex<Vec<Stamp>>,
}

impl<T> FromFiles<T> {
    /// Reads a value for the first time.
    ///
    /// # Errors
    /// Says what is wrong with the files.
    pub(crate) fn open(
        files: Vec<PathBuf>,
        read: fn(&[PathBuf]) -> Result<T, String>,
    ) -> Result<Self, String> {
        let stamps = stamps(&files);
        Ok(Self {
            current: RwLock::new(Arc::new(read(&files)?)),
            stamps: Mutex::new(stamps),
            files,
            read,
        })
    }

    /// The value as it was last read.
    pub(crate) fn current(&self) -> Arc<T> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again; the value stays as it is if they are wrong.
    pub(crate) fn reload(&self) {
        *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) = stamps(&self.files);
        match (self.read)(&self.files) {
            Ok(value) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
                tracing::info!(files = ?self.files, "read again");
            }
            Err(error) => {
                tracing::error!(%error, files = ?self.files, "not read again: what was read before stays in use");
            }
        }
    }

    /// Reads the files again if they have changed.
    pub(crate) fn reload_if_changed(&self) {
        let known = self.stamps.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if stamps(&self.files) != known {
            self.reload();
        }
    }
}

impl<T> fmt::Debug for FromFiles<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFiles")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |file: &Path| {
        let metadata = std::fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(|file| stamp(file)).collect()
}

#[cfg(test)]
mod tests {
    use super::FromFiles;

    fn read(files: &[std::path::PathBuf]) -> Result<String, String> {
        let text = std::fs::read_to_string(&files[0]).map_err(|error| error.to_string())?;
        if text.is_empty() {
            Err("empty".to_owned())
        } else {
            Ok(text)
        }
    }

    #[test]
    fn a_value_follows_its_file_and_survives_a_bad_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("value");
        std::fs::write(&file, "one").unwrap();
        let value = FromFiles::open(vec![file.clone()], read).unwrap();
        assert_eq!(*value.current(), "one");
        std::fs::write(&file, "and two").unwrap();
        value.reload_if_changed();
        assert_eq!(*value.current(), "and two");
        std::fs::write(&file, "").unwrap();
        value.reload_if_changed();
        assert_eq!(*value.current(), "and two");
    }
}
