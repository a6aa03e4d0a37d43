//! `assize serve`: the registry that comes with the suite, until it is told to stop; or one that answers as another was recorded.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use assize::bundled::{self, Config, Log, Running, Signals, serve, serve_behind_a_front};
use assize::saboteur::{Likeness, Saboteur, Upstream};
use assize::snapshot::Folder;
use assize::wire::Url;

use clap::CommandFactory as _;

use super::arguments::{Arguments, ServeArguments};
use super::exit::Exit;
use super::failure::Failure;
use super::global;
use super::output;

/// What the arguments of the command come to, or nothing where that was only to be printed.
pub(crate) fn settle(arguments: ServeArguments) -> Result<Option<(Option<PathBuf>, Config)>, Failure> {
    let mut command = Arguments::command();
    command.build();
    let serve = command.find_subcommand("serve").unwrap_or(&command);
    let words = global::behind_the_command(&command, std::env::args_os().collect());
    let matches = command.clone().get_matches_from(words);
    let matches = matches.subcommand_matches("serve").unwrap_or(&matches);
    let config = arguments.launch.settle(serve, matches)?;
    if arguments.launch.print_config {
        let file = config.as_file().map_err(Failure::Suite)?;
        output::print(&file)?;
        return Ok(None);
    }
    Ok(Some((arguments.like, config)))
}

/// Serves until the process is told to end; reads certificates and accounts again on SIGHUP.
pub(crate) async fn execute(like: Option<PathBuf>, mut config: Config) -> Result<Exit, Failure> {
    let _log = Log::start(config.log_format);
    let mut signals = Signals::receive().map_err(|source| Failure::System {
        doing: "cannot receive signals",
        source,
    })?;
    let likeness = like
        .as_deref()
        .map(|folder| learnt(folder, &mut config))
        .transpose()?;
    let (registry, imitation) = match likeness {
        Some((likeness, listen)) => {
            let registry = serve_behind_a_front(config).await?;
            let imitation = imitation(likeness, &registry, listen).await?;
            (registry, Some(imitation))
        }
        None => (serve(config).await?, None),
    };
    let url = imitation.as_ref().map_or_else(|| registry.url(), Saboteur::url);
    output::print(&format!("{url}\n"))?;
    for line in registry.welcome(&url) {
        anstream::eprintln!("note: {line}");
    }
    signals.end(&registry).await;
    drop(imitation);
    tokio::select! {
        () = registry.shutdown() => {}
        () = signals.end_at_once() => {}
    }
    Ok(Exit::Done)
}

/// What is recorded in a folder, and the address at which it is imitated; the reference itself goes to another one, and
/// believes what stands in front of it that clients came over TLS.
fn learnt(folder: &Path, config: &mut Config) -> Result<(Likeness, SocketAddr), Failure> {
    let recorded = Folder::at(folder).recorded()?;
    if recorded.is_empty() {
        return Err(Failure::Arguments(format!(
            "--like {}: there are no recorded responses; `assize snapshot` writes them",
            folder.display()
        )));
    }
    let likeness = Likeness::learn(&bundled::answers(), &recorded);
    anstream::eprintln!(
        "note: {} recorded scenarios; in {} situations this answers otherwise than the reference",
        recorded.len(),
        likeness.len()
    );
    let listen = std::mem::replace(&mut config.listen, (Ipv4Addr::LOCALHOST, 0).into());
    if config.tls_certificate.is_some() {
        config.trusted_proxies.push(Ipv4Addr::LOCALHOST.into());
    }
    Ok((likeness, listen))
}

async fn imitation(likeness: Likeness, over: &Running, listen: SocketAddr) -> Result<Saboteur, Failure> {
    let url = Url::parse(&over.url()).map_err(|error| Failure::Suite(error.to_string()))?;
    let imitated = Saboteur::imitate(likeness, &Upstream::open(url), listen, over.front()).await;
    imitated.map_err(|source| Failure::System {
        doing: "cannot listen",
        source,
    })
}
