//! What a variable holds, and the properties that a scenario may ask of it.

use std::sync::Arc;

use super::answer::Answered;
use super::content::Content;
use crate::cause::{Beyond, Cause};
use crate::scenario::ast::{Algorithm, Piece, Property, Template};

/// The value of a variable.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Text: a tag, an address, a token.
    Text(String),
    /// Content that was made or cut.
    Content(Arc<Content>),
    /// Several values.
    List(Vec<Value>),
    /// An answer, kept whole.
    Answer(Arc<Answered>),
    /// A value that could not be had, and why.
    Missing(Cause),
}

/// Why a value cannot be used as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueError {
    /// The registry did not give it.
    Missing(Cause),
    /// The scenario asks something of it that it has not.
    Senseless(String),
}

impl ValueError {
    /// Why the text that a template came to cannot be used: a fault of the scenario, unless values were put into it.
    pub fn of_text(template: &Template, why: String) -> ValueError {
        if template.0.iter().any(|piece| matches!(piece, Piece::Hole(_))) {
            ValueError::Missing(Cause::Said(why))
        } else {
            ValueError::Senseless(why)
        }
    }
}

impl Value {
    /// The value as one text; a content stands for its digest.
    pub(crate) fn text(&self) -> Result<String, ValueError> {
        match self {
            Value::Text(text) => Ok(text.clone()),
            Value::Content(content) => Ok(content.digest()),
            Value::List(values) => {
                let texts: Result<Vec<String>, ValueError> = values.iter().map(Value::text).collect();
                Ok(texts?.join(", "))
            }
            Value::Answer(_) => Err(ValueError::Senseless("an answer is not a text".into())),
            Value::Missing(cause) => Err(ValueError::Missing(cause.clone())),
        }
    }

    /// The values of a list, or the value itself.
    pub(crate) fn members(&self) -> Vec<Value> {
        match self {
            Value::List(values) => values.clone(),
            other => vec![other.clone()],
        }
    }

    /// The content, if it is one.
    pub(crate) fn content(&self) -> Result<Arc<Content>, ValueError> {
        match self {
            Value::Content(content) => Ok(content.clone()),
            Value::Missing(cause) => Err(ValueError::Missing(cause.clone())),
            _ => Err(ValueError::Senseless("it is not a content".into())),
        }
    }

    /// A property of the value; of a list, the list of its members' properties.
    pub(crate) fn property(&self, property: Property) -> Result<Value, ValueError> {
        match (self, property) {
            (Value::Missing(_), _) => Ok(self.clone()),
            (Value::List(values), Property::First) => first(values.first()),
            (Value::List(values), Property::Last) => first(values.last()),
            (Value::List(values), _) => values
                .iter()
                .map(|value| value.property(property))
                .collect::<Result<_, _>>()
                .map(Value::List),
            (Value::Content(content), Property::Tag) => Ok(content
                .known_tag()
                .map_or(Value::Missing(Cause::Beyond(Beyond::Untagged)), Value::Text)),
            (Value::Content(content), _) => of_content(content, property).map(Value::Text),
            (Value::Text(text), Property::Hex) => Ok(Value::Text(
                text.split_once(':')
                    .map_or(text.as_str(), |(_, hex)| hex)
                    .to_owned(),
            )),
            (Value::Text(text), Property::Weak) => {
                Ok(Value::Text(format!("W/{}", text.trim_start_matches("W/"))))
            }
            (Value::Text(text), Property::Size) => Ok(Value::Text(text.len().to_string())),
            _ => Err(senseless(property)),
        }
    }
}

fn first(value: Option<&Value>) -> Result<Value, ValueError> {
    value
        .cloned()
        .ok_or_else(|| ValueError::Senseless("the list is empty".into()))
}

fn senseless(property: Property) -> ValueError {
    ValueError::Senseless(format!("it has no `{}`", property.words()))
}

fn of_content(content: &Content, property: Property) -> Result<String, ValueError> {
    let start = content.place.map_or(0, |place| place.start);
    let end = (start + content.size()).saturating_sub(1);
    Ok(match property {
        Property::Digest => content.digest(),
        Property::Sha256 => content.digest_by(Algorithm::Sha256),
        Property::Sha512 => content.digest_by(Algorithm::Sha512),
        Property::Hex => content
            .digest()
            .split_once(':')
            .map(|(_, hex)| hex.to_owned())
            .unwrap_or_default(),
        Property::Size => content.size().to_string(),
        Property::Type => content.media_type.clone(),
        Property::Text => String::from_utf8_lossy(&content.bytes()).into_owned(),
        Property::Range => format!("{start}-{end}"),
        Property::End => end.to_string(),
        Property::Tag | Property::Weak | Property::First | Property::Last => return Err(senseless(property)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_of_a_list_is_the_list_of_properties() {
        let list = Value::List(vec![
            Value::Text("sha256:aa".into()),
            Value::Text("sha256:bb".into()),
        ]);
        assert_eq!(list.property(Property::Hex).unwrap().text().unwrap(), "aa, bb");
        assert_eq!(
            list.property(Property::Last).unwrap().text().unwrap(),
            "sha256:bb"
        );
    }

    #[test]
    fn the_range_of_a_part_is_its_place_in_the_whole() {
        let part = Content::blob("0123456789").part(4, 7);
        assert_eq!(
            Value::Content(Arc::new(part))
                .property(Property::Range)
                .unwrap()
                .text()
                .unwrap(),
            "4-6"
        );
    }

    #[test]
    fn a_missing_value_keeps_its_cause_whatever_is_asked_of_it() {
        let missing = Value::Missing(Cause::Said("no Location".into()));
        let asked = missing.property(Property::Digest).unwrap();
        assert_eq!(
            asked.text(),
            Err(ValueError::Missing(Cause::Said("no Location".into())))
        );
    }
}
