//! What an editor is told of scenarios, over a connection in memory.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::thread::{self, JoinHandle};

use assize_language::diagnostic::{Color, Faulty};
use assize_language::scenario::{Library, LoadError, parse};
use assize_lsp::{Ending, Settings, serve};
use lsp_server::{Connection, Message, Notification, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

/// An editor, and the server that answers it.
struct Editor {
    connection: Connection,
    server: JoinHandle<Ending>,
    last: i32,
    /// The faults that it shows, by file.
    faults: BTreeMap<String, Vec<Value>>,
}

impl Editor {
    /// One that was not started.
    fn new(settings: Settings) -> Editor {
        let (connection, other) = Connection::memory();
        Editor {
            connection,
            server: thread::spawn(move || serve(&other, settings)),
            last: 0,
            faults: BTreeMap::new(),
        }
    }

    /// One that works, with the scenarios that are compiled in.
    fn started() -> Editor {
        let mut editor = Editor::new(Settings::default());
        editor.ask("initialize", json!({ "capabilities": {} })).unwrap();
        editor.tell("initialized", json!({}));
        editor
    }

    fn tell(&self, method: &str, params: Value) {
        let notification = Notification::new(method.to_owned(), params);
        self.connection.sender.send(notification.into()).unwrap();
    }

    /// What a request comes to: a result, or the code of an error.
    fn ask(&mut self, method: &str, params: Value) -> Result<Value, i32> {
        self.last += 1;
        let request = Request::new(self.last.into(), method.to_owned(), params);
        self.connection.sender.send(request.into()).unwrap();
        loop {
            match self.connection.receiver.recv().unwrap() {
                Message::Response(response) => {
                    assert_eq!(response.id, self.last.into());
                    return response.response_result.map_err(|error| error.code);
                }
                Message::Notification(notification) => self.show(&notification),
                Message::Request(request) => panic!("{request:?}"),
            }
        }
    }

    fn show(&mut self, notification: &Notification) {
        assert_eq!(notification.method, "textDocument/publishDiagnostics");
        let file = notification.params["uri"].as_str().unwrap().to_owned();
        let faults = notification.params["diagnostics"].as_array().unwrap().clone();
        self.faults.insert(file, faults);
    }

    fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "scenario", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn change(&mut self, uri: &str, text: &str) {
        self.tell(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": uri, "version": 2 },
                "contentChanges": [{ "text": text }],
            }),
        );
    }

    /// The messages of the faults of a file, as they are once all that was told is answered.
    fn messages(&mut self, uri: &str) -> Vec<String> {
        let faults = self.shown(uri);
        let message = |fault: &Value| fault["message"].as_str().unwrap().to_owned();
        faults.iter().map(message).collect()
    }

    fn shown(&mut self, uri: &str) -> Vec<Value> {
        // What is told of faults follows the answer before which nothing was waiting.
        for _ in 0..2 {
            let _ = self.ask("nothing", Value::Null);
        }
        self.faults.get(uri).cloned().unwrap_or_default()
    }

    /// Asks about the place of `^` in a text, which is opened without it.
    fn ask_at(&mut self, method: &str, uri: &str, text: &str) -> Value {
        let at = text.find('^').unwrap();
        let before = &text[..at];
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().unwrap().encode_utf16().count();
        self.open(uri, &text.replacen('^', "", 1));
        let position = json!({ "line": line, "character": character });
        self.ask(
            method,
            json!({ "textDocument": { "uri": uri }, "position": position }),
        )
        .unwrap()
    }

    /// The words that can stand at the place of `^`.
    fn words(&mut self, text: &str) -> Vec<String> {
        let items = self.ask_at("textDocument/completion", ONE, text);
        let label = |item: &Value| item["label"].as_str().unwrap().to_owned();
        items.as_array().unwrap().iter().map(label).collect()
    }

    /// Ends in good order.
    fn end(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Ok(Value::Null));
        self.tell("exit", Value::Null);
        assert_eq!(self.server.join().unwrap(), Ending::Orderly);
    }
}

