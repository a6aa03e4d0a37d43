//! The header of a file: 512 bytes, in the form of V7, of POSIX, of GNU or of star.

use std::io::Write as _;
use std::ops::Range;

use super::Version;
use super::error::TarError;
use super::records::Overrides;

/// The size of a header, and of what it is padded to.
pub(super) const BLOCK: usize = 512;

/// One header, before anything overrides it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    name: Vec<u8>,
    mode: i64,
    user_id: i64,
    group_id: i64,
    /// How long the content is.
    pub(super) size: u64,
    time: i64,
    /// What kind of file it is, or what else follows.
    pub(super) kind: u8,
    link_name: Vec<u8>,
    user: Vec<u8>,
    group: Vec<u8>,
    device: (i64, i64),
}

/// Where the fields stand that every form has more than V7.
struct Extension {
    has_prefix_of: usize,
}

impl Extension {
    /// What the block has behind the fields of V7, by what it says it is.
    fn of(block: &[u8; BLOCK]) -> Option<Self> {
        let has_prefix_of = match &block[257..265] {
            [b'u', b's', b't', b'a', b'r', 0, ..] if &block[508..512] == b"tar\0" => 131,
            [b'u', b's', b't', b'a', b'r', 0, ..] | b"ustar  \0" => 155,
            _ => return None,
        };
        Some(Self { has_prefix_of })
    }
}

impl Header {
    /// Reads a block.
    pub(super) fn read(block: &[u8; BLOCK]) -> Result<Self, TarError> {
        if !is_its_checksum(block) {
            return Err(TarError::Checksum);
        }
        let mut header = Self {
            name: text(&block[..100]),
            mode: number(&block[100..108])?,
            user_id: number(&block[108..116])?,
            group_id: number(&block[116..124])?,
            size: number(&block[124..136])?
                .try_into()
                .map_err(|_| TarError::Number)?,
            time: number(&block[136..148])?,
            kind: block[156],
            link_name: text(&block[157..257]),
            user: Vec::new(),
            group: Vec::new(),
            device: (0, 0),
        };
        if let Some(extension) = Extension::of(block) {
            header.user = text(&block[265..297]);
            header.group = text(&block[297..329]);
            if matches!(header.kind, b'3' | b'4') {
                header.device = (number(&block[329..337])?, number(&block[337..345])?);
            }
            let prefix = text(&block[345..345 + extension.has_prefix_of]);
            if !prefix.is_empty() {
                header.name = [prefix.as_slice(), b"/", &header.name].concat();
            }
        }
        Ok(header)
    }

    /// Takes over what stood before it.
    pub(super) fn overridden(mut self, overrides: &mut Overrides) -> Self {
        let texts = [
            (&mut self.name, &mut overrides.name),
            (&mut self.link_name, &mut overrides.link_name),
            (&mut self.user, &mut overrides.user),
            (&mut self.group, &mut overrides.group),
        ];
        for (own, other) in texts {
            if let Some(other) = other.take() {
                *own = other;
            }
        }
        self.user_id = overrides.user_id.unwrap_or(self.user_id);
        self.group_id = overrides.group_id.unwrap_or(self.group_id);
        self.time = overrides.time.unwrap_or(self.time);
        self.size = overrides.size.unwrap_or(self.size);
        self
    }

    /// How long the content is that follows: links, devices and folders have none, whatever they say.
    pub(super) fn content(&self) -> u64 {
        match self.kind {
            b'1'..=b'6' => 0,
            _ => self.size,
        }
    }

    /// The path by which files are told to be the same.
    pub(super) fn path(&self) -> &[u8] {
        let path = self.name.strip_prefix(b"./").unwrap_or(&self.name);
        path.strip_suffix(b"/").unwrap_or(path)
    }

