//! The address for whoever operates the registry: its metrics and its health.

use std::convert::Infallible;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::connection::BREATH;
use super::health;
use crate::app::App;
use crate::http::body::Body;
use crate::http::error::{Failure, Fault};

/// Where the metrics are.
pub(super) const METRICS: &str = "/metrics";

/// The media type of metrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves metrics and health for as long as the registry runs.
pub(super) async fn serve(listener: TcpListener, app: Arc<App>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = open.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(open.spawn(serve_one(stream, Arc::clone(&app)))),
                Err(error) => {
                    tracing::warn!(%error, "a connection for metrics was not accepted");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }
}

async fn serve_one(stream: TcpStream, app: Arc<App>) {
    let service = service_fn(|request: Request<Incoming>| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(answer(&app, &request).await) }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection for metrics broke");
    }
}

async fn answer(app: &App, request: &Request<Incoming>) -> Response<Body> {
    match (request.method(), request.uri().path()) {
        (method, health::PATH) => health::answer(app, method).await.0,
        (&Method::GET | &Method::HEAD, METRICS) => {
            let mut response = health::plain(app.metrics.to_text());
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(OPEN_METRICS));
            response
        }
        (_, METRICS) => Failure::method_not_allowed(&[Method::GET, Method::HEAD]).into_response(),
        _ => Failure::from(Fault::RouteUnknown).into_response(),
    }
}
