//! The `Range` of a download (RFC 9110, section 14).

/// A run of bytes of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The offset of the first byte.
    pub(crate) first: u64,
    /// The number of bytes.
    pub(crate) length: u64,
}

/// What a `Range` field asks of content of a known size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Everything: the field is missing, malformed, of another unit, or has several satisfiable ranges.
    Whole,
    /// One part.
    Part(Span),
    /// Nothing that exists.
    Unsatisfiable,
}

/// Applies a `Range` field to content of `size` bytes.
///
/// Several satisfiable ranges select the whole: section 14.2 lets a server ignore the field, and a
/// client that wants parts asks for one at a time. A request with many ranges costs no more that way.
pub(crate) fn select(field: &str, size: u64) -> Selection {
    let Some(ranges) = parse(field) else {
        return Selection::Whole;
    };
    let mut satisfiable = ranges.into_iter().filter_map(|range| range.within(size));
    match (satisfiable.next(), satisfiable.next()) {
        (None, _) => Selection::Unsatisfiable,
        (Some(span), None) => Selection::Part(span),
        (Some(_), Some(_)) => Selection::Whole,
    }
}

/// A range-spec of the unit `bytes`.
enum ByteRange {
    /// `first-` or `first-last`.
    From { first: u64, last: Option<u64> },
    /// `-length`.
    Suffix { length: u64 },
}

impl ByteRange {
    fn within(&self, size: u64) -> Option<Span> {
        let first = match *self {
            Self::From { first, .. } => first,
            Self::Suffix { length: 0 } => return None,
            Self::Suffix { length } => size.saturating_sub(length),
        };
        let end = match *self {
            Self::From { last: Some(last), .. } => last.saturating_add(1).min(size),
            _ => size,
        };
        (first < size).then(|| Span {
            first,
            length: end - first,
        })
    }
}

/// Reads a ranges-specifier; `None` where it is not one of the unit `bytes`.
fn parse(field: &str) -> Option<Vec<ByteRange>> {
    let (unit, set) = field.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    // Section 5.6.1.2: a recipient ignores a reasonable number of empty list elements.
    let specs = set
        .split(',')
        .map(|spec| spec.trim_matches([' ', '\t']))
        .filter(|spec| !spec.is_empty());
    let ranges = specs.map(parse_one).collect::<Option<Vec<_>>>()?;
    (!ranges.is_empty()).then_some(ranges)
}

fn parse_one(spec: &str) -> Option<ByteRange> {
    match spec.split_once('-')? {
        ("", length) => Some(ByteRange::Suffix {
            length: position(length)?,
        }),
        (first, "") => Some(ByteRange::From {
            first: position(first)?,
            last: None,
        }),
        (first, last) => {
            let range = ByteRange::From {
                first: position(first)?,
                last: Some(position(last)?),
            };
            is_ordered(first, last).then_some(range)
        }
    }
}

/// Whether `first` is not after `last`, as written: numbers of any size are compared.
fn is_ordered(first: &str, last: &str) -> bool {
    let (first, last) = (first.trim_start_matches('0'), last.trim_start_matches('0'));
    (first.len(), first) <= (last.len(), last)
}

/// Reads a position; one that does not fit is as good as the largest that does.
fn position(digits: &str) -> Option<u64> {
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Selection, Span, select};
    use crate::protocol::vectors;

    #[test]
    fn ranges_select_what_the_vectors_say() {
        for vector in vectors::read("ranges.toml").range {
            let expected = match (vector.first, vector.last) {
                (Some(first), Some(last)) => Selection::Part(Span {
                    first,
                    length: last - first + 1,
                }),
                _ if vector.unsatisfiable => Selection::Unsatisfiable,
                _ => Selection::Whole,
            };
            assert_eq!(
                select(&vector.field, vector.size),
                expected,
                "{} of {}",
                vector.field,
                vector.size
            );
        }
    }

    proptest! {
        #[test]
        fn a_selected_part_lies_within_the_content(field in "bytes=[0-9]{0,21}-[0-9]{0,21}", size in any::<u64>()) {
            if let Selection::Part(span) = select(&field, size) {
                prop_assert!(span.length > 0);
                prop_assert!(span.first.checked_add(span.length).is_some_and(|end| end <= size));
            }
        }

        #[test]
        fn an_open_range_and_the_part_before_it_make_the_whole(size in 1..u64::MAX, cut in any::<u64>()) {
            let cut = cut % size;
            let rest = Selection::Part(Span { first: cut, length: size - cut });
            prop_assert_eq!(select(&format!("bytes={cut}-"), size), rest);
        }

        #[test]
        fn no_field_whatever_causes_a_panic(field in ".{0,60}", size in any::<u64>()) {
            select(&field, size);
        }
    }
}
