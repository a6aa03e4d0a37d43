//! The metadata of a store: ordered tables in one transactional database.
//!
//! Text keys sort by bytes, so tags, repositories and referrers come out in the order in which they
//! are listed, and a page costs a page.

use redb::{ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};

use super::StoreError;
use super::entry::Entry;

/// The fact that names the store, so that no journal of another one is taken for its own.
pub(super) const STORE: &str = "store";

/// The fact that numbers the last change of the journal that is in the tables.
pub(super) const SEQUENCE: &str = "sequence";

/// The fact that numbers the journal of that change.
pub(super) const JOURNAL: &str = "journal";

/// The fact that says where in that journal its state ends, in the upper half, and where the line of the change begins, in
/// the lower one.
pub(super) const LANDMARK: &str = "landmark";

/// The fact that says since when it is noted which uploads are over.
pub(super) const ENDED_SINCE: &str = "ended-since";

/// The fact that numbers the last change up to which that is noted: an earlier version notes it of none.
pub(super) const ENDED_UNTIL: &str = "ended-until";

/// Declares the tables, with the set of them open for reading and the set open for writing.
macro_rules! tables {
    ($($(#[doc = $doc:literal])* $field:ident $name:ident: $key:ty => $value:ty,)*) => {
        $($(#[doc = $doc])* const $name: TableDefinition<'static, $key, $value> = TableDefinition::new(stringify!($field));)*

        /// Every table, open in one writing transaction.
        pub(super) struct Tables<'txn> {
            $($(#[doc = $doc])* pub(super) $field: Table<'txn, $key, $value>,)*
            /// What has been changed in the transaction and is not in the journal yet.
            pub(super) made: Vec<Entry>,
        }

        impl<'txn> Tables<'txn> {
            /// Opens every table, and creates those that are missing.
            pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, StoreError> {
                Ok(Self { $($field: transaction.open_table($name)?,)* made: Vec::new() })
            }
        }

        /// The state at one moment; nothing that is committed later shows in it.
        pub(super) struct View { transaction: ReadTransaction }

        impl View {
            /// The state in which `transaction` began.
            pub(super) const fn new(transaction: ReadTransaction) -> Self {
                Self { transaction }
            }

            $($(#[doc = $doc])*
            pub(super) fn $field(&self) -> Result<redb::ReadOnlyTable<$key, $value>, StoreError> {
                Ok(self.transaction.open_table($name)?)
            })*
        }
    };
}

tables! {
    /// Repository -> when it was created. A repository exists from its first blob or manifest on.
    repositories REPOSITORIES: &'static str => u64,
    /// Digest of a blob -> the file that holds it, and its size.
    blobs BLOBS: &'static str => (u128, u64),
    /// Repository, digest of a blob that can be read there -> when it was pushed or mounted.
    links LINKS: (&'static str, &'static str) => u64,
    /// The same from the other side: digest of a blob, repository.
    holders HOLDERS: (&'static str, &'static str) => (),
    /// Repository, digest of a manifest -> when it was pushed, its media type, its bytes.
    manifests MANIFESTS: (&'static str, &'static str) => (u64, &'static str, &'static [u8]),
    /// Repository, digest of content, digest of a manifest there that names it.
    references REFERENCES: (&'static str, &'static str, &'static str) => (),
    /// Repository, tag -> digest of the manifest.
    tags TAGS: (&'static str, &'static str) => &'static str,
    /// The same from the other side: repository, digest of the manifest, tag.
    tagged TAGGED: (&'static str, &'static str, &'static str) => (),
    /// Repository, digest of a subject, digest of a referrer -> its descriptor.
    referrers REFERRERS: (&'static str, &'static str, &'static str) => &'static str,
    /// The same by type: repository, digest of a subject, artifactType, digest of a referrer.
    referrer_types REFERRER_TYPES: (&'static str, &'static str, &'static str, &'static str) => (),
    /// Upload -> repository, algorithm, when it was opened.
    uploads UPLOADS: u128 => (&'static str, &'static str, u64),
    /// Upload -> how many bytes of it were acknowledged, and the state of its hash there.
    checkpoints CHECKPOINTS: u128 => (u64, &'static [u8]),
    /// Upload -> when it was last added to.
    touched TOUCHED: u128 => u64,
    /// Upload that is over, while its name proves that it was opened.
    ended ENDED: u128 => (),
    /// Digest of a blob whose file was found damaged -> when. It is not there until it is pushed again.
    damaged DAMAGED: &'static str => u64,
    /// What there is one of: see [`STORE`], [`SEQUENCE`], [`JOURNAL`], [`LANDMARK`], [`ENDED_SINCE`] and [`ENDED_UNTIL`].
    facts FACTS: &'static str => u128,
}

/// The third parts of the keys that begin with `first` and `second`.
pub(super) fn thirds<V: redb::Value + 'static>(
    table: &impl ReadableTable<(&'static str, &'static str, &'static str), V>,
    first: &str,
    second: &str,
) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for row in table.range((first, second, "")..)? {
        let (key, _) = row?;
        let (a, b, third) = key.value();
        if (a, b) != (first, second) {
            break;
        }
        found.push(third.to_owned());
    }
    Ok(found)
}

/// Whether a key begins with `first` and `second`.
pub(super) fn has_third<V: redb::Value + 'static>(
    table: &impl ReadableTable<(&'static str, &'static str, &'static str), V>,
    first: &str,
    second: &str,
) -> Result<bool, StoreError> {
    let Some(row) = table.range((first, second, "")..)?.next() else {
        return Ok(false);
    };
    let (key, _) = row?;
    let (a, b, _) = key.value();
    Ok((a, b) == (first, second))
}

/// Whether a key begins with `first`.
pub(super) fn has_second<V: redb::Value + 'static>(
    table: &impl ReadableTable<(&'static str, &'static str), V>,
    first: &str,
) -> Result<bool, StoreError> {
    let Some(row) = table.range((first, "")..)?.next() else {
        return Ok(false);
    };
    let (key, _) = row?;
    Ok(key.value().0 == first)
}
