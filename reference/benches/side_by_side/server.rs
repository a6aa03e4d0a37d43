//! The servers, each in a process of its own with a store of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// The ticks in which the kernel counts the time of a process.
const TICKS_PER_SECOND: f64 = 100.0;

/// The certificate of the servers that speak TLS.
const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/tls/server.pem");

/// Its key, which guards nothing.
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/tls/server.key");

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The reference registry; what it acknowledges survives a loss of power.
    Strict,
    /// The reference registry; what it acknowledges has been given to the operating system.
    Relaxed,
    /// The reference registry over TLS.
    StrictTls,
    /// Debian's docker-registry, which syncs nothing.
    Docker,
    /// The same over TLS.
    DockerTls,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: &[Self] = &[
        Self::Strict,
        Self::Relaxed,
        Self::StrictTls,
        Self::Docker,
        Self::DockerTls,
    ];

    /// What it is called in the table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Strict => "reference",
            Self::Relaxed => "reference, relaxed",
            Self::StrictTls => "reference, TLS",
            Self::Docker => "docker-registry",
            Self::DockerTls => "docker-registry, TLS",
        }
    }

    /// What it is compared with.
    pub(crate) const fn rival(self) -> Self {
        match self {
            Self::Strict | Self::Relaxed | Self::Docker => Self::Docker,
            Self::StrictTls | Self::DockerTls => Self::DockerTls,
        }
    }

    /// Whether it is spoken to over TLS.
    pub(crate) const fn is_secure(self) -> bool {
        matches!(self, Self::StrictTls | Self::DockerTls)
    }
}

/// A server that is running; it is ended when this is dropped.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    process: Child,
    folder: PathBuf,
}

impl Server {
    /// Starts a server with an empty store; `None` if it is not installed.
    pub(crate) fn start(kind: Kind, under: &Path) -> Option<Self> {
        let folder = under.join(format!("side-by-side-{kind:?}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (process, address) = match kind {
            Kind::Strict => reference(&folder, &["--durability", "strict"]),
            Kind::Relaxed => reference(&folder, &["--durability", "relaxed"]),
            Kind::StrictTls => reference(&folder, &["--tls-certificate", CERTIFICATE, "--tls-key", KEY]),
            Kind::Docker | Kind::DockerTls => docker_registry(&folder, kind).or_else(|| {
                eprintln!("skipped: docker-registry is not installed");
                fs::remove_dir_all(&folder).unwrap();
                None
            })?,
        };
        Some(Self {
            kind,
            address,
            process,
            folder,
        })
    }

    /// The CPU time that the server has used, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // The name of the program, in parentheses, may hold spaces.
        let after_name = stat.rsplit(')').next().unwrap();
        let fields = after_name.split_whitespace().skip(11).take(2);
        fields
            .map(|ticks| ticks.parse::<f64>().unwrap() / TICKS_PER_SECOND)
            .sum()
    }

    /// The most memory that was resident, in MiB.
    pub(crate) fn peak_mebibytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn reference(folder: &Path, arguments: &[&str]) -> (Child, SocketAddr) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_assize-reference"))
        .args(["--listen", "127.0.0.1:0", "--no-access-log"])
        .args(arguments)
        .arg("--store")
        .arg(folder)
        .env("RUST_LOG", "error")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    let (_, address) = url.trim().split_once("://").unwrap();
    (process, address.parse().unwrap())
}

fn docker_registry(folder: &Path, kind: Kind) -> Option<(Child, SocketAddr)> {
    // The port is free again when it is taken; the bench is alone in asking for it.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = folder.join("config.yml");
    let root = folder.join("content");
    let tls = if kind.is_secure() {
        format!("  tls:\n    certificate: {CERTIFICATE}\n    key: {KEY}\n")
    } else {
        String::new()
    };
    let text = format!(
        "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  \
         delete:\n    enabled: true\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {address}\n{tls}",
        root.display()
    );
    fs::write(&config, text).unwrap();
    let process = Command::new("docker-registry")
        .arg("serve")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    while TcpStream::connect(address).is_err() {
        sleep(Duration::from_millis(20));
    }
    Some((process, address))
}
