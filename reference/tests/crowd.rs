//! Many clients at once, some of which mean no good: the others do not notice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use assize_reference::{Config, Limits};
use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::Request;
use reqwest::{Client, StatusCode};
use support::process::Process;
use support::{Registry, config, sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long something may take on a busy machine.
const SLACK: Duration = Duration::from_secs(30);

/// The client timeout of a registry that is tried for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// A connection of HTTP/2 that answers PINGs and lets the registry send `window` bytes of each answer.
async fn multiplexed(address: SocketAddr, window: u32) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let handshake = h2::client::Builder::new()
        .initial_window_size(window)
        .initial_connection_window_size(1 << 30)
        .handshake(stream);
    let (requests, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    requests
}

/// The head of an answer that comes, with its body.
async fn ask(requests: &SendRequest<Bytes>, method: &str, url: &str) -> (StatusCode, RecvStream) {
    let request = Request::builder().method(method).uri(url).body(()).unwrap();
    let mut requests = requests.clone().ready().await.unwrap();
    let (answer, _) = requests.send_request(request, true).unwrap();
    let answer = timeout(SLACK, answer).await.unwrap().unwrap();
    (answer.status(), answer.into_body())
}

#[tokio::test]
async fn a_stream_of_which_nothing_is_taken_ends_although_its_connection_lives() {
    let limits = Limits {
        client_timeout: PATIENCE.as_secs(),
        ..Limits::default()
    };
    let registry = Registry::start(Config { limits, ..config() }).await;
    let digest = registry.push_blob("a", &vec![7; 1 << 20]).await;
    let url = format!("{}/v2/a/blobs/{digest}", registry.running.url());
    let requests = multiplexed(registry.running.address(), 0).await;
    let began = Instant::now();
    let (status, mut body) = ask(&requests, "GET", &url).await;
    assert_eq!(status, StatusCode::OK);
    let ended = async {
        loop {
            // The connection is in use all the time.
            assert_eq!(ask(&requests, "HEAD", &url).await.0, StatusCode::OK);
            if let Ok(part) = timeout(Duration::from_millis(50), body.data()).await {
                return part;
            }
        }
    };
    let part = timeout(PATIENCE + SLACK, ended).await;
    assert!(part.unwrap().unwrap().unwrap_err().is_reset());
    assert!(began.elapsed() >= PATIENCE, "{:?}", began.elapsed());
    assert_eq!(ask(&requests, "HEAD", &url).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_stream_whose_client_takes_a_little_now_and_then_goes_on() {
    let limits = Limits {
        client_timeout: PATIENCE.as_secs(),
        ..Limits::default()
    };
    let registry = Registry::start(Config { limits, ..config() }).await;
    let content = vec![7; 40_000];
    let digest = registry.push_blob("a", &content).await;
    let url = format!("{}/v2/a/blobs/{digest}", registry.running.url());
    let requests = multiplexed(registry.running.address(), 10_000).await;
    let (_, mut body) = ask(&requests, "GET", &url).await;
    let mut taken = Vec::new();
    while let Some(part) = timeout(SLACK, body.data()).await.unwrap() {
        let part = part.unwrap();
        taken.extend_from_slice(&part);
        tokio::time::sleep(PATIENCE / 8).await;
        body.flow_control().release_capacity(part.len()).unwrap();
    }
    assert_eq!(taken, content);
}

#[tokio::test]
async fn streams_of_which_nothing_is_taken_hold_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Process::start(&["--store", folder.path().to_str().unwrap()]);
    let content = vec![7; 5 << 20];
    let digest = sha256(&content);
    let place = format!("http://{}/v2/a/blobs", registry.address);
    let push = Client::new()
        .post(format!("{place}/uploads/?digest={digest}"))
        .body(content);
    assert_eq!(push.send().await.unwrap().status(), StatusCode::CREATED);
    let before = registry.peak_mebibytes();
    let url = format!("{place}/{digest}");
    let (mut connections, mut bodies) = (Vec::new(), Vec::new());
    for (window, streams) in [(0, 200), (1, 200), (0, 200), (1, 200)]
        .into_iter()
        .chain([(0, 8); 96])
    {
        let requests = multiplexed(registry.address, window).await;
        for _ in 0..streams {
            bodies.push(ask(&requests, "GET", &url).await);
        }
        connections.push(requests);
    }
    let more = registry.peak_mebibytes() - before;
    assert!(
        more < 60,
        "{} streams on 100 connections take {more} MiB",
        bodies.len()
    );
}

#[tokio::test]
async fn large_manifests_that_nobody_takes_hold_no_more_memory_than_they_may() {
    let registry = Registry::plain().await;
    let mut manifest = registry.push_image_blobs("a", "seed").await;
    manifest["annotations"] = serde_json::json!({"filler": "x".repeat(4 << 20)});
    let pushed = registry.put_manifest("a", "large", &manifest).await;
    assert_eq!(pushed.status(), StatusCode::CREATED);
    let url = format!("{}/v2/a/manifests/large", registry.running.url());
    let requests = multiplexed(registry.running.address(), 0).await;
    let mut bodies = Vec::new();
    let refused = loop {
        let (status, body) = ask(&requests, "GET", &url).await;
        if status != StatusCode::OK {
            break status;
        }
        bodies.push(body);
        assert!(bodies.len() <= 32, "one client holds more than 128 MiB");
    };
    assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status(client(2), &url).await, StatusCode::OK);
    drop(bodies);
    let deadline = Instant::now() + SLACK;
    while ask(&requests, "GET", &url).await.0 != StatusCode::OK {
        assert!(
            Instant::now() < deadline,
            "what nobody wants any more is still held"
        );
    }
}

/// An address of this machine that is a client of its own.
const fn client(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 1, number))
}

