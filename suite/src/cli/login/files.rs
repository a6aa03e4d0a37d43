//! The files in which clients keep logins, and the order in which they are looked at.

use std::io;
use std::path::{Path, PathBuf};

use assize::wire::Login;
use thiserror::Error;

use super::FoundLogin;
use super::docker_config::DockerConfig;
use super::helper::{self, HelperError};
use super::netrc;
use super::registry_name::RegistryName;
use crate::cli::environment::Environment;

/// Why a file of logins cannot be used.
#[derive(Debug, Error)]
pub(crate) enum LoginFileError {
    /// It cannot be read.
    #[error("the logins in {file} cannot be read: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// It is not as it should be.
    #[error("{file}, which should hold logins, {what}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// A helper that it names gives no answer.
    #[error("{file} says to ask a credential helper, but {source}")]
    Helper {
        /// The file.
        file: String,
        /// What the helper does.
        source: HelperError,
    },
}

/// What came of looking.
#[derive(Debug, Default)]
pub(super) struct LookedThrough {
    /// The login, if there is one.
    pub(super) found: Option<FoundLogin>,
    /// Where it was looked for before.
    pub(super) places: Vec<String>,
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileForm {
    /// Docker's `config.json`.
    Docker,
    /// Podman's `auth.json`, in which the same may stand.
    Podman,
    /// curl's.
    Netrc,
}

/// A file that may hold logins.
#[derive(Debug, PartialEq, Eq)]
struct LoginFile {
    path: PathBuf,
    form: FileForm,
    /// Whether it must be there, since the user names it.
    named: bool,
}

/// The files, in order: the one that is named for podman's tools, Docker's where its folder is named, podman's own, Docker's
/// own, and curl's.
fn files(environment: Environment<'_>) -> Vec<LoginFile> {
    let held = |name: &str| environment(name).filter(|value| !value.is_empty());
    let file = |path: PathBuf, form| LoginFile {
        path,
        form,
        named: false,
    };
    if let Some(path) = held("REGISTRY_AUTH_FILE") {
        return vec![LoginFile {
            named: true,
            ..file(path.into(), FileForm::Podman)
        }];
    }
    let home = held("HOME").or_else(|| held("USERPROFILE")).map(PathBuf::from);
    let below_home = |path: &str| home.as_ref().map(|home| home.join(path));
    let docker = held("DOCKER_CONFIG").map(|folder| PathBuf::from(folder).join("config.json"));
    let runtime = held("XDG_RUNTIME_DIR")
        .map(|folder| PathBuf::from(folder).join("containers/auth.json"))
        .or_else(runtime_file);
    let settings = held("XDG_CONFIG_HOME")
        .map(|folder| PathBuf::from(folder).join("containers/auth.json"))
        .or_else(|| below_home(".config/containers/auth.json"));
    let usual = match docker {
        Some(_) => None,
        None => below_home(".docker/config.json"),
    };
    let configs = [
        (docker, FileForm::Docker),
        (runtime, FileForm::Podman),
        (settings, FileForm::Podman),
        (usual, FileForm::Docker),
    ];
    let configs = configs
        .into_iter()
        .filter_map(|(path, form)| Some(file(path?, form)));
    let netrc = match held("NETRC") {
        Some(path) => Some(LoginFile {
            named: true,
            ..file(path.into(), FileForm::Netrc)
        }),
        None => below_home(".netrc").map(|path| file(path, FileForm::Netrc)),
    };
    configs.chain(netrc).collect()
}

/// Where podman keeps logins for a user without a session.
#[cfg(target_os = "linux")]
fn runtime_file() -> Option<PathBuf> {
    let user = rustix::process::getuid().as_raw();
    Some(PathBuf::from(format!("/run/containers/{user}/auth.json")))
}

#[cfg(not(target_os = "linux"))]
fn runtime_file() -> Option<PathBuf> {
    None
}

/// Looks for the login of a registry.
pub(super) fn look_for(
    name: &RegistryName,
    environment: Environment<'_>,
) -> Result<LookedThrough, LoginFileError> {
    let mut looked = LookedThrough::default();
    for file in files(environment) {
        let shown = shown(&file.path, environment);
        let text = match std::fs::read_to_string(&file.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !file.named => continue,
            Err(source) => return Err(LoginFileError::Unreadable { file: shown, source }),
        };
        let search = LoginSearch {
            file: &shown,
            name,
            environment,
        };
        looked.found = match file.form {
            form @ (FileForm::Docker | FileForm::Podman) => {
                search.in_config(&text, form, &mut looked.places)?
            }
            FileForm::Netrc => netrc::login(&text, &name.host).map(|login| search.found(login)),
        };
        if looked.found.is_some() {
            return Ok(looked);
        }
        looked.places.push(shown);
    }
    Ok(looked)
}

/// The path as a report may show it: whose home it is need not be told.
fn shown(path: &Path, environment: Environment<'_>) -> String {
    let home = environment("HOME").filter(|home| home.len() > 1);
    let below = home.and_then(|home| path.strip_prefix(home).ok());
    match below {
        Some(below) => format!("~/{}", below.display()),
        None => path.display().to_string(),
    }
}

/// The search in one file.
struct LoginSearch<'a> {
    file: &'a str,
    name: &'a RegistryName,
    environment: Environment<'a>,
}

impl LoginSearch<'_> {
    /// First the helper of the registry, then the one of all, then what stands in the file.
    fn in_config(
        &self,
        text: &str,
        form: FileForm,
        places: &mut Vec<String>,
    ) -> Result<Option<FoundLogin>, LoginFileError> {
        let malformed = |what: String| LoginFileError::Malformed {
            file: self.file.to_owned(),
            what,
        };
        let config = DockerConfig::parse(text).map_err(malformed)?;
        if let Some(helper) = config.helper(self.name) {
            return self.ask(helper).map_err(|source| self.helper_fails(source));
        }
        let login = config.login(self.name).map_err(|bad| {
            malformed(format!(
                "has no user and password at `{}`: its `auth` is not what Base64 makes of USER:PASSWORD",
                bad.key
            ))
        })?;
        let Some(store) = config.store() else {
            return Ok(login.map(|login| self.found(login)));
        };
        match self.ask(store) {
            Ok(Some(found)) => return Ok(Some(found)),
            // A store that cannot be asked matters where it is known to hold the login.
            Err(source) if login.is_none() && config.names(self.name) => {
                return Err(self.helper_fails(source));
            }
            Err(source) => places.push(format!("a credential helper ({source})")),
            // What Docker's store does not know, its clients take for unknown, whatever stands beside it but a bearer token;
            // podman asks no store.
            Ok(None)
                if form == FileForm::Docker
                    && matches!(login, Some(Login::Password { .. } | Login::RefreshToken(_))) =>
            {
                places.push(format!(
                    "{} (beside which docker and crane do not read the `auths` of {})",
                    helper::program(store),
                    self.file
                ));
                return Ok(None);
            }
            Ok(None) => {}
        }
        Ok(login.map(|login| self.found(login)))
    }

    fn ask(&self, helper: &str) -> Result<Option<FoundLogin>, HelperError> {
        let login = helper::ask(helper, self.name.for_a_helper(), self.environment)?;
        Ok(login.map(|login| FoundLogin {
            login,
            place: format!("{}, which {} names", helper::program(helper), self.file),
        }))
    }

    fn found(&self, login: Login) -> FoundLogin {
        FoundLogin {
            login,
            place: self.file.to_owned(),
        }
    }

    fn helper_fails(&self, source: HelperError) -> LoginFileError {
        LoginFileError::Helper {
            file: self.file.to_owned(),
            source,
        }
    }
}
