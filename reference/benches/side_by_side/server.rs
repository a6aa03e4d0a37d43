//! The servers, each in a process of its own with a store of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::client::{Client, connected};
use crate::peers::{CERTIFICATE, KEY, Peer, Transport};
use crate::{process, secure};

/// How long a server may take until it listens: the largest of them open a few databases first.
const START: Duration = Duration::from_secs(20);

/// Who made a server, and what it promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Make {
    /// The reference registry; what it acknowledges survives a loss of power.
    Strict,
    /// The reference registry; what it acknowledges has been given to the operating system.
    Relaxed,
    /// The peer of this place in their table.
    Peer(usize),
}

impl Make {
    /// Whether it is the reference registry.
    pub(crate) const fn is_reference(self) -> bool {
        matches!(self, Self::Strict | Self::Relaxed)
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) make: Make,
    pub(crate) transport: Transport,
}

/// A server that is running; it is ended when this is dropped.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    /// What it is called in the table.
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    process: Child,
    folder: PathBuf,
}

impl Server {
    /// Starts a server with an empty store.
    pub(crate) fn start(kind: Kind, peers: &[Peer], under: &Path) -> Self {
        let name = match kind.make {
            Make::Strict => "reference".to_owned(),
            Make::Relaxed => "reference, relaxed".to_owned(),
            Make::Peer(at) => peers[at].name.clone(),
        };
        let name = match kind.transport {
            Transport::Plain => name,
            Transport::Tls => format!("{name}, TLS"),
        };
        let folder = under.join(format!(
            "side-by-side-{}-{}",
            std::process::id(),
            name.replace([' ', ','], "-")
        ));
        fs::create_dir_all(&folder).unwrap();
        let (process, address) = match kind.make {
            Make::Strict => reference(&folder, kind.transport, "strict"),
            Make::Relaxed => reference(&folder, kind.transport, "relaxed"),
            Make::Peer(at) => listening(&name, |port| peers[at].command(kind.transport, &folder, port)),
        };
        Self {
            kind,
            name,
            address,
            process,
            folder,
        }
    }

    /// A client of it.
    pub(crate) fn client(&self) -> Client {
        match self.kind.transport {
            Transport::Plain => Client::new(self.address),
            Transport::Tls => Client::over(Box::new(secure::stream(connected(self.address))), self.address),
        }
    }

    /// The CPU time that the server has used, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.process.id())
    }

    /// The most memory that was resident, in MiB.
    pub(crate) fn peak_mebibytes(&self) -> f64 {
        process::mebibytes(self.process.id(), "VmHWM")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn reference(folder: &Path, transport: Transport, durability: &str) -> (Child, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assize-reference"));
    command
        .args(["--listen", "127.0.0.1:0", "--no-access-log"])
        .args(["--durability", durability, "--store"])
        .arg(folder)
        .env("RUST_LOG", "error")
        .stdout(Stdio::piped());
    if transport == Transport::Tls {
        command.args(["--tls-certificate", CERTIFICATE, "--tls-key", KEY]);
    }
    let mut process = command.spawn().unwrap();
    let mut url = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    let (_, address) = url.trim().split_once("://").unwrap();
    (process, address.parse().unwrap())
}

/// Starts what listens on the port that it is told.
fn listening(name: &str, command: impl FnOnce(u16) -> Command) -> (Child, SocketAddr) {
    // The port is free again when it is taken; the bench is alone in asking for it.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let process = command(address.port())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(began.elapsed() < START, "{name} does not listen on {address}");
        sleep(Duration::from_millis(20));
    }
    (process, address)
}
