use super::*;
use crate::diagnostic::{Color, Faulty, SourceFile};

const GOOD: &str = r#"
level = "MUST"
section = "Pulling"
basis = "spec"
text = "It is there."
why = "Nothing works without it."
"#;

fn load(text: &str) -> (Catalogue, Vec<Faulty>) {
    Catalogue::load(vec![SourceFile::new("test.toml", text)])
}

/// Every fault of a text: what it points at, and what it says of it.
fn faults(text: &str) -> Vec<(String, String)> {
    let (_, faulty) = load(text);
    let faults = faulty.into_iter().flat_map(|faulty| faulty.faults);
    faults
        .map(|fault| (text[fault.span].to_owned(), fault.title))
        .collect()
}

fn id(text: &str) -> RequirementId {
    RequirementId::parse(text).unwrap()
}

#[test]
fn an_entry_is_read() {
    let (catalogue, faulty) = load(
        r#"category = "pull"
["pull.blob.get-200"]
level    = { "1.0" = "SHOULD", next = "MUST", docker = "MAY" }
section  = "Pulling blobs"
basis    = "implied"
protects = "content"
text     = "A blob is there."
why      = "Nothing works without it."
rests-on = ["pull.a"]
may-lag  = true
["pull.a"]
level    = "MAY"
section  = "Pulling blobs"
basis    = "spec"
text     = "It may."
why      = "Some do."
left-out = "a freedom"
"#,
    );
    assert_eq!(faulty, []);
    let first = catalogue.get(&id("pull.blob.get-200")).unwrap();
    assert_eq!(first.levels.in_version(Version::V1_0), Some(Level::Should));
    assert_eq!(first.levels.in_version(Version::V1_1), None);
    assert_eq!(first.levels.newest(), Some(Level::Must));
    assert_eq!((first.category, first.basis), (Category::Pull, Basis::Implied));
    assert_eq!(first.protects, Some(Protected::Content));
    assert_eq!(
        first.failure,
        Failure::Hides,
        "of content a failure tells nothing"
    );
    assert_eq!(first.rests_on, [id("pull.a")]);
    assert!(first.may_lag);
    let ids: Vec<&str> = catalogue.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["pull.blob.get-200", "pull.a"]);
    assert_eq!(
        catalogue.get(&id("pull.a")).unwrap().left_out.as_deref(),
        Some("a freedom")
    );
}

const DOCUMENTS: &str = r#"
[oci-distribution]
title   = "OCI distribution specification"
anchors = "headings"
edition."1.0" = { url = "https://example.com/1.0" }
edition.next  = { url = "https://example.com/next", text = "next.md" }
[rfc9110]
title   = "RFC 9110, HTTP Semantics"
short   = "RFC 9110"
anchors = "numbers"
edition = { url = "https://example.com/rfc9110" }
"#;

#[test]
fn a_version_has_the_source_that_stands_for_it_or_for_the_one_before_it() {
    let entries = r#"category = "pull"
["pull.a"]
level = { "1.0" = "SHOULD", next = "MUST" }
basis = "spec"
source."1.0" = { section = "Content Discovery" }
source.next  = { section = "Listing Tags", from = "the tags", to = "order" }
text  = "It is there."
why   = "Nothing works without it."
["pull.b"]
level  = "MUST"
basis  = "rfc9110"
source = { section = "14.2", from = "A server MUST" }
text   = "It is there."
why    = "Nothing works without it."
"#;
    let (catalogue, faulty) = Catalogue::load(vec![
        SourceFile::new("test.toml", entries),
        SourceFile::new("documents.toml", DOCUMENTS),
    ]);
    assert_eq!(faulty, []);
    let links = |text: &str| {
        let requirement = catalogue.get(&id(text)).unwrap();
        Version::ALL.map(|version| requirement.source(version).map(Source::link))
    };
    let old = "https://example.com/1.0#content-discovery".to_owned();
    let new = "https://example.com/next#listing-tags:~:text=the%20tags,order".to_owned();
    assert_eq!(links("pull.a"), [Some(old), None, Some(new), None, None]);
    let rfc = Some("https://example.com/rfc9110#section-14.2:~:text=A%20server%20MUST".to_owned());
    assert_eq!(links("pull.b"), [rfc.clone(), rfc.clone(), rfc, None, None]);
    let sections = ["pull.a", "pull.b"].map(|text| catalogue.get(&id(text)).unwrap().section());
    assert_eq!(sections, ["Listing Tags", "RFC 9110, 14.2"]);
}

