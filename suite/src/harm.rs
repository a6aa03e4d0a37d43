//! Whom a broken requirement breaks: what the laboratory measured of real clients over the deviations that break it.
//!
//! Each table in `fixtures/clients/` is one client. Its first line names it, with its version and the day; every other
//! line is a cell: a row of the saboteur, the requirements that this one breaks, or that tell of it if it is allowed, a
//! workflow, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::catalogue::RequirementId;

/// The tables, as text.
const TABLES: [&str; 19] = [
    include_str!("../../fixtures/clients/buildah.tsv"),
    include_str!("../../fixtures/clients/containerd.tsv"),
    include_str!("../../fixtures/clients/containerd-2.tsv"),
    include_str!("../../fixtures/clients/containers-image.tsv"),
    include_str!("../../fixtures/clients/cosign.tsv"),
    include_str!("../../fixtures/clients/crane.tsv"),
    include_str!("../../fixtures/clients/docker.tsv"),
    include_str!("../../fixtures/clients/helm.tsv"),
    include_str!("../../fixtures/clients/helm-3.tsv"),
    include_str!("../../fixtures/clients/jib-core.tsv"),
    include_str!("../../fixtures/clients/oci-client.tsv"),
    include_str!("../../fixtures/clients/oras.tsv"),
    include_str!("../../fixtures/clients/oras-java.tsv"),
    include_str!("../../fixtures/clients/oras-py.tsv"),
    include_str!("../../fixtures/clients/podman.tsv"),
    include_str!("../../fixtures/clients/python-dxf.tsv"),
    include_str!("../../fixtures/clients/regctl.tsv"),
    include_str!("../../fixtures/clients/sigstore-oci.tsv"),
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
    cells: Vec<Measurement>,
}

/// What came of a workflow over one row of the saboteur.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Measurement {
    /// The row of the saboteur.
    row: String,
    /// The ids of the requirements that the row breaks, or of those that tell of it, if it is allowed.
    breaks: Vec<String>,
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
            cells: lines
                .map(Measurement::parse)
                .collect::<Option<Vec<Measurement>>>()?,
        })
    }
}

impl Measurement {
    fn parse(line: &str) -> Option<Measurement> {
        let mut fields = line.split('\t');
        let (row, breaks) = (fields.next()?, fields.next()?);
        let (workflow, came) = (fields.next()?, fields.next()?);
        Some(Measurement {
            row: row.to_owned(),
            breaks: breaks.split(',').map(str::to_owned).collect(),
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
    /// The rows of the saboteur by which the requirement was broken: those that did harm, or else all of them. A registry
    /// that breaks it in another way need not do the same.
    pub rows: BTreeSet<String>,
    /// The month of the latest measurement.
    pub month: String,
}

impl Harm {
    /// What was measured over what breaks a requirement; `None` if it touched no client.
    pub fn of(id: &RequirementId) -> Option<Harm> {
        Harm::seen(id.as_str(), &MEASURED)
    }

    fn seen(id: &str, tables: &[Table]) -> Option<Harm> {
        let mut harm = Harm {
            broken: BTreeMap::new(),
            unharmed: BTreeSet::new(),
            rows: BTreeSet::new(),
            month: String::new(),
        };
        let mut harmless = BTreeSet::new();
        for table in tables {
            let cells = || {
                let cells = table.cells.iter();
                cells.filter(|cell| cell.breaks.iter().any(|broken| broken == id))
            };
            for cell in cells() {
                let does_harm = cell.came != Came::Well;
                let rows = if does_harm { &mut harm.rows } else { &mut harmless };
                rows.insert(cell.row.clone());
            }
            if cells().next().is_none() {
                continue;
            }
            let ways: BTreeSet<String> = cells().filter_map(Measurement::harm).collect();
            if ways.is_empty() {
                harm.unharmed.insert(table.client.clone());
            } else {
                harm.broken.insert(table.client.clone(), ways);
            }
            let month = table.day.get(..7).unwrap_or_default();
            harm.month = month.max(&harm.month).to_owned();
        }
        if harm.rows.is_empty() {
            harm.rows = harmless;
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
        let rows: Vec<&str> = self.rows.iter().map(String::as_str).collect();
        let measured = Some(format!(
            "measured {} over assize sabotage {}",
            self.month,
            rows.join(", ")
        ));
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

    #[test]
    fn every_table_is_read() {
        assert_eq!(MEASURED.len(), TABLES.len());
    }

    #[test]
    fn no_table_is_left_in_the_folder() {
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
                "a\tx.y\tpush\terr-done\tno\nb\tx.y\tpull\terr\tno\nother\tx.z\tcopy\twrong\t",
            ),
            table("oras", "a\tx.y,x.z\tpush\tok\t"),
            table("skopeo", "c\t\tpush\terr\tno"),
        ];
        let harm = Harm::seen("x.y", &tables).unwrap();
        assert_eq!(
            harm.sentence(),
            "breaks crane 1.2 (pull fails, push fails, though done); no harm seen in oras 1.2; measured 2026-11 over assize sabotage a, b"
        );
        assert_eq!(Harm::seen("x", &tables), None);
    }
}
