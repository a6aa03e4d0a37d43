//! The sum of an archive, made while it comes.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::archive::{ArchiveReader, Met};
use super::error::TarError;
use super::{DIGITS, TarSum, Version};

/// Up to how many files every sort orders alike though the order is no order: so few are sorted by insertion in every
/// release of Go, whose sort the sum was defined by.
const SORTED_ALIKE: usize = 6;

/// The most files of which sums are kept, in some 60 MiB. Layers have a few hundred thousand at most.
const MOST_FILES: usize = 1 << 20;

/// Why an archive has no sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TarSumError {
    /// It is no archive.
    #[error("{0}")]
    Tar(#[from] TarError),
    /// It names a path twice, and the sum of that depends on the release of Go that made it.
    #[error(
        "the archive names a path twice among more than {SORTED_ALIKE} files, \
         and what its sum is depends on who makes it"
    )]
    PathTwice,
    /// It has more files than are kept in mind.
    #[error("the archive has more than {MOST_FILES} files")]
    TooManyFiles,
}

/// Makes the sum of an archive that comes in pieces. It keeps of each file its sum, and by what its path is known.
///
/// ```
/// use assize_legacy::tarsum::{TarSumHasher, Version};
///
/// let mut hasher = TarSumHasher::new(Version::One);
/// hasher.update(&[0; 1024])?;
/// let sum = hasher.finish()?;
/// assert!(sum.as_str().starts_with("tarsum.v1+sha256:e3b0c44298fc1c14"));
/// # Ok::<(), assize_legacy::tarsum::TarSumError>(())
/// ```
#[derive(Debug, Clone)]
pub struct TarSumHasher {
    version: Version,
    archive: ArchiveReader,
    file: Sha256,
    paths: Paths,
    path: PathId,
    /// What of a header counts: kept, so that no header needs memory of its own.
    written: Vec<u8>,
    sums: Vec<FileSum>,
}

/// A SHA-256, as two numbers in the order of its digits.
type Sum = [u128; 2];

/// By what a path is known: two hashes with keys that nobody else has, so that nobody can make two paths alike.
type PathId = [u64; 2];

/// Says by what paths are known.
#[derive(Debug, Clone, Default)]
struct Paths([RandomState; 2]);

impl Paths {
    fn id(&self, path: &[u8]) -> PathId {
        self.0.each_ref().map(|keys| keys.hash_one(path))
    }
}

#[derive(Debug, Clone, Copy)]
struct FileSum {
    path: PathId,
    sum: Sum,
    position: usize,
}

impl FileSum {
    /// Files of one path are in the order of the archive, all others in that of their sums. That is no order: with
    /// files of one path, three may go round in a circle.
    fn is_before(&self, other: &Self) -> bool {
        if self.path == other.path {
            self.position < other.position
        } else {
            self.sum < other.sum
        }
    }
}

impl TarSumHasher {
    /// The sum of an archive of which nothing has come yet.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            archive: ArchiveReader::new(),
            file: Sha256::new(),
            paths: Paths::default(),
            path: PathId::default(),
            written: Vec::new(),
            sums: Vec::new(),
        }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// The bytes are no archive.
    pub fn update(&mut self, piece: &[u8]) -> Result<(), TarSumError> {
        let Self {
            version,
            archive,
            file,
            paths,
            path,
            written,
            sums,
        } = self;
        archive.read(piece, &mut |met| match met {
            Met::File(header, attributes) => {
                *path = paths.id(header.path());
                written.clear();
                header.write(*version, attributes, written);
                file.update(&*written);
            }
            Met::Content(part) => file.update(part),
            Met::EndOfFile => sums.push(FileSum {
                path: *path,
                sum: numbers(file.finalize_reset().into()),
                position: sums.len(),
            }),
        })?;
        if sums.len() > MOST_FILES {
            return Err(TarSumError::TooManyFiles);
        }
        Ok(())
    }

    /// The sum of all that came.
    ///
    /// # Errors
    /// The archive is cut off, or has no sum that everybody agrees on.
    pub fn finish(self) -> Result<TarSum, TarSumError> {
        self.finish_with(&[])
    }

    /// The sum of all that came, and of something besides: for images of version 1 that was their JSON.
    ///
    /// # Errors
    /// The archive is cut off, or has no sum that everybody agrees on.
    pub fn finish_with(mut self, besides: &[u8]) -> Result<TarSum, TarSumError> {
        self.archive.end()?;
        sort(&mut self.sums)?;
        let mut whole = Sha256::new_with_prefix(besides);
        let mut digits = [0; DIGITS];
        for sum in &self.sums {
            HEXLOWER.encode_mut(bytes(sum.sum).as_flattened(), &mut digits);
            whole.update(digits);
        }
        Ok(TarSum::new(self.version, &HEXLOWER.encode(&whole.finalize())))
    }
}

fn numbers(sum: [u8; 32]) -> Sum {
    let (halves, _) = sum.as_chunks();
    [halves[0], halves[1]].map(u128::from_be_bytes)
}

fn bytes(sum: Sum) -> [[u8; 16]; 2] {
    sum.map(u128::to_be_bytes)
}

/// Sorts as the sum was defined.
fn sort(sums: &mut [FileSum]) -> Result<(), TarSumError> {
    if sums.len() <= SORTED_ALIKE {
        for end in 1..sums.len() {
            let mut at = end;
            while at > 0 && sums[at].is_before(&sums[at - 1]) {
                sums.swap(at, at - 1);
                at -= 1;
            }
        }
        return Ok(());
    }
    let mut last = HashMap::<PathId, Sum>::with_capacity(sums.len());
    for sum in &*sums {
        // Where the files of one path are in the order of their sums anyway, the order is one.
        if last
            .insert(sum.path, sum.sum)
            .is_some_and(|before| before > sum.sum)
        {
            return Err(TarSumError::PathTwice);
        }
    }
    sums.sort_unstable_by_key(|sum| sum.sum);
    Ok(())
}