#[test]
fn what_a_document_states_has_a_source() {
    let text = format!(
        "category = \"pull\"\n[\"a.b\"]{GOOD}[\"a.c\"]{}",
        GOOD.replace("spec", "implied")
    );
    let (catalogue, _) = load(&text);
    let titles: Vec<_> = unsourced(&catalogue)[0]
        .faults
        .iter()
        .map(|fault| fault.title.clone())
        .collect();
    assert_eq!(titles, ["nothing shows where 1.0 says `a.b`"]);
}

#[test]
fn every_fault_of_a_file_is_found_in_one_pass() {
    let text = r#"category = "pul"
stray = 1
["nodots"]
level = "MUSST"
section = ""
basis = 3
text = "x"
["pull.a"]
levle = "MUST"
level = { "1.2" = "MUST" }
section = "s"
basis = "spec"
text = "x"
why = "y"
rests-on = ["pull.b", "Pull"]
"#;
    assert_eq!(
        faults(text),
        [
            ("\"pul\"", "`pul` is not a category"),
            ("stray", "`stray` is not an entry"),
            ("\"nodots\"", "this is not the id of a requirement"),
            ("\"nodots\"", "this entry has no `why`"),
            ("\"MUSST\"", "`MUSST` is not a level"),
            ("\"\"", "a text is missing"),
            ("3", "expected a text"),
            ("levle", "an entry has no `levle`"),
            ("\"1.2\"", "`1.2` is not a version"),
            ("\"Pull\"", "this is not the id of a requirement"),
        ]
        .map(|(at, title)| (at.to_owned(), title.to_owned()))
    );
}

#[test]
fn what_is_no_toml_is_drawn_where_it_stands() {
    let (_, faulty) = load("category = \"pull\"\nlevel = = 3\n");
    assert!(
        faulty[0].render(Color::Never).contains("test.toml:2:9"),
        "{}",
        faulty[0].render(Color::Never)
    );
}

#[test]
fn an_id_is_given_once_in_all_files() {
    let entry = format!("category = \"pull\"\n[\"pull.a\"]{GOOD}");
    let (_, faulty) = Catalogue::load(vec![
        SourceFile::new("a.toml", &*entry),
        SourceFile::new("b.toml", &*entry),
    ]);
    assert_eq!(&*faulty[0].source.path, "b.toml");
    assert_eq!(faulty[0].faults[0].notes, ["the first stands at a.toml:2"]);
}

#[test]
fn nothing_rests_on_itself_or_on_what_is_not_there() {
    let entry = |id: &str, on: &str| format!("[\"{id}\"]{GOOD}rests-on = [\"{on}\"]\n");
    let text = [
        "category = \"pull\"\n",
        &entry("a.b", "a.c"),
        &entry("a.c", "a.b"),
        &entry("a.dd", "a.ddd"),
    ]
    .concat();
    let (_, faulty) = load(&text);
    let found: Vec<_> = faulty[0]
        .faults
        .iter()
        .map(|fault| (&*fault.title, &*fault.notes))
        .collect();
    assert_eq!(
        found[0],
        (
            "a requirement rests on itself",
            &["the way is a.b -> a.c -> a.b".to_owned()][..]
        )
    );
    assert_eq!(found[1].0, "there is no requirement `a.ddd`");
    assert_eq!(found.len(), 2);
}

#[test]
fn what_is_required_is_asked_or_left_out() {
    let text = format!(
        "category = \"pull\"\n[\"a.b\"]{GOOD}[\"a.c\"]{GOOD}left-out = \"why\"\n[\"a.d\"]{GOOD}left-out = \"why\"\n"
    );
    let (catalogue, _) = load(&text);
    let faulty = cross_check(&catalogue, [&id("a.d")]);
    let titles: Vec<_> = faulty[0].faults.iter().map(|fault| &*fault.title).collect();
    assert_eq!(titles, ["nothing asks `a.b`", "`a.d` is left out, and asked"]);
    assert_eq!(cross_check(&catalogue, [&id("a.b")]), []);
}
