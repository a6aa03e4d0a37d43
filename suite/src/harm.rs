//! Whom a broken requirement breaks: what the laboratory measured of real clients over the deviations that break it.
//!
//! Each table in `fixtures/clients/` is one client. Its first line names it, with its version and the day; every other
//! line is a cell: a row of the saboteur, a workflow, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::catalogue::RequirementId;
use crate::saboteur::deviations;

/// The tables, as text.
const TABLES: [&str; 6] = [
    include_str!("../../fixtures/clients/crane.tsv"),
    include_str!("../../fixtures/clients/oras-py.tsv"),
    include_str!("../../fixtures/clients/oras.tsv"),
    include_str!("../../fixtures/clients/python-dxf.tsv"),
    include_str!("../../fixtures/clients/regctl.tsv"),
    include_str!("../../fixtures/clients/skopeo.tsv"),
];

static MEASURED: LazyLock<Vec<Table>> =
    LazyLock::new(|| TABLES.iter().filter_map(|text| Table::parse(text)).collect());

/// What was measured of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Table {
    /// Its name and version.
    client: String,
    /// The day, as `2026-11-28`.
    day: String,
    cells: Vec<Cell>,
}

/// What came of a workflow over one row of the saboteur.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    row: String,
    workflow: String,
    came: Came,
}

/// What a workflow came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    /// To what it is for.
    Well,
    /// The client says that it failed, though it came to what it is for.
    FailedThoughDone,
    /// The client says that it failed.
    Failed,
    /// It came to something else, and the client did not say so.
    WrongUnnoticed,
}

impl Table {
    fn parse(text: &str) -> Option<Table> {
        let mut lines = text.lines();
        let mut head = lines.next()?.strip_prefix("# ")?.split('\t');
        let (name, version, day) = (head.next()?, head.next()?, head.next()?);
        Some(Table {
            client: format!("{name} {version}"),
            day: day.to_owned(),
            cells: lines.map(Cell::parse).collect::<Option<Vec<Cell>>>()?,
        })
    }
}

impl Cell {
    fn parse(line: &str) -> Option<Cell> {
        let mut fields = line.split('\t');
        let (row, workflow, came) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Cell {
            row: row.to_owned(),
            workflow: workflow.to_owned(),
            came: match came {
                "ok" => Came::Well,
                "err-done" => Came::FailedThoughDone,
                "err" => Came::Failed,
                "wrong" => Came::WrongUnnoticed,
                _ => return None,
            },
        })
    }

    /// The harm in words, if there is any.
    fn harm(&self) -> Option<String> {
        let workflow = &self.workflow;
        match self.came {
            Came::Well => None,
            Came::FailedThoughDone => Some(format!("{workflow} fails, though done")),
            Came::Failed => Some(format!("{workflow} fails")),
            Came::WrongUnnoticed => Some(format!("{workflow} goes wrong unnoticed")),
        }
    }
}

/// What a broken requirement does to the clients that were measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harm {
    /// The clients that break, each with its version and how.
    pub broken: BTreeMap<String, BTreeSet<String>>,
    /// The clients in which no harm was seen.
    pub unharmed: BTreeSet<String>,
    /// The month of the latest measurement.
    pub month: String,
}

impl Harm {
    /// What was measured over the deviations that break a requirement; `None` if they touched no client.
    pub fn of(id: &RequirementId) -> Option<Harm> {
        let rows: BTreeSet<&str> = deviations::all()
            .into_iter()
            .filter(|deviation| deviation.breaks.contains(&id.as_str()))
            .map(|deviation| deviation.id)
            .collect();
        Harm::over(&rows, &MEASURED)
    }

    fn over(rows: &BTreeSet<&str>, tables: &[Table]) -> Option<Harm> {
        let mut harm = Harm {
            broken: BTreeMap::new(),
            unharmed: BTreeSet::new(),
            month: String::new(),
        };
        for table in tables {
            let cells = || table.cells.iter().filter(|cell| rows.contains(&*cell.row));
            if cells().next().is_none() {
                continue;
            }
            let ways: BTreeSet<String> = cells().filter_map(Cell::harm).collect();
            if ways.is_empty() {
                harm.unharmed.insert(table.client.clone());
            } else {
                harm.broken.insert(table.client.clone(), ways);
            }
            let month = table.day.get(..7).unwrap_or_default();
            harm.month = month.max(&harm.month).to_owned();
        }
        (!harm.month.is_empty()).then_some(harm)
    }

    /// All of it in one sentence.
    pub fn sentence(&self) -> String {
        let broken = self.broken.iter().map(|(client, ways)| {
            let ways: Vec<&str> = ways.iter().map(String::as_str).collect();
            format!("{client} ({})", ways.join(", "))
        });
        let broken = listed("breaks ", broken);
        let unharmed = listed("no harm seen in ", self.unharmed.iter().cloned());
        let measured = Some(format!("measured {}", self.month));
        let parts = [broken, unharmed, measured];
        parts.into_iter().flatten().collect::<Vec<String>>().join("; ")
    }
}

fn listed(before: &str, parts: impl Iterator<Item = String>) -> Option<String> {
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| format!("{before}{}", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saboteur::variations;

    #[test]
    fn every_table_is_read_and_every_cell_is_of_a_row_that_there_is() {
        let wrong = deviations::all().into_iter().map(|deviation| deviation.id);
        let rows: BTreeSet<&str> = wrong
            .chain(variations::all().into_iter().map(|variation| variation.id))
            .collect();
        for text in TABLES {
            let table = Table::parse(text).unwrap();
            for cell in &table.cells {
                assert!(rows.contains(&*cell.row), "{}: {}", table.client, cell.row);
            }
        }
    }

    #[test]
    fn every_table_in_the_folder_is_read() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/clients");
        let there = std::fs::read_dir(folder).unwrap().count();
        assert_eq!(there, TABLES.len());
    }

    #[test]
    fn harm_is_told_by_client_with_how_and_when() {
        let table = |client: &str, cells: &str| {
            Table::parse(&format!("# {client}\t1.2\t2026-11-28\t0\n{cells}")).unwrap()
        };
        let tables = [
            table(
                "crane",
                "a\tpush\terr-done\tno\nb\tpull\terr\tno\nother\tcopy\twrong\t",
            ),
            table("oras", "a\tpush\tok\t"),
            table("skopeo", "other\tpush\terr\tno"),
        ];
        let harm = Harm::over(&BTreeSet::from(["a", "b"]), &tables).unwrap();
        assert_eq!(
            harm.sentence(),
            "breaks crane 1.2 (pull fails, push fails, though done); no harm seen in oras 1.2; measured 2026-11"
        );
        assert_eq!(Harm::over(&BTreeSet::from(["c"]), &tables), None);
    }
}
