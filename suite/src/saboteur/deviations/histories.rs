//! Deviations that several clients see together, and none of them alone.

use http::Method;

use super::tricks::{UnderWay, under_way};
use crate::saboteur::{Deviation, Kind};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    // While a tag is being written its readers are sent to a copy that is one write behind.
    Deviation::stateful(
        "tag-read-from-a-copy-behind",
        &["interop.tags-linearizable"],
        |context| {
            Box::pin(async move {
                let path = context.call.path.clone();
                let (now, before) = (format!("now {path}"), format!("before {path}"));
                if context.call.is(&Method::PUT, Kind::Tag) {
                    let _under_way = UnderWay::begin(context.memory, &path).await;
                    let reply = context.honestly().await;
                    if reply.is_success() {
                        let read = context.ask(&context.call.get(&path)).await;
                        if let Some(former) = context.memory.keep(&now, read) {
                            context.memory.keep(&before, former);
                        }
                    }
                    return reply;
                }
                if context.call.is(&Method::GET, Kind::Tag)
                    && under_way(context.memory, &path) > 0
                    && let Some(former) = context.memory.recall(&before)
                {
                    return former;
                }
                context.honestly().await
            })
        },
    ),
];
