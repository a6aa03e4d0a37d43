//! Options that hold for every command may stand before it.

use std::ffi::OsString;

use clap::Command;

/// The words of a command line, the options before a command that hold for all of them moved behind it: what else stands
/// there belongs to no command.
pub(super) fn behind_the_command(command: &Command, mut words: Vec<OsString>) -> Vec<OsString> {
    let mut options = 0;
    while let Some(word) = words.get(1 + options).and_then(|word| word.to_str()) {
        let named = |argument: &&clap::Arg| {
            let name = word
                .strip_prefix("--")
                .map(|word| word.split('=').next().unwrap_or(word));
            argument.is_global_set() && name.is_some() && argument.get_long() == name
        };
        match command.get_arguments().find(named) {
            Some(option) => {
                let takes_the_next = option.get_action().takes_values() && !word.contains('=');
                options += if takes_the_next { 2 } else { 1 };
            }
            None if options > 0 && command.find_subcommand(word).is_some() => {
                words[1..options + 2].rotate_right(1);
                return words;
            }
            None => return words,
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::arguments::Arguments;

    fn moved(line: &str) -> String {
        let mut command = Arguments::command();
        command.build();
        let words = line.split_whitespace().map(OsString::from).collect();
        let words = behind_the_command(&command, words).into_iter();
        words
            .map(|word| word.into_string().unwrap())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn the_choice_of_colour_may_stand_before_a_command() {
        assert_eq!(
            moved("assize --color never clean HOST"),
            "assize clean --color never HOST"
        );
        assert_eq!(
            moved("assize --color=never list requirements"),
            "assize list --color=never requirements"
        );
    }

    #[test]
    fn what_belongs_to_a_run_stays_where_it_is() {
        for line in [
            "assize",
            "assize --color",
            "assize --color never",
            "assize --color never HOST --full",
            "assize clean --color never HOST",
            "assize --only base/* clean HOST",
        ] {
            assert_eq!(moved(line), line);
        }
    }
}
