//! The stage.

use std::time::Duration;

use super::{Name, Spanned, Template};

/// `given …`: the stage, set and not judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// `given` alone: the `<` lines below are taken for granted, or the rest is not reached.
    Taken,
    /// `given X pushed …`.
    Pushed(Box<Pushed>),
    /// `given any … as NAME`: made where one may write, chosen from what is there elsewhere.
    Any(AnyContent, Spanned<Name>),
    /// `given 2 seconds pass` or `given 500 milliseconds pass`: nothing is sent for so long.
    Wait(Duration),
}

/// `given X pushed as TAGS to {other} by sha512`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pushed {
    /// How much of it.
    pub extent: Extent,
    /// The contents.
    pub what: Vec<Spanned<Name>>,
    /// The tags it gets; a variable may hold many.
    pub tags: Vec<Template>,
    /// The repository, if it is not the scenario's first.
    pub to: Option<Template>,
    /// The digest algorithm, if it is not sha256.
    pub by: Option<Algorithm>,
}

/// How much of a content `given … pushed` pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// It, and all that it refers to.
    Whole,
    /// `parts of`: all that it refers to, and not itself.
    Parts,
    /// `config of`: its config alone.
    Config,
}

/// What `given any …` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyContent {
    /// `image`: a manifest, by its tag if it has one; where one may not write it may be the index of an image for several
    /// platforms.
    Image,
    /// `index`.
    Index,
    /// `blob`, or `blob of N bytes or more`.
    Blob {
        /// The least size in bytes.
        at_least: Option<u64>,
    },
    /// `referrer`: the manifest of an image that names another manifest as its subject.
    Referrer,
    /// `tags`: the tags of a repository, in the order in which they are listed.
    Tags,
}

words! {
    /// A digest algorithm.
    Algorithm {
        /// SHA-256.
        Sha256 = "sha256",
        /// SHA-512.
        Sha512 = "sha512",
        /// TarSum, a sum over the files of an archive.
        TarSum = "tarsum",
    }
}

impl Algorithm {
    /// What stands before the colon of a digest.
    pub fn prefix(self) -> &'static str {
        match self {
            Algorithm::Sha256 | Algorithm::Sha512 => self.words(),
            Algorithm::TarSum => "tarsum.v1+sha256",
        }
    }
}
