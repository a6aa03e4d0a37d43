//! Which message asks for what.

use std::collections::BTreeMap;
use std::sync::Arc;

use gen_lsp_types::{
    CompletionOptions, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DocumentFormattingParams, InitializeResult, PublishDiagnosticsParams, ServerCapabilities, ServerInfo,
    TextDocumentContentChangeEvent, TextDocumentPositionParams, TextDocumentSyncKind,
    TextDocumentSyncOptions,
};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response, ResponseError};
use serde_json::Value;

use crate::requirement::Pages;
use crate::text::Lines;
use crate::workspace::{Document, Settings, Understood, Workspace};
use crate::{completion, fault, formatting, requirement};

/// How a client went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It said that it would.
    Orderly,
    /// It did not.
    Abrupt,
}

/// Answers a client until it goes.
pub fn serve(connection: &Connection, settings: Settings) -> Ending {
    let mut server = Server::new(settings);
    for message in &connection.receiver {
        let answer = match message {
            Message::Request(request) => Some(server.answer(request)),
            Message::Notification(notification) if notification.method == "exit" => return server.ending(),
            Message::Notification(notification) => {
                server.note(notification);
                None
            }
            Message::Response(_) => None,
        };
        // Faults are told when nothing more waits, so that who types fast is not told of each letter.
        let faults = match connection.receiver.is_empty() {
            true => server.faults(),
            false => Vec::new(),
        };
        let answers = answer.map(Message::Response).into_iter();
        for message in answers.chain(faults.into_iter().map(Message::Notification)) {
            if connection.sender.send(message).is_err() {
                return Ending::Abrupt;
            }
        }
    }
    Ending::Abrupt
}

/// How far a client has come.
#[derive(Clone, Copy)]
enum Stage {
    /// It has not said who it is.
    Begins,
    /// It works.
    Works,
    /// It has asked for the end.
    Ends,
}

/// What is known of a client and of its documents.
struct Server {
    stage: Stage,
    pages: Pages,
    workspace: Workspace,
    /// The faults that the client knows of, by file.
    told: BTreeMap<String, PublishDiagnosticsParams>,
}

/// What a request comes to.
type Answer = Result<Value, ResponseError>;

/// Where a request asks about a document.
struct Cursor {
    document: Document,
    understood: Arc<Understood>,
    at: usize,
}

impl Server {
    fn new(settings: Settings) -> Server {
        Server {
            stage: Stage::Begins,
            pages: Pages::Plain,
            workspace: Workspace::new(settings),
            told: BTreeMap::new(),
        }
    }

    fn ending(&self) -> Ending {
        match self.stage {
            Stage::Ends => Ending::Orderly,
            Stage::Begins | Stage::Works => Ending::Abrupt,
        }
    }

    fn answer(&mut self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let answer = match (self.stage, method.as_str()) {
            (Stage::Begins, "initialize") => Ok(self.initialize(&params)),
            (Stage::Begins, _) => refused(
                ErrorCode::ServerNotInitialized,
                "the first request is `initialize`",
            ),
            (Stage::Works, "shutdown") => {
                self.stage = Stage::Ends;
                Ok(Value::Null)
            }
            (Stage::Works, method) => self.work(method, params),
            (Stage::Ends, _) => refused(ErrorCode::InvalidRequest, "after `shutdown` only `exit` follows"),
        };
        Response {
            id,
            response_result: answer,
        }
    }

