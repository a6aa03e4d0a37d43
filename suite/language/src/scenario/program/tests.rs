use super::*;
use crate::catalogue::{Level, Levels, Version};
use crate::diagnostic::SourceFile;
use crate::scenario::Loaded;
use crate::scenario::parse;

/// A catalogue with `a.must`, `a.should`, `a.may`, `a.next` (only there), `a.grown` (a SHOULD that became a MUST).
fn catalogue() -> Catalogue {
    let entry = |id: &str, level: &str| {
        format!("[\"{id}\"]\nlevel = {level}\nsection = \"s\"\nbasis = \"spec\"\ntext = \"t\"\nwhy = \"w\"\n")
    };
    let text = [
        "category = \"pull\"\n".to_owned(),
        entry(
            "a.must",
            "{ \"1.0\" = \"MUST\", \"1.1\" = \"MUST\", next = \"MUST\", docker = \"MUST\" }",
        ),
        entry("a.should", "\"SHOULD\""),
        entry("a.may", "\"MAY\""),
        entry("a.next", "{ next = \"MUST\" }"),
        entry(
            "a.grown",
            "{ \"1.0\" = \"SHOULD\", \"1.1\" = \"SHOULD\", next = \"MUST\" }",
        ),
    ]
    .concat();
    let (catalogue, faulty) = Catalogue::load(vec![SourceFile::new("test.toml", text)]);
    assert_eq!(faulty, []);
    catalogue
}

/// Every fault of meaning in a scenario with this body: the text it points at, and what it says.
fn faults(body: &str) -> Vec<(String, String)> {
    faults_of(&format!("scenario  A blob is there\n{body}"))
}

fn faults_of(text: &str) -> Vec<(String, String)> {
    let (scenario, unreadable) = parse(text);
    assert_eq!(unreadable, []);
    let faults = check(&"test".into(), &scenario.unwrap(), &catalogue(), Reading::Whole);
    faults
        .into_iter()
        .map(|fault| (text[fault.span].to_owned(), fault.title))
        .collect()
}

fn loaded(name: &str, text: &str) -> Loaded {
    let (scenario, faults) = parse(text);
    assert_eq!(faults, []);
    Loaded {
        name: name.into(),
        path: name.into(),
        text: text.into(),
        scenario: scenario.unwrap(),
    }
}

const GET: &str = "> GET /v2/\n";

/// Asserts that a body has exactly one fault, which points there and says this.
#[track_caller]
fn one_fault(body: &str, at: &str, title: &str) {
    assert_eq!(faults(body), [(at.to_owned(), title.to_owned())], "{body}");
}

#[test]
fn a_good_scenario_has_no_faults() {
    let body = "let blob = random 4 KiB\nlet part = first 10 of blob\n\
                > POST /v2/{repo}/blobs/uploads/\ngiven\n< 202\nlet upload = header Location\n\
                > PUT {upload} ?digest={digest blob}\n> @blob\nMUST a.must\n< 201\nwhen 201\n  < Location: a uri\nend\n\
                for what | asked | id\n  | a | 0-9 | a.must\n  | b | 0-9 | a.must\n\
                > GET /v2/{other}/blobs/{digest blob}\n> Range: bytes={asked}\nMUST {id}\n< @part\nend\n";
    assert_eq!(faults(body), []);
    assert_eq!(
        faults_of("always  An answer is good\nwhen 404\n  MUST a.must\n  < no body\nend\n"),
        []
    );
}

#[test]
fn a_title_says_how_it_is() {
    assert_eq!(
        faults_of("scenario  A blob should be there\n"),
        [(
            "A blob should be there".to_owned(),
            "a title says how it is, not how it should be".to_owned()
        )]
    );
    assert_eq!(faults_of("scenario  A blob is there.\n").len(), 1);
    assert_eq!(faults_of("scenario  A shoulder is there\n"), []);
}

#[test]
fn lines_stand_where_they_make_sense() {
    one_fault(
        &format!("{GET}when 200\n  needs push\nend\n"),
        "needs push",
        "`needs` stands inside a block",
    );
    one_fault(
        "provides push\n",
        "provides push",
        "`provides` stands outside a `when`",
    );
    one_fault(
        &format!("{GET}when 200\nwhen 200\nwhen 200\nwhen 201\nend\nend\nend\nend\n"),
        "when 201\nend",
        "blocks stand more than three deep",
    );
    assert_eq!(
        faults_of("always  An answer is good\n> GET /v2/\n"),
        [(
            "> GET /v2/".to_owned(),
            "a standing scenario sends nothing and sets no stage".to_owned()
        )]
    );
}

