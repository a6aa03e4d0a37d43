//! How long a run takes over a distance: the whole suite, against the bundled registry, behind a proxy that delays.
//!
//! `ASSIZE_BEFORE` names the binary of another build, which is run beside this one; `ASSIZE_DELAYS` the times of a round
//! trip in milliseconds, which are `0 50 200` unless told.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The usual round trips: on one machine, to another continent's shore, to the other side of the earth.
const DELAYS: &str = "0 50 200";

fn main() {
    let now = env!("CARGO_BIN_EXE_assize");
    let before = std::env::var("ASSIZE_BEFORE").ok();
    let delays = std::env::var("ASSIZE_DELAYS").unwrap_or_else(|_| DELAYS.to_owned());
    let (mut registry, address) = registry(now);
    println!("round trip   build     time  what it says");
    for delay in delays.split_whitespace() {
        let round_trip = Duration::from_millis(delay.parse().unwrap());
        let target = format!("http://{}", distant(address, round_trip / 2));
        let builds = before.iter().map(|path| ("before", path.as_str()));
        for (name, build) in builds.chain([("now", now)]) {
            let (time, said) = run(build, &target);
            println!("{delay:>7} ms   {name:<6} {:>5.1} s  {said}", time.as_secs_f64());
        }
    }
    registry.kill().unwrap();
    registry.wait().unwrap();
}

/// The bundled registry in a process of its own, and where it listens.
fn registry(binary: &str) -> (Child, SocketAddr) {
    let mut serve = Command::new(binary)
        .args(["serve", "--listen", "127.0.0.1:0"])
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

/// How long a run takes, and the last line that it writes.
fn run(binary: &str, target: &str) -> (Duration, String) {
    let begin = Instant::now();
    let output = Command::new(binary)
        .args(["run", target, "--seed", "7"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = said.lines().last().unwrap_or_default().to_owned();
    (begin.elapsed(), last)
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
