//! `assize sabotage`: a registry that deviates in one way, or varies in one way, for anyone to try a client against.

use std::net::SocketAddr;

use assize::diagnostic::did_you_mean;
use assize::saboteur::{
    Act, Deviation, Over, Saboteur, Upstream, Upstreams, Variation, deviations, variations,
};
use assize::wire::Scheme;
use serde::Serialize;

use super::arguments::SabotageArguments;
use super::environment::Environment;
use super::exit::Exit;
use super::failure::Failure;
use super::list::{self, ListEntry};
use super::{login, output, target};

/// Serves what was named, or lists what there is.
pub(crate) async fn execute(
    arguments: &SabotageArguments,
    environment: Environment<'_>,
) -> Result<Exit, Failure> {
    let Some(id) = &arguments.id else {
        let rows: Vec<Served> = rows().collect();
        output::print(&list::text(&rows, arguments.json)?)?;
        return Ok(Exit::Done);
    };
    let row = rows().find(|row| row.id() == id).ok_or_else(|| unknown(id))?;
    match &arguments.over {
        Some(target) => {
            let url = target::target(target)?;
            let credentials = login::credentials(&arguments.login, Some(&url), None, environment)?;
            let upstream = Upstream { url, credentials };
            over(&row, upstream, arguments.listen).await
        }
        None => over_the_bundled(&row, arguments.listen).await,
    }
}

/// Serves a row over somebody's registry.
async fn over(row: &Served, upstream: Upstream, listen: SocketAddr) -> Result<Exit, Failure> {
    if upstream.url.origin().scheme() != Scheme::Http {
        let advice = "what lies over a registry reaches it without TLS: name one with http://";
        return Err(Failure::Arguments(advice.to_owned()));
    }
    let upstreams = Upstreams::one(upstream);
    let upstream = upstreams.under(row.over()).map_err(|why| {
        Failure::Arguments(format!("`{}` cannot be laid over this registry: {why}", row.id()))
    })?;
    serve(row, upstream, listen).await
}

#[cfg(feature = "bundled")]
async fn over_the_bundled(row: &Served, listen: SocketAddr) -> Result<Exit, Failure> {
    use assize::bundled::{Authentication, Guarded, in_memory};

    if let Over::Accounts(_) = row.over() {
        let guarded = Guarded::start(Authentication::Token).await?;
        let upstream = Upstream {
            url: target::target(&guarded.url())?,
            credentials: Guarded::credentials(),
        };
        anstream::eprintln!("accounts: owner, reader and stranger, each with its name as its password");
        let exit = serve(row, &upstream, listen).await;
        guarded.shutdown().await;
        exit
    } else {
        let open = in_memory().await?;
        let exit = serve(row, &Upstream::open(target::target(&open.url())?), listen).await;
        open.shutdown().await;
        exit
    }
}

#[cfg(not(feature = "bundled"))]
async fn over_the_bundled(_: &Served, _: SocketAddr) -> Result<Exit, Failure> {
    Err(Failure::Arguments(
        "this build comes without a registry: name one with --over".to_owned(),
    ))
}

/// Serves until the process is told to end.
async fn serve(row: &Served, upstream: &Upstream, listen: SocketAddr) -> Result<Exit, Failure> {
    let told = |asked: &str| anstream::eprintln!("  {asked}");
    let saboteur = Saboteur::listen(row.act(), upstream, listen, told)
        .await
        .map_err(|error| Failure::Arguments(format!("cannot listen on {listen}: {error}")))?;
    anstream::eprintln!(
        "{} {}\nrequests that come to something else because of it:",
        row.id(),
        row.said()
    );
    output::print(&format!("{}\n", saboteur.url()))?;
    end().await.map_err(|source| Failure::System {
        doing: "cannot receive signals",
        source,
    })?;
    Ok(Exit::Done)
}

/// Waits until the process is told to end.
async fn end() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

fn unknown(id: &str) -> Failure {
    let rows: Vec<Served> = rows().collect();
    let advice = did_you_mean(id, rows.iter().map(Served::id))
        .unwrap_or_else(|| "`assize sabotage --list` shows what there is".to_owned());
    Failure::Arguments(format!("there is no deviation and no variation `{id}`; {advice}"))
}

/// One way for a registry to be different: wrong, or as it may be.
enum Served {
    Wrong(Deviation),
    Allowed(Variation),
}

fn rows() -> impl Iterator<Item = Served> {
    let wrong = deviations::all().into_iter().map(Served::Wrong);
    wrong.chain(variations::all().into_iter().map(Served::Allowed))
}

impl Served {
    fn id(&self) -> &'static str {
        match self {
            Served::Wrong(deviation) => deviation.id,
            Served::Allowed(variation) => variation.id,
        }
    }

    fn act(&self) -> Act {
        match self {
            Served::Wrong(deviation) => deviation.act,
            Served::Allowed(variation) => variation.act,
        }
    }

    fn over(&self) -> Over {
        match self {
            Served::Wrong(deviation) => deviation.over,
            Served::Allowed(variation) => variation.over,
        }
    }

    fn said(&self) -> String {
        match self {
            Served::Wrong(deviation) => format!("breaks {}", deviation.breaks.join(", ")),
            Served::Allowed(variation) => format!("is allowed: {}", variation.varies),
        }
    }
}

/// A row as JSON says it; one with `accounts` takes a registry that asks who is there.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum RowEntry {
    Deviation {
        id: &'static str,
        breaks: &'static [&'static str],
        accounts: bool,
    },
    Variation {
        id: &'static str,
        varies: &'static str,
        allowed: AllowedEntry,
        forgoes: &'static [&'static str],
        told_by: &'static [&'static str],
        versions: Vec<String>,
        accounts: bool,
    },
}

/// The sentence that allows a variation.
#[derive(Serialize)]
struct AllowedEntry {
    document: &'static str,
    section: &'static str,
    words: &'static str,
}

impl Serialize for Served {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let accounts = matches!(self.over(), Over::Accounts(_));
        let entry = match self {
            Served::Wrong(deviation) => RowEntry::Deviation {
                id: deviation.id,
                breaks: deviation.breaks,
                accounts,
            },
            Served::Allowed(variation) => RowEntry::Variation {
                id: variation.id,
                varies: variation.varies,
                allowed: AllowedEntry {
                    document: variation.allowed.document,
                    section: variation.allowed.section,
                    words: variation.allowed.words,
                },
                forgoes: variation.forgoes,
                told_by: variation.told_by,
                versions: variation.versions.iter().map(ToString::to_string).collect(),
                accounts,
            },
        };
        entry.serialize(serializer)
    }
}

impl ListEntry for Served {
    fn line(&self) -> (&str, String) {
        (self.id(), self.said())
    }
}
