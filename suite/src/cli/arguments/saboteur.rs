//! The saboteur, served to clients and laid before the suite.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use assize::saboteur::mutation::Mutation;
use clap::{Args, ValueHint};

use super::{LoginArguments, Profile};
use crate::cli::value;

/// `assize selftest`.
#[derive(Args, Debug)]
pub(crate) struct SelftestArguments {
    /// Registry behind the simulated deviations (default: the bundled registry)
    #[arg(long, value_name = "TARGET", value_hint = ValueHint::Url)]
    pub(crate) over: Option<String>,

    #[command(flatten)]
    pub(crate) login: LoginArguments,

    /// Judge by this one alone, and try what it asks (default: each deviation by the newest version that asks what it breaks)
    #[arg(long)]
    pub(crate) profile: Option<Profile>,

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

/// `assize hunt`.
#[derive(Args, Debug)]
pub(crate) struct HuntArguments {
    /// Registry whose answers are changed, reached without TLS and without an account (default: the bundled registry)
    #[arg(long, value_name = "TARGET", value_hint = ValueHint::Url)]
    pub(crate) over: Option<String>,

    /// Script for sh that uses a client, which the changes may break. It finds REGISTRY (host and port), REPO (a repository
    /// with nothing in it), HELD (one that holds an image as v1), DIGEST (of that image), IMAGE (an OCI layout with the
    /// image v1), OUT (a path where nothing is) and HOME (an empty folder). What it leaves in REPO as v1 and in OUT counts,
    /// and its exit code (default: no client, and what the suite says is all)
    #[arg(long, value_name = "SCRIPT")]
    pub(crate) client: Option<String>,

    /// Seed for the changes
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = value::seed)]
    pub(crate) seed: u64,

    /// How long to go on, such as 30s or 20m
    #[arg(long = "for", value_name = "TIME", default_value = "1m", value_parser = value::duration)]
    pub(crate) duration: Duration,

    /// Try this change, such as 'GET tags 2xx: drop link', and draw none; repeatable
    #[arg(long, value_name = "CHANGE")]
    pub(crate) mutation: Vec<Mutation>,

    /// File with changes that were found before, each with a reason: they are not reported again
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) known: Option<PathBuf>,
}
