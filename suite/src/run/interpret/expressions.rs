//! What a `let` binds: content that is made, cut or spoiled, and values taken from the last answer.

use std::sync::Arc;

use serde_json::Value as Json;
use serde_json_path::JsonPath;

use super::another_id::another_id;
use crate::cause::Cause;
use crate::check::challenge_parameter;
use crate::run::world::{Last, World};
use crate::scenario::ast::{Cut, Edit, EditBase, Expr, Make, Name, Shape, Size, Spanned, Taken};
use crate::values::{Content, Family, ImageShape, Value, ValueError};
use crate::wire::Account;

/// The value of an expression.
pub(super) async fn evaluate(world: &mut World, expr: &Expr) -> Result<Value, ValueError> {
    match expr {
        Expr::Make(make) => made(world, make),
        Expr::Cut(cut, of) => part(world, cut, of).map(|part| Value::Content(Arc::new(part))),
        Expr::Spoiled(source, edits) => spoil(world, source, edits),
        Expr::Taken(taken) => take(world, taken),
        Expr::Token(scope) => {
            let scope = world.scope().text(scope)?;
            if let Some(beyond) = world.session.territory().scope_leaves(&scope) {
                return Err(ValueError::Missing(Cause::Beyond(beyond)));
            }
            let token = world.session.client.token(&scope, &Account::Default).await;
            token
                .map(Value::Text)
                .map_err(|fault| ValueError::Missing(Cause::NoToken(fault)))
        }
    }
}

fn made(world: &mut World, make: &Make) -> Result<Value, ValueError> {
    let content = match make {
        Make::Random(Size::Bytes(count, unit)) => world.maker().random(count.saturating_mul(unit.bytes())),
        Make::Random(Size::Chunks(count)) => {
            let chunk = world.session.chunk;
            world.maker().chunks(*count, chunk)
        }
        Make::Empty => Content::blob(""),
        Make::EmptyJson => Content::of_type("{}", "application/vnd.oci.empty.v1+json"),
        Make::Image(shape) => image(world, Family::Oci, shape)?,
        Make::DockerImage(shape) => image(world, Family::Docker, shape)?,
        Make::Index(children, shape) => index(world, Family::Oci, children, shape)?,
        Make::DockerList(children, shape) => index(world, Family::Docker, children, shape)?,
        Make::Archive => world.maker().archive(),
        Make::Signed(name, tag, shape) => {
            let scope = world.scope();
            let (name, tag) = (scope.text(name)?, scope.text(tag)?);
            let layers = shape_of(world, shape)?.layers;
            let signed = world.maker().signed(&name, &tag, layers);
            signed.map_err(|error| ValueError::Senseless(error.to_string()))?
        }
        Make::Tags(count) => {
            return Ok(Value::List(
                world.maker().tags(*count).into_iter().map(Value::Text).collect(),
            ));
        }
        Make::Many(count, of) => {
            let many: Result<Vec<Value>, ValueError> = (0..*count)
                .map(|number| numbered(&made(world, of)?, number))
                .collect();
            return many.map(Value::List);
        }
        Make::Times(count, name) => {
            let value = world.scope().get(name)?.clone();
            return Ok(Value::List(vec![value; *count as usize]));
        }
        Make::Text(text, shape) => verbatim(world, text.clone(), shape)?,
        Make::File(path, shape) => {
            let bytes = world.session.library.fixture(path);
            let bytes =
                bytes.ok_or_else(|| ValueError::Senseless(format!("there is no fixture `{path}`")))?;
            verbatim(world, bytes.into_owned(), shape)?
        }
    };
    Ok(Value::Content(Arc::new(content)))
}

fn verbatim(world: &World, bytes: impl Into<bytes::Bytes>, shape: &Shape) -> Result<Content, ValueError> {
    let kind = shape
        .kind
        .as_ref()
        .map(|kind| world.scope().text(kind))
        .transpose()?;
    Ok(Content::of_type(
        bytes,
        kind.as_deref().unwrap_or("application/octet-stream"),
    ))
}

fn image(world: &mut World, family: Family, shape: &Shape) -> Result<Content, ValueError> {
    let shape = shape_of(world, shape)?;
    Ok(world.maker().image(family, &shape))
}

fn index(
    world: &mut World,
    family: Family,
    children: &[Spanned<Name>],
    shape: &Shape,
) -> Result<Content, ValueError> {
    let shape = shape_of(world, shape)?;
    let children = contents(world, children)?;
    Ok(world.maker().index(family, children, &shape))
}

