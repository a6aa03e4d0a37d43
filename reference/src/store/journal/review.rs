//! The reading of what was not read when the journal was found: damage there shows a little after the start.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::scan::{Landmark, is_whole_before};
use crate::store::StoreError;
use crate::store::files::File;

/// How much is read before there is a pause.
const BLOCK: u64 = 1024 * 1024;

/// How long a pause is: some 50 MiB are read in a second then, which leaves a disk and a core to those who ask.
const PAUSE: Duration = Duration::from_millis(20);

/// A journal that is read up to a landmark, beside everything else.
pub(super) struct Review {
    stop: Arc<AtomicBool>,
    reading: Option<JoinHandle<bool>>,
}

impl Review {
    /// Begins to read.
    pub(super) fn begin(landmark: Landmark, file: Arc<dyn File>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let reading = thread::Builder::new()
            .name("review".to_owned())
            .spawn(move || is_whole(is_whole_before(landmark, file, &mut unhurried(&told))))?;
        Ok(Self {
            stop,
            reading: Some(reading),
        })
    }

    /// Whether all has been read.
    pub(super) fn is_over(&self) -> bool {
        self.reading.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Whether it is whole; waits until that is known.
    pub(super) fn found_it_whole(mut self) -> bool {
        self.reading
            .take()
            .is_none_or(|reading| reading.join().unwrap_or(false))
    }
}

impl Drop for Review {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(reading) = self.reading.take() {
            // Nobody asks any more what came of it.
            drop(reading.join());
        }
    }
}

/// Says before each line whether it is to be read, and makes a pause after each block.
fn unhurried(stop: &AtomicBool) -> impl FnMut(u64) -> bool {
    let mut pause_at = BLOCK;
    move |offset| {
        if offset >= pause_at {
            pause_at = offset + BLOCK;
            thread::sleep(PAUSE);
        }
        !stop.load(Ordering::Acquire)
    }
}

/// What cannot be read is not whole.
fn is_whole(read: Result<bool, StoreError>) -> bool {
    let is_whole = read.as_ref().is_ok_and(|is_whole| *is_whole);
    if !is_whole {
        let fault = read.err().map(|fault| fault.to_string());
        tracing::warn!(
            fault,
            "the journal is damaged, and is written anew with the next change"
        );
    }
    is_whole
}
