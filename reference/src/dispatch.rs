//! The whole protocol on one screen: which endpoint answers which method (spec: Endpoints).

use http::header::ALLOW;
use http::{HeaderValue, Method, Response};

use crate::api::{base, blobs, catalog, manifests, referrers, tags, token, uploads};
use crate::body::Body;
use crate::config::{Authentication, Config};
use crate::context::{Context, Received};
use crate::error::{Failure, Fault};
use crate::protocol::Reference;
use crate::routes::Route;

/// Answers a request, and tells what it has done to those who want to know.
pub(crate) async fn dispatch(context: &Context, body: &mut Received) -> Result<Response<Body>, Failure> {
    let answer = answer(context, body).await?;
    if let Some(notifier) = context.notifier() {
        // In a box, so that a request is no larger where nobody is told anything.
        Box::pin(notifier.tell(context, answer.status(), answer.headers())).await;
    }
    Ok(answer)
}

/// Finds the endpoint that a request is for, and lets it answer.
async fn answer(context: &Context, body: &mut Received) -> Result<Response<Body>, Failure> {
    let route = context.route();
    let methods = methods(route, context.config()).ok_or(Fault::RouteUnknown)?;
    if !methods.contains(context.method()) {
        return Err(not_allowed(&methods));
    }
    match (context.method(), route) {
        (&Method::GET | &Method::HEAD, Route::Base) => Ok(base::answer()),
        (&Method::GET | &Method::HEAD, Route::Token) => token::give(context),
        (&Method::GET | &Method::HEAD, Route::Catalog) => catalog::list(context),
        (&Method::GET | &Method::HEAD, Route::Blob(name, digest)) => blobs::get(context, name, digest).await,
        (&Method::DELETE, Route::Blob(name, digest)) => blobs::delete(context, name, digest).await,
        (&Method::GET | &Method::HEAD, Route::Manifest(name, reference)) => {
            manifests::get(context, name, reference).await
        }
        (&Method::PUT, Route::Manifest(name, reference)) => {
            manifests::put(context, name, reference, body).await
        }
        (&Method::DELETE, Route::Manifest(name, reference)) => {
            manifests::delete(context, name, reference).await
        }
        (&Method::POST, Route::Uploads(name)) => uploads::open(context, name, body).await,
        (&Method::GET | &Method::HEAD, Route::Upload(name, id)) => uploads::status(context, name, *id).await,
        (&Method::PATCH, Route::Upload(name, id)) => uploads::append(context, name, *id, body).await,
        (&Method::PUT, Route::Upload(name, id)) => uploads::close(context, name, *id, body).await,
        (&Method::DELETE, Route::Upload(name, id)) => uploads::cancel(context, name, *id).await,
        (&Method::GET | &Method::HEAD, Route::Tags(name)) => tags::list(context, name),
        (&Method::GET | &Method::HEAD, Route::Referrers(name, digest)) => {
            referrers::list(context, name, digest)
        }
        _ => Err(not_allowed(&methods)),
    }
}

/// The methods that a route has here; `None` if the registry leaves the endpoint out.
fn methods(route: &Route, config: &Config) -> Option<Vec<Method>> {
    let offer = &config.offer;
    let offered: &[(Method, bool)] = match route {
        Route::Token if config.authentication != Authentication::Token => return None,
        Route::Catalog if offer.no_catalog => return None,
        Route::Referrers(..) if offer.no_referrers => return None,
        Route::Base | Route::Token | Route::Tags(_) | Route::Catalog | Route::Referrers(..) => &[],
        Route::Blob(..) => &[(Method::DELETE, !offer.no_blob_deletion)],
        Route::Manifest(_, Reference::Tag(_)) => {
            &[(Method::PUT, true), (Method::DELETE, !offer.no_tag_deletion)]
        }
        Route::Manifest(_, Reference::Digest(_)) => {
            &[(Method::PUT, true), (Method::DELETE, !offer.no_manifest_deletion)]
        }
        Route::Uploads(_) => &[(Method::POST, true)],
        Route::Upload(..) => &[(Method::PATCH, true), (Method::PUT, true), (Method::DELETE, true)],
    };
    let looks = if matches!(route, Route::Uploads(_)) {
        vec![]
    } else {
        vec![Method::GET, Method::HEAD]
    };
    let changes = offered
        .iter()
        .filter(|(_, is_offered)| *is_offered && !offer.read_only);
    Some(
        looks
            .into_iter()
            .chain(changes.map(|(method, _)| method.clone()))
            .collect(),
    )
}

/// A method that the route does not have (RFC 9110, section 15.5.6).
fn not_allowed(methods: &[Method]) -> Failure {
    let list = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    // Method names are visible ASCII, so the value is always valid.
    let allow = HeaderValue::try_from(list).unwrap_or(HeaderValue::from_static(""));
    Failure::from(Fault::MethodUnsupported).with_header(ALLOW, allow)
}
