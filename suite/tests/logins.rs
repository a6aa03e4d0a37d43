//! Logins that other clients keep, as a run uses them; and where a secret goes, and where it does not.

#![cfg(feature = "bundled")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use assize::bundled::{Authentication, Guarded};

/// `owner:owner`.
const OWNER: &str = "b3duZXI6b3duZXI=";

/// Runs the command in the home of somebody, with nothing else from the environment.
fn assize(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_assize"))
        .env_clear()
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A home with a login for this registry in the file of Docker.
fn home(registry: &str, entry: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let host = registry.trim_start_matches("http://");
    std::fs::create_dir(home.path().join(".docker")).unwrap();
    std::fs::write(
        home.path().join(".docker/config.json"),
        format!(r#"{{"auths":{{"{host}":{{{entry}}}}}}}"#),
    )
    .unwrap();
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_logged_in_with_another_client_needs_to_type_nothing() {
    for authentication in [Authentication::Password, Authentication::Token] {
        let registry = Guarded::start(authentication).await.unwrap();
        let url = registry.url();
        let home = home(&url, &format!(r#""auth":"{OWNER}""#));
        let run = |more: &[&str]| {
            let arguments = [&["run", &url, "--only", "pull/blob"], more].concat();
            assize(home.path(), &arguments)
        };
        let output = run(&[]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let note = "with the password from ~/.docker/config.json";
        assert!(stdout(&output).contains(note), "{}", stdout(&output));
        let nobody = run(&["--anonymous"]);
        assert_eq!(nobody.status.code(), Some(3));
        assert!(
            stderr(&nobody).contains("asks for credentials"),
            "{}",
            stderr(&nobody)
        );
        let other = tempfile::tempdir().unwrap();
        std::fs::write(
            other.path().join(".netrc"),
            "machine r.example login a password b\n",
        )
        .unwrap();
        let without = assize(other.path(), &["run", &url]);
        let advice = "there are none for it in ~/.netrc";
        assert!(stderr(&without).contains(advice), "{}", stderr(&without));
        registry.shutdown().await;
    }
}

/// A server that keeps all that it is sent, and answers each request with what a function makes of its head.
struct Capture {
    url: String,
    sent: Arc<Mutex<String>>,
}

impl Capture {
    fn answering(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Capture {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::new(Mutex::new(String::new()));
        let (memory, answer) = (sent.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (memory, answer) = (memory.clone(), answer.clone());
                // A client that goes away in the middle is what some scenarios are about.
                std::thread::spawn(move || while converse(&stream, &memory, &*answer).is_some() {});
            }
        });
        Capture { url, sent }
    }

    fn sent(&self) -> String {
        self.sent.lock().unwrap().clone()
    }
}

/// Reads one request and answers it; nothing if there is none any more.
fn converse(mut stream: &TcpStream, memory: &Mutex<String>, answer: &dyn Fn(&str) -> String) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    memory.lock().unwrap().push_str(&head);
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    memory.lock().unwrap().push_str(&String::from_utf8_lossy(&body));
    stream.write_all(answer(&head).as_bytes()).ok()
}

fn answered(status: u16, lines: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\n{lines}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A registry that leads uploads and blobs to another host, and takes a token of a third one.
fn leading(elsewhere: &str, tokens: &str) -> Capture {
    let (elsewhere, realm) = (elsewhere.to_owned(), format!("{tokens}/token"));
    Capture::answering(move |head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let place = format!("Location: {elsewhere}{path}\r\n");
        if !head.contains("Bearer token-of-the-test") {
            let challenge = format!(
                "WWW-Authenticate: Negotiate, bearer Realm=\"{realm}\", service=\"a,b\", scope=\"x\"\r\n"
            );
            return answered(401, &challenge, "");
        }
        match path {
            "/v2/" => answered(200, "", "{}"),
            _ if head.starts_with("POST") => answered(202, &place, ""),
            _ if path.contains("/blobs/") => answered(307, &place, ""),
            _ => answered(404, "", r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#),
        }
    })
}

#[test]
fn no_secret_goes_to_a_host_that_it_is_not_for() {
    for (entry, secret) in [
        (format!(r#""auth":"{OWNER}""#), OWNER),
        (
            r#""identitytoken":"refresh-of-the-test""#.to_owned(),
            "refresh-of-the-test",
        ),
    ] {
        let elsewhere = Capture::answering(|_| answered(404, "", ""));
        let tokens = Capture::answering(|_| answered(200, "", r#"{"token":"token-of-the-test"}"#));
        let registry = leading(&elsewhere.url, &tokens.url);
        let home = home(&registry.url, &entry);
        let report = home.path().join("report.json");
        let record = home.path().join("record");
        let output = assize(
            home.path(),
            &[
                "run",
                &registry.url,
                "--only=push/manifest",
                "--only=pull/blob",
                "--longest=60s",
                "--full",
                &format!("--report=json={}", report.display()),
                &format!("--record={}", record.display()),
            ],
        );
        let told = [stdout(&output), stderr(&output)].concat();
        let written = [report, record]
            .map(|file| std::fs::read_to_string(file).unwrap())
            .concat();
        assert!(tokens.sent().contains(secret), "{told}");
        assert!(tokens.sent().contains("a%2Cb") || tokens.sent().contains("a,b"));
        assert!(registry.sent().contains("token-of-the-test"), "{told}");
        assert!(elsewhere.sent().contains("HTTP/1.1"), "{told}");
        for secret in [OWNER, "refresh-of-the-test", "token-of-the-test", "Authorization"] {
            assert!(!elsewhere.sent().contains(secret), "{secret} went elsewhere");
        }
        for secret in [OWNER, "refresh-of-the-test"] {
            assert!(!registry.sent().contains(secret), "{secret} went to the registry");
        }
        for secret in [OWNER, "refresh-of-the-test", "token-of-the-test"] {
            assert!(
                !told.contains(secret) && !written.contains(secret),
                "{secret} is told"
            );
        }
    }
}