#[test]
fn names_are_bound_and_used() {
    one_fault("given blob pushed\n", "blob", "nothing binds `blob`");
    one_fault("let blob = empty\n", "blob", "nothing uses `blob`");
    one_fault(
        "let a = empty\nlet a = empty\ngiven a pushed\n",
        "a",
        "nothing uses `a`",
    );
    one_fault(
        &format!("{GET}when 200\n  let a = empty\n  given a pushed\nend\ngiven a pushed\n"),
        "a",
        "nothing binds `a`",
    );
    one_fault("for a | b\n  | x | y\nend\n", "b", "nothing uses `b`");
    one_fault("for a\n  | x\nend\n", "a", "nothing uses `a`");
    one_fault("for a in b\n  given a pushed\nend\n", "b", "nothing binds `b`");
    one_fault(
        "let image = image\nlet bad = image without $.config\ngiven image, bad pushed\n",
        "image without $.config",
        "`image` could mean two things here",
    );
}

#[test]
fn every_check_is_governed_and_every_level_governs() {
    let ungoverned = "nothing says by what right this is asked";
    one_fault(&format!("{GET}< 200\n"), "< 200", ungoverned);
    one_fault(
        &format!("{GET}MUST a.must\n< 200\n{GET}< 201\n"),
        "< 201",
        ungoverned,
    );
    one_fault(
        &format!("{GET}MUST a.must\n< 200\n== next\n< 201\n"),
        "< 201",
        ungoverned,
    );
    one_fault(
        &format!("{GET}when 200\n  MUST a.must\n  < 200\nend\n< 201\n"),
        "< 201",
        ungoverned,
    );
    one_fault(
        &format!("{GET}MUST a.must\n< 200\nwhen 200\n  {GET}end\n< 201\n"),
        "< 201",
        ungoverned,
    );
    one_fault(
        &format!("{GET}MUST a.must\n{GET}"),
        "MUST a.must",
        "this line governs nothing",
    );
    one_fault(
        &format!("{GET}MUST a.must\ngiven\n< 200\n"),
        "MUST a.must",
        "this line governs nothing",
    );
    one_fault("given\n< 200\n", "< 200", "there is no answer to look at yet");
    assert_eq!(
        faults(&format!(
            "{GET}MUST a.must\nwhen 200\n  < 200\nend\nwhen 404\n  < 404\nend\n< 2xx\n"
        )),
        []
    );
}

#[test]
fn levels_are_as_the_catalogue_has_them() {
    one_fault(
        &format!("{GET}MUST a.mustt\n< 200\n"),
        "a.mustt",
        "there is no requirement `a.mustt`",
    );
    one_fault(
        &format!("{GET}SHOULD a.must\n< 200\n"),
        "SHOULD a.must",
        "the catalogue has another level for `a.must`",
    );
    let tail = "the catalogue has other levels for other versions";
    one_fault(&format!("{GET}MUST a.grown\n< 200\n"), "MUST a.grown", tail);
    one_fault(
        &format!("{GET}MUST a.grown, MAY in 1.0 and 1.1\n< 200\n"),
        "MUST a.grown, MAY in 1.0 and 1.1",
        tail,
    );
    assert_eq!(
        faults(&format!("{GET}MUST a.grown, SHOULD in 1.1 and 1.0\n< 200\n")),
        []
    );
    assert_eq!(
        catalogue().iter().next().map(|a| a.levels.newest()),
        Some(Some(Level::Must))
    );
}

#[test]
fn ids_in_rows_are_held_to_the_catalogue_too() {
    let rows = |ids: &str| format!("for x | id\n  | {ids}\n{GET}MUST {{id}}\n< 200\nend\n");
    one_fault(
        &rows("1 | a.no"),
        " 1 | a.no".trim(),
        "there is no requirement `a.no`",
    );
    one_fault(
        &rows("1 | {repo}"),
        "1 | {repo}",
        "a cell of this row is not the id of a requirement",
    );
    one_fault(
        &rows("1 | a.should"),
        "1 | a.should",
        "the catalogue has another level for `a.should`",
    );
    assert_eq!(faults(&rows("1 | a.must\n  | 2 | a.grown")), []);
    one_fault(
        &format!("let id = empty\n{GET}MUST {{id}}\n< 200\n"),
        "{id}",
        "`id` is not a column of ids",
    );
}

