//! Answers as snapshots of `insta`, for the tests of a registry that is written in Rust.

use std::sync::Arc;

use super::answers::Answers;
use super::compare::compare;
use crate::diagnostic::SourceFile;

/// Holds what a registry answers against the snapshots of `insta`, one for each scenario, so that `cargo insta review`
/// goes through what has changed. The crate that uses it depends on `insta`.
///
/// ```ignore
/// let answers = assize::Suite::built_in()?.against(&url).only("pull/*").answers().await?;
/// assize::assert_answers!(answers);
/// ```
#[macro_export]
macro_rules! assert_answers {
    ($answers:expr) => {{
        /// Equal but for what is marked as unstable.
        struct SameAnswers;
        impl ::insta::Comparator for SameAnswers {
            fn matches(&self, recorded: &::insta::Snapshot, present: &::insta::Snapshot) -> bool {
                use ::insta::internals::SnapshotContents::Text;
                match (recorded.contents(), present.contents()) {
                    (Text(recorded), Text(present)) => {
                        $crate::snapshot::same_answers(&recorded.to_string(), &present.to_string())
                    }
                    _ => false,
                }
            }

            fn dyn_clone(&self) -> ::std::boxed::Box<dyn ::insta::Comparator> {
                ::std::boxed::Box::new(SameAnswers)
            }
        }
        for (scenario, answers) in &$answers {
            let mut settings = ::insta::Settings::clone_current();
            settings.set_comparator(::std::boxed::Box::new(SameAnswers));
            settings.set_omit_expression(true);
            settings.bind(|| {
                ::insta::assert_snapshot!(scenario.replace('/', "__"), answers.to_string());
            });
        }
    }};
}

/// Whether two texts of answers are the same, but for what the first marks as unstable.
pub fn same_answers(recorded: &str, present: &str) -> bool {
    let read = |text: &str| Answers::parse(&SourceFile::new("snapshot", text)).ok();
    let scenario: Arc<str> = "".into();
    match (read(recorded), read(present)) {
        (Some(recorded), Some(present)) => compare(&scenario, Some(&recorded), Some(&present)).is_empty(),
        _ => false,
    }
}
