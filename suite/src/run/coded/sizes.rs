//! How large a manifest may be: as large as clients need, and not without end.

use super::tools::{succeeded, wrong_content};
use super::{Actor, Coded, NotReached};
use crate::check::describe;
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::values::{Content, OCI_MANIFEST};
use crate::wire::Payload;

/// Sizes that every registry should take.
const TAKEN: [u64; 2] = [4_000_000, 4 * 1024 * 1024];
/// Far beyond what any client needs.
const REFUSED: u64 = 64 * 1024 * 1024;

static IS_TAKEN: CodedCheck = CodedCheck::new("push.manifest.four-megabytes", "taken", line!());
static SAME_BYTES: CodedCheck = CodedCheck::new("push.manifest.four-megabytes", "the same bytes", line!());
static IS_NOT_TAKEN: CodedCheck = CodedCheck::new("push.manifest.size-limit-exists", "not taken", line!());
static STATUS_413: CodedCheck = CodedCheck::new("push.manifest.size-limit-413", "413", line!());
static NOTHING_STORED: CodedCheck =
    CodedCheck::new("push.manifest.size-limit-413", "nothing is stored", line!());

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[
    Coded {
        scenario: CodedScenario {
            name: "push/manifest-of-four-megabytes",
            title: "A manifest of four megabytes is taken, and comes back unchanged",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&IS_TAKEN, &SAME_BYTES],
        },
        follow: |actor| Box::pin(four_megabytes(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "push/manifest-without-end",
            title: "A manifest far beyond what any client needs is refused as too large",
            needs: &["push"],
            weight: Weight::Heavy,
            checks: &[&IS_NOT_TAKEN, &STATUS_413, &NOTHING_STORED],
        },
        follow: |actor| Box::pin(without_end(actor)),
    },
];

async fn four_megabytes(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let config = actor.maker().random(100);
    actor.given(&repository, &config, &[]).await?;
    for size in TAKEN {
        actor.row(format!("{size} bytes"));
        let manifest = of_size(&config, size);
        let place = actor.at(&format!("/v2/{repository}/manifests/{}", manifest.digest()));
        let sent = actor.call("PUT", place.clone(), Some(&manifest)).await;
        actor.judge(
            &IS_TAKEN,
            (!succeeded(&sent)).then(|| describe::exchange(&sent)),
            &sent,
        );
        if !succeeded(&sent) {
            continue;
        }
        let read = actor.call("GET", place, None).await;
        actor.judge(&SAME_BYTES, wrong_content(&read.outcome, &manifest), &read);
    }
    Ok(())
}

async fn without_end(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let config = actor.maker().random(100);
    actor.given(&repository, &config, &[]).await?;
    let manifest = of_size(&config, REFUSED);
    // Under a tag, since to know its digest takes longer than anything else here.
    let place = actor.at(&format!("/v2/{repository}/manifests/without-end"));
    let sent = actor.call("PUT", place.clone(), Some(&manifest)).await;
    actor.judge(
        &IS_NOT_TAKEN,
        succeeded(&sent).then(|| describe::exchange(&sent)),
        &sent,
    );
    if succeeded(&sent) {
        return Ok(());
    }
    actor.judge(
        &STATUS_413,
        (sent.status() != Some(413)).then(|| describe::exchange(&sent)),
        &sent,
    );
    let read = actor.call("GET", place, None).await;
    actor.judge(
        &NOTHING_STORED,
        succeeded(&read).then(|| describe::exchange(&read)),
        &read,
    );
    Ok(())
}

/// A manifest of exactly so many bytes.
fn of_size(config: &Content, size: u64) -> Content {
    let config = config.descriptor();
    let head = format!(
        r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{config},"layers":[],"annotations":{{"org.example.long":""#
    );
    let tail = r#""}}"#;
    let long = size.saturating_sub((head.len() + tail.len()) as u64);
    let text = [head.into(), Payload::repeated(b'x', long), tail.into()];
    Content::of_type(Payload::joined(&text), OCI_MANIFEST)
}
