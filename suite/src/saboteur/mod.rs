//! The saboteur: registries that lie, one deviation each, laid over a well-behaved one.
//!
//! A [`Deviation`] is one entry of [`deviations`]: its id, the requirements it breaks, and what it does to requests
//! and answers on their way through a `proxy`. The [`matrix`] runs the suite against each of them: a requirement is
//! proven by the deviations that it catches.
//!
//! A [`Variation`] is one entry of [`variations`]: an answer that is allowed, and that nothing may be found in.
//!
//! A [`mutation`] is drawn at random: the [`hunt`] looks for such as break a client and not the suite.

mod call;
mod deviation;
pub mod deviations;
mod honest;
pub mod hunt;
mod likeness;
pub mod matrix;
pub mod mutation;
mod proxy;
mod stateful;
mod upstream;
mod variation;
pub mod variations;
mod wire;

pub use call::{Call, Framing, Kind, Reply};
pub use deviation::{Act, Deviation};
pub use likeness::Likeness;
pub use proxy::Saboteur;
pub use stateful::{Memory, StatefulCall};
pub use upstream::{Over, Upstream, Upstreams};
pub use variation::{Sentence, Variation};
pub use wire::{Then, Wire};
