//! `assize completions` and `assize man`, both made from the definitions of the arguments.

use assize::diagnostic::did_you_mean;
use clap::CommandFactory;
use clap_complete::Shell;

use super::arguments::{Arguments, ManArguments};
use super::exit::Exit;
use super::failure::Failure;
use super::output;

/// Prints the completions for a shell.
pub(crate) fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, name, &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Prints a manual page, or writes them all.
pub(crate) fn man(arguments: &ManArguments) -> Result<Exit, Failure> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    if let Some(folder) = &arguments.into {
        return clap_mangen::generate_to(command, folder)
            .map(|()| Exit::Done)
            .map_err(|source| Failure::Unwritten {
                path: folder.clone(),
                source,
            });
    }
    command.build();
    let page = match &arguments.command {
        None => command,
        Some(name) => of_command(&command, name)?,
    };
    let mut text = Vec::new();
    let rendered = clap_mangen::Man::new(page).render(&mut text);
    rendered.map_err(|source| Failure::System {
        doing: "cannot make the manual page",
        source,
    })?;
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}

/// The command of a name.
fn of_command(assize: &clap::Command, name: &str) -> Result<clap::Command, Failure> {
    assize.find_subcommand(name).cloned().ok_or_else(|| {
        let names: Vec<&str> = assize.get_subcommands().map(clap::Command::get_name).collect();
        let advice = did_you_mean(name, names.iter().copied());
        let advice = advice.unwrap_or_else(|| format!("there are {}", names.join(", ")));
        Failure::Arguments(format!("there is no command `{name}`; {advice}"))
    })
}
