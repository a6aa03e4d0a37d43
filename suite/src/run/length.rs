//! How long a program takes over a distance, as far as its text says: how many answers it waits for one after another.

use std::collections::BTreeMap;

use super::interpret::stage;
use crate::scenario::ast::{
    Expr, Let, Make, Name, Piece, Pushed, Request, RequestLine, Size, Slot, Template, Way,
};
use crate::scenario::{Block, Does, Each, Program, Script};

/// What a second is worth of which nothing but the clock knows: more answers than come meanwhile over a usual distance, for
/// next door it is all that takes time.
const SECOND: usize = 60;
/// What a scenario is worth that is coded in Rust: most of them wait for what a client notices, several times.
const CODED: usize = 40;
/// How many bytes of a body go meanwhile: what a server takes ahead, as most do, before it says that there is room for more.
const WINDOW: u64 = 1024 * 1024;
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

/// What is known of variables.
#[derive(Default)]
struct Lists<'a>(BTreeMap<&'a Name, List>);

/// What is known of a variable.
#[derive(Clone, Copy)]
struct List {
    /// How many members it has.
    members: usize,
    /// How many of these are manifests.
    manifests: usize,
    /// How many answers it is worth to send one of them.
    bulk: usize,
}

impl<'a> Lists<'a> {
    fn block(&mut self, block: &'a Block) -> usize {
        block.actions.iter().map(|action| self.action(&action.does)).sum()
    }

    fn action(&mut self, does: &'a Does) -> usize {
        match does {
            Does::Need(_) | Does::Settle(..) | Does::Check(_) | Does::Grant(_) => 0,
            Does::Push(pushed) => self.pushed(pushed),
            Does::PushAny(..) => IMAGE,
            Does::Wait(time) => usize::try_from(time.as_millis()).unwrap_or(usize::MAX) * SECOND / 1000,
            Does::Bind(binding) => {
                self.bind(binding);
                0
            }
            Does::Send(request) => sent(request) + self.bulk(request),
            Does::When(_, body) | Does::Together(_, body) => self.block(body),
            Does::Rows(rows) => rows.iter().map(|row| self.block(&row.body)).sum(),
            Does::Each(each) => each.of.iter().map(|name| self.each(each, &name.value)).sum(),
        }
    }

    fn bind(&mut self, binding: &'a Let) {
        if let Expr::Make(make) = &binding.value.value {
            self.0.insert(&binding.name.value, made(make));
        }
    }

    /// What is done for each member of a variable.
    fn each(&mut self, each: &'a Each, name: &Name) -> usize {
        let list = self.get(name);
        self.0.insert(&each.column, List { members: 1, ..list });
        list.members * self.block(&each.body)
    }

    fn get(&self, name: &Name) -> List {
        self.0.get(name).copied().unwrap_or(List {
            members: 1,
            manifests: 0,
            bulk: 0,
        })
    }

    /// How many answers the body of a request is worth.
    fn bulk(&self, request: &Request) -> usize {
        let body = match &request.line.value {
            RequestLine::Http { .. } => request.body.as_ref(),
            RequestLine::Upload { what, .. } => Some(what),
        };
        body.map_or(0, |name| self.get(&name.value).bulk)
    }

    /// What does not refer to one another goes together, as far as [`stage`] lets it; and what is pushed is removed again.
    fn pushed(&self, pushed: &Pushed) -> usize {
        let lists = pushed.what.iter().map(|name| self.get(&name.value));
        let (members, manifests, bulk) = lists.fold((0, 0, 0), |(members, manifests, bulk), list| {
            (
                members + list.members,
                manifests + list.manifests,
                bulk + list.members * list.bulk,
            )
        });
        let tags: usize = pushed
            .tags
            .iter()
            .flat_map(names_in)
            .map(|name| self.get(name).members)
            .sum();
        let rounds = |things: usize| things.div_ceil(stage::AT_ONCE);
        2 * rounds(manifests) + 2 * rounds(members) + 2 * rounds(tags) + bulk.div_ceil(stage::AT_ONCE)
    }
}

/// The variables in a text.
fn names_in(template: &Template) -> impl Iterator<Item = &Name> {
    template.0.iter().filter_map(|piece| match piece {
        Piece::Hole(reference) => Some(&reference.value.name),
        Piece::Text(_) => None,
    })
}

/// What is known of something that is made.
fn made(make: &Make) -> List {
    let blobs = |members, bulk| List {
        members,
        manifests: 0,
        bulk,
    };
    match make {
        Make::Many(count, one) => {
            let members = usize::try_from(*count).unwrap_or(usize::MAX);
            let List { manifests, bulk, .. } = made(one);
            List {
                members,
                manifests: members * manifests,
                bulk,
            }
        }
        Make::Times(count, _) | Make::Tags(count) => blobs(usize::try_from(*count).unwrap_or(usize::MAX), 0),
        Make::Image(_) | Make::Index(..) | Make::DockerImage(_) | Make::DockerList(..) | Make::Signed(..) => {
            List {
                members: 1,
                manifests: 1,
                bulk: 0,
            }
        }
        Make::Random(Size::Bytes(count, unit)) => {
            let windows = count.saturating_mul(unit.bytes()) / WINDOW;
            blobs(1, usize::try_from(windows).unwrap_or(usize::MAX))
        }
        Make::Random(Size::Chunks(_))
        | Make::Empty
        | Make::EmptyJson
        | Make::Archive
        | Make::Text(..)
        | Make::File(..) => blobs(1, 0),
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
    fn who_sends_much_is_longer_than_the_number_of_its_requests_says() {
        assert!(length("push/chunk-too-large") > 25);
    }

    #[test]
    fn who_waits_by_the_clock_is_long() {
        assert!(length("push/blob-outlives-wait") > SECOND / 2);
        assert_eq!(length("push/put-cut-short"), CODED);
    }
}