/// A document that is nowhere on the disk.
const ONE: &str = "untitled:one";

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn a_mistake_is_shown_at_its_place_and_gone_when_it_is_mended() {
    let mut editor = Editor::started();
    editor.open(
        ONE,
        "scenario A blob is 𝄞 there\n> GET /v2/{rpo}/é{repo}/{rpo}\nMUST pull.blob.get-200\n< 200\n",
    );
    let shown = editor.shown(ONE);
    assert_eq!(shown.len(), 2, "{shown:#?}");
    assert_eq!(
        shown[1]["message"],
        "nothing binds `rpo`: not bound here\nhelp: did you mean `repo`?"
    );
    let range = json!({ "start": { "line": 1, "character": 24 }, "end": { "line": 1, "character": 29 } });
    assert_eq!(shown[1]["range"], range);
    assert_eq!(shown[1]["severity"], 1);
    editor.change(
        ONE,
        "scenario A blob is there\n> GET /v2/{repo}\nMUST pull.blob.get-200\n< 200\n",
    );
    assert_eq!(editor.messages(ONE), [""; 0]);
    editor.end();
}

/// A drawing of faults has further signs and places; each line of a message stands in it.
#[test]
fn every_malformed_scenario_is_faulted_in_the_words_of_the_terminal() {
    let malformed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/malformed");
    let malformed = malformed.canonicalize().unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(&malformed).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let alone = folder(&[("one.scenario", &text)]);
        let Err(LoadError::Faulty(faulty)) = Library::from_folder(alone.path()) else {
            continue;
        };
        let file = alone.path().join("one.scenario");
        let drawn = faulty
            .iter()
            .filter(|faulty| Path::new(&*faulty.source.path) == file);
        let drawn: Vec<&Faulty> = drawn.collect();
        let expected: usize = drawn.iter().map(|faulty| faulty.faults.len()).sum();
        let drawn: String = drawn.iter().map(|faulty| faulty.render(Color::Never)).collect();
        let mut editor = Editor::started();
        editor.open(&uri(&file), &text);
        let messages = editor.messages(&uri(&file));
        assert_eq!(messages.len(), expected, "{}", path.display());
        for part in messages.iter().flat_map(|message| message.lines()) {
            let said = part.split(": ").next().unwrap();
            assert!(drawn.contains(said), "{}: {part}\n{drawn}", path.display());
        }
        editor.end();
        files += 1;
    }
    assert!(files > 50, "only {files}");
}

#[test]
fn a_document_is_held_against_what_lies_beside_it_saved_or_not() {
    let folder = folder(&[
        (
            "requirements/own.toml",
            "category = \"pull\"\n\n[\"own.one\"]\nlevel = \"MUST\"\nbasis = \"implied\"\nsection = \"x\"\ntext = \"One.\"\nwhy = \"So.\"\n",
        ),
        (
            "push/first.scenario",
            "scenario A title\n> GET /v2/\nMUST own.one\n< 200\n",
        ),
    ]);
    let (first, second) = (
        folder.path().join("push/first.scenario"),
        folder.path().join("push/second.scenario"),
    );
    let mut editor = Editor::started();
    editor.open(
        &uri(&second),
        "scenario a Title\n> GET /v2/\nMUST own.two\n< 200\n",
    );
    let messages = editor.messages(&uri(&second)).join("\n");
    assert!(messages.contains("two scenarios have this title"), "{messages}");
    assert!(messages.contains("own.two"), "{messages}");
    editor.open(
        &uri(&first),
        "scenario Another title\n> GET /v2/\nMUST own.one\n< 200\n",
    );
    editor.change(
        &uri(&second),
        "scenario a Title\n> GET /v2/\nMUST own.one\n< 200\n",
    );
    assert_eq!(editor.messages(&uri(&second)), [""; 0]);
    let catalogue = folder.path().join("requirements/own.toml");
    editor.open(
        &uri(&catalogue),
        "category = \"pull\"\n\n[\"own.one\"]\nlevle = \"MUST\"\n",
    );
    assert!(!editor.messages(&uri(&catalogue)).is_empty());
    editor.end();
}

#[test]
fn a_folder_that_cannot_be_read_is_said_so() {
    let folder = folder(&[("probe/x.scenario", ""), ("one.scenario", "")]);
    std::fs::write(folder.path().join("two.scenario"), [0xff]).unwrap();
    let file = uri(&folder.path().join("one.scenario"));
    let mut editor = Editor::started();
    editor.open(&file, "scenario A\nfoo\n");
    let messages = editor.messages(&file);
    assert!(
        messages[0].starts_with("the scenarios beside this one are left out: "),
        "{messages:?}"
    );
    assert!(messages.len() > 1, "{messages:?}");
    editor.end();
}

