//! Who asks a registry: what the user typed, what the environment holds, and the logins that other clients keep.

mod docker_config;
mod files;
mod helper;
mod netrc;
mod registry_name;

use std::io::{self, IsTerminal as _};

use assize::wire::{Credentials, Login, LoginSource, Url};
use thiserror::Error;

use super::arguments::LoginArguments;
use super::environment::Environment;
use files::LoginFileError;
use registry_name::RegistryName;

/// Why it cannot be told who asks.
#[derive(Debug, Error)]
pub(crate) enum LoginError {
    /// A user without a password.
    #[error("the user `{user}` needs a password in {variable}, or a terminal to type it on")]
    NoPassword {
        /// The user's name.
        user: String,
        /// Where a password was looked for.
        variable: String,
    },
    /// A password without a user.
    #[error("the password in {password} needs a user in {user}")]
    NoUser {
        /// The variable of the password.
        password: String,
        /// The variable of the user.
        user: String,
    },
    /// More than one way to log in.
    #[error("there is more than one way to log in, and only one can be used: {}", .0.join(", "))]
    Several(Vec<String>),
    /// An account without credentials.
    #[error("the account `{account}` needs {user} and {password}, or {token}, or {refresh_token}")]
    NoAccount {
        /// The account.
        account: String,
        /// The variable of its user.
        user: String,
        /// The variable of its password.
        password: String,
        /// The variable of its token.
        token: String,
        /// The variable of its refresh token.
        refresh_token: String,
    },
    /// The password cannot be typed.
    #[error("the password cannot be read from the terminal: {0}")]
    Prompt(io::Error),
    /// A file of logins cannot be used.
    #[error("{0}; --anonymous goes without any login")]
    File(#[from] LoginFileError),
}

/// A login, and where it comes from.
#[derive(Debug, PartialEq, Eq)]
struct FoundLogin {
    login: Login,
    /// The variable, the file or the program that holds it.
    place: String,
}

impl FoundLogin {
    fn source(&self) -> LoginSource {
        let place = &self.place;
        LoginSource::Found(match &self.login {
            Login::Password { user, .. } => {
                format!("the login was that of `{user}`, with the password from {place}")
            }
            Login::Token(_) => format!("the login was the token from {place}"),
            Login::RefreshToken(_) => format!("the login was the refresh token from {place}"),
        })
    }
}

/// Every account that a run of this target can log in with.
pub(crate) fn credentials(
    arguments: &LoginArguments,
    target: Option<&Url>,
    repository: Option<&str>,
    environment: Environment<'_>,
) -> Result<Credentials, LoginError> {
    let mut credentials = Credentials::none();
    if !arguments.anonymous {
        let (login, source) = default(arguments, target, repository, environment)?;
        credentials = credentials.with_source(source);
        if let Some(login) = login {
            credentials = credentials.with_default(login);
        }
    }
    for account in &arguments.account {
        let variables = LoginVariables::of_account(account);
        let user = environment(&variables.user);
        let found = variables.login(user, environment)?;
        let found = found.ok_or_else(|| variables.none_for(account))?;
        credentials = credentials.with_named(account, found.login);
    }
    Ok(credentials)
}

/// The account of the run: from the command line and the variables, or else from the files.
fn default(
    arguments: &LoginArguments,
    target: Option<&Url>,
    repository: Option<&str>,
    environment: Environment<'_>,
) -> Result<(Option<Login>, LoginSource), LoginError> {
    let variables = LoginVariables::of_the_run(&arguments.password_env);
    if let Some(found) = variables.login(arguments.user.clone(), environment)? {
        let source = found.source();
        return Ok((Some(found.login), source));
    }
    let Some(target) = target else {
        return Ok((None, LoginSource::Unsaid));
    };
    let name = RegistryName::of(target, repository);
    let looked = files::look_for(&name, environment)?;
    Ok(match looked.found {
        Some(found) => {
            let source = found.source();
            (Some(found.login), source)
        }
        None => (None, LoginSource::LookedFor(looked.places)),
    })
}

/// The variables that an account logs in with.
struct LoginVariables {
    user: String,
    password: String,
    token: String,
    refresh_token: String,
}

impl LoginVariables {
    fn of_the_run(password: &str) -> LoginVariables {
        LoginVariables {
            user: "ASSIZE_USER".to_owned(),
            password: password.to_owned(),
            token: "ASSIZE_TOKEN".to_owned(),
            refresh_token: "ASSIZE_REFRESH_TOKEN".to_owned(),
        }
    }

    fn of_account(account: &str) -> LoginVariables {
        let name = account.to_uppercase().replace('-', "_");
        let variable = |what: &str| format!("ASSIZE_{name}_{what}");
        LoginVariables {
            user: variable("USER"),
            password: variable("PASSWORD"),
            token: variable("TOKEN"),
            refresh_token: variable("REFRESH_TOKEN"),
        }
    }

    fn none_for(self, account: &str) -> LoginError {
        LoginError::NoAccount {
            account: account.to_owned(),
            user: self.user,
            password: self.password,
            token: self.token,
            refresh_token: self.refresh_token,
        }
    }

    /// Half a login is a slip: without this an asked-for account would silently be nobody.
    fn login(
        &self,
        user: Option<String>,
        environment: Environment<'_>,
    ) -> Result<Option<FoundLogin>, LoginError> {
        let found = |login: Login, variable: &String| FoundLogin {
            login,
            place: variable.clone(),
        };
        let token = environment(&self.token).map(|token| found(Login::Token(token.into()), &self.token));
        let refresh_token = environment(&self.refresh_token)
            .map(|token| found(Login::RefreshToken(token.into()), &self.refresh_token));
        let mut tokens: Vec<FoundLogin> = token.into_iter().chain(refresh_token).collect();
        let password = environment(&self.password);
        match (user, password, tokens.len()) {
            (None, None, 0 | 1) => Ok(tokens.pop()),
            (Some(user), Some(password), 0) => Ok(Some(FoundLogin {
                login: Login::Password {
                    user,
                    password: password.into(),
                },
                place: self.password.clone(),
            })),
            (Some(user), None, 0) => self.typed(user).map(Some),
            (None, Some(_), 0) => Err(LoginError::NoUser {
                password: self.password.clone(),
                user: self.user.clone(),
            }),
            (user, password, _) => {
                let by_password = (user.is_some() || password.is_some()).then(|| self.password.clone());
                let by_token = tokens.into_iter().map(|token| token.place);
                Err(LoginError::Several(
                    by_password.into_iter().chain(by_token).collect(),
                ))
            }
        }
    }

    /// The password as the user types it, where somebody sits who can.
    fn typed(&self, user: String) -> Result<FoundLogin, LoginError> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(LoginError::NoPassword {
                user,
                variable: self.password.clone(),
            });
        }
        let password =
            rpassword::prompt_password(format!("password of {user}: ")).map_err(LoginError::Prompt)?;
        Ok(FoundLogin {
            login: Login::Password {
                user,
                password: password.into(),
            },
            place: "the terminal".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
