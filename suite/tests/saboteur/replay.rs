//! What the printed scripts show when they are pasted into a shell, against what the report says.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use assize::judgement::{Judgement, Sent, Way};
use assize::report::script;
use assize::wire::{Answer, Step};
use futures_util::stream::{self, StreamExt as _};
use libtest_mimic::Failed;
use regex::Regex;

/// How many scripts of one deviation run at once.
const AT_ONCE: usize = 4;
/// The longest that a script may take, in seconds.
const LONGEST: &str = "60";

/// Deviations whose scripts show the same fault with other content each time, and why.
const VARIED: &[(&str, &str)] = &[
    (
        "tags-in-order-of-pushes",
        "the tags are pushed at once, so that their order is another each time",
    ),
    (
        "digest-of-signatures-too",
        "no two signatures are alike, and the digest is taken over them",
    ),
];

/// What is not shown again by a script, or not every time, and why. Each of these scripts says so in a comment.
const NOT_REPEATED: &[(&str, &str)] = &[
    (
        "referrers-cut-at-100",
        "it shows behind the pushes of 120 different manifests",
    ),
    (
        "pages-repeat-first-referrer",
        "it shows behind the pushes of 120 different manifests",
    ),
    (
        "last-page-of-referrers-lost",
        "it shows behind the pushes of 120 different manifests",
    ),
    (
        "referrers-link-without-relation",
        "it shows behind the pushes of 120 different manifests",
    ),
    (
        "next-page-unfiltered",
        "it shows behind the pushes of 120 different manifests",
    ),
    (
        "tag-rewritten-in-place",
        "16 writers and 4 readers: some hundred requests",
    ),
    (
        "tag-read-from-a-copy-behind",
        "a history: which client was answered how decides",
    ),
    (
        "chunks-at-once-joined",
        "whose chunk comes first decides which answer is amiss",
    ),
    (
        "temporary-file-shared-by-digest",
        "which of 16 uploads is spoiled is up to the moment",
    ),
    (
        "token-without-its-other-name",
        "the bundled registry's users have their names for passwords, and these are masked",
    ),
    (
        "token-by-its-other-name-alone",
        "the bundled registry's users have their names for passwords, and these are masked",
    ),
    (
        "token-under-another-name",
        "the bundled registry's users have their names for passwords, and these are masked",
    ),
    (
        "no-token-for-less",
        "the bundled registry's users have their names for passwords, and these are masked",
    ),
    (
        "any-token-will-do",
        "a token that a scenario makes up is masked as any other is",
    ),
];
/// What the comment of such a script says.
const SAYS_SO: [&str; 4] = [
    NOT_BY_A_SCRIPT,
    A_RACE,
    "# it needs the name of the user",
    "# it needs the token that the scenario makes up",
];
const NOT_BY_A_SCRIPT: &str = "# not by a script: ";
const A_RACE: &str = "# a race, ";
/// How often a race is run until it shows what the report says.
const TRIES: usize = 12;

