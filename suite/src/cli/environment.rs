//! The environment, as a command sees it.

/// What a variable holds.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;
