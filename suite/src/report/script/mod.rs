//! The lines for a shell that show a way again, from the first request that bears on it to the answer that is amiss.
//!
//! They need a shell and curl; what else they need, they say in their first line.

mod fold;
mod names;

use std::collections::BTreeSet;

use self::fold::folded;
use self::names::with_fresh_names;
use crate::judgement::{Judgement, Part, Proof, Sent, Step, Thread, Way};
use crate::log::Lifetime;
use crate::values::payload;
use crate::wire::{
    Account, Exchange, Pass, Recipe, Shown, Shows, Transcript, Url, curl, curl_with_body_of, refresh_token,
};

/// The most lines of a script: more than that nobody reads.
const MOST_LINES: usize = 150;
/// The longest script, in bytes: more than anybody pastes, or any shell takes.
const LONGEST: usize = 60 * 1024;
/// The shortest last part of an upload's address that is taken for its id, in characters.
const ID: usize = 16;
/// The variable with a token that was made elsewhere.
const TOKEN: &str = "ASSIZE_TOKEN";

/// The lines for a shell that show a way again; none where the target is gone when they are read.
pub fn script(way: &Way, outcome: &Judgement) -> String {
    if outcome.facts.rerun.lifetime == Lifetime::EndsWithTheRun || way.proof.rounds.is_empty() {
        return String::new();
    }
    let lines = match Writer::write(&way.proof) {
        Ok(lines) => lines,
        Err(Unmakeable(length)) => {
            return format!(
                "# not by a script: a body of {length} bytes follows no pattern that a shell could make"
            );
        }
    };
    if lines.len() > LONGEST || lines.lines().count() > MOST_LINES {
        let requests = way.proof.steps().count();
        return format!("# not by a script: it takes {requests} requests, more than anybody pastes");
    }
    match way.proof.steps().count() {
        1 => lines,
        _ => with_fresh_names(&lines, &outcome.facts.run_id),
    }
}

/// A body of this length that no command of shell makes.
struct Unmakeable(u64);

/// Writes the lines of a proof.
#[derive(Default)]
struct Writer {
    lines: Vec<String>,
    /// The addresses that answers gave, and the variables that hold them.
    places: Vec<(Url, String)>,
    /// The tokens that were fetched, and the variables that hold them.
    tokens: Vec<(Pass, String)>,
    /// What has to be there, each in a few words.
    needs: BTreeSet<String>,
    /// The server whose `Location` need not name it.
    origin: Option<String>,
    /// Whether things are done side by side.
    pace: ScriptPace,
}

/// Whether things are done side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ScriptPace {
    #[default]
    OneByOne,
    SideBySide,
}

impl Writer {
    fn write(proof: &Proof) -> Result<String, Unmakeable> {
        let mut writer = Writer::default();
        for round in &proof.rounds {
            match round.as_slice() {
                [alone] => {
                    for step in alone {
                        let later: Vec<&Step> = proof.steps().collect();
                        let lines = writer.step(step, Shows::Nothing, &later)?;
                        writer.lines.extend(lines);
                    }
                }
                threads => writer.race(threads)?,
            }
        }
        Ok(writer.finish())
    }

    /// Threads side by side, each in the background.
    fn race(&mut self, threads: &[Thread]) -> Result<(), Unmakeable> {
        self.pace = ScriptPace::SideBySide;
        for thread in threads {
            let known = self.places.len();
            let mut lines = Vec::new();
            // What a thread learns in the background it keeps to itself.
            let later: Vec<&Step> = thread.iter().collect();
            for step in thread {
                lines.extend(self.step(step, Shows::Status, &later)?);
            }
            self.places.truncate(known);
            self.lines.push(match lines.as_slice() {
                [only] => format!("{only} &"),
                several => format!("{{ {}; }} &", several.join("; ")),
            });
        }
        self.lines.push("wait".to_owned());
        Ok(())
    }

