//! Deviations that several clients see together, and none of them alone.

use http::Method;

use super::tricks::{UnderWay, under_way};
use crate::saboteur::{Deviation, Kind};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    // While a tag is being written its readers are sent to a copy that is one write behind.
    Deviation::story(
        "tag-read-from-a-copy-behind",
        &["interop.tags-linearizable"],
        |story| {
            Box::pin(async move {
                let path = story.call.path.clone();
                let (now, before) = (format!("now {path}"), format!("before {path}"));
                if story.call.is(&Method::PUT, Kind::Tag) {
                    let _under_way = UnderWay::begin(story.memory, &path).await;
                    let reply = story.honestly().await;
                    if reply.is_success() {
                        let read = story.ask(&story.call.get(&path)).await;
                        if let Some(former) = story.memory.keep(&now, read) {
                            story.memory.keep(&before, former);
                        }
                    }
                    return reply;
                }
                if story.call.is(&Method::GET, Kind::Tag)
                    && under_way(story.memory, &path) > 0
                    && let Some(former) = story.memory.recall(&before)
                {
                    return former;
                }
                story.honestly().await
            })
        },
    ),
];
