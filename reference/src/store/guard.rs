//! The guard before the database: what makes it panic is damage, and is said in words.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::StoreError;

thread_local! {
    /// Whether a panic of this thread is caught and told here.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does what reads a database; a panic, which damage may cause, becomes an error.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    keep_quiet_when_guarded();
    let before = IS_GUARDED.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(read));
    IS_GUARDED.set(before);
    outcome.unwrap_or_else(|panic| {
        Err(StoreError::Damaged(format!(
            "the metadata cannot be read: {}",
            words_of(panic.as_ref())
        )))
    })
}

/// Keeps the usual report of a panic away from those that are told as errors.
fn keep_quiet_when_guarded() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                report(panic);
            }
        }));
    });
}

fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("the database gave no reason")
}

#[cfg(test)]
mod tests {
    use super::guarded;
    use crate::store::StoreError;

    #[test]
    fn a_panic_of_the_database_is_an_error_with_its_reason() {
        for _ in 0..2 {
            let page = 7;
            let read = guarded::<()>(|| panic!("page {page} is of no kind"));
            let said = read.unwrap_err().to_string();
            assert!(
                said.ends_with("the metadata cannot be read: page 7 is of no kind"),
                "{said}"
            );
        }
        assert!(matches!(guarded(|| Ok(7)), Ok(7)));
        assert!(matches!(
            guarded::<()>(|| Err(StoreError::Closed)),
            Err(StoreError::Closed)
        ));
    }
}