    /// The lines that do a step again; of one that does not show, this is shown. What it answers is kept where one of
    /// these asks for it.
    fn step(&mut self, step: &Step, beside: Shows, later: &[&Step]) -> Result<Vec<String>, Unmakeable> {
        let mut lines = Vec::new();
        if !step.pause.is_zero() {
            lines.push(format!("sleep {}", step.pause.as_secs_f64().ceil()));
        }
        match &step.sent {
            Sent::Exchange(exchange) => {
                let shows = match step.part {
                    Part::Shows => Shows::Answer,
                    Part::Before => beside,
                };
                self.exchange(&mut lines, exchange, shows, later)?;
            }
            Sent::Connection(connection) => lines.push(self.connection(connection, step.part)?),
        }
        Ok(lines)
    }

    fn exchange(
        &mut self,
        lines: &mut Vec<String>,
        exchange: &Exchange,
        shows: Shows,
        later: &[&Step],
    ) -> Result<(), Unmakeable> {
        let token = self.token(exchange.pass.as_ref(), exchange);
        let given = exchange
            .upload_address()
            .filter(|place| is_asked_later(place, exchange.number, later));
        let shows = if given.is_some() { Shows::Head } else { shows };
        let line = match signed_anew(exchange) {
            Some(command) => {
                self.needs.insert("the program assize".to_owned());
                curl_with_body_of(&command, exchange, shows, &token)
            }
            None => curl(exchange, shows, &token).ok_or(Unmakeable(exchange.request.body.len()))?,
        };
        let line = self.at_its_place(lines, line, &exchange.request.url);
        lines.push(match given {
            None => line,
            Some(place) => {
                self.origin = Some(exchange.request.url.origin().to_string());
                let variable = self.variable_for(place);
                format!("{variable}=$({line} | location)")
            }
        });
        Ok(())
    }

    fn connection(&mut self, connection: &Transcript, part: Part) -> Result<String, Unmakeable> {
        if connection.tool() != "curl" {
            self.needs.insert(format!("the program {}", connection.tool()));
        }
        let token = match &connection.pass {
            Some(pass) => self.fetched(pass, std::time::Duration::from_secs(60)),
            None => TOKEN.to_owned(),
        };
        let place = self.places.iter().rev().find(|(place, _)| connection.asks(place));
        let line = match place {
            Some((place, variable)) => connection.shell_at(&token, place, variable),
            None => connection.shell(&token),
        };
        let line = line.ok_or(Unmakeable(0))?;
        Ok(match part {
            Part::Shows => line,
            Part::Before => format!("{line} >/dev/null"),
        })
    }

    /// The variable with the token that a request shows; it is fetched where that was done before.
    fn token(&mut self, pass: Option<&Pass>, exchange: &Exchange) -> String {
        if let Some(pass) = pass {
            return self.fetched(pass, exchange.limit);
        }
        let authorization = exchange.request.headers.get("Authorization").unwrap_or_default();
        if authorization.starts_with("Bearer ") {
            let whose = match exchange.request.account {
                Account::Nobody => "the token that the scenario makes up",
                Account::Default | Account::Named(_) => "a token",
            };
            self.needs.insert(format!("{whose} in ${TOKEN}"));
        }
        if let Some((user, _)) = authorization
            .strip_prefix("Basic ")
            .and_then(|pair| pair.split_once(':'))
        {
            self.needs_password(&exchange.request.account);
            if !user.is_empty() && user.chars().all(|c| c == '*') {
                self.needs.insert(format!(
                    "the name of the user, a secret too, in the place of {user}"
                ));
            }
        }
        TOKEN.to_owned()
    }

