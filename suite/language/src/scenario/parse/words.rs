//! The words that can start a line.

use super::phrase::Phrase;

words! {
    /// A word that can start a line. They are the language; a test holds the manual to this list.
    LineWord {
        /// Opens a workflow.
        Scenario = "scenario",
        /// Opens a standing scenario.
        Always = "always",
        /// Names the capabilities without which the rest makes no sense.
        Needs = "needs",
        /// Settles a capability.
        Provides = "provides",
        /// Sets the stage.
        Given = "given",
        /// Binds a name.
        Let = "let",
        /// Names the step that follows.
        Step = "==",
        /// Goes out.
        Request = ">",
        /// Asks on pain of a violation.
        Must = "MUST",
        /// Asks on pain of a warning.
        Should = "SHOULD",
        /// Asks for information.
        May = "MAY",
        /// Must come back.
        Check = "<",
        /// Opens a branch.
        When = "when",
        /// Opens a block that is done once a row.
        For = "for",
        /// Is a row.
        Row = "|",
        /// Opens a block that is done by many at once.
        Together = "together",
        /// Closes a block.
        End = "end",
    }
}

impl LineWord {
    /// The word at the start of `line`, and what follows it.
    pub(super) fn at_start_of(line: Phrase<'_>) -> Option<(LineWord, Phrase<'_>)> {
        LineWord::ALL.iter().find_map(|word| {
            let rest = if word.is_sign() {
                line.strip(word.words())
            } else {
                line.strip_words(word.words())
            };
            rest.map(|rest| (*word, rest.trim()))
        })
    }

    /// Whether it is a sign, which needs no blank behind it.
    fn is_sign(self) -> bool {
        !self.words().starts_with(|c: char| c.is_ascii_alphabetic())
    }
}
