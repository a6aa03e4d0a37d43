//! A line with its number in front: a line that was taken out, put in or moved shows.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::RecordLine;

/// The member that every line begins with.
const NUMBER: &str = "line";

/// A line, and its number, counted from one.
#[derive(Serialize)]
pub(super) struct NumberedLine {
    /// The number.
    #[serde(rename = "line")]
    pub(super) number: usize,
    /// What it says.
    #[serde(flatten)]
    pub(super) said: RecordLine,
}

impl<'de> Deserialize<'de> for NumberedLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NumberedLine, D::Error> {
        deserializer.deserialize_map(OfMembers)
    }
}

struct OfMembers;

impl<'de> Visitor<'de> for OfMembers {
    type Value = NumberedLine;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "an object that begins with `{NUMBER}`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<NumberedLine, A::Error> {
        match members.next_key::<String>()? {
            Some(first) if first == NUMBER => {}
            _ => return Err(Error::missing_field(NUMBER)),
        }
        Ok(NumberedLine {
            number: members.next_value()?,
            said: RecordLine::deserialize(MapAccessDeserializer::new(members))?,
        })
    }
}
