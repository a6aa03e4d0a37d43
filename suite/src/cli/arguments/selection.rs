//! What a registry is asked.

use std::path::PathBuf;

use assize::run::ImageName;
use clap::{Args, ValueEnum, ValueHint};

/// What is asked.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is asked")]
pub(crate) struct SelectionArguments {
    /// Version of the specification to test against (default: 1.1)
    #[arg(long, value_name = "VERSION")]
    pub(crate) spec: Option<Spec>,

    /// Specification to test against: OCI distribution, or one of Docker
    #[arg(long, default_value = "oci")]
    pub(crate) profile: Profile,

    /// Change nothing: send GET and HEAD alone, and judge pulls and lists by what is there already, which is read to the end
    /// and held against its digests
    #[arg(long)]
    pub(crate) read_only: bool,

    /// Image to read with --read-only: a tag, a digest, or any tag of the repository; repeatable (default: what the
    /// catalogue and the lists of tags lead to)
    #[arg(long, value_name = "NAME[:TAG|@DIGEST]", requires = "read_only")]
    pub(crate) image: Vec<ImageName>,

    /// Require a capability that the specification leaves optional; repeatable
    #[arg(long, value_name = "CAPABILITY")]
    pub(crate) require: Vec<String>,

    /// Run only the scenarios whose name matches, such as 'push/*'; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) only: Vec<String>,

    /// Test only the requirements of sections whose title contains this text; repeatable
    #[arg(long, value_name = "TITLE")]
    pub(crate) section: Vec<String>,

    /// Test only the requirements whose id matches, such as 'push.mount.*'; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) requirement: Vec<String>,

    /// Folder of scenarios, or a single one, to run in place of the built-in ones; requirements of your own beside them are
    /// added to the catalogue
    #[arg(long, value_name = "DIR|FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) scenarios: Option<PathBuf>,
}

/// The versions of the OCI distribution specification.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Spec {
    /// 1.0
    #[value(name = "1.0")]
    V1_0,
    /// 1.1
    #[value(name = "1.1")]
    V1_1,
    /// The current draft of the next version
    Next,
}

/// Whose specification a registry is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// The OCI distribution specification
    Oci,
    /// Docker Registry HTTP API V2
    Docker,
    /// OCI distribution 1.1 and Docker Registry HTTP API V2: whatever either asks
    Both,
    /// What Docker's registry of 2014 spoke: TarSum digests and signed manifests
    Legacy,
}
