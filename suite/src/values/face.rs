//! How a value may look in an answer, and what a scenario would write for it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::content::Content;
use super::value::Value;
use crate::scenario::ast::{Algorithm, Name};

/// One look of a value that was bound to a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Face {
    /// What a scenario writes for it, without braces: `digest blob`.
    pub reference: String,
    /// What stands in an answer.
    pub looks: Looks,
}

/// What stands in an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Looks {
    /// A text: a digest, a tag, the name of a repository.
    Text(String),
    /// A length in bytes.
    Size(u64),
}

/// The faces of what was bound.
#[derive(Clone, Debug)]
pub struct Faces(Bound);

#[derive(Clone, Debug)]
enum Bound {
    /// A value, whose faces are found when somebody asks: to hash long content takes longer than to send it.
    Value(Name, Value),
    /// These faces.
    Known(Vec<Face>),
}

impl Faces {
    /// Those of a value that is bound to a name.
    pub(crate) fn of(name: Name, value: Value) -> Faces {
        Faces(Bound::Value(name, value))
    }

    /// All of them, in order.
    pub fn all(&self) -> Cow<'_, [Face]> {
        match &self.0 {
            Bound::Value(name, value) => faces(name, value).into(),
            Bound::Known(faces) => faces.into(),
        }
    }
}

impl From<Vec<Face>> for Faces {
    fn from(faces: Vec<Face>) -> Faces {
        Faces(Bound::Known(faces))
    }
}

/// The faces of a value that a scenario makes; a member of a list is one of them, whichever it is.
pub(super) fn faces(name: &Name, value: &Value) -> Vec<Face> {
    let mut faces = BTreeSet::new();
    match value {
        Value::Text(text) => {
            faces.insert(face(&name.0, text.clone()));
        }
        Value::Content(content) => of_content(&name.0, content, &mut faces),
        Value::List(members) => {
            for member in members {
                match member {
                    Value::Text(text) => {
                        faces.insert(face(&format!("one of {name}"), text.clone()));
                    }
                    Value::Content(content) => of_content(&format!("one of {name}"), content, &mut faces),
                    Value::List(_) | Value::Answer(_) | Value::Missing(_) => {}
                }
            }
        }
        Value::Answer(_) | Value::Missing(_) => {}
    }
    faces.into_iter().collect()
}

fn of_content(name: &str, content: &Arc<Content>, faces: &mut BTreeSet<Face>) {
    let own = content.digest();
    if let Some((_, hex)) = own.split_once(':') {
        faces.insert(face(&format!("hex {name}"), hex.to_owned()));
    }
    faces.insert(face(&format!("digest {name}"), own));
    for (word, algorithm) in [("sha256", Algorithm::Sha256), ("sha512", Algorithm::Sha512)] {
        if algorithm != content.algorithm {
            faces.insert(face(&format!("{word} {name}"), content.digest_by(algorithm)));
        }
    }
    if let Some(tag) = content.known_tag() {
        faces.insert(face(&format!("tag {name}"), tag));
    }
    faces.insert(Face {
        reference: format!("size {name}"),
        looks: Looks::Size(content.size()),
    });
    if let Some(config) = &content.config {
        of_content(&format!("config of {name}"), config, faces);
    }
    for layer in &content.layers {
        of_content(&format!("layer of {name}"), layer, faces);
    }
    for child in &content.children {
        of_content(&format!("child of {name}"), child, faces);
    }
}

fn face(reference: &str, text: String) -> Face {
    Face {
        reference: reference.to_owned(),
        looks: Looks::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{Family, ImageShape, Maker};

    #[test]
    fn an_image_is_known_with_all_that_it_names() {
        let image = Maker::new(1, "image").image(Family::Oci, &ImageShape::default());
        let layer = image.layers[0].digest();
        let found = faces(&Name("app".to_owned()), &Value::Content(Arc::new(image)));
        let of_layer = found.iter().find(|face| face.looks == Looks::Text(layer.clone()));
        assert_eq!(of_layer.unwrap().reference, "digest layer of app");
        assert!(found.iter().any(|face| face.reference == "size app"));
    }

    #[test]
    fn the_members_of_a_list_are_not_told_apart() {
        let list = Value::List(["b", "a"].map(|tag| Value::Text(tag.to_owned())).to_vec());
        let found = faces(&Name("tags".to_owned()), &list);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|face| face.reference == "one of tags"));
    }
}
