//! The saboteur, served to clients and laid before the suite.

use std::net::SocketAddr;

use clap::{Args, ValueHint};

use super::LoginArguments;
use crate::cli::value;

/// `assize selftest`.
#[derive(Args, Debug)]
pub(crate) struct SelftestArguments {
    /// Registry behind the simulated deviations (default: the bundled registry)
    #[arg(long, value_name = "TARGET", value_hint = ValueHint::Url)]
    pub(crate) over: Option<String>,

    #[command(flatten)]
    pub(crate) login: LoginArguments,

    /// Run only the deviations whose id matches, such as 'range-*'; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) only: Vec<String>,

    /// Seed for all generated names and content
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = value::seed)]
    pub(crate) seed: u64,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `assize sabotage`.
#[derive(Args, Debug)]
pub(crate) struct SabotageArguments {
    /// Id of a deviation, which is wrong, or of a variation, which is allowed
    #[arg(required_unless_present = "list")]
    pub(crate) id: Option<String>,

    /// Registry behind it, reached without TLS (default: the bundled registry)
    #[arg(long, value_name = "TARGET", value_hint = ValueHint::Url)]
    pub(crate) over: Option<String>,

    #[command(flatten)]
    pub(crate) login: LoginArguments,

    /// Address to listen on; a port alone listens on loopback only, and port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5000", value_parser = value::listen)]
    pub(crate) listen: SocketAddr,

    /// List all deviations and variations
    #[arg(long, conflicts_with_all = ["id", "over"])]
    pub(crate) list: bool,

    /// Print the list as JSON
    #[arg(long, requires = "list")]
    pub(crate) json: bool,
}