fn shape_of(world: &World, shape: &Shape) -> Result<ImageShape, ValueError> {
    let text = |template: &Option<_>| {
        template
            .as_ref()
            .map(|template| world.scope().text(template))
            .transpose()
    };
    let content = |name: &Option<Spanned<Name>>| {
        name.as_ref()
            .map(|name| world.scope().get(name)?.content())
            .transpose()
    };
    Ok(ImageShape {
        artifact_type: text(&shape.kind)?,
        subject: content(&shape.subject)?,
        layers: shape
            .layers
            .as_ref()
            .map(|names| contents(world, names))
            .transpose()?,
        config: content(&shape.config)?,
        config_type: text(&shape.config_type)?,
        annotations: shape.annotations.clone(),
    })
}

/// The contents of variables, the members of lists among them.
pub(super) fn contents(world: &World, names: &[Spanned<Name>]) -> Result<Vec<Arc<Content>>, ValueError> {
    let mut contents = Vec::new();
    for name in names {
        for member in world.scope().get(name)?.members() {
            contents.push(member.content()?);
        }
    }
    Ok(contents)
}

fn part(world: &World, cut: &Cut, of: &Spanned<Name>) -> Result<Content, ValueError> {
    let whole = world.scope().get(of)?.content()?;
    let length = whole.size();
    let at = |position: u64| position.min(length);
    Ok(match cut {
        Cut::Chunk(number) => {
            let chunk = whole.chunk.min(length);
            let number = u64::from(*number);
            let last = length.div_ceil(chunk.max(1));
            let end = if number >= last { length } else { chunk * number };
            whole.part(chunk * number.saturating_sub(1), end)
        }
        Cut::First(count) => whole.part(0, at(*count)),
        Cut::Last(count) => whole.part(length - at(*count), length),
        Cut::Between(first, last) => whole.part(at(*first), at(last.saturating_add(1))),
        Cut::After(part) => {
            let part = world.scope().get(part)?.content()?;
            let start = part.place.map_or(0, |place| place.start) + part.size();
            whole.part(at(start), length)
        }
    })
}

fn spoil(world: &mut World, source: &EditBase, edits: &[Spanned<Edit>]) -> Result<Value, ValueError> {
    let start = match source {
        EditBase::Name(name) => world.scope().get(name)?.clone(),
        EditBase::Make(make) => made(world, make)?,
    };
    edits
        .iter()
        .try_fold(start, |value, edit| match (&edit.value, value) {
            (_, Value::Missing(cause)) => Err(ValueError::Missing(cause)),
            (Edit::AnotherUuid, Value::Text(text)) => another_id(&text, &mut world.maker())
                .map(Value::Text)
                .ok_or_else(|| ValueError::Missing(Cause::NoId(text))),
            (Edit::Set(path, json), Value::Content(content)) => {
                let text = world.scope().text(json)?;
                let value = serde_json::from_str(&text)
                    .map_err(|error| ValueError::Senseless(format!("`{text}` is not JSON: {error}")))?;
                edited(&content, &world.scope().text(path)?, Some(value))
            }
            (Edit::Remove(path), Value::Content(content)) => {
                edited(&content, &world.scope().text(path)?, None)
            }
            _ => Err(ValueError::Senseless("it cannot be changed in this way".into())),
        })
}

fn take(world: &World, taken: &Taken) -> Result<Value, ValueError> {
    let answered = match &world.last {
        Last::Came(answered, _) => answered,
        Last::NotSent(cause) => return Err(ValueError::Missing(cause.clone())),
        Last::Nothing => return Err(ValueError::Senseless("no request was sent".into())),
    };
    let exchange = answered.exchange();
    let missing = |what: &str| ValueError::Missing(Cause::Lacks(exchange.clone(), what.to_owned()));
    let answer = answered
        .answer()
        .map_err(|_| ValueError::Missing(Cause::Came(exchange.clone())))?;
    match taken {
        Taken::Answer => Ok(Value::Answer(answered.clone())),
        Taken::Header(name) => {
            let value = answer.headers.get(name).ok_or_else(|| missing(name))?;
            if name.eq_ignore_ascii_case("Location") {
                let resolved = answer.location().ok_or_else(|| missing("usable Location"))?;
                Ok(Value::Text(resolved.to_string()))
            } else {
                Ok(Value::Text(value.to_owned()))
            }
        }
        Taken::Json(path) => {
            let template = path;
            let path = &world.scope().text(template)?;
            let parsed = JsonPath::parse(path).map_err(|error| {
                ValueError::of_text(template, format!("`{path}` is no JSON path: {error}"))
            })?;
            let node = answered.json().and_then(|json| parsed.query(json).first());
            let node = node.ok_or_else(|| missing(path))?;
            Ok(Value::Text(
                node.as_str().map_or_else(|| node.to_string(), str::to_owned),
            ))
        }
        Taken::Challenge(scheme, parameter) => {
            let value = challenge_parameter(answer, scheme, parameter).into_iter().next();
            value
                .map(Value::Text)
                .ok_or_else(|| missing(&format!("{scheme} challenge with a {parameter}")))
        }
    }
}

