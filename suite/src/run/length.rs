//! How long a program takes over a distance, as far as its text says: how many answers it waits for one after another.

use std::collections::BTreeMap;

use super::interpret::stage;
use crate::scenario::ast::{Expr, Let, Make, Name, Piece, Pushed, Request, RequestLine, Slot, Template, Way};
use crate::scenario::{Block, Does, Program, Script};

/// What a second is worth of which nothing but the clock knows: more answers than come meanwhile over a usual distance, for
/// next door it is all that takes time.
const SECOND: usize = 60;
/// What a scenario is worth that is coded in Rust: most of them wait for what a client notices, several times.
const CODED: usize = 40;
/// How many pages a list has more than one, where all are read.
const PAGES: usize = 2;
/// How many answers it takes to push any image.
const IMAGE: usize = 3;

/// How many answers a program waits for one after another.
pub(super) fn of(program: &Program) -> usize {
    match &program.script {
        Script::Workflow(block) => Lists::default().block(block),
        Script::Coded(_) => CODED,
        Script::Invariant(_) => 0,
    }
}

/// What is known of variables: how many members each has, and how many of these are manifests.
#[derive(Default)]
struct Lists<'a>(BTreeMap<&'a Name, (usize, usize)>);

impl<'a> Lists<'a> {
    fn block(&mut self, block: &'a Block) -> usize {
        block.actions.iter().map(|action| self.action(&action.does)).sum()
    }

    fn action(&mut self, does: &'a Does) -> usize {
        match does {
            Does::Need(_) | Does::Settle(..) | Does::Check(_) | Does::Grant(_) => 0,
            Does::Push(pushed) => self.pushed(pushed),
            Does::PushAny(..) => IMAGE,
            Does::Wait(seconds) => usize::from(*seconds) * SECOND,
            Does::Bind(binding) => {
                self.bind(binding);
                0
            }
            Does::Send(request) => sent(request),
            Does::When(_, body) | Does::Together(_, body) => self.block(body),
            Does::Rows(rows) => rows.iter().map(|row| self.block(&row.body)).sum(),
            Does::Each(each) => {
                let members: usize = each.of.iter().map(|name| self.get(&name.value).0).sum();
                members * self.block(&each.body)
            }
        }
    }

    fn bind(&mut self, binding: &'a Let) {
        if let Expr::Make(make) = &binding.value.value {
            self.0.insert(&binding.name.value, made(make));
        }
    }

    fn get(&self, name: &Name) -> (usize, usize) {
        self.0.get(name).copied().unwrap_or((1, 0))
    }

    /// What does not refer to one another goes together, as far as [`stage`] lets it; and what is pushed is removed again.
    fn pushed(&self, pushed: &Pushed) -> usize {
        let (members, manifests) = pushed
            .what
            .iter()
            .map(|name| self.get(&name.value))
            .fold((0, 0), |(all, manifests), (more, of_these)| {
                (all + more, manifests + of_these)
            });
        let tags: usize = pushed
            .tags
            .iter()
            .flat_map(names_in)
            .map(|name| self.get(name).0)
            .sum();
        let rounds = |things: usize| things.div_ceil(stage::AT_ONCE);
        2 * rounds(manifests) + 2 * rounds(members) + 2 * rounds(tags)
    }
}

/// The variables in a text.
fn names_in(template: &Template) -> impl Iterator<Item = &Name> {
    template.0.iter().filter_map(|piece| match piece {
        Piece::Hole(reference) => Some(&reference.value.name),
        Piece::Text(_) => None,
    })
}

/// How many members something has that is made, and how many of these are manifests.
fn made(make: &Make) -> (usize, usize) {
    match make {
        Make::Many(count, one) => {
            let count = usize::try_from(*count).unwrap_or(usize::MAX);
            (count, count * made(one).1)
        }
        Make::Times(count, _) | Make::Tags(count) => (usize::try_from(*count).unwrap_or(usize::MAX), 0),
        Make::Image(_) | Make::Index(..) | Make::DockerImage(_) | Make::DockerList(..) | Make::Signed(..) => {
            (1, 1)
        }
        Make::Random(_) | Make::Empty | Make::EmptyJson | Make::Archive | Make::Text(..) | Make::File(..) => {
            (1, 0)
        }
    }
}

fn sent(request: &Request) -> usize {
    let more = request.paging.as_ref().map_or(0, |_| PAGES);
    let answers = match &request.line.value {
        RequestLine::Http { .. } => 1,
        RequestLine::Upload { way, .. } => match way {
            Slot::Is(Way::SinglePost) => 1,
            Slot::Is(Way::PostAndPut) => 2,
            Slot::Is(Way::StreamedPatch) => 3,
            Slot::Is(Way::Chunks | Way::LastChunkInPut) | Slot::Column(_) => 4,
        },
    };
    answers + more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Version;
    use crate::plan::{Plan, Selection};
    use crate::run::coded;
    use crate::scenario::Library;

    fn length(name: &str) -> usize {
        let library = Library::built_in().unwrap();
        let (everything, version) = (Selection::default(), Version::V1_1);
        let plan = Plan::new(&library, coded::scenarios(), &everything, version);
        let program = plan.workflows.iter().find(|program| &*program.name == name);
        of(program.unwrap())
    }

    #[test]
    fn what_is_pushed_together_is_long_only_where_there_is_much_of_it() {
        assert!(length("discovery/referrers-many") < 40);
        assert!(length("discovery/tags-beyond-a-thousand") > 80);
    }

    #[test]
    fn who_waits_by_the_clock_is_long() {
        assert!(length("push/blob-outlives-wait") > SECOND);
        assert_eq!(length("push/put-cut-short"), CODED);
    }
}
