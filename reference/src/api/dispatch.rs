//! Each request gets its context, is answered by its endpoint, and others are told what it has done.

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, EXPECT};
use http::{HeaderValue, Method, Response, StatusCode, Version, request};

use super::context::{Context, RequestTarget};
use super::endpoints;
use crate::app::App;
use crate::http::body::Body;
use crate::http::body::memory::NoMemory;
use crate::http::error::Failure;
use crate::http::peer::{Arrival, Note};
use crate::http::request_body::RequestBody;
use crate::http::routes::Route;
use crate::http::transport::Transport;
use crate::protocol::Query;

/// Answers a request of the protocol; says what the access log is to say about it.
pub(crate) async fn answer(
    app: &Arc<App>,
    mut head: request::Parts,
    mut body: RequestBody,
    arrival: Arrival,
    transport: Transport,
) -> (Response<Body>, Note) {
    let leftover = Leftover {
        expects_continue: head.headers.contains_key(EXPECT),
        version: head.version,
        patience: Duration::from_secs(app.config.limits.client_timeout),
    };
    let is_safe = head.method == Method::GET || head.method == Method::HEAD;
    let target = target(&head);
    let refused = target
        .route
        .as_ref()
        .ok()
        .and_then(|route| endpoints::refuse_everybody(&head.method, route, &app.config));
    let context = match refused {
        Some(failure) => Err(failure),
        None => Context::of(app, &mut head, arrival, transport, target).await,
    };
    if is_safe {
        return answer_context(context, &mut body).await;
    }
    // A change runs to its end even if the client hangs up in the middle.
    let change = tokio::spawn(async move {
        let (mut response, note) = answer_context(context, &mut body).await;
        leftover.deal_with(body, &mut response);
        (response, note)
    });
    change.await.unwrap_or_else(|error| {
        tracing::error!(%error, "an endpoint panicked");
        let failure = Failure::bare(StatusCode::INTERNAL_SERVER_ERROR);
        (failure.into_response(), Note::default())
    })
}

/// What a request is for, and what that requires.
fn target(head: &request::Parts) -> RequestTarget {
    let query = Query::parse(head.uri.query().unwrap_or_default());
    let route = Route::parse(head.uri.path());
    let access = route.as_ref().map_or_else(
        |_| Vec::new(),
        |route| endpoints::required_access(&head.method, route, &query),
    );
    RequestTarget { route, query, access }
}

async fn answer_context(context: Result<Context, Failure>, body: &mut RequestBody) -> (Response<Body>, Note) {
    match context {
        Ok(context) => {
            let response = dispatch(&context, body).await;
            (response.unwrap_or_else(Failure::into_response), context.note())
        }
        Err(failure) => (failure.into_response(), Note::default()),
    }
}

/// Lets the endpoint answer, and tells what it has done to those who want to know.
async fn dispatch(context: &Context, body: &mut RequestBody) -> Result<Response<Body>, Failure> {
    let answer = endpoints::answer(context, body).await;
    let mut answer = answer.map_err(|failure| match context.offer().legacy {
        true => failure.with_missing_detail(&context.route().parts()),
        false => failure,
    })?;
    let counted = answer.response.body_mut().count_in(&context.memory());
    counted.map_err(|NoMemory| Failure::bare(StatusCode::SERVICE_UNAVAILABLE).retry_after(1))?;
    if let (Some(notifier), Some(event)) = (context.notifier(), answer.event) {
        notifier.tell(event, &context.cause());
    }
    Ok(answer.response)
}

/// What to do with the rest of a body whose request is answered.
#[derive(Debug, Clone, Copy)]
struct Leftover {
    expects_continue: bool,
    version: Version,
    patience: Duration,
}

impl Leftover {
    fn deal_with(self, body: RequestBody, response: &mut Response<Body>) {
        if body.is_at_end() || self.version > Version::HTTP_11 {
            return;
        }
        let is_too_slow = response.status() == StatusCode::REQUEST_TIMEOUT;
        if self.expects_continue || is_too_slow {
            // The client may or may not send the body now: only a new connection is unambiguous.
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        } else {
            tokio::spawn(tokio::time::timeout(self.patience, body.drain()));
        }
    }
}
