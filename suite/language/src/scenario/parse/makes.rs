//! Content that is made, and its options.

use super::phrase::Phrase;
use super::templates::{name, names, nothing_more, number, template};
use crate::diagnostic::{Diagnostic, Parsed, did_you_mean};
use crate::scenario::ast::{Make, Name, Shape, Size, Spanned, Unit};

/// The options of a manifest with content of its own.
const OF_AN_IMAGE: &[&str] = &[
    "type",
    "subject",
    "layers",
    "config",
    "config-type",
    "annotations",
];
/// The options of a manifest that lists others.
const OF_AN_INDEX: &[&str] = &["type", "subject", "annotations"];
/// The options of a manifest of schema 1.
const OF_A_SIGNED_IMAGE: &[&str] = &["layers"];
/// The options of bytes that are written down.
const OF_BYTES: &[&str] = &["type"];

/// Reads content that is made, or `None` if the words make none. `fence` is what stands in the fence below.
pub(super) fn make(phrase: Phrase<'_>, fence: Option<&str>) -> Option<Parsed<Make>> {
    let (first, rest) = phrase.split_word();
    Some(match first.text() {
        "random" => size(rest).map(Make::Random),
        "empty" => nothing_more(rest, "after `empty`").map(|()| Make::Empty),
        "empty-json" => nothing_more(rest, "after `empty-json`").map(|()| Make::EmptyJson),
        "image" => shape(rest, OF_AN_IMAGE).map(Make::Image),
        "index" => {
            listing(phrase.strip_words("index of"), rest).map(|(members, shape)| Make::Index(members, shape))
        }
        "docker" => docker(rest),
        "archive" => nothing_more(rest, "after `archive`").map(|()| Make::Archive),
        "signed" => signed(rest),
        "text" => text(rest, fence),
        "file" => file(rest),
        _ => return counted(first, rest),
    })
}

/// Reads `4 KiB`, `100 bytes`, `100` or `3 chunks`.
fn size(phrase: Phrase<'_>) -> Parsed<Size> {
    let (count, unit) = phrase.split_word();
    if unit.text() == "chunks" {
        return Ok(Size::Chunks(number(count)?));
    }
    let count = number(count)?;
    let unit = match Unit::read(unit.text()) {
        Some(known) => known,
        None if unit.is_empty() => Unit::Bytes,
        None => return Err(unknown_unit(unit).into()),
    };
    Ok(Size::Bytes(count, unit))
}

fn unknown_unit(unit: Phrase<'_>) -> Diagnostic {
    Diagnostic::error(format!("`{}` is not a unit", unit.text()), unit.span())
        .label("not a unit")
        .suggest_among(unit.text(), "a unit is", Unit::all_words().chain(["chunks"]))
}

/// Reads `250 tags`, `128 times NAME` and `3 of …`.
fn counted<'t>(count: Phrase<'t>, rest: Phrase<'t>) -> Option<Parsed<Make>> {
    if !count.text().starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if rest.text() == "tags" {
        return Some(number(count).map(Make::Tags));
    }
    if let Some(what) = rest.strip_words("times") {
        return Some(number(count).and_then(|count| Ok(Make::Times(count, name(what)?))));
    }
    let what = rest.strip_words("of")?;
    let made = make(what, None)?;
    Some(number(count).and_then(|count| several(count, what, made?)))
}

fn several(count: u32, what: Phrase<'_>, made: Make) -> Parsed<Make> {
    if can_differ(&made) {
        return Ok(Make::Many(count, Box::new(made)));
    }
    Err(Diagnostic::error("these would all be the same", what.span())
        .label("not made from the seed")
        .suggest("make several of `random …`, `image` or `docker image`")
        .into())
}

/// Whether making it again makes something else.
fn can_differ(made: &Make) -> bool {
    matches!(
        made,
        Make::Random(_) | Make::Image(_) | Make::DockerImage(_) | Make::Archive
    )
}

fn docker(phrase: Phrase<'_>) -> Parsed<Make> {
    let (kind, rest) = phrase.split_word();
    match kind.text() {
        "image" => Ok(Make::DockerImage(shape(rest, OF_AN_IMAGE)?)),
        "list" => {
            let (members, shape) = listing(phrase.strip_words("list of"), rest)?;
            Ok(Make::DockerList(members, shape))
        }
        other => {
            let fault = Diagnostic::error("this is not Docker content", kind.span())
                .label("`docker image` or `docker list of …`");
            Err(match did_you_mean(other, ["image", "list"]) {
                Some(meant) => fault.suggest(meant),
                None => fault,
            }
            .into())
        }
    }
}

/// Reads `image for REPOSITORY as TAG layers=…`.
fn signed(phrase: Phrase<'_>) -> Parsed<Make> {
    let parts = phrase
        .strip_words("image for")
        .map(Phrase::split_word)
        .and_then(|(name, rest)| Some((name, rest.strip_words("as")?.split_word())));
    match parts {
        Some((name, (tag, options))) if !name.is_empty() && !tag.is_empty() => Ok(Make::Signed(
            template(name)?,
            template(tag)?,
            shape(options, OF_A_SIGNED_IMAGE)?,
        )),
        _ => Err(
            Diagnostic::error("this does not say what the manifest is for", phrase.span())
                .label("`image for REPOSITORY as TAG`")
                .suggest("write `signed image for {repo} as v1`")
                .into(),
        ),
    }
}