    fn fetched(&mut self, pass: &Pass, limit: std::time::Duration) -> String {
        if let Some((_, variable)) = self.tokens.iter().find(|(known, _)| known == pass) {
            return variable.clone();
        }
        match pass.shown {
            Shown::Nothing => {}
            Shown::Password { .. } | Shown::PasswordInForm { .. } => self.needs_password(&pass.account),
            Shown::RefreshToken => {
                let variable = refresh_token(&pass.account);
                self.needs.insert(format!("the refresh token in ${variable}"));
            }
        }
        let variable = numbered("token", self.tokens.len());
        self.lines.push(format!("{variable}=$({})", pass.command(limit)));
        self.tokens.push((pass.clone(), variable.clone()));
        variable
    }

    fn needs_password(&mut self, account: &Account) {
        let variable = crate::wire::password(account);
        self.needs
            .insert(format!("the password of {account} in ${variable}"));
    }

    /// The line with a variable in the place of an address that an answer gave, or of the id in it.
    fn at_its_place(&self, lines: &mut Vec<String>, line: String, url: &Url) -> String {
        let asked = url.to_string();
        let given = self
            .places
            .iter()
            .filter(|(place, _)| asked.starts_with(&place.to_string()));
        if let Some((place, variable)) = given.max_by_key(|(place, _)| place.to_string().len()) {
            return line
                .replace(&format!("'{place}"), &format!("\"${variable}\"'"))
                .replace(&format!("\"${variable}\"''"), &format!("\"${variable}\""));
        }
        let mut places = self.places.iter().rev();
        let Some((id, variable)) = places.find_map(|(place, variable)| {
            let id = id(place)?;
            asked.contains(id).then_some((id, variable))
        }) else {
            return line;
        };
        lines.push(format!("id=${{{variable}##*/}}; id=${{id%%\\?*}}"));
        line.replace(id, "'\"$id\"'")
    }

    /// The variable for an address: the same one for the same address.
    fn variable_for(&mut self, place: Url) -> String {
        if let Some((_, variable)) = self.places.iter().find(|(known, _)| *known == place) {
            return variable.clone();
        }
        let variable = numbered("place", self.places.len());
        self.places.push((place, variable.clone()));
        variable
    }

    fn finish(self) -> String {
        let mut lines = Vec::new();
        if !self.needs.is_empty() {
            let needs: Vec<String> = self.needs.into_iter().collect();
            lines.push(format!("# it needs {}", needs.join(", and ")));
        }
        if self.pace == ScriptPace::SideBySide {
            lines.push("# a race, whose outcome may take several tries to show".to_owned());
        }
        if let Some(origin) = self.origin {
            lines.push(format!(
                "location() {{ tr -d '\\r' | sed -n 's/^[Ll]ocation: *//p' | tail -n 1 | sed 's|^/|{origin}/|'; }}"
            ));
        }
        lines.extend(folded(&self.lines));
        lines.join("\n")
    }
}

/// The command that signs anew what was sent signed: under the fresh names of a script the signature would be wrong.
fn signed_anew(exchange: &Exchange) -> Option<String> {
    let body = exchange.request.body.received();
    let signed = payload(&body.bytes()).filter(|_| body.is_whole())?;
    Some(format!("{} | assize sign", Recipe::of(&signed)?.command()))
}

/// Whether one of these, sent after `number`, goes to this address.
fn is_asked_later(place: &Url, number: u64, steps: &[&Step]) -> bool {
    let asked = place.to_string();
    let mut later = steps.iter().filter(|step| step.sent.number() > number);
    later.any(|step| match &step.sent {
        Sent::Exchange(exchange) => {
            let url = exchange.request.url.to_string();
            url.starts_with(&asked) || id(place).is_some_and(|id| url.contains(id))
        }
        Sent::Connection(connection) => connection.asks(place),
    })
}

/// The id in the address of an upload.
fn id(place: &Url) -> Option<&str> {
    place.path().rsplit('/').next().filter(|id| id.len() >= ID)
}

/// The name of the first, the second, … variable of a kind.
fn numbered(name: &str, before: usize) -> String {
    match before {
        0 => name.to_owned(),
        before => format!("{name}{}", before + 1),
    }
}
