//! What scenarios take for granted is judged somewhere: each kind of content that a stage is set with is also pushed by
//! a scenario that asks for success. A registry that refuses a kind is then found, and not only "not reached".

use std::collections::{BTreeMap, BTreeSet};

use assize_language::scenario::ast::{
    Algorithm, AnyContent, Aspect, Check, Cut, EditBase, Expr, Extent, Given, Item, Make, Name, Piece,
    Polarity, Property, Pushed, Request, RequestLine, Rows, Scenario, Shape, Slot, Statement, StatusSet,
    Template, Text, each_statement,
};
use assize_language::scenario::{Library, parse};

/// A kind of push, in words: `image with a subject`.
type Kind = String;

#[test]
fn every_kind_of_stage_is_judged_by_some_scenario() {
    let library = Library::built_in().unwrap();
    let (mut staged, mut judged) = (BTreeMap::new(), BTreeSet::new());
    for loaded in &library.scenarios {
        let pushes = Pushes::of(&loaded.scenario);
        staged.extend(pushes.staged.into_iter().map(|kind| (kind, loaded.name.clone())));
        judged.extend(pushes.judged);
    }
    let granted: Vec<String> = staged
        .iter()
        .filter(|(kind, _)| !judged.contains(*kind))
        .map(|(kind, scenario)| format!("{kind}, as in {scenario}"))
        .collect();
    assert!(
        granted.is_empty(),
        "nothing judges the push of\n{}",
        granted.join("\n")
    );
    assert!(
        staged.contains_key("index with a subject"),
        "only these: {staged:?}"
    );
}

#[test]
fn what_a_stage_is_set_with_and_what_is_judged_are_told_apart() {
    let pushes = |body: &str| {
        let (scenario, faults) = parse(&format!("scenario A title\n{body}"));
        assert!(faults.is_empty());
        Pushes::of(&scenario.unwrap())
    };
    let kinds = |kinds: &BTreeSet<Kind>| kinds.iter().cloned().collect::<Vec<Kind>>();
    let stage = pushes(
        "let a = image\nlet b = index of a subject=a\nlet c = 2 of random 1 KiB\n\
         given parts of b pushed\ngiven b pushed by sha512\nfor x in c\n  given x pushed\nend\n",
    );
    let expected = ["blob", "image", "index by sha512"];
    assert_eq!(kinds(&stage.staged), expected);
    assert!(stage.judged.is_empty());
    let judged = pushes(
        "let a = image layers=none\n> PUT /v2/{repo}/manifests/{digest a}\n> @a\ngiven\n< 2xx\n\
         MUST a.b\n< 2xx or 4xx\n< 201\n",
    );
    assert_eq!(kinds(&judged.judged), ["image", "image without layers"]);
    assert!(judged.staged.is_empty());
}

/// The kinds of push of a scenario.
#[derive(Default)]
struct Pushes {
    staged: BTreeSet<Kind>,
    judged: BTreeSet<Kind>,
}

impl Pushes {
    fn of(scenario: &Scenario) -> Pushes {
        let names = Names::of(&scenario.body);
        let mut pushes = Pushes::default();
        let (mut sent, mut is_judged) = (None, false);
        each_statement(&scenario.body, &mut |item| match &item.value {
            Statement::Given(given) => {
                is_judged = false;
                pushes.staged.extend(names.staged(given));
            }
            Statement::Request(request) => (sent, is_judged) = (Some(request), false),
            Statement::Step(_) => is_judged = false,
            Statement::Level(_) => is_judged = true,
            Statement::Check(check) if is_judged && asks_for_success(check) => {
                pushes
                    .judged
                    .extend(sent.iter().flat_map(|request| names.pushed(request)));
            }
            _ => {}
        });
        pushes
    }
}

fn asks_for_success(check: &Check) -> bool {
    let Aspect::Status(sets) = &check.aspect.value else {
        return false;
    };
    let is_success = |set: &StatusSet| match set {
        StatusSet::Exactly(status) => (200..300).contains(status),
        StatusSet::Class(class) => *class == 2,
    };
    check.polarity == Polarity::Is && sets.iter().all(is_success)
}