#[test]
fn formatting_is_that_of_the_command() {
    let mut editor = Editor::started();
    let untidy = "scenario  A blob is there\n\n\nneeds   push\n> GET  /v2/{repo}\nwhen 200\n< 200\nend\n";
    let (scenario, faults) = parse(untidy);
    assert!(faults.is_empty(), "{faults:?}");
    let tidy = assize_language::scenario::format(&scenario.unwrap(), &Library::built_in().unwrap().catalogue);
    editor.open(ONE, untidy);
    let params = json!({ "textDocument": { "uri": ONE }, "options": { "tabSize": 2, "insertSpaces": true } });
    let edits = editor.ask("textDocument/formatting", params.clone()).unwrap();
    let [edit] = &edits.as_array().unwrap()[..] else {
        panic!("{edits}")
    };
    let lines: Vec<&str> = untidy.split_inclusive('\n').collect();
    let line = |end: &str| usize::try_from(edit["range"][end]["line"].as_u64().unwrap()).unwrap();
    let (before, behind) = (lines[..line("start")].concat(), lines[line("end")..].concat());
    assert_eq!(
        format!("{before}{}{behind}", edit["newText"].as_str().unwrap()),
        tidy
    );
    editor.change(ONE, &tidy);
    assert_eq!(
        editor.ask("textDocument/formatting", params.clone()),
        Ok(json!([]))
    );
    editor.change(ONE, "scenario  A\nfoo\n");
    assert_eq!(editor.ask("textDocument/formatting", params), Ok(json!([])));
    editor.end();
}

#[test]
fn hover_over_an_id_explains_it() {
    let mut editor = Editor::started();
    let text = "scenario A\nMUST push.mo^unt.201\n";
    let hover = editor.ask_at("textDocument/hover", ONE, text);
    assert_eq!(hover["contents"]["kind"], "plaintext");
    insta::assert_snapshot!(hover["contents"]["value"].as_str().unwrap());
    assert_eq!(hover["range"]["start"], json!({ "line": 1, "character": 5 }));
    assert_eq!(hover["range"]["end"], json!({ "line": 1, "character": 19 }));
    assert_eq!(
        editor.ask_at("textDocument/hover", ONE, "scenario A^\nMUST push.mount.201\n"),
        Value::Null
    );
    assert_eq!(
        editor.ask_at("textDocument/hover", ONE, "scenario A\nMUST no.such.i^d\n"),
        Value::Null
    );
    editor.end();
}

#[test]
fn an_editor_that_shows_markdown_gets_markdown() {
    let mut editor = Editor::new(Settings::default());
    let capabilities = json!({ "textDocument": { "hover": { "contentFormat": ["markdown", "plaintext"] } } });
    editor
        .ask("initialize", json!({ "capabilities": capabilities }))
        .unwrap();
    let hover = editor.ask_at("textDocument/hover", ONE, "scenario A\nMUST push.mount.201^\n");
    assert_eq!(hover["contents"]["kind"], "markdown");
    insta::assert_snapshot!(hover["contents"]["value"].as_str().unwrap());
    editor.end();
}

#[test]
fn what_can_stand_at_the_cursor_is_offered() {
    let mut editor = Editor::started();
    let ids = editor.words("scenario A\n> GET /v2/\nMUST push.mou^\n");
    assert!(ids.contains(&"push.mount.201".to_owned()), "{ids:?}");
    let shoulds = editor.words("scenario A\n> GET /v2/\nSHOULD ^\n");
    assert!(
        !shoulds.is_empty() && shoulds.iter().all(|id| !ids.contains(id)),
        "{shoulds:?}"
    );
    let names =
        editor.words("scenario A\nlet blob = empty\nwhen 200\n  let inner = empty\nend\n> PUT /v2/\n> @^\n");
    assert_eq!(names, ["blob", "other", "repo", "third"]);
    let placeholder = editor.words("scenario A\nlet blob = empty\n> PUT /v2/{^\n");
    assert!(placeholder.contains(&"blob".to_owned()) && placeholder.contains(&"digest".to_owned()));
    assert!(editor.words("scenario A\n  ^\n").contains(&"given".to_owned()));
    assert!(editor.words("scenario A\nneeds ^\n").contains(&"push".to_owned()));
    assert_eq!(editor.words("scenario A ^\n"), [""; 0]);
    editor.end();
}

#[test]
fn a_chosen_word_takes_the_place_of_what_was_typed_of_it() {
    let mut editor = Editor::started();
    let items = editor.ask_at("textDocument/completion", ONE, "scenario A\n  MUST push.mo^\n");
    let item = &items.as_array().unwrap()[0];
    let range = json!({ "start": { "line": 1, "character": 7 }, "end": { "line": 1, "character": 14 } });
    assert_eq!(item["textEdit"]["range"], range);
    assert_eq!(item["textEdit"]["newText"], item["label"]);
    editor.end();
}

