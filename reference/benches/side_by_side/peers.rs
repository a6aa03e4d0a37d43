//! The table of registries that others wrote: what each is called, and how it is started.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// The certificate of the servers that speak TLS.
pub(crate) const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/tls/server.pem");

/// Its key, which guards nothing.
pub(crate) const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/tls/server.key");

/// The table that comes with the bench.
const TABLE: &str = include_str!("peers.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    peer: Vec<Peer>,
}

/// A registry that others wrote.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Peer {
    /// What it is called in the table.
    pub(crate) name: String,
    command: Vec<String>,
    #[serde(default)]
    config: String,
    #[serde(default)]
    tls: Secured,
}

/// What is different over TLS.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Secured {
    /// What the command has as well.
    #[serde(default)]
    arguments: Vec<String>,
    /// The configuration in place of the other.
    config: Option<String>,
}

/// What a server is reached over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Transport {
    /// TCP.
    Plain,
    /// TLS on TCP.
    Tls,
}

impl Peer {
    /// The registries of a table; of the one that comes with the bench, if none is given.
    pub(crate) fn all(table: Option<&Path>) -> Vec<Peer> {
        let text = table.map_or_else(|| TABLE.to_owned(), |path| fs::read_to_string(path).unwrap());
        let table: Table = toml::from_str(&text).unwrap();
        table.peer
    }

    /// Whether its program is on the `PATH`.
    pub(crate) fn is_installed(&self) -> bool {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).any(|folder| folder.join(&self.command[0]).is_file())
    }

    /// The command that starts it with what it keeps in `folder`, once its configuration is written there.
    pub(crate) fn command(&self, transport: Transport, folder: &Path, port: u16) -> Command {
        let file = folder.join("config");
        let fill = |text: &str| {
            [
                ("{folder}", folder.to_str().unwrap()),
                ("{config}", file.to_str().unwrap()),
                ("{port}", &port.to_string()),
                ("{certificate}", CERTIFICATE),
                ("{key}", KEY),
            ]
            .iter()
            .fold(text.to_owned(), |text, (hole, with)| text.replace(hole, with))
        };
        let (config, more) = match transport {
            Transport::Plain => (&self.config, &[][..]),
            Transport::Tls => (
                self.tls.config.as_ref().unwrap_or(&self.config),
                self.tls.arguments.as_slice(),
            ),
        };
        fs::write(&file, fill(config)).unwrap();
        let mut command = Command::new(&self.command[0]);
        command.args(self.command[1..].iter().chain(more).map(|text| fill(text)));
        command
    }
}
