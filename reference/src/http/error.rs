//! What can be wrong with a request, each with its status, code and message, in one table
//! (spec: Error Codes).

use http::header::{ALLOW, HeaderName, RETRY_AFTER};
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::body::{self, Body};

/// Declares the faults: `Fault => STATUS CODE "message"`.
macro_rules! faults {
    ($($(#[doc = $doc:literal])* $fault:ident => $status:ident $code:ident $message:literal,)*) => {
        /// A way in which a request can fail through no mistake of the registry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Fault { $($(#[doc = $doc])* $fault,)* }

        impl Fault {
            /// Every fault.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$fault,)*];

            /// The status, the code of the specification, and the message.
            const fn row(self) -> (StatusCode, &'static str, &'static str) {
                match self { $(Self::$fault => (StatusCode::$status, stringify!($code), $message),)* }
            }
        }
    };
}

faults! {
    /// A name that breaks the grammar.
    NameInvalid => BAD_REQUEST NAME_INVALID "invalid repository name",
    /// No repository has the name.
    NameUnknown => NOT_FOUND NAME_UNKNOWN "repository name not known to registry",
    /// A reference that is neither a tag nor a digest.
    ReferenceInvalid => BAD_REQUEST MANIFEST_INVALID "the reference is neither a tag nor a digest",
    /// A digest that is malformed, of an unsupported algorithm, or not that of the content.
    DigestInvalid => BAD_REQUEST DIGEST_INVALID "provided digest did not match uploaded content",
    /// Nobody may do this without an account, or the password is wrong.
    Unauthorized => UNAUTHORIZED UNAUTHORIZED "authentication required",
    /// The account may not do this.
    Denied => FORBIDDEN DENIED "requested access to the resource is denied",
    /// The repository has no such blob.
    BlobUnknown => NOT_FOUND BLOB_UNKNOWN "blob unknown to registry",
    /// The blob has no byte in the range asked for.
    RangeUnsatisfiable => RANGE_NOT_SATISFIABLE SIZE_INVALID "the blob has no byte in this range",
    /// The repository has no such upload.
    UploadUnknown => NOT_FOUND BLOB_UPLOAD_UNKNOWN "blob upload unknown to registry",
    /// A chunk that does not start where the last one ended.
    ChunkOutOfOrder => RANGE_NOT_SATISFIABLE BLOB_UPLOAD_INVALID "the chunk does not start where the last one ended",
    /// Another request is adding to the same upload.
    UploadBusy => RANGE_NOT_SATISFIABLE BLOB_UPLOAD_INVALID "another request is adding to this upload",
    /// A `Content-Range` that breaks the grammar.
    ChunkRangeInvalid => RANGE_NOT_SATISFIABLE BLOB_UPLOAD_INVALID "the Content-Range of a chunk is <first>-<last>",
    /// A chunk shorter than the announced minimum that is not the last one.
    ChunkTooShort => BAD_REQUEST SIZE_INVALID "only the last chunk may be shorter than the minimum",
    /// A body that ended early or went on too long.
    SizeInvalid => BAD_REQUEST SIZE_INVALID "provided length did not match content length",
    /// A body that comes more slowly than the least rate, or not at all.
    BodyTooSlow => REQUEST_TIMEOUT SIZE_INVALID "the body of the request comes too slowly",
    /// The repository has no such manifest.
    ManifestUnknown => NOT_FOUND MANIFEST_UNKNOWN "manifest unknown to registry",
    /// A manifest that is malformed or contradicts itself.
    ManifestInvalid => BAD_REQUEST MANIFEST_INVALID "manifest invalid",
    /// A manifest that is to be signed and is not, or not as it says.
    ManifestUnverified => BAD_REQUEST MANIFEST_UNVERIFIED "manifest failed signature verification",
    /// A signed manifest that is meant for another repository.
    ManifestNameInvalid => BAD_REQUEST NAME_INVALID "manifest name did not match URI",
    /// A signed manifest that is meant for another tag.
    TagInvalid => BAD_REQUEST TAG_INVALID "manifest tag did not match URI",
    /// A layer that a signed manifest names and that is not there.
    LayerUnknown => BAD_REQUEST BLOB_UNKNOWN "blob unknown to registry",
    /// A manifest above the limit.
    ManifestTooLarge => PAYLOAD_TOO_LARGE MANIFEST_INVALID "the manifest is larger than this registry accepts",
    /// Content that a manifest names and that is not there.
    ManifestBlobUnknown => BAD_REQUEST MANIFEST_BLOB_UNKNOWN "manifest references a manifest or blob unknown to registry",
    /// More tags in one request than are accepted.
    TooManyTags => URI_TOO_LONG MANIFEST_INVALID "too many tags in one request",
    /// A precondition does not hold.
    PreconditionFailed => PRECONDITION_FAILED DENIED "the precondition of the request does not hold",
    /// A page size that is no number.
    PageInvalid => BAD_REQUEST UNSUPPORTED "n is the number of entries wanted",
    /// A path that is no endpoint.
    RouteUnknown => NOT_FOUND UNSUPPORTED "the path is not an endpoint of this registry",
    /// A method that the endpoint does not have, or that is switched off.
    MethodUnsupported => METHOD_NOT_ALLOWED UNSUPPORTED "the operation is unsupported",
    /// No host, several, or one that is none.
    HostInvalid => BAD_REQUEST UNSUPPORTED "a request names the host that it is for, once and well-formed",
    /// A body that is coded in chunks more than once.
    CodingInvalid => BAD_REQUEST UNSUPPORTED "a body is coded in chunks once",
    /// A head above the limit.
    HeadTooLarge => REQUEST_HEADER_FIELDS_TOO_LARGE UNSUPPORTED "the headers of the request are larger than this registry accepts",
    /// A blob above the limit.
    BlobTooLarge => PAYLOAD_TOO_LARGE SIZE_INVALID "the blob is larger than this registry accepts",
    /// More requests than the limit allows.
    TooManyRequests => TOO_MANY_REQUESTS TOOMANYREQUESTS "too many requests",
}

/// An answer that says what is wrong, perhaps with several errors.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    errors: Vec<Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// A fault with something to help the client: arbitrary JSON.
    pub(crate) fn with_detail(fault: Fault, detail: impl Into<Value>) -> Self {
        let (status, code, message) = fault.row();
        let error = json!({"code": code, "message": message, "detail": detail.into()});
        Self {
            status,
            errors: vec![error],
            headers: Vec::new(),
        }
    }

    /// One error for each detail, all of the same fault.
    pub(crate) fn several(fault: Fault, details: impl IntoIterator<Item = Value>) -> Self {
        let mut whole = Self {
            errors: Vec::new(),
            ..Self::from(fault)
        };
        for detail in details {
            whole.errors.extend(Self::with_detail(fault, detail).errors);
        }
        whole
    }

    /// What is wrong in several ways: an answer with every error, and the status of the first.
    pub(crate) fn together(first: Self, others: impl IntoIterator<Item = Self>) -> Self {
        others.into_iter().fold(first, |mut whole, other| {
            whole.errors.extend(other.errors);
            whole
        })
    }

    /// Adds a detail to whatever error has none.
    pub(crate) fn with_missing_detail(mut self, detail: &Value) -> Self {
        let errors = self.errors.iter_mut().filter_map(Value::as_object_mut);
        for error in errors.filter(|error| !error.contains_key("detail")) {
            error.insert("detail".to_owned(), detail.clone());
        }
        self
    }

    /// A method that the route does not have (RFC 9110, section 15.5.6).
    pub(crate) fn method_not_allowed(methods: &[Method]) -> Self {
        let list = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        // Method names are visible ASCII, so the value is always valid.
        let allow = HeaderValue::try_from(list).unwrap_or(HeaderValue::from_static(""));
        Self::from(Fault::MethodUnsupported).with_header(ALLOW, allow)
    }

    /// A status alone, which no code of the specification explains: a mistake of the registry or of its disk,
    /// whose cause is in the log, or a registry that is busy.
    pub(crate) const fn bare(status: StatusCode) -> Self {
        Self {
            status,
            errors: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// The client is to come back after so many seconds.
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        self.with_header(RETRY_AFTER, seconds.into())
    }

    /// Adds a header to the answer.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer.
    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = if self.errors.is_empty() {
            Response::new(Body::empty())
        } else {
            body::json(&json!({"errors": self.errors}))
        };
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let (status, code, message) = fault.row();
        Self {
            status,
            errors: vec![json!({"code": code, "message": message})],
            headers: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    /// The table of the specification.
    const CODES: [&str; 14] = [
        "BLOB_UNKNOWN",
        "BLOB_UPLOAD_INVALID",
        "BLOB_UPLOAD_UNKNOWN",
        "DIGEST_INVALID",
        "MANIFEST_BLOB_UNKNOWN",
        "MANIFEST_INVALID",
        "MANIFEST_UNKNOWN",
        "NAME_INVALID",
        "NAME_UNKNOWN",
        "SIZE_INVALID",
        "UNAUTHORIZED",
        "DENIED",
        "UNSUPPORTED",
        "TOOMANYREQUESTS",
    ];

    /// What the table of Docker's API has besides: codes of signed manifests.
    const DOCKER_CODES: [&str; 2] = ["MANIFEST_UNVERIFIED", "TAG_INVALID"];

    #[test]
    fn every_fault_is_a_client_error_with_a_code_of_a_specification() {
        for fault in Fault::ALL {
            let (status, code, message) = fault.row();
            assert!(status.is_client_error(), "{fault:?}");
            assert!(CODES.contains(&code) || DOCKER_CODES.contains(&code), "{code}");
            assert!(!message.is_empty());
        }
    }

    #[test]
    fn every_code_of_the_specification_is_used() {
        for code in CODES.into_iter().chain(DOCKER_CODES) {
            assert!(Fault::ALL.iter().any(|fault| fault.row().1 == code), "{code}");
        }
    }
}
