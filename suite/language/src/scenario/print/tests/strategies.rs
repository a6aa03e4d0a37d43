//! Every scenario that can be written, to be drawn from.

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::catalogue::{Level, RequirementId, Version};
use crate::scenario::ast::*;

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned::new(value, 0..0)
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    select(all)
}

fn name() -> impl Strategy<Value = Spanned<Name>> {
    "[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,4})?".prop_map(|name| spanned(Name(name)))
}

/// A name that no word of the language could be taken for where a value is expected.
fn plain_name() -> impl Strategy<Value = Spanned<Name>> {
    "v-[a-z]{1,4}".prop_map(|name| spanned(Name(name)))
}

fn names() -> impl Strategy<Value = Vec<Spanned<Name>>> {
    vec(plain_name(), 1..4)
}

fn hole() -> impl Strategy<Value = Piece> {
    (vec(one_of(Property::ALL), 0..3), name()).prop_map(|(properties, name)| {
        Piece::Hole(spanned(Reference {
            properties,
            name: name.value,
        }))
    })
}

/// Text with placeholders whose text has the given form.
fn template(text: &'static str) -> BoxedStrategy<Template> {
    vec(prop_oneof![text.prop_map(Piece::Text), hole()], 1..4)
        .prop_map(joined)
        .boxed()
}

/// A template in which no two texts stand beside each other.
fn joined(pieces: Vec<Piece>) -> Template {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => joined.push(piece),
        }
    }
    Template(joined)
}

fn word() -> impl Strategy<Value = Template> {
    template("[A-Z/.;=_*~^+]{1,6}")
}

fn path() -> BoxedStrategy<Template> {
    prop_oneof![
        "\\$(\\.[a-z]{1,3}|\\[[0-9]\\]|\\[\\*\\]|\\['a: b'\\]){0,3}"
            .prop_map(|path| Template(vec![Piece::Text(path)])),
        hole().prop_map(|hole| {
            let text = |text: &str| Piece::Text(text.to_owned());
            Template(vec![text("$.a[?@.b=='"), hole, text("'].c")])
        }),
    ]
    .boxed()
}

fn json() -> BoxedStrategy<Template> {
    prop_oneof![
        select(vec![
            "1",
            "-1",
            "null",
            "\"a with $.b\"",
            "{\"a\":[true]}",
            "\"x without y\""
        ])
        .prop_map(|json| Template(vec![Piece::Text(json.to_owned())])),
        hole().prop_map(|hole| {
            let quote = || Piece::Text("\"".to_owned());
            Template(vec![quote(), hole, quote()])
        }),
    ]
    .boxed()
}

/// Text as a cell or a pattern has it; the plain kind is nothing that a pattern reads otherwise.
fn text() -> BoxedStrategy<Text> {
    prop_oneof![
        template("[A-Z]([A-Z ;=:'/\\\\]{0,4}[A-Z])?").prop_map(Text::Plain),
        template("[A-Za-z ,|\"\\\\]{1,6}").prop_map(Text::Exact),
    ]
    .boxed()
}

fn level() -> impl Strategy<Value = Level> {
    one_of(&Level::ALL)
}

fn asked() -> BoxedStrategy<Asked> {
    let id = prop_oneof![
        "[a-z]{1,3}\\.[a-z0-9]{1,3}-[0-9]".prop_map(|id| Slot::Is(RequirementId::parse(&id).unwrap())),
        name().prop_map(|name| Slot::Column(name.value)),
    ];
    let older = vec((level(), vec(one_of(&Version::ALL), 1..3)), 0..3);
    (level(), id, older)
        .prop_map(|(level, id, older)| Asked {
            level,
            id: spanned(id),
            older,
        })
        .boxed()
}

fn capability() -> impl Strategy<Value = Spanned<Capability>> {
    let stance = select(vec![Stance::Offered, Stance::Refused]);
    (plain_name(), stance).prop_map(|(name, stance)| {
        spanned(Capability {
            name: name.value.0,
            stance,
        })
    })
}

fn given() -> BoxedStrategy<Given> {
    let extent = select(vec![Extent::Whole, Extent::Parts, Extent::Config]);
    let pushed = (
        extent,
        names(),
        vec(word(), 0..3),
        option::of(word()),
        option::of(one_of(Algorithm::ALL)),
    );
    let content = prop_oneof![
        Just(AnyContent::Image),
        Just(AnyContent::Index),
        Just(AnyContent::Referrer),
        Just(AnyContent::Tags),
        option::of(any::<u64>()).prop_map(|at_least| AnyContent::Blob { at_least }),
    ];
    prop_oneof![
        Just(Given::Taken),
        pushed.prop_map(|(extent, what, tags, to, by)| {
            Given::Pushed(Box::new(Pushed {
                extent,
                what,
                tags,
                to,
                by,
            }))
        }),
        (content, name()).prop_map(|(content, name)| Given::Any(content, name)),
        any::<u16>().prop_map(|seconds| Given::Wait(Duration::from_secs(seconds.into()))),
        any::<u16>().prop_map(|millis| Given::Wait(Duration::from_millis(millis.into()))),
    ]
    .boxed()
}

