//! How the end of a request's body is found (RFC 9112, section 6).

use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::error::{Failure, Fault};

/// Refuses a body that is coded in any way but in chunks: it would be stored as it came.
///
/// # Errors
/// Refuses the request, and ends its connection: nobody knows where the next one begins.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), Failure> {
    let lines = headers.get_all(TRANSFER_ENCODING).iter();
    let lines = lines.map(|line| line.to_str().unwrap_or_default());
    let codings = lines.flat_map(|line| line.split(',')).map(str::trim);
    let codings = codings.collect::<Vec<_>>();
    let failure = match codings.as_slice() {
        [] => return Ok(()),
        [coding] if coding.eq_ignore_ascii_case("chunked") => return Ok(()),
        codings
            if codings
                .iter()
                .all(|coding| coding.eq_ignore_ascii_case("chunked")) =>
        {
            Failure::from(Fault::CodingInvalid)
        }
        _ => Failure::bare(StatusCode::NOT_IMPLEMENTED),
    };
    Err(failure.with_header(CONNECTION, HeaderValue::from_static("close")))
}

#[cfg(test)]
mod tests {
    use http::{Request, StatusCode};

    use super::check;

    fn refusal(lines: &[&str]) -> Option<StatusCode> {
        let request = lines.iter().fold(Request::builder(), |request, line| {
            request.header("transfer-encoding", *line)
        });
        let headers = request.body(()).unwrap().into_parts().0.headers;
        check(&headers)
            .err()
            .map(|failure| failure.into_response().status())
    }

    #[test]
    fn a_body_is_coded_in_chunks_or_not_at_all() {
        assert_eq!(refusal(&[]), None);
        assert_eq!(refusal(&["Chunked"]), None);
        for lines in [&["chunked, chunked"][..], &["chunked", "chunked"]] {
            assert_eq!(refusal(lines), Some(StatusCode::BAD_REQUEST), "{lines:?}");
        }
        for lines in [
            &["gzip, chunked"][..],
            &["identity"],
            &["gzip", "chunked"],
            &["chunked;a=b"],
            &[""],
        ] {
            assert_eq!(refusal(lines), Some(StatusCode::NOT_IMPLEMENTED), "{lines:?}");
        }
    }
}