/// A connection of a client.
async fn connect(client: IpAddr, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((client, 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// The status of an answer to a client on a new connection.
async fn status(client: IpAddr, url: &str) -> StatusCode {
    let client = Client::builder().local_address(client).build().unwrap();
    let asked = timeout(SLACK, client.get(url).send()).await;
    asked.unwrap().unwrap().status()
}

/// Begins a push of `length` bytes and sends none of them.
async fn begin_push(client: IpAddr, to: SocketAddr, length: usize) -> TcpStream {
    let digest = sha256(b"");
    let head = format!(
        "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
    );
    let mut stream = connect(client, to).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn idle_connections_keep_nobody_out() {
    let limits = Limits {
        connections: 20,
        ..Limits::default()
    };
    let registry = Registry::start(Config { limits, ..config() }).await;
    let url = format!("{}/v2/", registry.running.url());
    let mut flood = Vec::new();
    for number in 0..200 {
        flood.push(connect(client(1), registry.running.address()).await);
        if number % 20 == 19 {
            let began = Instant::now();
            assert_eq!(status(client(2), &url).await, StatusCode::OK);
            assert_eq!(status(client(1), &url).await, StatusCode::OK);
            assert!(began.elapsed() < SLACK / 2, "{:?}", began.elapsed());
        }
    }
}

#[tokio::test]
async fn an_address_leaves_places_for_the_requests_of_others() {
    let limits = Limits {
        requests: 6,
        ..Limits::default()
    };
    let registry = Registry::start(Config { limits, ..config() }).await;
    let (address, url) = (
        registry.running.address(),
        format!("{}/v2/", registry.running.url()),
    );
    let mut pushes = Vec::new();
    for _ in 0..6 {
        pushes.push(begin_push(client(1), address, 10).await);
    }
    let deadline = Instant::now() + SLACK;
    while status(client(1), &url).await != StatusCode::SERVICE_UNAVAILABLE {
        assert!(
            Instant::now() < deadline,
            "an address has as many requests as it wants"
        );
    }
    assert_eq!(status(client(2), &url).await, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_drips_is_ended() {
    let limits = Limits {
        client_timeout: PATIENCE.as_secs(),
        body_rate: 100,
        ..Limits::default()
    };
    let registry = Registry::start(Config { limits, ..config() }).await;
    let mut push = begin_push(client(1), registry.running.address(), 10_000).await;
    let (mut reading, mut writing) = push.split();
    let began = Instant::now();
    let drip = async {
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(PATIENCE / 20).await;
        }
    };
    let mut answer = String::new();
    tokio::select! {
        read = timeout(SLACK, reading.read_to_string(&mut answer)) => drop(read.unwrap()),
        () = drip => {}
    }
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(began.elapsed() >= PATIENCE, "{:?}", began.elapsed());
}

#[tokio::test]
async fn guessers_delay_a_login_by_a_few_hashes() {
    let accounts = tempfile::NamedTempFile::new().unwrap();
    let lines = ["alice", "bob"].map(|name| format!("{name}:{}\n", bcrypt::hash(name, 9).unwrap()));
    std::fs::write(&accounts, lines.concat()).unwrap();
    let registry = Registry::start(Config {
        accounts: Some(accounts.path().to_owned()),
        ..config()
    })
    .await;
    let url = format!("{}/v2/", registry.running.url());
    let guessed = Arc::new(AtomicUsize::new(0));
    let guesser = Client::builder().local_address(client(1)).build().unwrap();
    for number in 0..100 {
        let guess = guesser.get(&url).basic_auth("alice", Some(number.to_string()));
        let guessed = Arc::clone(&guessed);
        tokio::spawn(async move {
            let status = guess.send().await.unwrap().status();
            guessed.fetch_add(usize::from(status == StatusCode::UNAUTHORIZED), Ordering::Relaxed);
        });
    }
    while guessed.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let user = Client::builder().local_address(client(2)).build().unwrap();
    let before = guessed.load(Ordering::Relaxed);
    let login = user
        .get(&url)
        .basic_auth("bob", Some("bob"))
        .send()
        .await
        .unwrap();
    let hashes = guessed.load(Ordering::Relaxed) - before;
    assert_eq!(login.status(), StatusCode::OK);
    assert!(hashes <= 8, "{hashes} guesses went first");
}

/// A shell that sets a limit of open files before it runs what follows.
fn limited(how: &str) -> Command {
    let mut command = Command::new("sh");
    let script = format!(
        "ulimit {how} && exec {} \"$@\"",
        env!("CARGO_BIN_EXE_assize-reference")
    );
    command.args(["-c", &script, "sh"]);
    command
}

/// How many connections a crowd holds; it has opened half as many uploads. `ASSIZE_CROWD` makes it larger.
fn size_of_a_crowd() -> usize {
    let wanted = std::env::var("ASSIZE_CROWD").ok();
    wanted.and_then(|wanted| wanted.parse().ok()).unwrap_or(600)
}

/// How many connections of a crowd come from one address, which may have 1,000.
const OF_ONE_ADDRESS: usize = 500;

/// How long a push and a pull of a little blob take.
async fn push_and_pull(user: &Client, at: SocketAddr, content: &[u8]) -> Duration {
    let (place, digest) = (format!("http://{at}/v2/a/blobs"), sha256(content));
    let began = Instant::now();
    let push = user.post(format!("{place}/uploads/?digest={digest}"));
    let pushed = push.body(content.to_owned()).send().await.unwrap();
    assert_eq!(pushed.status(), StatusCode::CREATED);
    let pulled = user.get(format!("{place}/{digest}")).send().await.unwrap();
    assert_eq!(pulled.bytes().await.unwrap(), content);
    began.elapsed()
}

/// Connections that have begun a request, half of them with a byte more every second, and the others idle.
async fn crowd_around(to: SocketAddr) -> JoinSet<()> {
    let mut crowd = JoinSet::new();
    for number in 0..size_of_a_crowd() {
        let address = client(u8::try_from(2 + number / OF_ONE_ADDRESS).unwrap());
        let mut stream = connect(address, to).await;
        crowd.spawn(async move {
            let drips = number % 2 == 0 && stream.write_all(b"GET /v2/ HTTP/1.1\r\nX: ").await.is_ok();
            while drips && stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            // An idle one is held until the crowd goes.
            std::future::pending::<()>().await;
        });
    }
    crowd
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_keeps_within_three_times_its_time_beside_a_crowd() {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [alone, crowded] = folders.each_ref().map(|folder| {
        let store = folder.path().to_str().unwrap();
        Process::start_by(limited("-Sn 1024"), &["--store", store])
    });
    let opener = Client::builder().local_address(client(1)).build().unwrap();
    for _ in 0..size_of_a_crowd() / 2 {
        let open = opener.post(format!("http://{}/v2/b/blobs/uploads/", crowded.address));
        assert_eq!(open.send().await.unwrap().status(), StatusCode::ACCEPTED);
    }
    let _crowd = crowd_around(crowded.address).await;
    // In turns, so that whatever else the machine does costs both the same.
    let user = Client::builder().local_address(client(1)).build().unwrap();
    let (mut without, mut within) = (Vec::new(), Vec::new());
    for number in 0..60_u8 {
        without.push(push_and_pull(&user, alone.address, &[number]).await);
        within.push(push_and_pull(&user, crowded.address, &[number]).await);
    }
    let [without, within] = [without, within].map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    println!(
        "{without:?} alone, {within:?} beside {} connections",
        size_of_a_crowd()
    );
    assert!(within < without * 3, "{within:?}, and {without:?} alone");
}

#[test]
fn the_limit_of_open_files_is_raised_as_far_as_connections_need_it() {
    let registry = Process::start_by(limited("-Sn 256"), &["--connections", "400"]);
    assert_eq!(registry.most_open_files(), 464);
}

#[test]
fn a_limit_of_open_files_that_is_too_low_is_told_in_a_line() {
    let mut command = limited("-n 264");
    let mut registry = Process::start_by(
        {
            command.stderr(Stdio::piped());
            command
        },
        &["--connections", "400"],
    );
    assert_eq!(registry.most_open_files(), 264);
    let told = registry.errors_once_it_says(" WARN ");
    let warnings = told.lines().filter(|line| line.contains(" WARN "));
    assert_eq!(warnings.count(), 1, "{told}");
    assert!(
        told.contains("264 files may be open, which is room for 200 connections with 10000 requests and not for 400 with 10000"),
        "{told}"
    );
}