fn annotations() -> impl Strategy<Value = serde_json::Map<String, serde_json::Value>> {
    vec(("[a-z. ={}\"]{0,5}", "\\PC{0,5}"), 0..3).prop_map(|pairs| {
        pairs
            .into_iter()
            .map(|(key, value)| (key, value.into()))
            .collect()
    })
}

fn image_shape() -> BoxedStrategy<Shape> {
    let manifest = (index_shape(), option::of(vec(plain_name(), 0..3)));
    (manifest, option::of(name()), option::of(word()))
        .prop_map(|((shape, layers), config, config_type)| Shape {
            layers,
            config,
            config_type,
            ..shape
        })
        .boxed()
}

fn index_shape() -> impl Strategy<Value = Shape> {
    (option::of(word()), option::of(name()), option::of(annotations())).prop_map(
        |(kind, subject, annotations)| Shape {
            kind,
            subject,
            annotations,
            ..Shape::default()
        },
    )
}

fn bytes_shape() -> impl Strategy<Value = Shape> {
    option::of(word()).prop_map(|kind| Shape {
        kind,
        ..Shape::default()
    })
}

fn random() -> impl Strategy<Value = Make> {
    prop_oneof![
        (any::<u64>(), one_of(Unit::ALL)).prop_map(|(count, unit)| Make::Random(Size::Bytes(count, unit))),
        any::<u32>().prop_map(|count| Make::Random(Size::Chunks(count))),
    ]
}

/// Content that an edit can start from.
fn one_make() -> BoxedStrategy<Make> {
    prop_oneof![
        random(),
        Just(Make::Empty),
        Just(Make::EmptyJson),
        Just(Make::Archive),
        (word(), word(), option::of(names())).prop_map(|(name, tag, layers)| {
            let shape = Shape {
                layers,
                ..Shape::default()
            };
            Make::Signed(name, tag, shape)
        }),
        image_shape().prop_map(Make::Image),
        (names(), index_shape()).prop_map(|(members, shape)| Make::Index(members, shape)),
        image_shape().prop_map(Make::DockerImage),
        (names(), index_shape()).prop_map(|(members, shape)| Make::DockerList(members, shape)),
        ("[a-z]{1,4}/[a-z.]{1,4}x", bytes_shape()).prop_map(|(path, shape)| Make::File(path, shape)),
    ]
    .boxed()
}

fn make() -> BoxedStrategy<Make> {
    let several = prop_oneof![random(), image_shape().prop_map(Make::Image)];
    prop_oneof![
        5 => one_make(),
        1 => any::<u32>().prop_map(Make::Tags),
        1 => (any::<u32>(), plain_name()).prop_map(|(count, name)| Make::Times(count, name)),
        1 => (any::<u32>(), several).prop_map(|(count, make)| Make::Many(count, Box::new(make))),
        1 => (vec("[ -~]{0,6}|```|````", 0..4), bytes_shape()).prop_map(|(lines, shape)| {
            let text = if lines.len() == 1 { lines[0].clone() } else { lines.join("\n") };
            Make::Text(text, shape)
        }),
    ]
    .boxed()
}

fn cut() -> BoxedStrategy<Cut> {
    prop_oneof![
        (1..u32::MAX).prop_map(Cut::Chunk),
        any::<u64>().prop_map(Cut::First),
        any::<u64>().prop_map(Cut::Last),
        (0..100_u64, 100..200_u64).prop_map(|(first, last)| Cut::Between(first, last)),
        plain_name().prop_map(Cut::After),
    ]
    .boxed()
}

fn edit() -> BoxedStrategy<Spanned<Edit>> {
    let edit = prop_oneof![
        (path(), json()).prop_map(|(path, json)| Edit::Set(path, json)),
        path().prop_map(Edit::Remove),
        Just(Edit::AnotherUuid),
    ];
    edit.prop_map(spanned).boxed()
}

