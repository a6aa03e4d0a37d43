//! A file in the place of a journal.

use std::io;
use std::str::from_utf8;

use bytes::Bytes;
use redb::Builder;
use redb::backends::InMemoryBackend;
use uuid::Uuid;

use crate::store::StoreError;
use crate::store::committer::CommitterSettings;
use crate::store::faulty::Disk;
use crate::store::files::{Files as _, MemoryFiles};
use crate::store::journal::{find, salvage, sealed};
use crate::store::tables::Tables;

/// The file of a journal; a line that begins with `=` is given the checksum that it would have if it were meant. All that
/// can be read of it is made, and a store is opened with it, or refused; one that was opened is opened again.
pub(crate) fn journal(input: &[u8]) {
    let lines = input.split_inclusive(|byte| *byte == b'\n');
    let lines = lines.map(|line| match line.strip_prefix(b"=").map(from_utf8) {
        Some(Ok(meant)) => sealed(meant.trim_end_matches('\n')).into_bytes(),
        _ => line.to_vec(),
    });
    let lines = lines.collect::<Vec<_>>().concat();
    let disk = Disk::default();
    put(&disk.journals, lines).unwrap();
    // What cannot be read is refused.
    drop(make_what_can_be_read(&disk.journals));
    if disk.open(CommitterSettings::default()).is_ok() {
        disk.open(CommitterSettings::default()).unwrap();
    }
}

fn put(journals: &MemoryFiles, content: Vec<u8>) -> io::Result<()> {
    let file = journals.create(Uuid::from_u128(1))?;
    file.write_at(&[Bytes::from(content)], 0)
}

/// As `check --rebuild` does.
fn make_what_can_be_read(journals: &MemoryFiles) -> Result<(), StoreError> {
    let Some(found) = find(journals)? else {
        return Ok(());
    };
    let database = Builder::new().create_with_backend(InMemoryBackend::new())?;
    let transaction = database.begin_write()?;
    let mut tables = Tables::open(&transaction)?;
    salvage(&found, &mut |entry| tables.apply(entry))?;
    Ok(())
}
