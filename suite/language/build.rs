//! Compiles the crate again when a scenario or a fixture changes, since both are part of it, and lists the ids of the
//! catalogue, so that a check in Rust that names none of them does not compile.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// Where the catalogue is, seen from here.
const CATALOGUE: &str = "../../scenarios/requirements";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../../scenarios");
    println!("cargo::rerun-if-changed=../../fixtures/manifests");
    let mut ids = ids(Path::new(CATALOGUE))?;
    ids.sort();
    let list = format!("const IDS: &[&str] = &{ids:#?};\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("ids.rs"), list)?;
    Ok(())
}

/// The tables of the catalogue's files whose names have a dot in them.
fn ids(folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        // What is wrong with a file is said when it is loaded, line by line.
        let file: toml::Table = fs::read_to_string(&path)?.parse().unwrap_or_default();
        ids.extend(
            file.into_iter()
                .filter(|(name, value)| name.contains('.') && value.is_table())
                .map(|(name, _)| name),
        );
    }
    Ok(ids)
}
