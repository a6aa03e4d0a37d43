//! What a registry answers, written down so that a change is seen: one text for each scenario, the same from run to run.

mod align;
mod answers;
mod codes;
mod compare;
mod fold;
mod folder;
mod headers;
mod ignore;
mod insta;
mod names;
mod observe;
mod read;
mod shape;
mod show;
mod stability;
#[cfg(test)]
mod tests;
mod words;
mod write;

pub(crate) use align::align;
pub use answers::{Answer, AnswerEntry, Answers, Asked, Constancy, Ended, Facet, FacetValue, Said};
pub use codes::table as table_of_codes;
pub(crate) use compare::endpoint;
pub use compare::{Change, Changed, Difference, DifferenceKind, compare, taken_over};
pub use fold::{Folded, fold};
pub use folder::{AnswersState, Folder, FolderError, Pending};
pub use ignore::{FILE as IGNORE_FILE, Ignore};
pub use insta::same_answers;
pub use observe::{CutOff, observe, selected};
pub use show::{document, markdown, one, summary, text};
pub use stability::common;
