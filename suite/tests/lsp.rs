//! `assize lsp`, as an editor meets it: a process, and the protocol on its standard input and output.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use lsp_server::{Message, Request};
use serde_json::{Value, json};

/// A process, and both ends of the talk with it.
struct Server {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Server {
    fn start(folder: &Path) -> Server {
        let mut process = Command::new(env!("CARGO_BIN_EXE_assize"))
            .args(["lsp", "--scenarios"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Server {
            input: process.stdin.take().unwrap(),
            output: BufReader::new(process.stdout.take().unwrap()),
            process,
        }
    }

    fn tell(&mut self, method: &str, params: Value) {
        let notification = lsp_server::Notification::new(method.to_owned(), params);
        Message::from(notification).write(&mut self.input).unwrap();
    }

    /// What a request comes to, and the notifications before the answer.
    fn ask(&mut self, method: &str, params: Value) -> (Value, Vec<Value>) {
        let request = Request::new(1.into(), method.to_owned(), params);
        Message::from(request).write(&mut self.input).unwrap();
        let mut told = Vec::new();
        loop {
            match Message::read(&mut self.output).unwrap().unwrap() {
                Message::Response(response) => return (response.response_result.unwrap(), told),
                Message::Notification(notification) => told.push(notification.params),
                Message::Request(request) => unreachable!("{request:?}"),
            }
        }
    }

    /// The number with which it ends.
    fn code(mut self) -> Option<i32> {
        drop(self.input);
        self.process.wait().unwrap().code()
    }
}

#[test]
fn a_mistake_is_shown_an_id_explained_and_the_end_is_in_order() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../scenarios")
        .canonicalize()
        .unwrap();
    let uri = format!("file://{}/push/new.scenario", scenarios.display());
    let mut server = Server::start(&scenarios);
    let (answer, _) = server.ask("initialize", json!({ "capabilities": {} }));
    assert_eq!(answer["serverInfo"]["name"], "assize");
    server.tell("initialized", json!({}));
    let text =
        "scenario A new one\n> GET /v2/{rpo}/tags/list\nMUST pull.blob.get-200\n< 200\n# push.mount.201\n";
    let document = json!({ "uri": uri, "languageId": "scenario", "version": 1, "text": text });
    server.tell("textDocument/didOpen", json!({ "textDocument": document }));
    let cursor = json!({ "textDocument": { "uri": uri }, "position": { "line": 4, "character": 10 } });
    let (hover, _) = server.ask("textDocument/hover", cursor);
    let explained = Command::new(env!("CARGO_BIN_EXE_assize"))
        .args(["explain", "push.mount.201", "--scenarios"])
        .arg(&scenarios)
        .output()
        .unwrap();
    assert_eq!(
        words(hover["contents"]["value"].as_str().unwrap()),
        words(&String::from_utf8_lossy(&explained.stdout))
    );
    let (_, told) = server.ask("shutdown", Value::Null);
    let message = told
        .iter()
        .find_map(|file| Some((file["uri"] == uri).then_some(file)?["diagnostics"][0]["message"].clone()));
    assert_eq!(
        message,
        Some("nothing binds `rpo`: not bound here\nhelp: did you mean `repo`?".into())
    );
    server.tell("exit", Value::Null);
    assert_eq!(server.code(), Some(0));
}

/// The words of a page, however its lines are broken.
fn words(page: &str) -> Vec<&str> {
    page.split_whitespace().collect()
}

#[test]
fn a_client_that_talks_nonsense_or_goes_is_survived() {
    let server = Server::start(Path::new("."));
    assert_eq!(server.code(), Some(1));

    let mut server = Server::start(Path::new("."));
    server.input.write_all(b"Content-Length: 3\r\n\r\nfoo").unwrap();
    let (answer, _) = server.ask("initialize", json!({ "capabilities": {} }));
    assert_eq!(answer["capabilities"]["hoverProvider"], true);
    server.input.write_all(b"nonsense\r\n\r\n").unwrap();
    assert_eq!(server.code(), Some(1));
}