/// Two steps: the first asks one requirement and binds `place`, the second asks another and uses it.
fn two_steps(first: &str, second: &str) -> String {
    format!(
        "== one\n{GET}{first}\n< 200\nlet place = header Location\n\n== two\n> GET {{place}}\n{second}\n< 200\n"
    )
}

const NO_PLACE: &str = "in 1.0 and 1.1 and docker, nothing gives `place` its value";

#[test]
fn a_step_in_force_does_without_steps_that_are_not() {
    one_fault(&two_steps("MUST a.next", "MUST a.must"), "{place}", NO_PLACE);
    assert_eq!(faults(&two_steps("MUST a.next", "MUST a.next")), []);
    assert_eq!(faults(&two_steps("given", "MUST a.must")), []);
    assert_eq!(faults(&two_steps("MUST a.must", "MUST a.next")), []);
    let above = two_steps("MUST a.next", "MUST a.must").replacen("== one\n", "", 1);
    assert_eq!(faults(&above), []);
}

#[test]
fn an_older_value_of_the_same_name_will_do() {
    let older = format!("{GET}given\n< 200\nlet place = header Location\n");
    assert_eq!(
        faults(&format!(
            "{older}> GET {{place}}\n{}",
            two_steps("MUST a.next", "MUST a.must")
        )),
        []
    );
}

#[test]
fn a_value_made_of_a_missing_value_is_missing_too() {
    let text = two_steps("MUST a.next", "MUST a.next").replace(
        "\n== two\n> GET {place}\n",
        "\n== two\nlet strange = place with another uuid\n\
         for where | id\n  | {strange} | a.must\n  | {strange} | a.next\n> GET {where}\nMUST {id}\n< 404\nend\n> GET {place}\n",
    );
    let titles: Vec<String> = faults(&text).into_iter().map(|(_, title)| title).collect();
    assert_eq!(titles, [NO_PLACE.replace("place", "where"), NO_PLACE.to_owned()]);
}

#[test]
fn a_row_that_is_not_in_force_needs_nothing() {
    let text = two_steps("MUST a.next", "MUST a.must").replace(
        "> GET {place}\n",
        "for where | id\n  | {place} | a.next\n> GET {where}\nMUST {id}\n< 404\nend\n> GET /v2/\n",
    );
    assert_eq!(faults(&text), []);
}

#[test]
fn a_step_in_force_looks_at_no_answer_that_never_came() {
    one_fault(
        &format!("== one\n{GET}MUST a.next\n< 200\n\n== two\nMUST a.must\n< 200\n"),
        "< 200",
        "in 1.0 and 1.1 and docker, nothing gives the answer that this waits for",
    );
}

#[test]
fn scenarios_are_told_apart_and_probed() {
    let probe = "scenario  Content can be deleted\n> GET /v2/\nwhen 200\n  provides delete\nend\n";
    let scenarios = [
        loaded("probe/delete", probe),
        loaded("pull/blob", "scenario  A blob is there\nneeds delete\n"),
        loaded("pull/again", "scenario  a Blob is there\nneeds delet, no push\n"),
        loaded(
            "probe/twice",
            "scenario  Twice\n> GET /v2/\nwhen 200\n  provides no delete\nend\n",
        ),
        loaded(
            "pull/provides",
            "scenario  No probe\n> GET /v2/\nwhen 200\n  provides other\nend\n",
        ),
    ];
    let found: Vec<(String, Vec<String>)> = check_all(&scenarios.iter().collect::<Vec<_>>())
        .into_iter()
        .map(|file| {
            (
                file.source.path.to_string(),
                file.faults.into_iter().map(|fault| fault.title).collect(),
            )
        })
        .collect();
    let expected = [
        (
            "pull/again",
            vec![
                "two scenarios have this title",
                "no probe settles `delet`",
                "no probe settles `push`",
            ],
        ),
        ("probe/twice", vec!["two probes settle `delete`"]),
        ("pull/provides", vec!["only a probe settles a capability"]),
    ];
    assert_eq!(
        found,
        expected.map(|(path, titles)| (path.to_owned(), titles.into_iter().map(str::to_owned).collect()))
    );
}

#[test]
fn where_lines_are_unreadable_an_unused_name_is_no_fault() {
    let (scenario, faults) = parse("scenario  A blob is there\nlet a = empty\ngiven a pusht\n");
    assert_eq!(faults.len(), 1);
    assert_eq!(
        check(&"test".into(), &scenario.unwrap(), &catalogue(), Reading::Partial),
        []
    );
    let everywhere = Levels::everywhere(Level::Must);
    assert_eq!(everywhere.in_version(Version::Docker), None);
}
