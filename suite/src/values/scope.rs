//! The variables of a scenario, and the text that its placeholders stand for.

use std::collections::HashMap;

use super::face::{Face, faces};
use super::value::{Value, ValueError};
use crate::scenario::ast::{Name, Piece, Reference, Template, Text};

/// The variables in force, block within block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    blocks: Vec<HashMap<Name, Value>>,
}

impl Scope {
    /// A scope in which the repositories' names are bound.
    pub(crate) fn with_repositories(repositories: [Value; 3]) -> Scope {
        let names = ["repo", "other", "third"].map(|name| Name(name.to_owned()));
        Scope {
            blocks: vec![names.into_iter().zip(repositories).collect()],
        }
    }

    /// How all that is bound may look.
    pub(crate) fn faces(&self) -> Vec<Face> {
        let bound = self.blocks.iter().flatten();
        let mut all: Vec<Face> = bound.flat_map(|(name, value)| faces(name, value)).collect();
        all.sort();
        all
    }

    /// Opens a block: what is bound from here on ends with it.
    pub(crate) fn open(&mut self) {
        self.blocks.push(HashMap::new());
    }

    /// Closes the innermost block.
    pub(crate) fn close(&mut self) {
        self.blocks.pop();
    }

    /// Binds a name in the innermost block.
    pub(crate) fn bind(&mut self, name: &Name, value: Value) {
        if let Some(block) = self.blocks.last_mut() {
            block.insert(name.clone(), value);
        }
    }

    /// The value of a variable.
    pub(crate) fn get(&self, name: &Name) -> Result<&Value, ValueError> {
        self.blocks
            .iter()
            .rev()
            .find_map(|block| block.get(name))
            .ok_or_else(|| ValueError::Senseless(format!("`{name}` is not bound")))
    }

    /// The text of a variable that every scenario has.
    pub(crate) fn text_of(&self, name: &str) -> Result<String, ValueError> {
        self.get(&Name(name.to_owned()))?.text()
    }

    /// The value that a placeholder stands for.
    pub(crate) fn value(&self, reference: &Reference) -> Result<Value, ValueError> {
        let start = self.get(&reference.name)?.clone();
        reference
            .properties
            .iter()
            .rev()
            .try_fold(start, |value, property| value.property(*property))
    }

    /// The value of a template: whole if it is a single placeholder, text otherwise.
    pub(crate) fn whole(&self, template: &Template) -> Result<Value, ValueError> {
        match template.0.as_slice() {
            [Piece::Hole(reference)] => self.value(reference),
            _ => self.text(template).map(Value::Text),
        }
    }

    /// The text of a template.
    pub(crate) fn text(&self, template: &Template) -> Result<String, ValueError> {
        template.0.iter().try_fold(String::new(), |mut text, piece| {
            match piece {
                Piece::Text(written) => text.push_str(written),
                Piece::Hole(reference) => text.push_str(&self.value(reference)?.text()?),
            }
            Ok(text)
        })
    }

    /// The texts that a value of a pattern or a row stands for: a list for a list, one text otherwise.
    pub(crate) fn texts(&self, text: &Text) -> Result<Vec<String>, ValueError> {
        let (Text::Plain(template) | Text::Exact(template)) = text;
        self.whole(template)?.members().iter().map(Value::text).collect()
    }

    /// The text of a request target: placeholders go into the path as they are, and into the query encoded.
    pub(crate) fn target(&self, template: &Template) -> Result<String, ValueError> {
        template.0.iter().try_fold(String::new(), |mut target, piece| {
            match piece {
                Piece::Text(written) => target.push_str(written),
                Piece::Hole(reference) => {
                    let value = self.value(reference)?.text()?;
                    if target.contains('?') {
                        target.push_str(&query_encoded(&value));
                    } else {
                        target.push_str(&value);
                    }
                }
            }
            Ok(target)
        })
    }

    /// The text of a query that joins a target's own: its placeholders are encoded.
    pub(crate) fn query(&self, template: &Template) -> Result<String, ValueError> {
        template.0.iter().try_fold(String::new(), |mut query, piece| {
            match piece {
                Piece::Text(written) => query.push_str(written),
                Piece::Hole(reference) => query.push_str(&query_encoded(&self.value(reference)?.text()?)),
            }
            Ok(query)
        })
    }
}

/// A value as it goes into a query: percent-encoded but for unreserved characters, `:` and `/`.
pub(crate) fn query_encoded(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::ast::Spanned;

    fn hole(name: &str) -> Piece {
        Piece::Hole(Spanned::new(
            Reference {
                properties: vec![],
                name: Name(name.into()),
            },
            0..0,
        ))
    }

    fn scope() -> Scope {
        let mut scope = Scope::with_repositories(["a/b", "c", "d"].map(|name| Value::Text(name.to_owned())));
        scope.bind(&Name("odd".into()), Value::Text("x y+z:/".into()));
        scope
    }

    #[test]
    fn a_placeholder_is_encoded_only_behind_the_question_mark() {
        let target = Template(vec![hole("odd"), Piece::Text("?last=".into()), hole("odd")]);
        assert_eq!(scope().target(&target).unwrap(), "x y+z:/?last=x%20y%2Bz:/");
    }

    #[test]
    fn a_name_bound_in_a_block_ends_with_it() {
        let mut scope = scope();
        scope.open();
        scope.bind(&Name("odd".into()), Value::Text("inner".into()));
        assert_eq!(scope.text(&Template(vec![hole("odd")])).unwrap(), "inner");
        scope.close();
        assert_eq!(scope.text(&Template(vec![hole("odd")])).unwrap(), "x y+z:/");
    }
}