fn expr() -> BoxedStrategy<Expr> {
    let source = prop_oneof![
        plain_name().prop_map(EditBase::Name),
        one_make()
            .prop_filter("an option that reads like an edit", |make| !make
                .to_string()
                .contains(" with"))
            .prop_map(|make| EditBase::Make(Box::new(make))),
    ];
    let taken = prop_oneof![
        "[A-Z][a-z-]{0,5}".prop_map(Taken::Header),
        path().prop_map(Taken::Json),
        ("[A-Z][a-z]{0,3}", "[a-z]{1,4}").prop_map(|(scheme, parameter)| Taken::Challenge(scheme, parameter)),
        Just(Taken::Answer),
    ];
    prop_oneof![
        3 => make().prop_map(Expr::Make),
        1 => (cut(), plain_name()).prop_map(|(cut, whole)| Expr::Cut(cut, whole)),
        2 => (source, vec(edit(), 1..4)).prop_map(|(source, edits)| Expr::Spoiled(source, edits)),
        1 => taken.prop_map(Expr::Taken),
        1 => word().prop_map(Expr::Token),
    ]
    .boxed()
}

fn header_name() -> impl Strategy<Value = String> {
    "[A-Z][a-z]{1,4}(-[A-Z][a-z]{1,3})?"
}

fn header_line() -> BoxedStrategy<Spanned<HeaderLine>> {
    let value = option::of(template("[A-Z\"0-9]([A-Z ,:=\"]{0,5}[A-Z0-9])?"));
    (header_name(), value)
        .prop_map(|(name, value)| spanned(HeaderLine { name, value }))
        .boxed()
}

fn request_line() -> BoxedStrategy<RequestLine> {
    let method = prop_oneof![
        select(vec!["GET", "PUT", "BREW"]).prop_map(|method| Slot::Is(method.to_owned())),
        name().prop_map(|name| Slot::Column(name.value)),
    ];
    let target = word().prop_map(|mut target| {
        target.0.insert(0, Piece::Text("/v".to_owned()));
        joined(target.0)
    });
    let way = prop_oneof![
        one_of(Way::ALL).prop_map(Slot::Is),
        name().prop_map(|name| Slot::Column(name.value))
    ];
    prop_oneof![
        (method, target, option::of(word())).prop_map(|(method, target, query)| RequestLine::Http {
            method,
            target,
            query
        }),
        (plain_name(), way, option::of(word())).prop_map(|(what, way, query)| RequestLine::Upload {
            what,
            way,
            query
        }),
    ]
    .boxed()
}

fn request() -> BoxedStrategy<Request> {
    let account = prop_oneof![
        Just(Account::Nobody),
        plain_name().prop_map(|name| Account::Named(name.value.0)),
    ];
    let paging = prop_oneof![
        Just(Paging::ByLink),
        "\\$\\.[a-z]{1,3}\\[-1\\]".prop_map(Paging::ByLast),
    ];
    let redirects = select(vec![Redirects::Followed, Redirects::Shown]);
    let options = (option::of(account), redirects, option::of(paging));
    (
        request_line(),
        vec(header_line(), 0..3),
        option::of(name()),
        options,
    )
        .prop_map(|(line, headers, body, (account, redirects, paging))| Request {
            line: spanned(line),
            headers,
            body,
            account: account.map(spanned),
            redirects,
            paging,
        })
        .boxed()
}

fn one() -> BoxedStrategy<One> {
    let order = || select(vec![Order::Given, Order::Any, Order::Byte, Order::Lexical]);
    let scope = select(vec![CountScope::Whole, CountScope::Page]);
    prop_oneof![
        text().prop_map(One::Is),
        text().prop_map(One::IsNot),
        text().prop_map(One::Has),
        (vec(text(), 2..4), order()).prop_map(|(texts, order)| One::List(texts, order)),
        text().prop_map(|text| One::List(vec![text], Order::Any)),
        Just(One::Present),
        Just(One::Absent),
        one_of(PlainForm::ALL).prop_map(|form| One::Form(Form::Plain(form))),
        plain_name().prop_map(|name| One::Form(Form::DigestOf(name))),
        any::<u32>().prop_map(One::Times),
        (any::<u32>(), scope).prop_map(|(count, scope)| One::AtMost(count, scope)),
    ]
    .boxed()
}

fn pattern() -> BoxedStrategy<Pattern> {
    let presence = select(vec![Presence::Compared, Presence::IfPresent]);
    (vec(one(), 1..4), presence)
        .prop_map(|(any_of, presence)| Pattern { any_of, presence })
        .boxed()
}