#[test]
fn an_id_leads_to_its_entry_if_there_is_a_file_of_it() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../scenarios")
        .canonicalize()
        .unwrap();
    let file = uri(&scenarios.join("push/new.scenario"));
    let mut editor = Editor::started();
    let place = editor.ask_at(
        "textDocument/definition",
        &file,
        "scenario A\nMUST push.mount.2^01\n",
    );
    let catalogue = place["uri"].as_str().unwrap().strip_prefix("file://").unwrap();
    let text = std::fs::read_to_string(catalogue).unwrap();
    let line = usize::try_from(place["range"]["start"]["line"].as_u64().unwrap()).unwrap();
    assert_eq!(text.lines().nth(line), Some("[\"push.mount.201\"]"));
    let nowhere = editor.ask_at(
        "textDocument/definition",
        ONE,
        "scenario A\nMUST push.mount.2^01\n",
    );
    assert_eq!(nowhere, Value::Null);
    editor.end();
}

#[test]
fn a_client_in_disorder_is_told_so() {
    let mut editor = Editor::new(Settings::default());
    assert_eq!(editor.ask("textDocument/hover", json!({})), Err(-32002));
    editor.open(ONE, "foo\n");
    editor.ask("initialize", json!("nonsense")).unwrap();
    assert_eq!(editor.ask("initialize", json!({})), Err(-32601));
    assert_eq!(editor.ask("no/such", json!([])), Err(-32601));
    assert_eq!(editor.ask("textDocument/hover", json!([1, 2])), Err(-32602));
    let params =
        json!({ "textDocument": { "uri": "file:///closed" }, "position": { "line": 0, "character": 0 } });
    for method in ["hover", "definition", "completion"] {
        let answer = editor.ask(&format!("textDocument/{method}"), params.clone());
        assert_eq!(answer, Ok(Value::Null));
    }
    editor.tell("$/cancelRequest", json!({ "id": 99 }));
    editor.tell("textDocument/didChange", json!({ "textDocument": 5 }));
    editor.change("file:///closed", "foo");
    editor.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": "file:///closed" } }),
    );
    assert!(!editor.messages(ONE).is_empty());
    editor.ask("shutdown", Value::Null).unwrap();
    assert_eq!(editor.ask("textDocument/hover", json!({})), Err(-32600));
    editor.tell("exit", Value::Null);
    assert_eq!(editor.server.join().unwrap(), Ending::Orderly);
}

#[test]
fn a_client_that_just_goes_ends_the_server() {
    let editor = Editor::started();
    drop(editor.connection);
    assert_eq!(editor.server.join().unwrap(), Ending::Abrupt);
    let editor = Editor::started();
    editor.tell("exit", Value::Null);
    assert_eq!(editor.server.join().unwrap(), Ending::Abrupt);
}

/// What a large file that is no scenario has is shown in part.
#[test]
fn a_file_of_five_megabytes_is_answered() {
    let mut editor = Editor::started();
    let line = "MUST pull.blob.get-200 of no use 𝄞\n";
    let text = format!("scenario A\n{}", line.repeat(5_000_000 / line.len()));
    editor.open(ONE, &text);
    assert_eq!(editor.shown(ONE).len(), 200);
    let position = json!({ "line": 100_000, "character": 4_000_000_000_u32 });
    let params = json!({ "textDocument": { "uri": ONE }, "position": position });
    editor.ask("textDocument/completion", params).unwrap();
    editor.end();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever stands in a document, and wherever its cursor is said to be, there is an answer.
    #[test]
    fn any_text_and_any_place_is_answered(
        text in prop_oneof![
            any::<String>(),
            "scenario A\n(let a = empty\n|when 200\n|for a \\| b\n|  \\| \\{a\n|end\n|MUST a.b\r\n|> @|\\{|𝄞|<| |\t){0,20}",
        ],
        line in prop_oneof![0..30_u32, any::<u32>()],
        character in prop_oneof![0..30_u32, any::<u32>()],
    ) {
        let mut editor = Editor::started();
        editor.open(ONE, &text);
        let position = json!({ "line": line, "character": character });
        let params = json!({ "textDocument": { "uri": ONE }, "position": position });
        for method in ["hover", "definition", "completion"] {
            let answer = editor.ask(&format!("textDocument/{method}"), params.clone());
            prop_assert!(answer.is_ok(), "{answer:?}");
        }
        editor.end();
    }
}
