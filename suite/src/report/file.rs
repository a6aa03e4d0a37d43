//! A file that is there whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that takes its place in one step when it is finished, so that nobody ever reads half of it; dropped before,
/// it leaves what was there. What is no file, as `/dev/null`, is written to as it is.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    place: Sink,
}

#[derive(Debug)]
enum Sink {
    Beside(NamedTempFile),
    There(File),
}

impl NewFile {
    /// Begins a file.
    ///
    /// # Errors
    /// There is no such folder, or nothing may be written there.
    pub fn create(path: &Path) -> io::Result<NewFile> {
        let place = if path.metadata().is_ok_and(|found| !found.is_file()) {
            Sink::There(File::options().write(true).open(path)?)
        } else {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            Sink::Beside(readable_by_all(&mut tempfile::Builder::new()).tempfile_in(folder)?)
        };
        Ok(NewFile {
            path: path.to_owned(),
            place,
        })
    }

    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// What was written does not fit, or the place is not free any more.
    pub fn finish(self) -> io::Result<()> {
        match self.place {
            Sink::There(mut file) => file.flush(),
            Sink::Beside(file) => {
                file.as_file().sync_all()?;
                file.persist(&self.path)?;
                Ok(())
            }
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.place {
            Sink::Beside(file) => file.write(bytes),
            Sink::There(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.place {
            Sink::Beside(file) => file.flush(),
            Sink::There(file) => file.flush(),
        }
    }
}

/// A temporary file is its owner's alone; a report is read by whoever may read the job's other files.
#[cfg(unix)]
fn readable_by_all<'a, 'x, 'y>(file: &'a mut tempfile::Builder<'x, 'y>) -> &'a mut tempfile::Builder<'x, 'y> {
    use std::os::unix::fs::PermissionsExt;
    file.permissions(std::fs::Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn readable_by_all<'a, 'x, 'y>(file: &'a mut tempfile::Builder<'x, 'y>) -> &'a mut tempfile::Builder<'x, 'y> {
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replace(path: &Path, text: &str) -> io::Result<()> {
        let mut file = NewFile::create(path)?;
        file.write_all(text.as_bytes())?;
        file.finish()
    }

    #[test]
    fn a_file_is_replaced_whole_or_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.txt");
        replace(&path, "first").unwrap();
        replace(&path, "second").unwrap();
        let mut given_up = NewFile::create(&path).unwrap();
        given_up.write_all(b"third").unwrap();
        drop(given_up);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
        assert!(replace(&folder.path().join("missing/report.txt"), "text").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        replace(Path::new("/dev/null"), "text").unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }
}
