//! How the command ends: one number for each kind of ending.

use std::fmt::Write;
use std::process::ExitCode;

use assize::report::Ruling;

/// The endings, in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for was done; of a run: the registry conforms.
    Done,
    /// The registry does not conform, or was not shown to.
    Fails,
    /// What the user gave is wrong.
    BadInput,
    /// The target cannot be used.
    UnusableTarget,
    /// The suite itself failed.
    SuiteFailed,
    /// Somebody interrupted it.
    Interrupted = 130,
}

impl Exit {
    const ALL: [Exit; 6] = [
        Exit::Done,
        Exit::Fails,
        Exit::BadInput,
        Exit::UnusableTarget,
        Exit::SuiteFailed,
        Exit::Interrupted,
    ];

    fn meaning(self) -> &'static str {
        match self {
            Exit::Done => {
                "the registry conforms, or nothing that was tested is broken, or the command succeeded"
            }
            Exit::Fails => {
                "the registry does not conform, or was not shown to: a MUST that counts (--basis) is broken or not reached"
            }
            Exit::BadInput => "the input is invalid, or selects nothing",
            Exit::UnusableTarget => "the registry cannot be tested, or was lost during the run",
            Exit::SuiteFailed => "the suite itself failed, or a report could not be written",
            Exit::Interrupted => "interrupted; what was found so far is reported, marked as partial",
        }
    }

    /// The ending as the OCI's conformance suite has it: 0, or 1 for everything else, but for an interruption.
    pub(crate) fn like_official(self) -> Exit {
        match self {
            Exit::Done | Exit::Interrupted => self,
            Exit::Fails | Exit::BadInput | Exit::UnusableTarget | Exit::SuiteFailed => Exit::Fails,
        }
    }

    /// The endings as `--help` and the manual show them.
    pub(crate) fn table() -> String {
        let mut table = String::from("Exit codes:\n");
        for exit in Exit::ALL {
            // Writing to a string cannot fail.
            let _ = writeln!(table, "  {}  {}", exit as u8, exit.meaning());
        }
        table.trim_end().to_owned()
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

impl From<Ruling> for Exit {
    fn from(ruling: Ruling) -> Exit {
        match ruling {
            Ruling::Conforms | Ruling::NothingBroken | Ruling::AsListed => Exit::Done,
            Ruling::Breaks | Ruling::NotShown | Ruling::Outdated => Exit::Fails,
            Ruling::TargetLost => Exit::UnusableTarget,
            Ruling::Interrupted => Exit::Interrupted,
            Ruling::SuiteFailed => Exit::SuiteFailed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_never_change() {
        let numbers: Vec<u8> = Exit::ALL.into_iter().map(|exit| exit as u8).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 130]);
        assert_eq!(Exit::SuiteFailed as u8, 4);
    }
}
