//! The registry that comes with the suite: the default target, and `assize serve`. Nothing else names it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

pub use assize_reference::{
    Authentication, Config, ConfigError, Launch, Location, Log, Running, Signals, StartError, serve,
    serve_behind_a_front,
};
use rust_embed::RustEmbed;
use tempfile::NamedTempFile;

use crate::diagnostic::SourceFile;
use crate::saboteur::{Upstream, Upstreams};
use crate::snapshot::Answers;
use crate::wire::{Credentials, Login, Url, UrlError};

/// What this registry answers, as it is recorded.
#[derive(RustEmbed)]
#[folder = "../fixtures/answers"]
struct OwnAnswers;

/// What this registry answers, by the names of the scenarios.
pub fn answers() -> BTreeMap<Arc<str>, Answers> {
    let recorded = OwnAnswers::iter().filter_map(|path| {
        let name = path.strip_suffix(".answers")?;
        let text = String::from_utf8(OwnAnswers::get(&path)?.data.into_owned()).ok()?;
        let answers = Answers::parse(&SourceFile::new(path.as_ref(), text)).ok()?;
        Some((Arc::from(name), answers))
    });
    recorded.collect()
}

/// The accounts of [`Guarded`], each with its name as its password, and what scenarios expect of it.
///
/// The stranger may use the second repository of a scenario and no other. Hashes of the least cost will do: whoever
/// reaches this registry can read its passwords here.
const ACCOUNTS: &str = "\
owner:$2y$04$abcdefghijklmnopqrstuu0gsYYip3ZDmer67mvCZy2fVWOOJMsO.
reader:$2y$04$abcdefghijklmnopqrstuuBRvAxITR.mIgbxkIGesFvdUSMTVuuF. pull **
stranger:$2y$04$abcdefghijklmnopqrstuubk/K/Ts4PJUlQECGzDM2cBFCfsqs5le pull,push **/b
";

/// Starts a registry that keeps everything in memory, on a free port of this machine.
pub async fn in_memory() -> Result<Running, StartError> {
    serve(in_memory_config()).await
}

/// Starts one that takes what registries of 2014 took as well, so that it can be asked by every profile.
pub async fn of_every_profile() -> Result<Running, StartError> {
    let mut config = in_memory_config();
    config.offer.legacy = true;
    serve(config).await
}

fn in_memory_config() -> Config {
    Config {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        ..Config::default()
    }
}

/// A registry in memory that asks who is there.
#[derive(Debug)]
pub struct Guarded {
    running: Running,
    /// It is read as long as the registry runs.
    _accounts: Option<NamedTempFile>,
}

impl Guarded {
    /// Starts one, on a free port of this machine.
    pub async fn start(authentication: Authentication) -> Result<Guarded, StartError> {
        let accounts = accounts().map_err(|error| StartError::Accounts(error.to_string()))?;
        let running = serve(Config {
            accounts: Some(accounts.path().to_owned()),
            authentication,
            ..in_memory_config()
        })
        .await?;
        Ok(Guarded {
            running,
            _accounts: Some(accounts),
        })
    }

    /// Starts one to which another gives tokens, whose keys it fetches.
    pub async fn behind(issuer: &Guarded) -> Result<Guarded, StartError> {
        let url = issuer.url();
        let config = || -> Result<Config, String> {
            Ok(Config {
                authentication: Authentication::Token,
                token_realm: Some(format!("{url}/token").parse()?),
                token_issuer: Some(in_memory_config().token_service),
                token_service: "registry".parse()?,
                token_trusted_keys: Some(format!("{url}/token/keys").parse()?),
                ..in_memory_config()
            })
        };
        Ok(Guarded {
            running: serve(config().map_err(StartError::Accounts)?).await?,
            _accounts: None,
        })
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// The accounts that scenarios ask for: the owner of everything unless they name another one.
    pub fn credentials() -> Credentials {
        let login = |name: &str| Login::Password {
            user: name.to_owned(),
            password: name.into(),
        };
        Credentials::none()
            .with_default(login("owner"))
            .with_named("reader", login("reader"))
            .with_named("stranger", login("stranger"))
    }

    /// Lets requests end, and stops.
    pub async fn shutdown(self) {
        self.running.shutdown().await;
    }
}

/// A registry in the open and one behind tokens, for what is laid over both.
#[derive(Debug)]
pub struct Both {
    open: Running,
    guarded: Guarded,
}

impl Both {
    /// This one, and a guarded one beside it.
    pub async fn with(open: Running) -> Result<Both, StartError> {
        let guarded = Guarded::start(Authentication::Token).await?;
        Ok(Both { open, guarded })
    }

    /// Where they are, and who may use them.
    pub fn upstreams(&self) -> Result<Upstreams, UrlError> {
        Ok(Upstreams::two(
            Upstream::open(Url::parse(&self.open.url())?),
            Upstream {
                url: Url::parse(&self.guarded.url())?,
                credentials: Guarded::credentials(),
            },
        ))
    }

    /// Lets requests end, and stops.
    pub async fn shutdown(self) {
        self.open.shutdown().await;
        self.guarded.shutdown().await;
    }
}

fn accounts() -> std::io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    file.write_all(ACCOUNTS.as_bytes())?;
    file.flush()?;
    Ok(file)
}
