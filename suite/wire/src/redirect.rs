//! Where a redirect leads, and what of the request goes along (RFC 9110, section 15.4).

use super::headers::SECRET;
use super::{Answer, Body, Fault, Redirects, Request};

/// Whether an answer of this status sends the client elsewhere.
pub(super) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The request that follows the answer, if the answer is a redirect that the request follows.
pub(super) fn next(request: &Request, answer: &Answer) -> Result<Option<Request>, Fault> {
    if !is_redirect(answer.status) || request.redirects == Redirects::Stop {
        return Ok(None);
    }
    let location = answer
        .headers
        .get("Location")
        .ok_or_else(|| Fault::BadRedirect(format!("the {} has no Location", answer.status)))?;
    let url = answer.url.resolve(location).map_err(|error| {
        Fault::BadRedirect(format!(
            "the Location of the {} is {location:?}, but {error}",
            answer.status
        ))
    })?;
    let mut next = Request {
        url,
        ..request.clone()
    };
    if next.url.origin() != request.url.origin() {
        next.headers.remove("Host");
        for name in SECRET {
            next.headers.remove(name);
        }
    }
    if becomes_get(&request.method, answer.status) {
        next.method = "GET".to_owned();
    }
    if next.method != request.method || answer.status == 303 {
        next.body = Body::None;
        next.headers.retain(|name| !is_about_body(name));
    }
    Ok(Some(next))
}

fn becomes_get(method: &str, status: u16) -> bool {
    match status {
        301 | 302 => method == "POST",
        303 => method != "HEAD",
        _ => false,
    }
}

fn is_about_body(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("content-") || matches!(name.as_str(), "transfer-encoding" | "expect" | "trailer")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Server, client, patient, status};
    use super::super::{Client, Headers, Url};
    use super::*;

    fn upload(method: &str) -> Request {
        let mut request = Request::new(method, Url::parse("https://r.example/v2/a?b").unwrap());
        request.headers = [
            ("Host", "r.example"),
            ("Authorization", "Bearer secret"),
            ("Cookie", "secret"),
            ("Accept", "x/y"),
            ("Content-Type", "x/y"),
            ("Content-Length", "3"),
        ]
        .into_iter()
        .collect();
        request.body = Body::Sized("abc".into());
        request
    }

    fn answer(request: &Request, status: u16, location: Option<&str>) -> Answer {
        Answer {
            url: request.url.clone(),
            status,
            headers: location.iter().map(|value| ("location", *value)).collect(),
            body: "".into(),
            cut: None,
        }
    }

    fn followed(method: &str, status: u16, location: &str) -> Request {
        let request = upload(method);
        next(&request, &answer(&request, status, Some(location)))
            .unwrap()
            .unwrap()
    }

    fn names(headers: &Headers) -> Vec<&str> {
        headers.iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn the_method_is_kept_unless_the_rfc_changes_it() {
        let table = [
            ("POST", 301, "GET"),
            ("POST", 302, "GET"),
            ("POST", 303, "GET"),
            ("POST", 307, "POST"),
            ("POST", 308, "POST"),
            ("PUT", 301, "PUT"),
            ("PUT", 302, "PUT"),
            ("PUT", 303, "GET"),
            ("HEAD", 303, "HEAD"),
            ("DELETE", 308, "DELETE"),
        ];
        for (method, status, expected) in table {
            let request = followed(method, status, "/x");
            assert_eq!(request.method, expected, "{method} {status}");
            let bodiless = expected != method || status == 303;
            assert_eq!(request.body == Body::None, bodiless, "{method} {status}");
            assert_eq!(
                request.headers.contains("Content-Type"),
                !bodiless,
                "{method} {status}"
            );
        }
    }

    #[test]
    fn secrets_do_not_cross_to_another_server() {
        let same = followed("PUT", 307, "/v2/other");
        assert_eq!(same.headers, upload("PUT").headers);
        for elsewhere in [
            "http://r.example/v2/a",
            "https://r.example:444/",
            "//cdn.example/x",
        ] {
            let other = followed("PUT", 307, elsewhere);
            assert_eq!(
                names(&other.headers),
                ["Accept", "Content-Type", "Content-Length"],
                "{elsewhere}"
            );
        }
    }

    #[test]
    fn an_address_is_kept_as_the_registry_wrote_it() {
        let url = |location| followed("GET", 307, location).url.to_string();
        assert_eq!(url("/a/../%2e//b?x=%20"), "https://r.example/a/../%2e//b?x=%20");
        assert_eq!(url("c#d"), "https://r.example/v2/c");
    }

    #[test]
    fn a_redirect_to_nowhere_is_a_fault() {
        let request = upload("GET");
        let fault = |location| {
            next(&request, &answer(&request, 307, location))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(fault(None), "the redirect leads nowhere: the 307 has no Location");
        assert_eq!(
            fault(Some("ftp://x/")),
            "the redirect leads nowhere: the Location of the 307 is \"ftp://x/\", but the scheme `ftp` is neither http nor https"
        );
        assert!(fault(Some("http://a b/")).contains("percent-encoded"));
    }

    #[test]
    fn what_is_no_redirect_or_not_to_be_followed_is_the_answer() {
        let mut request = upload("GET");
        for status in [200, 201, 202, 300, 304, 305, 404] {
            assert_eq!(next(&request, &answer(&request, status, Some("/x"))), Ok(None));
        }
        request.redirects = Redirects::Stop;
        assert_eq!(next(&request, &answer(&request, 307, None)), Ok(None));
    }

    #[tokio::test]
    async fn a_redirect_is_followed_with_all_that_belongs_to_the_request() {
        let store = Server::serve(|_| status(201, "")).await;
        let place = store.url.with_target("/a/../b?x");
        let location = format!("Location: {place}\r\n");
        let registry = Server::serve(move |_| status(307, &location)).await;
        let mut request = Request::new("PUT", registry.url.with_target("/v2/a"));
        request.headers.append("Content-Type", "x/y");
        request.body = Body::Sized("abc".into());
        let exchange = client(&registry.url).send(request).await;
        assert_eq!(exchange.outcome.unwrap().url, place);
        assert_eq!((exchange.hops.len(), exchange.hops[0].status), (1, 307));
        assert_eq!(exchange.request.url, registry.url.with_target("/v2/a"));
        let host = store.url.authority();
        let heard = store.heard().concat();
        assert!(heard.starts_with("PUT /a/../b?x HTTP/1.1\r\n"), "{heard}");
        assert!(heard.contains(&format!("Host: {host}\r\n")), "{heard}");
        assert!(
            heard.ends_with("Content-Type: x/y\r\nContent-Length: 3\r\n\r\nabc"),
            "{heard}"
        );
    }

    #[tokio::test]
    async fn a_circle_has_an_end() {
        let registry = Server::serve(|_| status(302, "Location: /again\r\n")).await;
        let mut settings = patient(&registry.url);
        settings.redirect_limit = 3;
        let request = Request::new("GET", registry.url.with_target("/"));
        let exchange = Client::new(settings).unwrap().send(request).await;
        assert_eq!(exchange.outcome, Err(Fault::TooManyRedirects(3)));
        assert_eq!((exchange.hops.len(), registry.heard().len()), (4, 4));
    }
}
