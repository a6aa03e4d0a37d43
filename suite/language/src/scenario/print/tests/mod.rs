mod round_trip;
mod strategies;

use super::*;
use crate::diagnostic::{Color, SourceFile, render};
use crate::scenario::parse;

/// Reads a text that has no faults.
#[track_caller]
fn read(text: &str) -> Scenario {
    let (scenario, faults) = parse(text);
    assert!(
        faults.is_empty(),
        "{text}\n{}",
        render(&faults, "test", text, Color::Never)
    );
    scenario.unwrap()
}

#[test]
fn what_is_untidy_is_written_tidily() {
    let untidy = "\n\n#why\n#\nscenario A title  \nneeds a ,no b\n\n\nlet x=random 100\nlet long-name =image   type=a/b  \n\
        let t = text\n```\n  as it is  \n```\nlet y = empty\n== step one\n>GET /v2/ ?a=b\n> @x\n> as nobody\n> Accept:  a/b\n\
        MUST a.b ,SHOULD in 1.0\n<200 or  202\nwhen   4xx\n\n<   error   A or B\n\nend\n# the next\n== step two\n\
        for a|b\n|1|{digest x}\n|200|  \"q | r\" \n\n> GET /{a}\nend\n\n\n";
    let tidy = "# why\n#\nscenario  A title\nneeds     a, no b\n\nlet x         = random 100 bytes\n\
        let long-name = image type=a/b\nlet t         = text\n```\n  as it is  \n```\nlet y = empty\n\n\
        == step one\n> GET /v2/ ?a=b\n> Accept: a/b\n> as nobody\n> @x\nMUST a.b, SHOULD in 1.0\n< 200 or 202\n\
        when 4xx\n  < error A or B\nend\n# the next\n== step two\nfor a   | b\n  | 1   | {digest x}\n  | 200 | \"q | r\"\n\
        \x20 > GET /{a}\nend\n";
    assert_eq!(print(&read(untidy)), tidy);
    assert_eq!(print(&read(tidy)), tidy);
}

#[test]
fn every_value_is_written_as_it_is_read() {
    for line in [
        "let x = index of a, b subject=c type=a/{b} annotations={\"a b\":\"c\"}",
        "let x = image config=c config-type=a/b layers=none",
        "let x = docker list of a, b",
        "let x = 3 of random 5 chunks",
        "let x = file manifests/a.json type=a/b",
        "let x = 100-199 of blob",
        "let x = blob after part",
        "let x = upload with another uuid",
        "let x = image with $.a = \"{digest b}\" with $['b'] = {\"c\":[1, null]} without $.d[0]",
        "let x = json $.tags[?@=='{tag a}']",
        "let x = challenge Bearer realm",
        "let x = token repository:{repo}:pull,push",
        "given parts of a, b pushed as v1, {tag a} to {other} by sha512",
        "given any blob of 1000 bytes or more as blob",
        "given any index as list",
        "> upload blob by last chunk in put ?digest={sha512 blob}",
        "> {method} {upload} ?digest={digest blob}",
        "MUST {id}, SHOULD in 1.1, MAY in 1.0 and docker",
        "< not 2xx or 404",
        "< challenge Bearer realm: a uri or absent",
        "< $.a['b: c'][?@.d=='{digest e}'].f: \"g, h\", i in any order if present",
        "< Link: a next link",
        "< X: not \"\\\"a\\\" \\\\\" or has {b} or once or 3 times or at most 5 a page or at most 7",
        "< Digest: an entity-tag or a digest or a digest of blob",
        "< Content-Type, ETag as in first",
    ] {
        let text = format!("scenario  A title\n{line}\n");
        assert_eq!(print(&read(&text)), text);
    }
}

#[test]
fn the_catalogue_keeps_older_levels_right() {
    let entry = |id: &str, level: &str| {
        format!("[\"{id}\"]\nlevel = {level}\nsection = \"s\"\nbasis = \"spec\"\ntext = \"t\"\nwhy = \"w\"\n")
    };
    let grown = "{ \"1.0\" = \"SHOULD\", \"1.1\" = \"SHOULD\", next = \"MUST\" }";
    let text = [
        "category = \"pull\"\n".to_owned(),
        entry("a.b", grown),
        entry("a.c", "\"MUST\""),
    ]
    .concat();
    let (catalogue, _) = Catalogue::load(vec![SourceFile::new("test", text)]);
    for (before, after) in [
        ("MUST a.b", "MUST a.b, SHOULD in 1.0 and 1.1"),
        ("MUST a.c, MAY in 1.0", "MUST a.c"),
        ("MUST a.unknown, MAY in 1.0", "MUST a.unknown, MAY in 1.0"),
    ] {
        let formatted = format(&read(&format!("scenario  A title\n{before}\n")), &catalogue);
        assert_eq!(formatted, format!("scenario  A title\n{after}\n"));
    }
}
