//! Answers that come in the place of the registry's.

use assize::endpoint::{Endpoint, EndpointKind};
use http::{Method, Request};
use hyper::body::Incoming;

use super::circumstance::{Circumstance, Front};
use super::layer::{Answered, reply};

/// What is answered in the place of the registry, where the circumstance has an answer of its own to a request.
pub(super) fn instead(
    circumstance: Circumstance,
    number: usize,
    request: &Request<Incoming>,
    endpoint: &Endpoint<'_>,
) -> Option<Answered> {
    match circumstance {
        Circumstance::EverythingIs(after, status, wait) if number > after => {
            let wait: Vec<(&str, &str)> = wait.iter().map(|wait| ("Retry-After", *wait)).collect();
            return Some(Ok(reply(status, &wait, "<html>not now</html>")));
        }
        Circumstance::LimitedAtFirst(count, wait) if number <= count => {
            let wait: Vec<(&str, &str)> = wait.iter().map(|wait| ("Retry-After", *wait)).collect();
            return Some(Ok(reply(429, &wait, "<html>not now</html>")));
        }
        Circumstance::Closes(after) if number > after => return Some(Err("closed".into())),
        Circumstance::SentTo(after, place) if number > after => {
            return Some(Ok(reply(307, &[("Location", place)], "")));
        }
        Circumstance::Always(status, place) => {
            let headers: &[(&str, &str)] = match place {
                "" => &[("Content-Type", "text/html")],
                place => &[("Location", place)],
            };
            return Some(Ok(reply(status, headers, "<html>Welcome</html>")));
        }
        Circumstance::Limited(every) if number.is_multiple_of(every) => {
            let body = r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#;
            return Some(Ok(reply(
                429,
                &[("Retry-After", "0"), ("Content-Type", "application/json")],
                body,
            )));
        }
        Circumstance::OutOfService(every) if number.is_multiple_of(every) => {
            return Some(Ok(reply(503, &[("Retry-After", "1")], "")));
        }
        Circumstance::ReadOnly if !matches!(*request.method(), Method::GET | Method::HEAD) => {
            return Some(Ok(reply(405, &[("Allow", "GET, HEAD")], "")));
        }
        Circumstance::LimitedWrites(after, wait)
            if number > after && *request.method() == Method::PUT && endpoint.kind() == EndpointKind::Tag =>
        {
            return Some(Ok(reply(429, &[("Retry-After", wait)], "")));
        }
        Circumstance::Components(count)
            if endpoint
                .repository()
                .is_some_and(|name| name.split('/').count() != count) =>
        {
            return Some(Ok(reply(404, &[], "")));
        }
        _ => {}
    }
    None
}

/// Takes a path off a request; what was asked, if it lies beside it.
pub(super) fn taken_off(path: &str, front: Front, request: &mut Request<Incoming>) -> Result<(), String> {
    let asked = request.uri().to_string();
    let below = asked.strip_prefix(path).filter(|below| below.starts_with('/'));
    let Some(below) = below.and_then(|below| below.parse().ok()) else {
        return Err(format!("{} {asked}", request.method()));
    };
    *request.uri_mut() = below;
    if front == Front::Tells {
        let value = path.parse().map_err(|_| path.to_owned())?;
        request.headers_mut().insert("X-Forwarded-Prefix", value);
    }
    Ok(())
}
