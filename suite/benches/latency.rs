//! How long a run takes next door and over a distance: the whole suite, against the bundled registry, behind a proxy that
//! delays; in the open, and through TLS over HTTP/1.1 and over HTTP/2.
//!
//! `ASSIZE_BEFORE` names the binary of another build, which is run beside this one; where the official suite's binary,
//! `conformance`, is on the `PATH`, it is run, too. `ASSIZE_DELAYS` are the times of a round trip in milliseconds,
//! which are `0 50 200` unless told. `ASSIZE_REGISTRY` is the address of another registry, such as `127.0.0.1:5000`,
//! that is asked without TLS in place of the bundled one.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The usual round trips: on one machine, to another continent's shore, to the other side of the earth.
const DELAYS: &str = "0 50 200";

const ASSIZE: &str = env!("CARGO_BIN_EXE_assize");
const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/tls/server.pem");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/tls/server.key");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/tls/root.pem");

/// A suite that is timed.
enum Contender {
    /// A build of this suite, with what it is called here, and how it asks.
    Assize(&'static str, String, Over),
    /// The suite of the specification's authors.
    Official,
}

/// What a registry is asked over.
#[derive(Clone, Copy)]
enum Over {
    /// TCP.
    Tcp,
    /// TLS, in this version of HTTP at most.
    Tls(&'static str),
}

fn main() {
    let before = std::env::var("ASSIZE_BEFORE").ok();
    let mut contenders: Vec<Contender> = before
        .map(|path| Contender::Assize("before", path, Over::Tcp))
        .into_iter()
        .collect();
    let registry = match std::env::var("ASSIZE_REGISTRY") {
        Ok(address) => Registry::elsewhere(address.parse().unwrap()),
        Err(_) => Registry::bundled(),
    };
    let ways = [
        ("now", Over::Tcp),
        ("now, TLS, HTTP/1.1", Over::Tls("1.1")),
        ("now, TLS, HTTP/2", Over::Tls("2")),
    ];
    let ways = ways
        .into_iter()
        .filter(|(_, over)| matches!(over, Over::Tcp) || registry.secure.is_some());
    contenders.extend(ways.map(|(name, over)| Contender::Assize(name, ASSIZE.to_owned(), over)));
    contenders.extend(Contender::official());
    let delays = std::env::var("ASSIZE_DELAYS").unwrap_or_else(|_| DELAYS.to_owned());
    println!("round trip   suite                 time  what it says");
    for delay in delays.split_whitespace() {
        let round_trip = Duration::from_millis(delay.parse().unwrap());
        let distant = registry.at_a_distance(round_trip / 2);
        for contender in &contenders {
            let (time, said) = contender.run(&distant);
            println!(
                "{delay:>7} ms   {:<19} {:>5.1} s  {said}",
                contender.name(),
                time.as_secs_f64()
            );
        }
    }
}

impl Contender {
    /// The official suite, if it is on the `PATH`.
    fn official() -> Option<Contender> {
        let folders = std::env::var_os("PATH")?;
        let mut folders = std::env::split_paths(&folders);
        folders
            .any(|folder| folder.join("conformance").is_file())
            .then_some(Contender::Official)
    }

    fn name(&self) -> &str {
        match self {
            Contender::Assize(name, ..) => name,
            Contender::Official => "official",
        }
    }

    /// How long a run takes, and what it sums itself up by.
    fn run(&self, registry: &Registry) -> (Duration, String) {
        let results = tempfile::tempdir().unwrap();
        let mut command = match self {
            Contender::Assize(_, binary, over) => {
                let mut command = Command::new(binary);
                command.args(["run", "--seed", "7"]);
                match over {
                    Over::Tcp => command.arg(format!("http://{}", registry.plain)),
                    Over::Tls(http) => command
                        .arg(format!("https://{}", registry.secure.unwrap()))
                        .args(["--ca", ROOT, "--http", http]),
                };
                command
            }
            Contender::Official => {
                let mut command = Command::new("conformance");
                command
                    .env("OCI_REGISTRY", registry.plain.to_string())
                    .env("OCI_TLS", "disabled")
                    .env("OCI_REPO1", "official/one")
                    .env("OCI_REPO2", "official/two")
                    .env("OCI_VERSION", "1.1")
                    .env("OCI_RESULTS_DIR", results.path());
                command
            }
        };
        let begin = Instant::now();
        let output = command.current_dir(results.path()).output().unwrap();
        let took = begin.elapsed();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
        let summary = match self {
            Contender::Assize(..) => lines.next_back(),
            Contender::Official => lines.find(|line| line.starts_with("OCI Conformance Result")),
        };
        (took, summary.unwrap_or_default().to_owned())
    }
}

/// Where a registry listens.
struct Registry {
    plain: SocketAddr,
    /// Where it listens with TLS.
    secure: Option<SocketAddr>,
    /// What was started for it, and is stopped with it.
    served: Vec<Child>,
}

impl Registry {
    /// One that somebody else has started.
    fn elsewhere(plain: SocketAddr) -> Registry {
        Registry {
            plain,
            secure: None,
            served: Vec::new(),
        }
    }

    /// The bundled one, in processes of its own.
    fn bundled() -> Registry {
        let (open, plain) = serve(&[]);
        let (closed, secure) = serve(&["--tls-certificate", CERTIFICATE, "--tls-key", KEY]);
        Registry {
            plain,
            secure: Some(secure),
            served: vec![open, closed],
        }
    }

    /// The same one, far away: what is written arrives so much later. Next door nothing stands between, since that costs
    /// time itself.
    fn at_a_distance(&self, delay: Duration) -> Registry {
        let seen = |server| match delay {
            Duration::ZERO => server,
            delay => distant(server, delay),
        };
        Registry {
            plain: seen(self.plain),
            secure: self.secure.map(seen),
            served: Vec::new(),
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        for served in &mut self.served {
            served.kill().unwrap();
            served.wait().unwrap();
        }
    }
}

/// Serves with these options; where it listens.
fn serve(options: &[&str]) -> (Child, SocketAddr) {
    let mut serve = Command::new(ASSIZE)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(options)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(serve.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| address_in(&line.unwrap())).unwrap();
    (serve, address)
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let mut words = line.split(['/', ' ', ',']);
    words.find_map(|word| word.parse().ok())
}

/// An address behind which the server seems to be far away: what is written arrives so much later, in both directions.
fn distant(server: SocketAddr, delay: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                // To connect takes a round trip, too.
                thread::sleep(delay * 2);
                let server = TcpStream::connect(server).unwrap();
                for stream in [&client, &server] {
                    stream.set_nodelay(true).unwrap();
                }
                carry(client.try_clone().unwrap(), server.try_clone().unwrap(), delay);
                carry(server, client, delay);
            });
        }
    });
    address
}

/// Carries bytes from one end to the other, each after the delay.
fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (send, arrive) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if send
                .send((Instant::now() + delay, buffer[..read].to_vec()))
                .is_err()
            {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Read);
    });
    thread::spawn(move || {
        for (due, bytes) in arrive {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        thread::sleep(delay);
        let _ = to.shutdown(Shutdown::Write);
    });
}