/// Runs every script of what was found, and asks that each shows the same again.
pub(crate) async fn all(deviation: &str, outcome: &Judgement) -> Result<(), Failed> {
    let ways = outcome.findings.iter().flat_map(|finding| {
        let consequences = finding.consequences.iter().flat_map(|one| &one.ways);
        finding.ways.iter().chain(consequences)
    });
    let scripts: Vec<(Way, String)> = ways.map(|way| (way.clone(), script(way, outcome))).collect();
    let suspects: Vec<(Way, String)> = stream::iter(scripts)
        .map(|(way, script)| async move {
            let different = compared(&way, &script).await;
            different.map(|_| (way, script))
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(|suspect| async { suspect })
        .collect()
        .await;
    // Where a deviation takes one repository for another, the scripts that run at once do so as well.
    let mut different = Vec::new();
    for (way, script) in suspects {
        different.extend(compared(&way, &script).await);
    }
    let is_listed = NOT_REPEATED.iter().any(|(id, _)| *id == deviation);
    let varies = VARIED.iter().any(|(id, _)| *id == deviation);
    let unsaid = different
        .iter()
        .filter(|one| !(varies || is_listed && one.says_so));
    let unsaid: Vec<&str> = unsaid.map(|one| one.told.as_str()).collect();
    if unsaid.is_empty() {
        return Ok(());
    }
    Err(unsaid.join("\n\n").into())
}

/// A script that shows something else than the report.
struct Different {
    told: String,
    says_so: bool,
}

async fn compared(way: &Way, script: &str) -> Option<Different> {
    let (way, script) = (way.clone(), script.to_owned());
    tokio::task::spawn_blocking(move || different(&way, &script))
        .await
        .expect("a script that was run")
}

/// What a script shows other than the report, if it does.
fn different(way: &Way, script: &str) -> Option<Different> {
    let wrong = |what: String| {
        Some(Different {
            told: format!(
                "{} | {:?}: asked {}, got {}\n{what}\n{script}",
                way.place.scenario, way.row, way.asked, way.got
            ),
            says_so: script
                .lines()
                .any(|line| SAYS_SO.iter().any(|words| line.starts_with(words))),
        })
    };
    if way.proof.rounds.is_empty() {
        return None;
    }
    let check = shell(&["-n"], script);
    if !check.status.success() {
        return wrong(format!("sh -n: {}", String::from_utf8_lossy(&check.stderr)));
    }
    if script.starts_with(NOT_BY_A_SCRIPT) {
        return wrong("it is not told by a script".to_owned());
    }
    let is_race = script.lines().any(|line| line.starts_with(A_RACE));
    let told = Shown::in_report(way);
    let mut last = None;
    for _ in 0..if is_race { TRIES } else { 1 } {
        let output = shell(&[], script);
        let shown = Shown::by_script(way, &output);
        if told.is_among(&shown) {
            return None;
        }
        last = Some((shown, output.stderr));
    }
    let (shown, errors) = last?;
    let errors = String::from_utf8_lossy(&errors);
    wrong(format!("told  {told:?}\nshown {shown:?}\n{errors}"))
}

/// Where a shell looks for programs: for `assize` where the one of these tests is.
fn path_with_assize() -> OsString {
    let own = Path::new(env!("CARGO_BIN_EXE_assize")).parent();
    let others = env::var_os("PATH").unwrap_or_default();
    let folders = own
        .into_iter()
        .map(Path::to_owned)
        .chain(env::split_paths(&others));
    env::join_paths(folders).expect("folders that a path can name")
}

fn shell(options: &[&str], script: &str) -> Output {
    Command::new("timeout")
        .args([LONGEST, "sh"])
        .args(options)
        .args(["-c", script])
        .env("PATH", path_with_assize())
        .env("ASSIZE_PASSWORD", "owner")
        .env("ASSIZE_READER_PASSWORD", "reader")
        .env("ASSIZE_STRANGER_PASSWORD", "stranger")
        .env("ASSIZE_TOKEN", "00000000-0000-4000-8000-000000000000")
        .stdin(Stdio::null())
        .output()
        .expect("a shell")
}

/// What came: the statuses, and of the last answer what the check looked at.
#[derive(Debug, PartialEq)]
enum Shown {
    /// No answer, or none that holds.
    Nothing,
    /// The answers on a connection by hand.
    ByHand(Vec<u16>),
    /// The last answer, and the statuses of what went on beside it.
    Answer(u16, Vec<String>, Vec<u16>),
}

impl Shown {
    /// What the report tells.
    fn in_report(way: &Way) -> Shown {
        match way.proof.steps().last().map(|step| &step.sent) {
            Some(Sent::Exchange(exchange)) => match &exchange.outcome {
                Ok(answer) => {
                    let looked_at = looked_at(way, &Head::of(answer), &answer.body.bytes());
                    Shown::Answer(answer.status, looked_at, Vec::new())
                }
                Err(_) => Shown::Nothing,
            },
            Some(Sent::Connection(connection)) => {
                let received = connection.steps.iter().filter_map(|step| match step {
                    Step::Received(bytes) => Some(&bytes[..]),
                    _ => None,
                });
                let received = received.collect::<Vec<&[u8]>>().concat();
                Shown::ByHand(heads(&received).iter().map(|(head, _)| head.status).collect())
            }
            None => Shown::Nothing,
        }
    }

    /// What a script printed.
    fn by_script(way: &Way, output: &Output) -> Shown {
        let all = heads(&output.stdout);
        let last = way.proof.steps().last().map(|step| &step.sent);
        match (last, all.last()) {
            (Some(Sent::Connection(_)), _) => {
                Shown::ByHand(all.iter().map(|(head, _)| head.status).collect())
            }
            (Some(Sent::Exchange(exchange)), _) if exchange.outcome.is_err() && !output.status.success() => {
                Shown::Nothing
            }
            (_, Some((head, body))) => {
                let printed = String::from_utf8_lossy(&output.stdout).into_owned();
                let alone = printed.lines().filter(|line| line.len() == 3);
                let beside = alone.filter_map(|line| line.parse().ok());
                Shown::Answer(head.status, looked_at(way, head, body), beside.collect())
            }
            (_, None) => Shown::Nothing,
        }
    }

    /// Whether this was shown; in a race by whichever answer.
    fn is_among(&self, shown: &Shown) -> bool {
        match (self, shown) {
            (Shown::Answer(told, looked_at, _), Shown::Answer(status, looked_at_again, beside)) => {
                (told, looked_at) == (status, looked_at_again) || beside.contains(told)
            }
            (told, shown) => told == shown,
        }
    }
}

/// The head of an answer.
struct Head {
    status: u16,
    lines: Vec<(String, String)>,
}

impl Head {
    fn of(answer: &Answer) -> Head {
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Head {
            status: answer.status,
            lines: answer.headers.iter().map(own).collect(),
        }
    }
}

/// The answers in what came, each with its body, and what follows that.
fn heads(bytes: &[u8]) -> Vec<(Head, &[u8])> {
    static HEAD: LazyLock<regex::bytes::Regex> = LazyLock::new(|| {
        regex::bytes::Regex::new(r"HTTP/\d(?:\.\d)? (\d{3})[^\n]*\n((?:[^\r\n]+\r?\n)*)\r?\n?").unwrap()
    });
    HEAD.captures_iter(bytes)
        .map(|captures| {
            let text = |group: usize| String::from_utf8_lossy(&captures[group]).into_owned();
            let lines = text(2);
            let lines = lines.lines().filter_map(|line| line.split_once(':'));
            let head = Head {
                status: text(1).parse().unwrap(),
                lines: lines
                    .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                    .collect(),
            };
            (head, &bytes[captures.get(0).unwrap().end()..])
        })
        .collect()
}

/// What the check looked at, without what differs from run to run.
fn looked_at(way: &Way, head: &Head, body: &[u8]) -> Vec<String> {
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^([A-Z][A-Za-z-]+):").unwrap());
    if let Some(name) = NAME.captures(&way.asked) {
        let lines = head.lines.iter();
        let lines = lines.filter(|(line, _)| line.eq_ignore_ascii_case(&name[1]));
        return lines.map(|(_, value)| alike(value)).collect();
    }
    if way.asked.starts_with(|c: char| c.is_ascii_digit()) {
        return Vec::new();
    }
    let beginning = &body[..body.len().min(1000)];
    vec![alike(&String::from_utf8_lossy(beginning))]
}

/// A text with the names of a run, the ids of uploads, moments, and what is of a key or a signature in one form.
fn alike(text: &str) -> String {
    static VARIES: LazyLock<[(Regex, &str); 6]> = LazyLock::new(|| {
        [
            (r#"/blobs/uploads/[^/?"]+"#, "/blobs/uploads/ID"),
            (r"assize([/-])[a-z0-9]+", "assize${1}RUN"),
            (
                r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                "UUID",
            ),
            (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [0-9:]{8} GMT", "DATE"),
            (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "DATE"),
            (r#""(kid|x|y|signature|protected)":\s*"[^"]+""#, "$1"),
        ]
        .map(|(pattern, form)| (Regex::new(pattern).unwrap(), form))
    });
    VARIES.iter().fold(text.to_owned(), |text, (varies, form)| {
        varies.replace_all(&text, *form).into_owned()
    })
}
