//! Which modules of a crate use which, as their texts say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules of a crate, by their paths, such as `http::body`, with their texts.
pub(super) struct Modules {
    files: BTreeMap<String, String>,
}

impl Modules {
    /// The modules among the files of the crate whose source is in this folder.
    pub(super) fn of(files: &BTreeMap<PathBuf, String>, root: &Path) -> Modules {
        let named = files.iter().map(|(path, text)| {
            let module = module(path.strip_prefix(root).unwrap());
            (module, without_tests(text))
        });
        Modules {
            files: named.collect(),
        }
    }

    /// The modules that each module names, but for those that it stands in.
    pub(super) fn uses(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let uses = self.files.iter().map(|(module, text)| {
            let named = paths(text).filter_map(|path| self.resolve(module, &path));
            let others = named
                .filter(|used| used != module && !format!("{module}::").starts_with(&format!("{used}::")));
            (module.as_str(), others.collect())
        });
        uses.collect()
    }

    /// The module that a path in `module` leads to: the longest beginning of it that is one.
    fn resolve(&self, module: &str, path: &str) -> Option<&str> {
        let mut parts = path.split("::").collect::<Vec<_>>();
        let mut place = match parts.first()? {
            &"crate" => Vec::new(),
            _ => module.split("::").collect(),
        };
        while let ["crate" | "self" | "super", ..] = parts.as_slice() {
            if parts.remove(0) == "super" {
                place.pop();
            }
        }
        place.extend(parts);
        while !place.is_empty() {
            if let Some((known, _)) = self.files.get_key_value(&place.join("::")) {
                return Some(known);
            }
            place.pop();
        }
        None
    }
}

/// The name of the module in a file.
fn module(file: &Path) -> String {
    let path: PathBuf = if file.ends_with("mod.rs") {
        file.parent().unwrap().to_owned()
    } else {
        file.with_extension("")
    };
    path.to_str().unwrap().replace('/', "::")
}

/// Tests may use what they test from anywhere.
fn without_tests(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let lines = code.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// Every path that begins in this crate, with those in braces written out one by one.
fn paths(text: &str) -> impl Iterator<Item = String> {
    let starts = ["crate::", "super::", "self::"];
    let found = starts.into_iter().flat_map(|start| text.match_indices(start));
    let begins =
        |at: usize| !text[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before));
    let found = found.filter(move |(at, _)| begins(*at));
    found.flat_map(|(at, _)| expand("", &text[at..]).0)
}

/// The paths of a tree such as `a::{b, c::d}` at the beginning of a text, and what is behind it.
fn expand<'a>(before: &str, text: &'a str) -> (Vec<String>, &'a str) {
    let end = text.find(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter)));
    let (path, mut rest) = text.split_at(end.unwrap_or(text.len()));
    let whole = format!("{before}{path}");
    if !rest.starts_with('{') || !path.ends_with("::") {
        return (vec![whole], rest);
    }
    let mut all = Vec::new();
    while !rest.starts_with('}') {
        let (some, behind) = expand(&whole, rest[1..].trim_start());
        all.extend(some);
        // A name after `as` is of no interest.
        rest = &behind[behind.find([',', '}']).unwrap()..];
    }
    (all, &rest[1..])
}

/// The first circle that is found, each of its modules using the next.
pub(super) fn circle<'a>(uses: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Option<Vec<&'a str>> {
    fn walk<'a>(
        at: &'a str,
        way: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
        uses: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    ) -> Option<Vec<&'a str>> {
        if let Some(start) = way.iter().position(|module| *module == at) {
            return Some(way[start..].to_vec());
        }
        if !done.insert(at) {
            return None;
        }
        way.push(at);
        let found = uses[at].iter().find_map(|next| walk(next, way, done, uses));
        way.pop();
        found
    }
    let mut done = BTreeSet::new();
    uses.keys()
        .find_map(|start| walk(start, &mut Vec::new(), &mut done, uses))
}

#[test]
fn paths_are_found_and_resolved() {
    let text =
        "use crate::http::{body::{self, Body}, error};\nlet x = super::answer::empty as f; mycrate::no";
    let found = paths(text).collect::<Vec<_>>();
    assert_eq!(
        found,
        [
            "crate::http::body::self",
            "crate::http::body::Body",
            "crate::http::error",
            "super::answer::empty"
        ]
    );
    let files =
        ["api/blobs.rs", "api/answer.rs", "http/body/mod.rs"].map(|path| (path.into(), text.to_owned()));
    let modules = Modules::of(&BTreeMap::from(files), Path::new(""));
    assert_eq!(modules.resolve("api::blobs", &found[3]), Some("api::answer"));
    assert_eq!(modules.resolve("api::blobs", &found[1]), Some("http::body"));
    assert_eq!(
        modules.uses()["api::blobs"],
        BTreeSet::from(["api::answer", "http::body"])
    );
    assert_eq!(circle(&modules.uses()), None);
}

#[test]
fn a_circle_is_found() {
    let files = [
        ("a.rs", "crate::b::x"),
        ("b.rs", "super::c::y"),
        ("c.rs", "crate::a"),
    ];
    let files = files.map(|(path, text)| (path.into(), text.to_owned()));
    let modules = Modules::of(&BTreeMap::from(files), Path::new(""));
    assert_eq!(circle(&modules.uses()), Some(vec!["a", "b", "c"]));
}
