//! A store whose power is cut at any moment has all that it has acknowledged when there is power again.
//!
//! `ASSIZE_CUTS` says how often it is cut; 100 times unless told. What fails is told with its seed.

mod client;
mod disk;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use redb::Builder;
use redb::backends::InMemoryBackend;

use super::audit::{Beside, StoreParts, audit_parts};
use super::committer::CommitterSettings;
use super::guard::guarded;
use super::{Check, Store, StoreError};
use client::{Client, Tally};
use disk::{Area, Disk, Lie, Random};

/// How often the power of one disk is cut.
const CUTS_OF_A_DISK: u64 = 5;

/// How many operations of the disk there are at most from a start to the cut.
const LONGEST_LIFE: u64 = 500;

/// Syncs and new journals come so often that many cuts fall between them.
const SETTINGS: CommitterSettings = CommitterSettings {
    commits_until_sync: 5,
    worth_renewing: 8 * 1024,
};

fn opens(disk: &Disk) -> impl Fn() -> Result<redb::Database, StoreError> + Send + 'static {
    let disk = disk.clone();
    move || Ok(Builder::new().create_with_backend(disk.database())?)
}

fn start(disk: &Disk) -> Result<Store, StoreError> {
    guarded(|| {
        let open = opens(disk);
        Store::assemble(
            open()?,
            Box::new(open),
            Arc::new(disk.files(Area::Content)),
            Arc::new(disk.files(Area::Journal)),
            SETTINGS,
        )
    })
}

/// What is wrong with a store that nobody uses.
fn faults(disk: &Disk) -> Result<Vec<String>, StoreError> {
    guarded(|| {
        let parts = StoreParts {
            database: opens(disk)()?,
            content: Arc::new(disk.files(Area::Content)),
            journals: Arc::new(disk.files(Area::Journal)),
        };
        let beside = Beside {
            scratch: &|| Ok(Builder::new().create_with_backend(InMemoryBackend::new())?),
            put_aside: &|_| Ok(()),
        };
        let audit = audit_parts(&parts, &Check::Look.into(), &Arc::default(), &beside)?;
        Ok(audit.faults.into_iter().map(|fault| fault.what).collect())
    })
}

/// Uses a disk until its power is cut, so many times, and returns what is not as it was acknowledged; or how much
/// was.
async fn lives(seed: u64, lie: Option<Lie>) -> Result<Tally, String> {
    let mut random = Random::new(seed);
    let mut disk = Disk::lying(lie);
    drop(start(&disk).map_err(|fault| format!("a new store does not start: {fault}"))?);
    let mut client = Client::new(random.roll(u64::MAX));
    for cut in 0..CUTS_OF_A_DISK {
        let fails = |what: String| format!("cut {cut}: {what}");
        disk.cut_after(1 + random.roll(LONGEST_LIFE));
        if let Ok(store) = start(&disk) {
            client.use_until_cut(&store, &disk).await;
        }
        disk = disk.survivor(&mut random);
        let store = start(&disk).map_err(|fault| fails(format!("it does not start: {fault}")))?;
        let swept = store.sweep().await;
        swept.map_err(|fault| fails(format!("it is not swept: {fault}")))?;
        client.look(&store).await.map_err(fails)?;
        drop(store);
        let found = faults(&disk).map_err(|fault| fails(format!("it cannot be audited: {fault}")))?;
        if !found.is_empty() {
            return Err(fails(found.join("; ")));
        }
    }
    Ok(client.tally)
}

/// The outcome of lives, panics included.
fn outcome(seed: u64, lie: Option<Lie>) -> Result<Tally, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let lives = AssertUnwindSafe(|| Ok(runtime.block_on(lives(seed, lie))));
    guarded(lives.0).unwrap_or_else(|panic| Err(panic.to_string()))
}

#[test]
fn whatever_was_acknowledged_survives_a_loss_of_power() {
    let cuts = std::env::var("ASSIZE_CUTS").map_or(100, |cuts| cuts.parse().unwrap());
    let mut tally = Tally::default();
    for seed in 0..cuts / CUTS_OF_A_DISK {
        tally += outcome(seed, None)
            .map_err(|fault| format!("seed {seed}: {fault}"))
            .unwrap();
    }
    println!("{cuts} cuts: {tally:?}");
    assert!(tally.acknowledged > cuts * 5, "{tally:?} says little");
    assert!(tally.under_way > cuts / 2, "{tally:?} says little");
    assert!(tally.done_unheard > cuts / 50, "{tally:?} says little");
}

#[test]
fn a_sync_that_is_left_out_is_noticed() {
    let lies = [
        Lie::Sync(Area::Content),
        Lie::Sync(Area::Journal),
        Lie::Sync(Area::Database),
        Lie::Name(Area::Content),
        Lie::Name(Area::Journal),
    ];
    for lie in lies {
        let noticed = (0..40).find_map(|seed| outcome(seed, Some(lie)).err());
        println!("{lie:?}: {noticed:?}");
        assert!(noticed.is_some(), "{lie:?}");
    }
}
