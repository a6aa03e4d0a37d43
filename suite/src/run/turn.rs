//! When a program has its turn: beside others, when nothing else is judged, or when of all others nothing is left.

use std::sync::Arc;

use crate::scenario::ast::{Expr, Make, Piece, Property, Request, RequestLine, Slot, Template};
use crate::scenario::{Block, Does, Program, Script, Weight};

/// When a program has its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Beside others.
    SideBySide,
    /// When nothing else is judged; what others have pushed may still be removed meanwhile.
    Alone,
    /// When of all others nothing is left.
    Last,
}

impl Turn {
    pub(super) fn of(program: &Program) -> Turn {
        match &program.script {
            Script::Coded(scenario) if scenario.weight == Weight::Heavy => Turn::Alone,
            Script::Workflow(block) if deletes_what_all_push(block) => Turn::Last,
            Script::Coded(_) | Script::Workflow(_) | Script::Invariant(_) => Turn::SideBySide,
        }
    }
}

/// The programs of a plan, by their turns.
#[derive(Default)]
pub(super) struct Turns {
    pub(super) side_by_side: Vec<Arc<Program>>,
    pub(super) alone: Vec<Arc<Program>>,
    pub(super) last: Vec<Arc<Program>>,
}

impl Turns {
    pub(super) fn of(programs: &[Arc<Program>]) -> Turns {
        let mut turns = Turns::default();
        for program in programs {
            let of_this = match Turn::of(program) {
                Turn::SideBySide => &mut turns.side_by_side,
                Turn::Alone => &mut turns.alone,
                Turn::Last => &mut turns.last,
            };
            of_this.push(program.clone());
        }
        turns
    }
}

/// Whether a program deletes blobs that every client pushes: where all repositories have one store, others lose theirs.
fn deletes_what_all_push(block: &Block) -> bool {
    any(block, &makes_what_all_push) && any(block, &deletes_blobs)
}

fn makes_what_all_push(does: &Does) -> bool {
    let Does::Bind(binding) = does else {
        return false;
    };
    matches!(binding.value.value, Expr::Make(Make::Empty | Make::EmptyJson))
}

fn deletes_blobs(does: &Does) -> bool {
    let Does::Send(request) = does else {
        return false;
    };
    let Request { line, .. } = &**request;
    matches!(
        &line.value,
        RequestLine::Http { method: Slot::Is(method), target, .. } if method == "DELETE" && names_a_blob(target)
    )
}

fn names_a_blob(target: &Template) -> bool {
    matches!(
        target.0.as_slice(),
        [.., Piece::Text(path), Piece::Hole(name)]
            if path.ends_with("/blobs/") && name.value.properties.first() == Some(&Property::Digest)
    )
}

/// Whether something in a block, or in those in it, is like this.
fn any(block: &Block, is_like_this: &dyn Fn(&Does) -> bool) -> bool {
    block.actions.iter().any(|action| {
        is_like_this(&action.does)
            || blocks_in(&action.does)
                .into_iter()
                .any(|inner| any(inner, is_like_this))
    })
}

fn blocks_in(does: &Does) -> Vec<&Block> {
    match does {
        Does::When(_, body) | Does::Together(_, body) => vec![body],
        Does::Each(each) => vec![&each.body],
        Does::Rows(rows) => rows.iter().map(|row| &row.body).collect(),
        Does::Need(_)
        | Does::Settle(..)
        | Does::Push(_)
        | Does::PushAny(..)
        | Does::Wait(_)
        | Does::Bind(_)
        | Does::Send(_)
        | Does::Check(_)
        | Does::Grant(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Version;
    use crate::plan::{Plan, Selection};
    use crate::run::coded;
    use crate::scenario::Library;

    fn names(programs: &[Arc<Program>]) -> Vec<&str> {
        programs.iter().map(|program| &*program.name).collect()
    }

    #[test]
    fn what_weighs_on_a_registry_is_alone_and_what_takes_from_others_comes_last() {
        let library = Library::built_in().unwrap();
        let (everything, version) = (Selection::default(), Version::V1_1);
        let plan = Plan::new(&library, coded::scenarios(), &everything, version);
        let turns = Turns::of(&plan.workflows);
        assert_eq!(
            names(&turns.alone),
            ["security/deep-manifests", "push/manifest-without-end"]
        );
        assert_eq!(names(&turns.last), ["management/delete-well-known-blobs"]);
        let all = turns.side_by_side.len() + turns.alone.len() + turns.last.len();
        assert_eq!(all, plan.workflows.len());
    }
}