fn check() -> BoxedStrategy<Check> {
    let status = prop_oneof![
        (100..600_u16).prop_map(StatusSet::Exactly),
        (1..6_u8).prop_map(StatusSet::Class),
    ];
    let aspect = prop_oneof![
        vec(status, 1..4).prop_map(Aspect::Status),
        (header_name(), pattern()).prop_map(|(name, pattern)| Aspect::Header(name, pattern)),
        (path(), pattern()).prop_map(|(path, pattern)| Aspect::Json(path, pattern)),
        ("[A-Z][a-z]{0,3}", "[a-z]{1,4}", pattern())
            .prop_map(|(scheme, parameter, pattern)| Aspect::Challenge(scheme, parameter, pattern)),
        vec("[A-Z_]{1,5}", 1..3).prop_map(Aspect::Error),
        name().prop_map(Aspect::Content),
        Just(Aspect::NoBody),
        Just(Aspect::SignedManifest),
        (vec(header_name(), 1..3), name()).prop_map(|(headers, answer)| Aspect::SameAs(headers, answer)),
    ];
    let polarity = select(vec![Polarity::Is, Polarity::IsNot]);
    (polarity, aspect)
        .prop_map(|(polarity, aspect)| Check {
            polarity,
            aspect: spanned(aspect),
        })
        .boxed()
}

fn rows() -> BoxedStrategy<Rows> {
    let table = vec("[a-z]{1,3}", 1..4).prop_flat_map(|columns| {
        let count = columns.len();
        let named = columns.into_iter().enumerate();
        let columns: Vec<_> = named
            .map(|(at, name)| spanned(Name(format!("{name}{at}"))))
            .collect();
        let cell = prop_oneof![3 => text(), 1 => Just(Text::Plain(Template::default()))];
        (Just(columns), vec(vec(cell, count).prop_map(spanned), 1..4))
    });
    prop_oneof![
        table.prop_map(|(columns, rows)| Rows::Table { columns, rows }),
        (name(), names()).prop_map(|(column, of)| Rows::Each { column, of }),
    ]
    .boxed()
}

fn sentence() -> impl Strategy<Value = String> {
    "[A-Za-z=<>#|{]([A-Za-z0-9 ,:;#|{}-]{0,12}[a-z])?"
}

fn line() -> BoxedStrategy<Statement> {
    prop_oneof![
        Just(Statement::Blank),
        option::of(sentence()).prop_map(|text| Statement::Comment(text.unwrap_or_default())),
        vec(capability(), 1..3).prop_map(Statement::Needs),
        capability().prop_map(Statement::Provides),
        given().prop_map(Statement::Given),
        (name(), expr()).prop_map(|(name, value)| Statement::Let(Let {
            name,
            value: spanned(value)
        })),
        sentence().prop_map(Statement::Step),
        request().prop_map(|request| Statement::Request(Box::new(request))),
        asked().prop_map(Statement::Level),
        check().prop_map(Statement::Check),
    ]
    .boxed()
}

fn statement() -> BoxedStrategy<Statement> {
    line()
        .prop_recursive(3, 16, 4, |inner| {
            let inside = || vec(inner.clone(), 0..4).prop_map(tidy);
            prop_oneof![
                4 => line(),
                1 => (check(), inside()).prop_map(|(check, inside)| Statement::When(check, inside)),
                1 => (rows(), inside()).prop_map(|(rows, inside)| Statement::For(rows, inside)),
                1 => (2..u32::MAX, inside()).prop_map(|(copies, inside)| Statement::Together(copies, inside)),
            ]
        })
        .boxed()
}

/// Statements with the blank lines that the canonical form gives them, and no others.
fn tidy(statements: Vec<Statement>) -> Vec<Item> {
    let mut tidy: Vec<Item> = Vec::new();
    for statement in statements {
        let before = tidy.last().map(|item| &item.value);
        let blank_before = matches!(before, None | Some(Statement::Blank));
        match statement {
            Statement::Blank if blank_before => continue,
            Statement::Step(_) if !blank_before && !matches!(before, Some(Statement::Comment(_))) => {
                tidy.push(spanned(Statement::Blank));
            }
            _ => {}
        }
        tidy.push(spanned(statement));
    }
    while tidy.last().is_some_and(|item| item.value == Statement::Blank) {
        tidy.pop();
    }
    tidy
}

pub(super) fn scenario() -> impl Strategy<Value = Scenario> {
    let nature = select(vec![Nature::Workflow, Nature::Standing]);
    (vec(sentence(), 0..3), nature, sentence(), vec(statement(), 0..8)).prop_map(
        |(comments, nature, title, body)| Scenario {
            preamble: comments
                .into_iter()
                .map(|text| spanned(Statement::Comment(text)))
                .collect(),
            nature,
            title: spanned(title),
            body: tidy(body),
        },
    )
}
