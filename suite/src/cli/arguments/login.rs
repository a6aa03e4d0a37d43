//! Who asks the registry.

use clap::Args;

/// The variable of the password unless another one is named.
pub(crate) const USUAL_PASSWORD: &str = "ASSIZE_PASSWORD";

/// Who asks the registry.
#[derive(Args, Debug)]
pub(crate) struct LoginArguments {
    /// User to log in as. The password comes from the environment (see --password-env), or is asked for on a terminal;
    /// ASSIZE_TOKEN (a bearer token) or ASSIZE_REFRESH_TOKEN replaces user and password. Without any of these the logins
    /// that docker, podman, crane and curl keep are looked through: REGISTRY_AUTH_FILE, DOCKER_CONFIG, auth.json,
    /// ~/.docker/config.json with its credential helpers, and .netrc
    #[arg(long, env = "ASSIZE_USER", hide_env_values = true, value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// Environment variable that holds the password
    #[arg(long, value_name = "VARIABLE", default_value = USUAL_PASSWORD)]
    pub(crate) password_env: String,

    /// Log in as nobody, whatever the environment and the files of other clients hold
    #[arg(long)]
    pub(crate) anonymous: bool,

    /// Additional account for the scenarios that need one of this name; it logs in with ASSIZE_NAME_USER and
    /// ASSIZE_NAME_PASSWORD, or with ASSIZE_NAME_TOKEN or ASSIZE_NAME_REFRESH_TOKEN; repeatable
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Vec<String>,
}
