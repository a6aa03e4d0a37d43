//! Requests and checks, as they are written.

use std::fmt::{self, Display, Formatter};

use super::values::joined;
use crate::scenario::ast::{
    Account, Aspect, Check, CountScope, Form, HeaderLine, One, Order, Paging, Pattern, PlainForm, Polarity,
    Presence, Redirects, Request, RequestLine, Way,
};

impl Display for RequestLine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let query = match self {
            RequestLine::Http {
                method,
                target,
                query,
            } => {
                write!(f, "{method} {target}")?;
                query
            }
            RequestLine::Upload { what, way, query } => {
                write!(f, "upload {} by {way}", what.value)?;
                query
            }
        };
        query.as_ref().map_or(Ok(()), |query| write!(f, " ?{query}"))
    }
}

impl Display for Way {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl Display for HeaderLine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}: {value}", self.name),
            None => write!(f, "{}: absent", self.name),
        }
    }
}

/// The `>` lines of a request, without the sign, in the order in which they are written.
pub(super) fn request_lines(request: &Request) -> Vec<String> {
    let mut lines = vec![request.line.value.to_string()];
    lines.extend(
        request
            .headers
            .iter()
            .map(|header| header.value.to_string().trim_end().to_owned()),
    );
    lines.extend(request.account.as_ref().map(|account| match &account.value {
        Account::Nobody => "as nobody".to_owned(),
        Account::Named(name) => format!("as {name}"),
    }));
    if request.redirects == Redirects::Shown {
        lines.push("stop at a redirect".to_owned());
    }
    lines.extend(request.paging.as_ref().map(|paging| match paging {
        Paging::ByLink => "every page, by Link".to_owned(),
        Paging::ByLast(path) => format!("every page, by last = {path}"),
    }));
    lines.extend(request.body.as_ref().map(|body| format!("@{}", body.value)));
    lines
}

impl Display for Check {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.polarity == Polarity::IsNot {
            f.write_str("not ")?;
        }
        self.aspect.value.fmt(f)
    }
}

impl Display for Aspect {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Aspect::Status(statuses) => f.write_str(&joined(statuses, " or ")),
            Aspect::Header(header, pattern) => write!(f, "{header}: {pattern}"),
            Aspect::Json(path, pattern) => write!(f, "{path}: {pattern}"),
            Aspect::Challenge(scheme, parameter, pattern) => {
                write!(f, "challenge {scheme} {parameter}: {pattern}")
            }
            Aspect::Error(codes) => write!(f, "error {}", codes.join(" or ")),
            Aspect::Content(name) => write!(f, "@{}", name.value),
            Aspect::NoBody => f.write_str("no body"),
            Aspect::SignedManifest => f.write_str("signed manifest"),
            Aspect::SameAs(headers, answer) => write!(f, "{} as in {}", headers.join(", "), answer.value),
        }
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&joined(&self.any_of, " or "))?;
        match self.presence {
            Presence::Compared => Ok(()),
            Presence::IfPresent => f.write_str(" if present"),
        }
    }
}

impl Display for One {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            One::Is(text) => text.fmt(f),
            One::IsNot(text) => write!(f, "not {text}"),
            One::Has(text) => write!(f, "has {text}"),
            One::List(texts, order) => write!(f, "{}{order}", joined(texts, ", ")),
            One::Present => f.write_str("present"),
            One::Absent => f.write_str("absent"),
            One::Form(form) => form.fmt(f),
            One::Times(1) => f.write_str("once"),
            One::Times(count) => write!(f, "{count} times"),
            One::AtMost(count, CountScope::Whole) => write!(f, "at most {count}"),
            One::AtMost(count, CountScope::Page) => write!(f, "at most {count} a page"),
        }
    }
}

/// With a blank before it, or nothing.
impl Display for Order {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Order::Given => "",
            Order::Any => " in any order",
            Order::Byte => " in byte order",
            Order::Lexical => " in lexical order",
        })
    }
}

/// With its article.
impl Display for Form {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Form::Plain(form) => write!(f, "{} {}", article(*form), form.words()),
            Form::DigestOf(name) => write!(f, "a digest of {}", name.value),
        }
    }
}

fn article(form: PlainForm) -> &'static str {
    match form {
        PlainForm::Array
        | PlainForm::Object
        | PlainForm::EntityTag
        | PlainForm::HttpDate
        | PlainForm::UploadRange
        | PlainForm::ErrorCode => "an",
        _ => "a",
    }
}