/// What the names of a scenario stand for: values, and for columns the names of their cells.
#[derive(Default)]
struct Names<'s> {
    values: BTreeMap<&'s Name, Vec<&'s Expr>>,
    cells: BTreeMap<&'s Name, BTreeSet<&'s Name>>,
    chosen: BTreeMap<&'s Name, AnyContent>,
}

impl<'s> Names<'s> {
    fn of(items: &'s [Item]) -> Names<'s> {
        let mut names = Names::default();
        each_statement(items, &mut |item| match &item.value {
            Statement::Let(binding) => {
                let values = names.values.entry(&binding.name.value).or_default();
                values.push(&binding.value.value);
            }
            Statement::Given(Given::Any(any, name)) => {
                names.chosen.insert(&name.value, *any);
            }
            Statement::For(Rows::Each { column, of }, _) => {
                let cells = names.cells.entry(&column.value).or_default();
                cells.extend(of.iter().map(|name| &name.value));
            }
            Statement::For(Rows::Table { columns, rows }, _) => {
                for (at, column) in columns.iter().enumerate() {
                    let cells = rows.iter().filter_map(|row| named(row.value.get(at)?));
                    names.cells.entry(&column.value).or_default().extend(cells);
                }
            }
            _ => {}
        });
        names
    }

    /// The kinds that a stage is set with.
    fn staged(&self, given: &'s Given) -> BTreeSet<Kind> {
        match given {
            Given::Any(any, _) => self.of_any(*any),
            Given::Pushed(pushed) => self.of_stage(pushed),
            Given::Taken | Given::Wait(_) => BTreeSet::new(),
        }
    }

    fn of_any(&self, any: AnyContent) -> BTreeSet<Kind> {
        let kind = match any {
            AnyContent::Image | AnyContent::Referrer | AnyContent::Tags => "image",
            AnyContent::Index => "index",
            AnyContent::Blob { .. } => "blob",
        };
        BTreeSet::from([kind.to_owned()])
    }

    fn of_stage(&self, pushed: &'s Pushed) -> BTreeSet<Kind> {
        let mut kinds = BTreeSet::new();
        for name in &pushed.what {
            let (whole, parts) = (self.kinds(&name.value), self.parts(&name.value));
            match (pushed.extent, pushed.by) {
                (Extent::Whole, Some(Algorithm::Sha512)) => {
                    kinds.extend(by_sha512(&whole).into_iter().chain(parts));
                }
                (Extent::Whole, _) => kinds.extend(whole.into_iter().chain(parts)),
                (Extent::Parts, _) => kinds.extend(parts),
                (Extent::Config, _) => kinds.extend(["blob".to_owned()]),
            }
        }
        kinds
    }

    /// The kinds that a request pushes.
    fn pushed(&self, request: &'s Request) -> BTreeSet<Kind> {
        let (content, place, query) = match &request.line.value {
            RequestLine::Upload { what, query, .. } => (&what.value, None, query.as_ref()),
            RequestLine::Http {
                method,
                target,
                query,
            } => match (method, &request.body) {
                (Slot::Is(method), Some(body)) if method == "PUT" || method == "POST" => {
                    (&body.value, Some(target), query.as_ref())
                }
                _ => return BTreeSet::new(),
            },
        };
        let written: Vec<&Template> = place.into_iter().chain(query).collect();
        let closes = written
            .iter()
            .any(|text| says(text, "/manifests/") || says(text, "digest="));
        match place.is_none() || closes {
            true if written.into_iter().any(names_sha512) => by_sha512(&self.kinds(content)),
            true => self.kinds(content),
            false => BTreeSet::new(),
        }
    }

    /// The kinds of all that a content refers to.
    fn parts(&self, name: &'s Name) -> BTreeSet<Kind> {
        self.makes(name)
            .into_iter()
            .flat_map(|make| match make {
                Make::Image(_) | Make::DockerImage(_) => BTreeSet::from(["blob".to_owned()]),
                Make::Index(members, _) | Make::DockerList(members, _) => members
                    .iter()
                    .flat_map(|child| {
                        self.kinds(&child.value)
                            .into_iter()
                            .chain(self.parts(&child.value))
                    })
                    .collect(),
                _ => BTreeSet::new(),
            })
            .collect()
    }

    /// The kinds of content that a name stands for.
    fn kinds(&self, name: &'s Name) -> BTreeSet<Kind> {
        let chosen = self.chosen.get(name).map(|any| self.of_any(*any));
        let parts_of_others = self.values.get(name).into_iter().flatten();
        let is_part = parts_of_others
            .clone()
            .any(|value| matches!(value, Expr::Cut(Cut::Chunk(_) | Cut::After(_), _)));
        let made = self.makes(name).into_iter().flat_map(kinds_of);
        chosen
            .into_iter()
            .flatten()
            .chain(made)
            .chain(is_part.then(|| "blob".to_owned()))
            .collect()
    }

    /// How the content that a name stands for is made.
    fn makes(&self, name: &'s Name) -> Vec<&'s Make> {
        let of_cells = self.cells.get(name).into_iter().flatten();
        let of_values = self.values.get(name).into_iter().flatten();
        of_cells
            .filter(|cell| **cell != name)
            .flat_map(|cell| self.makes(cell))
            .chain(of_values.flat_map(|value| match value {
                Expr::Make(make) => self.inner(make),
                Expr::Spoiled(EditBase::Make(make), _) => self.inner(make),
                Expr::Spoiled(EditBase::Name(from), _) if from.value != *name => self.makes(&from.value),
                _ => Vec::new(),
            }))
            .collect()
    }

    fn inner(&self, make: &'s Make) -> Vec<&'s Make> {
        match make {
            Make::Many(_, make) => self.inner(make),
            Make::Times(_, name) => self.makes(&name.value),
            make => vec![make],
        }
    }
}

/// What a content is, and what is special about it.
fn kinds_of(make: &Make) -> Vec<Kind> {
    match make {
        Make::Image(shape) => family("image", shape),
        Make::Index(_, shape) => family("index", shape),
        Make::DockerImage(shape) => family("Docker image", shape),
        Make::DockerList(_, shape) => family("Docker list", shape),
        Make::Empty => vec!["empty blob".to_owned()],
        Make::EmptyJson => vec!["empty object".to_owned()],
        Make::Archive => vec!["archive".to_owned()],
        Make::Signed(..) => vec!["signed image".to_owned()],
        Make::Random(_) | Make::Text(..) | Make::File(..) => vec!["blob".to_owned()],
        Make::Tags(_) | Make::Many(..) | Make::Times(..) => Vec::new(),
    }
}

fn family(name: &str, shape: &Shape) -> Vec<Kind> {
    let special = [
        (shape.subject.is_some(), "with a subject"),
        (shape.kind.is_some(), "with an artifact type"),
        (shape.config_type.is_some(), "with a config of another type"),
        (shape.layers.as_ref().is_some_and(Vec::is_empty), "without layers"),
        (shape.annotations.is_some(), "with annotations"),
    ];
    let special = special.into_iter().filter(|(is_so, _)| *is_so);
    std::iter::once(name.to_owned())
        .chain(special.map(|(_, what)| format!("{name} {what}")))
        .collect()
}

/// The kinds by their sha512 digests, whatever is special about them.
fn by_sha512(kinds: &BTreeSet<Kind>) -> BTreeSet<Kind> {
    let plain = kinds.iter().filter(|kind| !kind.contains(" with"));
    plain.map(|kind| format!("{kind} by sha512")).collect()
}

fn says(template: &Template, words: &str) -> bool {
    let mut pieces = template.0.iter();
    pieces.any(|piece| matches!(piece, Piece::Text(text) if text.contains(words)))
}

fn names_sha512(template: &Template) -> bool {
    let mut pieces = template.0.iter();
    pieces
        .any(|piece| matches!(piece, Piece::Hole(hole) if hole.value.properties.contains(&Property::Sha512)))
}

/// The name that a cell is, alone and without a property.
fn named(cell: &Text) -> Option<&Name> {
    let (Text::Plain(template) | Text::Exact(template)) = cell;
    match template.0.as_slice() {
        [Piece::Hole(hole)] if hole.value.properties.is_empty() => Some(&hole.value.name),
        _ => None,
    }
}