/// Reads `a, b type=…`, which stands behind `of`.
fn listing<'t>(members: Option<Phrase<'t>>, otherwise: Phrase<'t>) -> Parsed<(Vec<Spanned<Name>>, Shape)> {
    let Some(members) = members else {
        return Err(Diagnostic::error("the members are missing", otherwise.span())
            .label("`of` and the names of what it lists")
            .into());
    };
    let options = members.words().into_iter().find(|word| word.text().contains('='));
    let split = options.map_or(members.text().len(), |word| {
        word.span().start - members.span().start
    });
    Ok((
        names(members.slice(0, split).trim())?,
        shape(members.from(split), OF_AN_INDEX)?,
    ))
}

fn text(options: Phrase<'_>, fence: Option<&str>) -> Parsed<Make> {
    match fence {
        Some(inside) => Ok(Make::Text(inside.to_owned(), shape(options, OF_BYTES)?)),
        None => Err(
            Diagnostic::error("the fence of this text is missing", options.after().span())
                .label("expected a line of three backticks below")
                .suggest("write the text below, between two lines of ```")
                .into(),
        ),
    }
}

fn file(phrase: Phrase<'_>) -> Parsed<Make> {
    let (path, options) = phrase.split_word();
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if !path.text().split('/').all(plain) {
        return Err(Diagnostic::error("the path of a file is missing", path.span())
            .label("a path below `fixtures/`")
            .into());
    }
    Ok(Make::File(path.text().to_owned(), shape(options, OF_BYTES)?))
}

/// Reads `type=… subject=…`, of which only some make sense.
fn shape(options: Phrase<'_>, allowed: &[&str]) -> Parsed<Shape> {
    let (mut shape, mut rest) = (Shape::default(), options.trim());
    let mut seen: Vec<&str> = Vec::new();
    while !rest.is_empty() {
        let key = rest.text().find('=').map(|at| rest.slice(0, at));
        let key = key.filter(|key| allowed.contains(&key.text()));
        let Some(key) = key else {
            return Err(unknown_option(rest.split_word().0, allowed).into());
        };
        if seen.contains(&key.text()) {
            return Err(
                Diagnostic::error(format!("`{}` is said twice", key.text()), key.span())
                    .label("said again")
                    .into(),
            );
        }
        seen.push(key.text());
        rest = option(&mut shape, key, rest.from(key.text().len() + 1))?;
    }
    Ok(shape)
}

/// Reads the value of one option; what is left of the line.
fn option<'t>(shape: &mut Shape, key: Phrase<'t>, rest: Phrase<'t>) -> Parsed<Phrase<'t>> {
    if key.text() == "annotations" {
        let (annotations, rest) = annotations(rest)?;
        shape.annotations = Some(annotations);
        return Ok(rest);
    }
    let (value, rest) = rest.split_word();
    if value.is_empty() {
        return Err(
            Diagnostic::error(format!("`{}=` has no value", key.text()), key.span())
                .label("a value follows at once, without a blank")
                .into(),
        );
    }
    match key.text() {
        "type" => shape.kind = Some(template(value)?),
        "config-type" => shape.config_type = Some(template(value)?),
        "subject" => shape.subject = Some(name(value)?),
        "config" => shape.config = Some(name(value)?),
        _ if value.text() == "none" => shape.layers = Some(Vec::new()),
        _ => shape.layers = Some(names(value)?),
    }
    Ok(rest)
}

type Annotations = serde_json::Map<String, serde_json::Value>;

/// Reads a JSON object from the start of a phrase.
fn annotations(phrase: Phrase<'_>) -> Parsed<(Annotations, Phrase<'_>)> {
    let mut values = serde_json::Deserializer::from_str(phrase.text()).into_iter();
    match values.next() {
        Some(Ok(serde_json::Value::Object(annotations))) => {
            Ok((annotations, phrase.from(values.byte_offset()).trim()))
        }
        _ => Err(Diagnostic::error("this is not a JSON object", phrase.span())
            .label("annotations are an object")
            .suggest(r#"write `annotations={"org.example.key":"value"}`"#)
            .into()),
    }
}

fn unknown_option(word: Phrase<'_>, allowed: &[&str]) -> Diagnostic {
    let key = word.text().split('=').next().unwrap_or_default();
    let key_at = word.slice(0, key.len());
    let fault = match word.text().contains('=') {
        true => Diagnostic::error(format!("there is no option `{key}` here"), key_at.span()),
        false => Diagnostic::error(format!("`{key}` is not an option"), key_at.span()),
    };
    fault
        .label("an option is `key=value`")
        .suggest_among(key, "an option here is", allowed.iter().copied())
}
