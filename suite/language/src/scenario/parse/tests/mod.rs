//! What is read, statement by statement.

mod faults;

use super::parse;
use crate::catalogue::{Level, RequirementId, Version};
use crate::diagnostic::{Color, render};
use crate::scenario::ast::*;

/// The statements of a faultless scenario with this body.
fn body(text: &str) -> Vec<Statement> {
    let text = format!("scenario A title\n{text}");
    let (scenario, faults) = parse(&text);
    assert!(
        faults.is_empty(),
        "{}",
        render(&faults, "test", &text, Color::Never)
    );
    let items = scenario.map(|scenario| scenario.body).unwrap_or_default();
    items.into_iter().map(|item| item.value).collect()
}

/// The only statement of a faultless scenario with this body.
fn only(text: &str) -> Statement {
    let mut statements = body(text);
    assert_eq!(statements.len(), 1);
    statements.remove(0)
}

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned::new(value, 0..0)
}

fn name(text: &str) -> Spanned<Name> {
    spanned(Name(text.to_owned()))
}

fn plain(text: &str) -> Template {
    Template(vec![Piece::Text(text.to_owned())])
}

fn hole(properties: &[Property], of: &str) -> Piece {
    Piece::Hole(spanned(Reference {
        properties: properties.to_vec(),
        name: name(of).value,
    }))
}

fn value(text: &str) -> Expr {
    match only(&format!("let x = {text}")) {
        Statement::Let(binding) => binding.value.value,
        other => panic!("{other:?}"),
    }
}

fn aspect(text: &str) -> Aspect {
    match only(&format!("< {text}")) {
        Statement::Check(check) => check.aspect.value,
        other => panic!("{other:?}"),
    }
}

fn pattern(text: &str) -> Pattern {
    match aspect(&format!("X-Any: {text}")) {
        Aspect::Header(_, pattern) => pattern,
        other => panic!("{other:?}"),
    }
}

fn compared(any_of: Vec<One>) -> Pattern {
    Pattern {
        any_of,
        presence: Presence::Compared,
    }
}

fn is(text: &str) -> One {
    One::Is(Text::Plain(plain(text)))
}

#[test]
fn a_title_and_what_stands_above_it() {
    let (scenario, faults) = parse("# why\n\nscenario  A blob is there \nneeds     push, no delete-blob\n");
    assert_eq!(faults, []);
    let Some(scenario) = scenario else {
        panic!("no scenario")
    };
    assert_eq!(scenario.title.value, "A blob is there");
    assert_eq!(scenario.title.span, 17..32);
    assert_eq!(scenario.preamble.len(), 2);
    assert_eq!(scenario.preamble[0].value, Statement::Comment("why".to_owned()));
    assert_eq!(
        scenario.body[0].value,
        Statement::Needs(vec![
            spanned(Capability {
                name: "push".to_owned(),
                stance: Stance::Offered
            }),
            spanned(Capability {
                name: "delete-blob".to_owned(),
                stance: Stance::Refused
            }),
        ])
    );
}

#[test]
fn a_request_takes_its_lines_and_not_the_next_request() {
    let statements = body(
        "> {method} /v2/{repo}/blobs/{digest blob} ?a=b\n> Range: bytes=0-1\n> Accept: absent\n> @blob\n\
         > as nobody\n> stop at a redirect\n> every page, by last = $.tags[-1]\n\
         > upload blob by last chunk in put ?digest={sha512 blob}\n",
    );
    let [Statement::Request(first), Statement::Request(second)] = statements.as_slice() else {
        panic!("{statements:?}")
    };
    let RequestLine::Http { method, query, .. } = &first.line.value else {
        panic!("{first:?}")
    };
    assert_eq!(*method, Slot::Column(name("method").value));
    assert_eq!(*query, Some(plain("a=b")));
    assert_eq!(first.headers[0].value.value, Some(plain("bytes=0-1")));
    assert_eq!(first.headers[1].value.value, None);
    assert_eq!(first.body, Some(name("blob")));
    assert_eq!(first.account, Some(spanned(Account::Nobody)));
    assert_eq!(first.redirects, Redirects::Shown);
    assert_eq!(first.paging, Some(Paging::ByLast("$.tags[-1]".to_owned())));
    let RequestLine::Upload { way, query, .. } = &second.line.value else {
        panic!("{second:?}")
    };
    assert_eq!(*way, Slot::Is(Way::LastChunkInPut));
    assert_eq!(
        *query,
        Some(Template(vec![
            Piece::Text("digest=".to_owned()),
            hole(&[Property::Sha512], "blob")
        ]))
    );
}

#[test]
fn placeholders_name_properties_from_the_outside_in() {
    let Statement::Request(request) = only("> GET /{digest last of tags}{first}{}") else {
        panic!()
    };
    let RequestLine::Http { target, .. } = &request.line.value else {
        panic!()
    };
    assert_eq!(
        *target,
        Template(vec![
            Piece::Text("/".to_owned()),
            hole(&[Property::Digest, Property::Last], "tags"),
            hole(&[], "first"),
            Piece::Text("{}".to_owned()),
        ])
    );
}

