//! What a scenario says, as types. The parser makes them, the printer writes them back, the runner follows them.

mod check;
mod given;
mod request;
mod span;
mod statement;
mod template;
mod value;

pub use check::*;
pub use given::*;
pub use request::*;
pub use span::*;
pub use statement::*;
pub use template::*;
pub use value::*;
