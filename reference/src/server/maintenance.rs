//! What a registry does when nobody asks: it drops what nobody will come back for.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::store::{Grace, StoreError};

/// How often the registry looks for something to drop, at least: what has expired is gone within a minute, and a look
/// costs next to nothing.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How often the registry looks whether the files have changed that it was given: a new certificate serves within
/// seconds, for a few calls of the system.
const FILE_PAUSE: Duration = Duration::from_secs(2);

/// Sweeps up what an earlier process has left; drops expired uploads and collects garbage, for as long as the registry runs.
pub(crate) async fn maintain(app: Arc<App>) {
    let limits = &app.config.limits;
    let seconds = |seconds| {
        Some(seconds)
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs)
    };
    let expiry = Duration::from_secs(limits.upload_expiry);
    let grace = Grace {
        blobs: seconds(limits.blob_grace),
        manifests: seconds(limits.manifest_grace),
    };
    let shortest = [Some(expiry), grace.blobs, grace.manifests]
        .into_iter()
        .flatten()
        .min();
    let pause = shortest.map_or(LONGEST_PAUSE, |shortest| shortest / 2);
    let pause = pause.clamp(Duration::from_millis(500), LONGEST_PAUSE);
    match app.store.sweep().await {
        Ok(0) => {}
        Ok(files) => tracing::info!(files, "swept up what an earlier process has left behind"),
        Err(error) => tracing::error!(%error, "what an earlier process has left behind was not swept up"),
    }
    loop {
        tokio::time::sleep(pause).await;
        if let Err(error) = tidy(&app, expiry, grace).await {
            tracing::error!(%error, "the store could not be tidied");
        }
    }
}

/// Reads files again that have changed, for as long as the registry runs.
pub(crate) async fn keep_current(app: Arc<App>) {
    loop {
        tokio::time::sleep(FILE_PAUSE).await;
        let app = Arc::clone(&app);
        let checked = tokio::task::spawn_blocking(move || app.reload_if_changed());
        if let Err(error) = checked.await {
            tracing::error!(%error, "files could not be looked at");
        }
    }
}

/// Looks for content that is damaged on its disk, for as long as the registry runs.
pub(crate) async fn scrub(app: Arc<App>) {
    let rate = app.config.store.as_ref().map_or(0, |_| app.config.scrub_rate);
    app.store.scrub(rate).await;
}

async fn tidy(app: &App, expiry: Duration, grace: Grace) -> Result<(), StoreError> {
    let uploads = app.store.cancel_uploads_older_than(expiry).await?;
    let collected = app.store.collect(grace).await?;
    if uploads + collected.manifests + collected.blobs > 0 {
        let (manifests, blobs) = (collected.manifests, collected.blobs);
        tracing::info!(uploads, manifests, blobs, "dropped what was not needed");
    }
    Ok(())
}