    /// Writes key by key, without anything between, what of the header counts.
    pub(super) fn write(&self, version: Version, attributes: &[(Vec<u8>, Vec<u8>)], written: &mut Vec<u8>) {
        let (major, minor) = self.device;
        written.extend(b"name");
        written.extend(&self.name);
        let (mode, user, group, size) = (self.mode, self.user_id, self.group_id, self.size);
        // Writing to a vector cannot fail.
        let _ = write!(written, "mode{mode}uid{user}gid{group}size{size}");
        if version == Version::Zero {
            let _ = write!(written, "mtime{}", self.time);
        }
        written.extend(b"typeflag");
        written.push(self.kind);
        for (key, value) in [
            ("linkname", &self.link_name),
            ("uname", &self.user),
            ("gname", &self.group),
        ] {
            written.extend(key.as_bytes());
            written.extend(value);
        }
        let _ = write!(written, "devmajor{major}devminor{minor}");
        if version != Version::Zero {
            for (name, value) in attributes {
                written.extend(name);
                written.extend(value);
            }
        }
    }
}

/// Where the checksum stands in a block.
const CHECKSUM: Range<usize> = 148..156;

/// Whether a block has the checksum that it says it has, over blanks in its place; some programs add up signed bytes.
fn is_its_checksum(block: &[u8; BLOCK]) -> bool {
    let blanks = i32::from(b' ') * CHECKSUM.len() as i32;
    let over = |added: fn(&[u8]) -> i32| i64::from(added(block) - added(&block[CHECKSUM]) + blanks);
    let unsigned = || over(|bytes| bytes.iter().map(|byte| i32::from(*byte)).sum());
    let signed = || over(|bytes| bytes.iter().map(|byte| i32::from(byte.cast_signed())).sum());
    number(&block[CHECKSUM]).is_ok_and(|said| said == unsigned() || said == signed())
}

/// What stands before the first zero.
fn text(field: &[u8]) -> Vec<u8> {
    field.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}

/// A number in octal digits between blanks and zeros, or, with the first bit set, in base 256.
fn number(field: &[u8]) -> Result<i64, TarError> {
    if let [first, rest @ ..] = field
        && first & 0x80 != 0
    {
        let is_negative = first & 0x40 != 0;
        let start = if is_negative {
            i128::from(*first) - 256
        } else {
            i128::from(first & 0x7f)
        };
        let whole = rest.iter().try_fold(start, |value, byte| {
            value.checked_mul(256).map(|value| value + i128::from(*byte))
        });
        return whole
            .and_then(|value| value.try_into().ok())
            .ok_or(TarError::Number);
    }
    let is_blank = |byte: &u8| matches!(byte, b' ' | 0);
    let Some(start) = field.iter().position(|byte| !is_blank(byte)) else {
        return Ok(0);
    };
    let end = field.iter().rposition(|byte| !is_blank(byte)).unwrap_or(start);
    let digits = field[start..=end].split(|byte| *byte == 0).next();
    let digits = std::str::from_utf8(digits.unwrap_or_default()).map_err(|_| TarError::Number)?;
    i64::from_str_radix(digits, 8).map_err(|_| TarError::Number)
}

#[cfg(test)]
mod tests {
    use super::{TarError, number};

    #[test]
    fn numbers_are_octal_between_blanks_or_of_base_256() {
        for (field, value) in [
            (b"0000755\0".as_slice(), Ok(0o755)),
            (b"   755 \0", Ok(0o755)),
            (b"\0\0\0\0\0\0\0\0", Ok(0)),
            (b"\x80\0\0\0\0\0\x01\0", Ok(256)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xfe", Ok(-2)),
            (b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", Ok(i64::MAX)),
            (b"\x80\0\0\0\x80\0\0\0\0\0\0\0", Err(TarError::Number)),
            (b"0000855\0", Err(TarError::Number)),
            (b"75 5\0\0\0\0", Err(TarError::Number)),
        ] {
            assert_eq!(number(field), value, "{field:?}");
        }
    }
}
