//! A static site out of reports: a table of registries by category, and for each registry a page with its latest report and
//! its history. It needs no network, no server and, to be read, no script.

mod history;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use minijinja::context;
use minijinja::value::Serde;
use serde_json::Value;
use thiserror::Error;

use self::history::SiteRun;
use crate::catalogue::Category;
use crate::compare::{BadReport, ReportFile};
use crate::report::{page_of, templates, visible_document};

const INDEX: &str = include_str!("index.html");

/// A report of a registry.
#[derive(Clone, Debug)]
pub struct SiteReport {
    file: ReportFile,
    document: Value,
}

/// A file of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteFile {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// Why there is no site.
#[derive(Debug, Error)]
pub enum SiteError {
    /// Of one registry: its report lacks what a page shows.
    #[error("the page of {registry} cannot be made: {source}")]
    Registry {
        /// The registry.
        registry: String,
        /// What is lacking.
        source: minijinja::Error,
    },
    /// Of all.
    #[error("the table of registries cannot be made: {0}")]
    Index(#[from] minijinja::Error),
}

impl SiteReport {
    /// Reads what `--report json` wrote of the registry of this name.
    ///
    /// # Errors
    /// The text is no report, or one of another form.
    pub fn parse(registry: impl Into<String>, text: &str) -> Result<SiteReport, BadReport> {
        let file = ReportFile::parse(registry, text)?;
        // What was read once is read again.
        let document = serde_json::from_str(text).unwrap_or_default();
        Ok(SiteReport {
            file,
            document: visible_document(document),
        })
    }
}

/// Makes the site: a page for each registry, a badge for each, and the table of all.
///
/// # Errors
/// A report lacks what a page shows.
pub fn site(reports: Vec<SiteReport>) -> Result<Vec<SiteFile>, SiteError> {
    let mut registries: BTreeMap<String, Vec<SiteReport>> = BTreeMap::new();
    for report in reports {
        registries
            .entry(report.file.name.clone())
            .or_default()
            .push(report);
    }
    let mut files = Vec::new();
    let mut rows = Vec::new();
    let mut taken = BTreeSet::from(["index".to_owned()]);
    for (name, mut reports) in registries {
        reports.sort_by_key(|report| Reverse(report.file.started()));
        let stem = file_name(&name, &mut taken);
        let row = context! {
            name => name.as_str(),
            page => format!("{stem}.html"),
            badge => format!("{stem}.svg"),
            runs => Serde(history::of(&reports)),
        };
        let registry_error = |source| SiteError::Registry {
            registry: name.clone(),
            source,
        };
        if let Some(latest) = reports.first() {
            let shown = context! { report => Serde(&latest.document), site => row.clone() };
            files.push(SiteFile {
                name: format!("{stem}.html"),
                text: page_of(shown).map_err(registry_error)?,
            });
            files.push(SiteFile {
                name: format!("{stem}.svg"),
                text: SiteRun::of(&latest.file)
                    .badge()
                    .render()
                    .map_err(registry_error)?,
            });
        }
        rows.push(row);
    }
    files.push(SiteFile {
        name: "index.html".to_owned(),
        text: index(&rows)?,
    });
    Ok(files)
}

fn index(rows: &[minijinja::Value]) -> Result<String, minijinja::Error> {
    let mut templates = templates()?;
    templates.add_template("index.html", INDEX)?;
    let categories: Vec<&str> = Category::ALL.iter().map(|category| category.words()).collect();
    let index = templates.get_template("index.html")?;
    index.render(context! { registries => rows, categories })
}

/// The name of a registry as that of a file, which no other has.
fn file_name(registry: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String = registry
        .chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') => c,
            _ => '-',
        })
        .collect();
    let plain = plain.trim_start_matches('.').to_owned();
    let numbered = (2..).map(|number| format!("{plain}-{number}"));
    let mut names = std::iter::once(plain.clone()).chain(numbered);
    let free = names.find(|name| !name.is_empty() && taken.insert(name.to_lowercase()));
    free.unwrap_or(plain)
}
