//! Values, contents and the stage, as they are written.

use std::fmt::{self, Display, Formatter};

use crate::catalogue::{Level, Version};
use crate::scenario::ast::{
    AnyContent, Asked, Capability, Cut, Edit, EditBase, Expr, Extent, Given, Make, Name, Piece, Pushed,
    Reference, Shape, Size, Slot, Spanned, Stance, Taken, Template, Text,
};

/// Joins what can be written.
pub(super) fn joined<T: Display>(all: impl IntoIterator<Item = T>, separator: &str) -> String {
    all.into_iter()
        .map(|one| one.to_string())
        .collect::<Vec<_>>()
        .join(separator)
}

/// `A, no B`.
pub(super) fn needs(capabilities: &[Spanned<Capability>]) -> String {
    joined(capabilities.iter().map(|capability| &capability.value), ", ")
}

fn names(names: &[Spanned<Name>], separator: &str) -> String {
    joined(names.iter().map(|name| &name.value), separator)
}

impl Display for Capability {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.stance {
            Stance::Offered => f.write_str(&self.name),
            Stance::Refused => write!(f, "no {}", self.name),
        }
    }
}

impl Display for Reference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        self.properties
            .iter()
            .try_for_each(|property| write!(f, "{} ", property.words()))?;
        write!(f, "{}}}", self.name)
    }
}

impl Display for Template {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Hole(reference) => reference.value.fmt(f),
        })
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Text::Exact(template) = self else {
            let (Text::Plain(template) | Text::Exact(template)) = self;
            return template.fmt(f);
        };
        f.write_str("\"")?;
        template.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(&text.replace('\\', r"\\").replace('"', r#"\""#)),
            Piece::Hole(reference) => reference.value.fmt(f),
        })?;
        f.write_str("\"")
    }
}

impl<T: Display> Display for Slot<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Slot::Is(thing) => thing.fmt(f),
            Slot::Column(column) => write!(f, "{{{column}}}"),
        }
    }
}

impl Display for Asked {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.level, self.id.value, tail(&self.older))
    }
}

/// `, SHOULD in 1.0 and 1.1`, or nothing.
pub(in crate::scenario) fn tail(older: &[(Level, Vec<Version>)]) -> String {
    older
        .iter()
        .map(|(level, versions)| format!(", {level} in {}", joined(versions, " and ")))
        .collect()
}

impl Display for Given {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Given::Taken => f.write_str("given"),
            Given::Pushed(pushed) => write!(f, "given {pushed}"),
            Given::Any(content, name) => write!(f, "given any {content} as {}", name.value),
            Given::Wait(time) => match (time.as_secs(), time.subsec_millis()) {
                (1, 0) => f.write_str("given 1 second passes"),
                (seconds, 0) => write!(f, "given {seconds} seconds pass"),
                _ => write!(f, "given {} milliseconds pass", time.as_millis()),
            },
        }
    }
}

impl Display for AnyContent {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            AnyContent::Image => f.write_str("image"),
            AnyContent::Index => f.write_str("index"),
            AnyContent::Referrer => f.write_str("referrer"),
            AnyContent::Tags => f.write_str("tags"),
            AnyContent::Blob { at_least: None } => f.write_str("blob"),
            AnyContent::Blob { at_least: Some(size) } => write!(f, "blob of {size} bytes or more"),
        }
    }
}

impl Display for Pushed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.extent {
            Extent::Whole => "",
            Extent::Parts => "parts of ",
            Extent::Config => "config of ",
        })?;
        write!(f, "{} pushed", names(&self.what, ", "))?;
        if !self.tags.is_empty() {
            write!(f, " as {}", joined(&self.tags, ", "))?;
        }
        if let Some(repository) = &self.to {
            write!(f, " to {repository}")?;
        }
        self.by
            .map_or(Ok(()), |algorithm| write!(f, " by {}", algorithm.words()))
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Make(make) => make.fmt(f),
            Expr::Cut(cut, whole) => match cut {
                Cut::Chunk(at) => write!(f, "chunk {at} of {}", whole.value),
                Cut::First(size) => write!(f, "first {size} of {}", whole.value),
                Cut::Last(size) => write!(f, "last {size} of {}", whole.value),
                Cut::Between(first, last) => write!(f, "{first}-{last} of {}", whole.value),
                Cut::After(part) => write!(f, "{} after {}", whole.value, part.value),
            },
            Expr::Spoiled(source, edits) => {
                match source {
                    EditBase::Name(name) => name.value.fmt(f)?,
                    EditBase::Make(make) => make.fmt(f)?,
                }
                edits.iter().try_for_each(|edit| write!(f, " {}", edit.value))
            }
            Expr::Taken(taken) => taken.fmt(f),
            Expr::Token(scope) => write!(f, "token {scope}"),
        }
    }
}

impl Display for Edit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Edit::Set(path, json) => write!(f, "with {path} = {json}"),
            Edit::Remove(path) => write!(f, "without {path}"),
            Edit::AnotherUuid => f.write_str("with another uuid"),
        }
    }
}

impl Display for Taken {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Taken::Header(header) => write!(f, "header {header}"),
            Taken::Json(path) => write!(f, "json {path}"),
            Taken::Challenge(scheme, parameter) => write!(f, "challenge {scheme} {parameter}"),
            Taken::Answer => f.write_str("answer"),
        }
    }
}

/// A text is written without its fence, which takes lines of its own.
impl Display for Make {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Make::Random(size) => write!(f, "random {size}"),
            Make::Empty => f.write_str("empty"),
            Make::EmptyJson => f.write_str("empty-json"),
            Make::Image(shape) => write!(f, "image{shape}"),
            Make::Index(members, shape) => write!(f, "index of {}{shape}", names(members, ", ")),
            Make::DockerImage(shape) => write!(f, "docker image{shape}"),
            Make::DockerList(members, shape) => write!(f, "docker list of {}{shape}", names(members, ", ")),
            Make::Archive => f.write_str("archive"),
            Make::Signed(name, tag, shape) => write!(f, "signed image for {name} as {tag}{shape}"),
            Make::Tags(count) => write!(f, "{count} tags"),
            Make::Many(count, make) => write!(f, "{count} of {make}"),
            Make::Times(count, name) => write!(f, "{count} times {}", name.value),
            Make::Text(_, shape) => write!(f, "text{shape}"),
            Make::File(path, shape) => write!(f, "file {path}{shape}"),
        }
    }
}

impl Display for Size {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Size::Bytes(count, unit) => write!(f, "{count} {}", unit.words()),
            Size::Chunks(count) => write!(f, "{count} chunks"),
        }
    }
}

/// Each option with a blank before it.
impl Display for Shape {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(subject) = &self.subject {
            write!(f, " subject={}", subject.value)?;
        }
        if let Some(kind) = &self.kind {
            write!(f, " type={kind}")?;
        }
        if let Some(config) = &self.config {
            write!(f, " config={}", config.value)?;
        }
        if let Some(kind) = &self.config_type {
            write!(f, " config-type={kind}")?;
        }
        match self.layers.as_deref() {
            Some([]) => f.write_str(" layers=none")?,
            Some(layers) => write!(f, " layers={}", names(layers, ","))?,
            None => {}
        }
        match &self.annotations {
            Some(annotations) => {
                let object = serde_json::to_string(annotations).map_err(|_| fmt::Error)?;
                write!(f, " annotations={object}")
            }
            None => Ok(()),
        }
    }
}
