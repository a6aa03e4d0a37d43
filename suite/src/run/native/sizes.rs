//! How large a manifest may be: as large as clients need, and not without end.

use super::tools::{status, succeeded, wrong_content};
use super::{Judged, Native, NotReached};
use crate::plan::Declared;
use crate::run::content::{Content, OCI_MANIFEST};
use crate::run::describe;
use crate::run::world::World;

/// Sizes that every registry should take.
const TAKEN: [usize; 2] = [4_000_000, 4 * 1024 * 1024];
/// Far beyond what any client needs.
const REFUSED: usize = 64 * 1024 * 1024;

/// The scenarios.
pub(super) const SCENARIOS: &[Native] = &[
    Native {
        declared: Declared {
            name: "push/manifest-of-four-megabytes",
            title: "A manifest of four megabytes is taken, and comes back unchanged",
            needs: &["push"],
            cites: &["push.manifest.four-megabytes"],
        },
        follow: |world| Box::pin(four_megabytes(world)),
    },
    Native {
        declared: Declared {
            name: "push/manifest-without-end",
            title: "A manifest far beyond what any client needs is refused as too large",
            needs: &["push"],
            cites: &["push.manifest.size-limit-exists", "push.manifest.size-limit-413"],
        },
        follow: |world| Box::pin(without_end(world)),
    },
];

async fn four_megabytes(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let config = world.maker().random(100);
    world.given(&repository, &config, &[]).await?;
    for size in TAKEN {
        world.row = Some(format!("{size} bytes"));
        let manifest = of_size(&config, size);
        let place = world.at(&format!("/v2/{repository}/manifests/{}", manifest.digest()));
        let sent = world.call("PUT", place.clone(), Some(&manifest)).await;
        let judged = Judged {
            id: "push.manifest.four-megabytes",
            line: line!(),
            asked: "taken",
            broken: (!succeeded(&sent)).then(|| describe::exchange(&sent)),
        };
        world.judge_exchange(judged, &sent);
        if !succeeded(&sent) {
            continue;
        }
        let read = world.call("GET", place, None).await;
        let judged = Judged {
            id: "push.manifest.four-megabytes",
            line: line!(),
            asked: "the same bytes",
            broken: wrong_content(&read.outcome, &manifest),
        };
        world.judge_exchange(judged, &read);
    }
    Ok(())
}

async fn without_end(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let config = world.maker().random(100);
    world.given(&repository, &config, &[]).await?;
    let manifest = of_size(&config, REFUSED);
    let place = world.at(&format!("/v2/{repository}/manifests/{}", manifest.digest()));
    let sent = world.call("PUT", place.clone(), Some(&manifest)).await;
    let judged = Judged {
        id: "push.manifest.size-limit-exists",
        line: line!(),
        asked: "not taken",
        broken: succeeded(&sent).then(|| describe::exchange(&sent)),
    };
    world.judge_exchange(judged, &sent);
    if succeeded(&sent) {
        return Ok(());
    }
    let judged = Judged {
        id: "push.manifest.size-limit-413",
        line: line!(),
        asked: "413",
        broken: (status(&sent) != Some(413)).then(|| describe::exchange(&sent)),
    };
    world.judge_exchange(judged, &sent);
    let read = world.call("GET", place, None).await;
    let judged = Judged {
        id: "push.manifest.size-limit-413",
        line: line!(),
        asked: "nothing is stored",
        broken: succeeded(&read).then(|| describe::exchange(&read)),
    };
    world.judge_exchange(judged, &read);
    Ok(())
}

/// A manifest of exactly so many bytes.
fn of_size(config: &Content, size: usize) -> Content {
    let config = config.descriptor();
    let head = format!(
        r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{config},"layers":[],"annotations":{{"org.example.long":""#
    );
    let tail = r#""}}"#;
    // In one buffer, since this may be the largest thing in memory.
    let mut text = String::with_capacity(size);
    text.push_str(&head);
    text.extend(std::iter::repeat_n(
        'x',
        size.saturating_sub(head.len() + tail.len()),
    ));
    text.push_str(tail);
    Content::of_type(text, OCI_MANIFEST)
}
