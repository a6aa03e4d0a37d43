//! Extended headers: the records that stand before a header and override parts of it (POSIX, pax Interchange Format).

use super::error::TarError;

/// What precedes the name of an extended attribute.
const ATTRIBUTE: &[u8] = b"SCHILY.xattr.";

/// What precedes what a sparse file consists of.
const SPARSE: &[u8] = b"GNU.sparse.";

/// What stands before a header and overrides parts of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Overrides {
    pub(super) name: Option<Vec<u8>>,
    pub(super) link_name: Option<Vec<u8>>,
    pub(super) user: Option<Vec<u8>>,
    pub(super) group: Option<Vec<u8>>,
    pub(super) user_id: Option<i64>,
    pub(super) group_id: Option<i64>,
    pub(super) time: Option<i64>,
    pub(super) size: Option<u64>,
    /// Extended attributes with their values, sorted by name.
    pub(super) attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Overrides {
    /// Adds the records of an extended header. Of two of one key the later counts.
    pub(super) fn add(&mut self, mut records: &[u8]) -> Result<(), TarError> {
        while !records.is_empty() {
            let (record, rest) = first(records)?;
            records = rest;
            let equals = record
                .iter()
                .position(|byte| *byte == b'=')
                .ok_or(TarError::Record)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"linkpath" => self.link_name = Some(value.to_vec()),
                b"uname" => self.user = Some(value.to_vec()),
                b"gname" => self.group = Some(value.to_vec()),
                b"uid" => self.user_id = Some(number(value)?),
                b"gid" => self.group_id = Some(number(value)?),
                b"mtime" => self.time = Some(whole_seconds(value)?),
                b"size" => self.size = Some(number(value)?),
                _ => {
                    if key.starts_with(SPARSE) {
                        return Err(TarError::Sparse);
                    }
                    if let Some(name) = key.strip_prefix(ATTRIBUTE) {
                        self.attributes.retain(|(known, _)| known != name);
                        self.attributes.push((name.to_vec(), value.to_vec()));
                    }
                }
            }
        }
        self.attributes.sort();
        Ok(())
    }
}

/// The `KEY=VALUE` of the first record, which is `LENGTH KEY=VALUE` and a newline, and what is behind it.
fn first(records: &[u8]) -> Result<(&[u8], &[u8]), TarError> {
    let space = records.iter().position(|byte| *byte == b' ');
    let length = &records[..space.ok_or(TarError::Record)?];
    let (record, rest) = records
        .split_at_checked(number(length)?)
        .ok_or(TarError::Record)?;
    let record = record.get(length.len() + 1..).ok_or(TarError::Record)?;
    let record = record.strip_suffix(b"\n").ok_or(TarError::Record)?;
    Ok((record, rest))
}

fn number<N: std::str::FromStr>(digits: &[u8]) -> Result<N, TarError> {
    let digits = std::str::from_utf8(digits).map_err(|_| TarError::Record)?;
    digits.parse().map_err(|_| TarError::Record)
}

/// The seconds of a time; what is behind the point does not count.
fn whole_seconds(time: &[u8]) -> Result<i64, TarError> {
    number(time.split(|byte| *byte == b'.').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Overrides, TarError};

    #[test]
    fn records_override_and_the_later_counts() {
        let mut overrides = Overrides::default();
        overrides
            .add(b"9 path=a\n9 path=b\n14 mtime=-7.5\n20 SCHILY.xattr.b=\n\n21 SCHILY.xattr.a=x=\n")
            .unwrap();
        assert_eq!(overrides.name.as_deref(), Some(b"b".as_slice()));
        assert_eq!(overrides.time, Some(-7));
        let attributes = [(b"a".to_vec(), b"x=".to_vec()), (b"b".to_vec(), b"\n".to_vec())];
        assert_eq!(overrides.attributes, attributes);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for records in [
            "x",
            "9 path=a",
            "8 path=a\n",
            "0 a=\n",
            "99 path=a\n",
            "5 ab\n",
            "-1 a=\n",
        ] {
            let refused = Overrides::default().add(records.as_bytes());
            assert_eq!(refused, Err(TarError::Record), "{records:?}");
        }
        let sparse = Overrides::default().add(b"22 GNU.sparse.major=1\n");
        assert_eq!(sparse, Err(TarError::Sparse));
    }
}