/// One of many: a manifest carries its number, so that no two of them are alike.
fn numbered(value: &Value, number: u32) -> Result<Value, ValueError> {
    match value {
        Value::Content(content) if content.is_manifest() => {
            let manifest: Json = serde_json::from_slice(&content.bytes()).unwrap_or_default();
            let mut annotations = manifest["annotations"].as_object().cloned().unwrap_or_default();
            annotations.insert("org.example.number".to_owned(), Json::from(number.to_string()));
            edited(content, "$.annotations", Some(Json::Object(annotations)))
        }
        other => Ok(other.clone()),
    }
}

/// A manifest with one member set, or removed if there is no value.
fn edited(content: &Content, path: &str, value: Option<Json>) -> Result<Value, ValueError> {
    let mut json: Json = serde_json::from_slice(&content.bytes())
        .map_err(|_| ValueError::Senseless("only JSON can be edited by a path".into()))?;
    let steps =
        steps(path).ok_or_else(|| ValueError::Senseless(format!("`{path}` does not say what to edit")))?;
    change(&mut json, &steps, value)
        .ok_or_else(|| ValueError::Senseless(format!("there is no `{path}` to edit")))?;
    Ok(Value::Content(Arc::new(
        content.with_bytes(json.to_string().into_bytes()),
    )))
}

/// A step into a JSON value.
#[derive(Debug, PartialEq)]
enum JsonStep {
    Member(String),
    Index(usize),
    Every,
}

/// The steps of a path that names one member, or one of every member of a list: `$.a['b'][0]`, `$.a[*].b`.
fn steps(path: &str) -> Option<Vec<JsonStep>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("['") {
            let (name, after) = quoted.split_once("']")?;
            steps.push(JsonStep::Member(name.to_owned()));
            rest = after;
        } else if let Some(bracketed) = rest.strip_prefix('[') {
            let (index, after) = bracketed.split_once(']')?;
            steps.push(if index == "*" {
                JsonStep::Every
            } else {
                JsonStep::Index(index.parse().ok()?)
            });
            rest = after;
        } else {
            let named = rest.strip_prefix('.')?;
            let end = named.find(['.', '[']).unwrap_or(named.len());
            steps.push(JsonStep::Member(named[..end].to_owned()));
            rest = &named[end..];
        }
    }
    Some(steps)
}

fn change(json: &mut Json, steps: &[JsonStep], value: Option<Json>) -> Option<()> {
    match (steps, json) {
        ([], json) => {
            *json = value?;
            Some(())
        }
        ([JsonStep::Member(name)], Json::Object(members)) => {
            match value {
                Some(value) => members.insert(name.clone(), value),
                None => Some(members.shift_remove(name)?),
            };
            Some(())
        }
        ([JsonStep::Index(at)], Json::Array(list)) if value.is_none() && *at < list.len() => {
            list.remove(*at);
            Some(())
        }
        ([JsonStep::Member(name), rest @ ..], Json::Object(members)) => {
            change(members.get_mut(name)?, rest, value)
        }
        ([JsonStep::Index(at), rest @ ..], Json::Array(list)) => change(list.get_mut(*at)?, rest, value),
        ([JsonStep::Every, rest @ ..], Json::Array(list)) => list
            .iter_mut()
            .try_for_each(|member| change(member, rest, value.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn after(path: &str, value: Option<Json>) -> Option<Json> {
        let content = Content::blob(r#"{"a":[{"b":1},{"b":2}],"c":{"d.e":3}}"#);
        let Value::Content(edited) = edited(&content, path, value).ok()? else {
            return None;
        };
        serde_json::from_slice(&edited.bytes()).ok()
    }

    #[test]
    fn a_member_is_set_added_or_removed_where_the_path_says() {
        assert_eq!(
            after("$.a[1].b", Some(json!(-1))),
            Some(json!({"a":[{"b":1},{"b":-1}],"c":{"d.e":3}}))
        );
        assert_eq!(
            after("$.x", Some(json!("y"))),
            Some(json!({"a":[{"b":1},{"b":2}],"c":{"d.e":3},"x":"y"}))
        );
        assert_eq!(
            after("$.c['d.e']", None),
            Some(json!({"a":[{"b":1},{"b":2}],"c":{}}))
        );
        assert_eq!(after("$.a[0]", None), Some(json!({"a":[{"b":2}],"c":{"d.e":3}})));
        assert_eq!(after("$", Some(json!([]))), Some(json!([])));
    }

    #[test]
    fn a_path_that_leads_nowhere_is_a_fault_of_the_scenario() {
        assert_eq!(after("$.a[7].b", Some(json!(1))), None);
        assert_eq!(after("$.nothing", None), None);
        assert_eq!(after("$..b", Some(json!(1))), None);
    }
}
