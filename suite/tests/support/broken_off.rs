//! Uploads whose client goes away, on registries that notice it late.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming};

use super::layer::{Answered, Layer, reply};

/// Holds what breaks off until the registry was asked how far the upload is.
pub(super) async fn arriving_late(layer: Arc<Layer>, request: Request<Incoming>) -> Answered {
    let (mut head, mut body) = request.into_parts();
    let is_question = head.method == Method::GET;
    let mut came = BytesMut::new();
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => came.extend_from_slice(&data),
            Ok(Err(_trailers)) => {}
            Err(_) => {
                let range = head
                    .headers
                    .get(CONTENT_RANGE)
                    .ok_or("no Content-Range")?
                    .to_str()?;
                let first: usize = range.split('-').next().unwrap_or_default().parse()?;
                let range = format!("{first}-{}", first + came.len() - 1);
                head.headers.insert(CONTENT_RANGE, range.parse()?);
                head.headers.remove(CONTENT_LENGTH);
                *layer.seen.held.lock().unwrap() = Some((head, came.freeze()));
                return Err("the client is gone".into());
            }
        }
    }
    let answered = layer.forward(head, came.freeze()).await?;
    let held = layer.seen.held.lock().unwrap().take_if(|_| is_question);
    if let Some((head, body)) = held {
        layer.forward(head, body).await?;
    }
    Ok(answered)
}

/// Refuses to go on with what broke off, once, as a registry does that has not noticed it yet.
pub(super) async fn held_still(layer: Arc<Layer>, request: Request<Incoming>) -> Answered {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        layer.seen.is_held.store(true, Ordering::Relaxed);
        return Err("the client is gone".into());
    };
    if head.method == Method::PATCH && layer.seen.is_held.swap(false, Ordering::Relaxed) {
        return Ok(reply(416, &[], ""));
    }
    layer.forward(head, body.to_bytes()).await
}