#[test]
fn content_is_made() {
    assert_eq!(
        value("random 4 KiB"),
        Expr::Make(Make::Random(Size::Bytes(4, Unit::KiB)))
    );
    assert_eq!(
        value("random 100"),
        Expr::Make(Make::Random(Size::Bytes(100, Unit::Bytes)))
    );
    assert_eq!(
        value("random 3 chunks"),
        Expr::Make(Make::Random(Size::Chunks(3)))
    );
    assert_eq!(value("empty"), Expr::Make(Make::Empty));
    assert_eq!(value("250 tags"), Expr::Make(Make::Tags(250)));
    assert_eq!(
        value("3 of random 100 bytes"),
        Expr::Make(Make::Many(
            3,
            Box::new(Make::Random(Size::Bytes(100, Unit::Bytes)))
        ))
    );
    assert_eq!(
        value("docker list of a, b"),
        Expr::Make(Make::DockerList(vec![name("a"), name("b")], Shape::default()))
    );
    let Expr::Make(Make::Index(members, shape)) =
        value(r#"index of a, b type=x/y annotations={"k": "v w"} subject=s"#)
    else {
        panic!()
    };
    assert_eq!(members, [name("a"), name("b")]);
    assert_eq!((shape.kind, shape.subject), (Some(plain("x/y")), Some(name("s"))));
    assert_eq!(
        shape.annotations.map(|annotations| annotations["k"].clone()),
        Some("v w".into())
    );
    let Expr::Make(Make::Image(shape)) = value("image layers=none config=c") else {
        panic!()
    };
    assert_eq!((shape.layers, shape.config), (Some(vec![]), Some(name("c"))));
}

#[test]
fn a_fence_is_bytes() {
    let statements = body("let x = text type=a/b\n```\n  {digest y}\n\n# no comment\n```\nlet y = empty\n");
    let Statement::Let(binding) = &statements[0] else {
        panic!()
    };
    let Expr::Make(Make::Text(text, _)) = &binding.value.value else {
        panic!()
    };
    assert_eq!(text, "  {digest y}\n\n# no comment");
    assert_eq!(statements.len(), 2);
    let (_, faults) = parse("scenario A title\nlet x = text\n````\n```\n````\n");
    assert_eq!(faults, []);
}

#[test]
fn content_is_cut_and_spoiled() {
    assert_eq!(value("chunk 2 of blob"), Expr::Cut(Cut::Chunk(2), name("blob")));
    assert_eq!(
        value("first 100 of blob"),
        Expr::Cut(Cut::First(100), name("blob"))
    );
    assert_eq!(
        value("100-199 of blob"),
        Expr::Cut(Cut::Between(100, 199), name("blob"))
    );
    assert_eq!(
        value("blob after first"),
        Expr::Cut(Cut::After(name("first")), name("blob"))
    );
    assert_eq!(
        value(r#"image with $.a = 1 with $.b = " with {size x}" without $.c"#),
        Expr::Spoiled(
            EditBase::Make(Box::new(Make::Image(Shape::default()))),
            vec![
                spanned(Edit::Set(plain("$.a"), plain("1"))),
                spanned(Edit::Set(
                    plain("$.b"),
                    Template(vec![
                        Piece::Text("\" with ".to_owned()),
                        hole(&[Property::Size], "x"),
                        Piece::Text("\"".to_owned()),
                    ])
                )),
                spanned(Edit::Remove(plain("$.c"))),
            ]
        )
    );
    assert_eq!(
        value("upload with another uuid"),
        Expr::Spoiled(EditBase::Name(name("upload")), vec![spanned(Edit::AnotherUuid)])
    );
    assert_eq!(
        value("image with {path} = {value}"),
        Expr::Spoiled(
            EditBase::Make(Box::new(Make::Image(Shape::default()))),
            vec![spanned(Edit::Set(
                Template(vec![hole(&[], "path")]),
                Template(vec![hole(&[], "value")])
            ))]
        )
    );
}

#[test]
fn values_are_taken_from_the_answer() {
    assert_eq!(
        value("header Location"),
        Expr::Taken(Taken::Header("Location".to_owned()))
    );
    assert_eq!(value("json $.token"), Expr::Taken(Taken::Json(plain("$.token"))));
    assert_eq!(
        value("challenge Bearer realm"),
        Expr::Taken(Taken::Challenge("Bearer".to_owned(), "realm".to_owned()))
    );
    assert_eq!(value("answer"), Expr::Taken(Taken::Answer));
    assert!(matches!(value("token repository:{repo}:pull"), Expr::Token(_)));
}

#[test]
fn the_stage_is_set() {
    assert_eq!(only("given"), Statement::Given(Given::Taken));
    assert_eq!(
        only("given any blob of 1000 bytes or more as blob"),
        Statement::Given(Given::Any(
            AnyContent::Blob { at_least: Some(1000) },
            name("blob")
        ))
    );
    assert_eq!(
        only("given parts of a, b pushed as v1, {tag a} to {other} by sha512"),
        Statement::Given(Given::Pushed(Box::new(Pushed {
            extent: Extent::Parts,
            what: vec![name("a"), name("b")],
            tags: vec![plain("v1"), Template(vec![hole(&[Property::Tag], "a")])],
            to: Some(Template(vec![hole(&[], "other")])),
            by: Some(Algorithm::Sha512),
        })))
    );
}

#[test]
fn a_level_may_be_another_in_other_versions() {
    assert_eq!(
        only("MUST head.blob.digest-header, SHOULD in 1.0 and 1.1, MAY in docker"),
        Statement::Level(Asked {
            level: Level::Must,
            id: spanned(Slot::Is(RequirementId::parse("head.blob.digest-header").unwrap())),
            older: vec![
                (Level::Should, vec![Version::V1_0, Version::V1_1]),
                (Level::May, vec![Version::Docker])
            ],
        })
    );
}

#[test]
fn an_answer_is_checked() {
    assert_eq!(
        aspect("202 or 4xx"),
        Aspect::Status(vec![StatusSet::Exactly(202), StatusSet::Class(4)])
    );
    assert_eq!(
        aspect("error DENIED or UNKNOWN"),
        Aspect::Error(vec!["DENIED".into(), "UNKNOWN".into()])
    );
    assert_eq!(aspect("@blob"), Aspect::Content(name("blob")));
    assert_eq!(aspect("no body"), Aspect::NoBody);
    assert_eq!(aspect("signed manifest"), Aspect::SignedManifest);
    assert_eq!(
        aspect("Content-Type, ETag as in first"),
        Aspect::SameAs(vec!["Content-Type".into(), "ETag".into()], name("first"))
    );
    assert_eq!(
        aspect("challenge Bearer realm: a uri"),
        Aspect::Challenge(
            "Bearer".to_owned(),
            "realm".to_owned(),
            compared(vec![One::Form(Form::Plain(PlainForm::Uri))])
        )
    );
    assert_eq!(
        aspect("$.m[?@.d=='sha256:{hex a}']['a: b'][0:2]: 7"),
        Aspect::Json(
            Template(vec![
                Piece::Text("$.m[?@.d=='sha256:".to_owned()),
                hole(&[Property::Hex], "a"),
                Piece::Text("']['a: b'][0:2]".to_owned())
            ]),
            compared(vec![is("7")])
        )
    );
    let Statement::Check(check) = only("< not 2xx") else {
        panic!()
    };
    assert_eq!(check.polarity, Polarity::IsNot);
}

#[test]
fn patterns_have_alternatives_lists_and_forms() {
    assert_eq!(pattern("a or b"), compared(vec![is("a"), is("b")]));
    assert_eq!(
        pattern("a, b in byte order"),
        compared(vec![One::List(
            vec![Text::Plain(plain("a")), Text::Plain(plain("b"))],
            Order::Byte
        )])
    );
    assert_eq!(
        pattern("x in any order"),
        compared(vec![One::List(vec![Text::Plain(plain("x"))], Order::Any)])
    );
    assert_eq!(
        pattern(r#""a, \"b\" or c" or not d if present"#),
        Pattern {
            any_of: vec![
                One::Is(Text::Exact(plain(r#"a, "b" or c"#))),
                One::IsNot(Text::Plain(plain("d")))
            ],
            presence: Presence::IfPresent
        }
    );
    for (text, one) in [
        ("present", One::Present),
        ("absent", One::Absent),
        ("once", One::Times(1)),
        ("3 times", One::Times(3)),
        ("at most 5", One::AtMost(5, CountScope::Whole)),
        ("at most 5 a page", One::AtMost(5, CountScope::Page)),
        ("an entity-tag", One::Form(Form::Plain(PlainForm::EntityTag))),
        ("a digest", One::Form(Form::Plain(PlainForm::Digest))),
        ("a digest of blob", One::Form(Form::DigestOf(name("blob")))),
        ("has artifactType", One::Has(Text::Plain(plain("artifactType")))),
    ] {
        assert_eq!(pattern(text), compared(vec![one]), "{text}");
    }
}

#[test]
fn blocks_hold_lines_and_span_them() {
    let text = "scenario A title\nfor asked | part\n  | bytes=0-1 | {first}\n  | \"a | b\" |\n\n  when 200\n\
                \x20   < @part\n  end\nend\ntogether 4\nend\nfor x in a, b\nend\n";
    let (scenario, faults) = parse(text);
    assert_eq!(faults, []);
    let body = scenario.map(|scenario| scenario.body).unwrap_or_default();
    assert!(
        text[body[0].span.clone()].starts_with("for asked") && text[body[0].span.clone()].ends_with("end")
    );
    let Statement::For(Rows::Table { columns, rows }, inside) = &body[0].value else {
        panic!()
    };
    assert_eq!(*columns, [name("asked"), name("part")]);
    assert_eq!(
        rows[1].value,
        [Text::Exact(plain("a | b")), Text::Plain(Template::default())]
    );
    assert!(matches!(inside[1].value, Statement::When(..)));
    assert_eq!(body[1].value, Statement::Together(4, vec![]));
    assert_eq!(
        body[2].value,
        Statement::For(
            Rows::Each {
                column: name("x"),
                of: vec![name("a"), name("b")]
            },
            vec![]
        )
    );
}
