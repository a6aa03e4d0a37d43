//! What a `let` binds: contents, parts and edits of them, and values of the last answer.

use super::{Name, Spanned, Template};

/// `let NAME = VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// The variable.
    pub name: Spanned<Name>,
    /// Its value.
    pub value: Spanned<Expr>,
}

/// What a `let` binds.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Content that is made.
    Make(Make),
    /// `chunk 2 of blob`, `first 100 of blob`, …
    Cut(Cut, Spanned<Name>),
    /// `X with $.a = 1`, `X without $.b`, `X with another uuid`: a new value.
    Spoiled(EditBase, Vec<Spanned<Edit>>),
    /// A value taken from the last answer.
    Taken(Taken),
    /// `token SCOPE`: fetched from the token server that the registry named.
    Token(Template),
}

/// What an edit starts from.
#[derive(Clone, Debug, PartialEq)]
pub enum EditBase {
    /// A variable.
    Name(Spanned<Name>),
    /// Content made on the spot.
    Make(Box<Make>),
}

/// Content that is made from the seed.
#[derive(Clone, Debug, PartialEq)]
pub enum Make {
    /// `random 4 KiB`, `random 3 chunks`.
    Random(Size),
    /// `empty`: no bytes.
    Empty,
    /// `empty-json`: `{}`.
    EmptyJson,
    /// `image`: an OCI image manifest with its config and layers.
    Image(Shape),
    /// `index of a, b`: an OCI image index.
    Index(Vec<Spanned<Name>>, Shape),
    /// `docker image`: a Docker schema 2 manifest.
    DockerImage(Shape),
    /// `docker list of a, b`: a Docker manifest list.
    DockerList(Vec<Spanned<Name>>, Shape),
    /// `archive`: a tar archive, known by its TarSum.
    Archive,
    /// `signed image for {repo} as v1`: a Docker schema 1 manifest for a tag of a repository.
    Signed(Template, Template, Shape),
    /// `250 tags`.
    Tags(u32),
    /// `3 of …`: a list of contents, each different.
    Many(u32, Box<Make>),
    /// `128 times layer`: a list of one and the same.
    Times(u32, Spanned<Name>),
    /// `text` and a fence: bytes as written.
    Text(String, Shape),
    /// `file PATH`: bytes of a file of `fixtures/`.
    File(String, Shape),
}

/// How much random content there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A number of bytes, and the unit in which it was written.
    Bytes(u64, Unit),
    /// As many chunks as this, each of a size that the registry accepts, the last one shorter.
    Chunks(u32),
}

words! {
    /// The unit of a size.
    Unit {
        /// Bytes.
        Bytes = "bytes",
        /// 1024 bytes.
        KiB = "KiB",
        /// 1024 KiB.
        MiB = "MiB",
    }
}

impl Unit {
    /// The unit's length in bytes.
    pub fn bytes(self) -> u64 {
        match self {
            Unit::Bytes => 1,
            Unit::KiB => 1 << 10,
            Unit::MiB => 1 << 20,
        }
    }
}

/// The options of content that is made, as in `type=… subject=…`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// `type=`: the artifact type of a manifest, the media type of text and files.
    pub kind: Option<Template>,
    /// `subject=`: the manifest it refers to.
    pub subject: Option<Spanned<Name>>,
    /// `layers=a,b` or `layers=none`.
    pub layers: Option<Vec<Spanned<Name>>>,
    /// `config=`: the config blob.
    pub config: Option<Spanned<Name>>,
    /// `config-type=`: the media type of the config.
    pub config_type: Option<Template>,
    /// `annotations={"a":"b"}`.
    pub annotations: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A part of a content; it knows its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// `chunk 2 of`: counted from one.
    Chunk(u32),
    /// `first 100 of`.
    First(u64),
    /// `last 100 of`.
    Last(u64),
    /// `100-199 of`: both ends included.
    Between(u64, u64),
    /// `blob after first`: what follows the part `first`.
    After(Spanned<Name>),
}

/// One change to a content or a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// `with $.path = JSON`; path and JSON may have placeholders.
    Set(Template, Template),
    /// `without $.path`.
    Remove(Template),
    /// `with another uuid`: the first UUID in a text, replaced by a fresh one.
    AnotherUuid,
}

/// A value taken from the last answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// `header NAME`; `Location` is resolved against the request.
    Header(String),
    /// `json $.path`: the first node.
    Json(Template),
    /// `challenge SCHEME PARAMETER`.
    Challenge(String, String),
    /// `answer`: the whole.
    Answer,
}