    fn initialize(&mut self, params: &Value) -> Value {
        self.stage = Stage::Works;
        let shown = &params["capabilities"]["textDocument"]["hover"]["contentFormat"];
        if shown
            .as_array()
            .into_iter()
            .flatten()
            .any(|format| format == "markdown")
        {
            self.pages = Pages::Markdown;
        }
        json(InitializeResult {
            capabilities: capabilities(),
            server_info: Some(ServerInfo {
                name: "assize".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    fn work(&mut self, method: &str, params: Value) -> Answer {
        match method {
            "textDocument/hover" => self.hover(params),
            "textDocument/definition" => self.definition(params),
            "textDocument/completion" => self.completion(params),
            "textDocument/formatting" => self.formatting(params),
            _ => refused(ErrorCode::MethodNotFound, &format!("`{method}` is not offered")),
        }
    }

    fn hover(&mut self, params: Value) -> Answer {
        let Some(cursor) = self.cursor(params)? else {
            return Ok(Value::Null);
        };
        Ok(json(requirement::hover(
            &cursor.document.text,
            cursor.at,
            &cursor.understood.draft.library,
            &self.workspace.settings,
            self.pages,
        )))
    }

    fn definition(&mut self, params: Value) -> Answer {
        let Some(cursor) = self.cursor(params)? else {
            return Ok(Value::Null);
        };
        let library = &cursor.understood.draft.library;
        Ok(json(requirement::definition(
            &cursor.document.text,
            cursor.at,
            library,
        )))
    }

    fn completion(&mut self, params: Value) -> Answer {
        let cursor = self.cursor(params)?;
        let Some(cursor) = cursor.filter(|cursor| cursor.document.is_scenario()) else {
            return Ok(Value::Null);
        };
        let Document { text, .. } = &cursor.document;
        let library = &cursor.understood.draft.library;
        Ok(json(completion::items(
            text,
            cursor.at,
            &cursor.document.name(),
            library,
        )))
    }

    fn formatting(&mut self, params: Value) -> Answer {
        let params: DocumentFormattingParams = read(params)?;
        let document = self.workspace.document(&params.text_document.uri).cloned();
        let Some(document) = document.filter(Document::is_scenario) else {
            return Ok(Value::Null);
        };
        let understood = self.workspace.understood(&document);
        Ok(json(formatting::edits(
            &document.text,
            &understood.draft.library.catalogue,
        )))
    }

    /// The place that a request asks about; none, if its document is not open.
    fn cursor(&mut self, params: Value) -> Result<Option<Cursor>, ResponseError> {
        let params: TextDocumentPositionParams = read(params)?;
        let Some(document) = self.workspace.document(&params.text_document.uri).cloned() else {
            return Ok(None);
        };
        Ok(Some(Cursor {
            at: Lines::of(&document.text).offset(params.position),
            understood: self.workspace.understood(&document),
            document,
        }))
    }

    /// Takes note of what a client says; of what is not understood there is nothing to note.
    fn note(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(DidOpenTextDocumentParams {
                    text_document: opened,
                }) = read(params)
                {
                    self.workspace.open(opened.uri, opened.version, opened.text);
                }
            }
            "textDocument/didChange" => {
                if let Ok(changed) = read(params) {
                    self.change(changed);
                }
            }
            "textDocument/didClose" => {
                if let Ok(DidCloseTextDocumentParams {
                    text_document: closed,
                }) = read(params)
                {
                    self.workspace.close(&closed.uri);
                }
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => self.workspace.look_again(),
            _ => {}
        }
    }

    fn change(&mut self, changed: DidChangeTextDocumentParams) {
        let document = changed.text_document;
        for change in changed.content_changes {
            // Changes of parts are not asked for.
            if let TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) = change {
                let uri = &document.text_document_identifier.uri;
                self.workspace.change(uri, document.version, whole.text);
            }
        }
    }

    /// What the client has to be told of faults: of each file of which it knows something else.
    fn faults(&mut self) -> Vec<Notification> {
        if !matches!(self.stage, Stage::Works) || self.workspace.is_told() {
            return Vec::new();
        }
        let mut faults = fault::all(&mut self.workspace);
        for (name, known) in &self.told {
            let none = || PublishDiagnosticsParams::new(known.uri.clone(), None, Vec::new());
            faults.entry(name.clone()).or_insert_with(none);
        }
        let news = faults
            .iter()
            .filter(|(name, file)| self.told.get(*name) != Some(file));
        let news =
            news.map(|(_, file)| Notification::new("textDocument/publishDiagnostics".to_owned(), file));
        let news = news.collect();
        self.told = faults;
        news
    }
}

/// What is offered to a client.
fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(
            TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::Full),
                save: Some(true.into()),
                ..TextDocumentSyncOptions::default()
            }
            .into(),
        ),
        hover_provider: Some(true.into()),
        definition_provider: Some(true.into()),
        document_formatting_provider: Some(true.into()),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(completion::TRIGGERS.map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        ..ServerCapabilities::default()
    }
}

fn read<T: serde::de::DeserializeOwned>(params: Value) -> Result<T, ResponseError> {
    serde_json::from_value(params).or_else(|fault| refused(ErrorCode::InvalidParams, &fault.to_string()))
}

fn refused<T>(code: ErrorCode, message: &str) -> Result<T, ResponseError> {
    Err(ResponseError {
        code: code as i32,
        message: message.to_owned(),
        data: None,
    })
}

/// A value as JSON. Those of the protocol can all be written.
fn json(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
