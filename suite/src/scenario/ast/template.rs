//! Names, and text with placeholders.

use std::fmt;

use super::Spanned;
use crate::words::words;

/// The name of a variable: lower-case words joined by hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub String);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A column of the surrounding rows, or the thing itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot<T> {
    /// Written out.
    Is(T),
    /// `{COLUMN}`: the cell of the row.
    Column(Name),
}

/// Text with placeholders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(pub Vec<Piece>);

/// A part of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text as it stands; never empty, never two in a row.
    Text(String),
    /// `{digest blob}`.
    Hole(Spanned<Reference>),
}

/// A variable and the properties asked of it, outermost first: `{digest last of tags}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The properties, applied from the last to the first.
    pub properties: Vec<Property>,
    /// The variable.
    pub name: Name,
}

words! {
    /// A property of a value.
    Property {
        /// The digest by which the value was made, sha256 unless it was made otherwise.
        Digest = "digest",
        /// The sha256 digest.
        Sha256 = "sha256",
        /// The sha512 digest.
        Sha512 = "sha512",
        /// The encoded part of a digest.
        Hex = "hex",
        /// The length in bytes.
        Size = "size",
        /// The media type.
        Type = "type",
        /// The content itself, as text.
        Text = "text",
        /// A tag of the value's own, different for every content.
        Tag = "tag",
        /// `first-last`: the place of a part in the whole.
        Range = "range",
        /// The position of the last byte of a part in the whole.
        End = "end",
        /// An entity tag, made weak.
        Weak = "weak",
        /// The first value of a list.
        First = "first of",
        /// The last value of a list.
        Last = "last of",
    }
}
