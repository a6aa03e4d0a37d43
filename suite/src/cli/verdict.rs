//! What is done with a result: it is held against what is known, and said.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use assize::Suite;
use assize::catalogue::{Catalogue, Level, RequirementId, Version};
use assize::compare::official_results;
use assize::diagnostic::SourceFile;
use assize::log::{RunLog, trace};
use assize::report::baseline::Baseline;
use assize::report::{
    self, BegunReport, Counted, Destination, Detail, Format, NewFile, Report, ReportRequest, WriteError,
};

use super::arguments::VerdictArguments;
use super::environment::Environment;
use super::exit::Exit;
use super::failure::Failure;
use super::output;

/// Where a job of GitHub says what the summary of the step is written to.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";
/// What is "true" in a job of GitHub.
const JOB: &str = "GITHUB_ACTIONS";

/// Who reads the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    /// A person.
    Person,
    /// A job of GitHub, which obeys lines that begin with `::`.
    Job,
}

/// What the user wants of a result.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The file of known findings.
    baseline: Option<PathBuf>,
    /// The reports that are wanted besides the one on the terminal.
    reports: Vec<ReportRequest>,
    /// The file at whose end the summary of a job of GitHub is written.
    summary: Option<PathBuf>,
    /// Whose requirements make it fail.
    counted: Counted,
    /// Where the results go in the form of the official suite.
    official: Option<PathBuf>,
    /// Where the exchanges go.
    trace: Option<PathBuf>,
    /// How much the terminal shows.
    detail: Detail,
    /// Who reads it.
    audience: Audience,
}

impl Wanted {
    /// What the arguments ask for, beside the `record` that goes to a file of its own.
    pub(crate) fn new(
        arguments: &VerdictArguments,
        record: Option<&Path>,
        environment: Environment<'_>,
    ) -> Result<Wanted, Failure> {
        let mut reports = arguments.report.iter();
        let is_for_github = reports.any(|report| report.format == Format::Github);
        let summary = environment(SUMMARY).filter(|path| is_for_github && !path.is_empty());
        let wanted = Wanted {
            baseline: arguments.baseline.clone(),
            reports: arguments.report.clone(),
            summary: summary.map(PathBuf::from),
            counted: arguments.basis.clone(),
            official: arguments.official_results.clone(),
            trace: arguments.trace.clone(),
            detail: match arguments.full {
                true => Detail::Full,
                false => Detail::Brief,
            },
            audience: match environment(JOB).as_deref() {
                Some("true") => Audience::Job,
                _ => Audience::Person,
            },
        };
        wanted.check_places(record)?;
        Ok(wanted)
    }

    /// Two things in one place would spoil each other.
    fn check_places(&self, record: Option<&Path>) -> Result<(), Failure> {
        let file = |path: &Path| Destination::File(path.to_owned());
        let reports = self.reports.iter().map(|report| report.destination.clone());
        let others = [self.trace.as_deref(), self.official.as_deref(), record];
        let others = others.into_iter().flatten().map(file);
        let places: Vec<Destination> = reports.chain(others).collect();
        for (at, place) in places.iter().enumerate() {
            if places[..at].contains(place) {
                let place = match place {
                    Destination::Stdout => "the standard output".to_owned(),
                    Destination::File(path) => path.display().to_string(),
                };
                return Err(Failure::Arguments(format!(
                    "two things would be written to {place}"
                )));
            }
        }
        Ok(())
    }

    /// Makes ready what the result is held against and written to: what is amiss there is found before the run.
    pub(crate) fn prepare(self, suite: &Suite) -> Result<Prepared, Failure> {
        let baseline = self.baseline.as_deref().map(|path| read_baseline(path, suite));
        Ok(Prepared {
            baseline: baseline.transpose()?,
            reports: self.reports.iter().map(begun_report).collect::<Result<_, _>>()?,
            summary: self.summary.map(Summary::begin).transpose()?,
            counted: self.counted,
            official: self
                .official
                .as_deref()
                .map(|path| begun(path, "--like-official"))
                .transpose()?,
            trace: self
                .trace
                .as_deref()
                .map(|path| begun(path, "--trace"))
                .transpose()?,
            detail: self.detail,
            audience: self.audience,
        })
    }
}

/// Begins a file, which an option names.
pub(crate) fn begun(path: &Path, option: &'static str) -> Result<NewFile, Failure> {
    NewFile::create(path).map_err(|source| Failure::File {
        option: Some(option),
        path: path.to_owned(),
        source,
    })
}

fn begun_report(request: &ReportRequest) -> Result<BegunReport, Failure> {
    request.begin().map_err(|source| Failure::File {
        option: Some("--report"),
        path: match &request.destination {
            Destination::File(path) => path.clone(),
            Destination::Stdout => PathBuf::from("-"),
        },
        source,
    })
}

/// Writes a file that was begun, and puts it in its place.
pub(crate) fn written(
    mut file: NewFile,
    write: impl FnOnce(&mut NewFile) -> io::Result<()>,
) -> Result<(), Failure> {
    let path = file.path().to_owned();
    write(&mut file)
        .and_then(|()| file.finish())
        .map_err(|source| Failure::Unwritten { path, source })
}

/// The file to whose end the summary of a job of GitHub goes, behind what other commands of the step wrote.
#[derive(Debug)]
struct Summary {
    path: PathBuf,
    file: File,
}

impl Summary {
    fn begin(path: PathBuf) -> Result<Summary, Failure> {
        match File::options().append(true).create(true).open(&path) {
            Ok(file) => Ok(Summary { path, file }),
            Err(source) => Err(Failure::File {
                option: Some(SUMMARY),
                path,
                source,
            }),
        }
    }

    fn write(mut self, report: &Report<'_>) -> Result<(), Failure> {
        let text = Format::Markdown.render(report).map_err(Failure::Suite)?;
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|source| Failure::Unwritten {
            path: self.path,
            source,
        })
    }
}

/// What a result is held against and written to.
#[derive(Debug)]
pub(crate) struct Prepared {
    baseline: Option<Baseline>,
    reports: Vec<BegunReport>,
    summary: Option<Summary>,
    counted: Counted,
    official: Option<NewFile>,
    trace: Option<NewFile>,
    detail: Detail,
    audience: Audience,
}

impl Prepared {
    /// The requirements whose violation makes a run fail.
    pub(crate) fn violations(&self, catalogue: &Catalogue, version: Version) -> BTreeSet<RequirementId> {
        let counts = catalogue.iter().filter(|requirement| {
            requirement.levels.in_version(version) == Some(Level::Must) && self.counted.includes(requirement)
        });
        counts.map(|requirement| requirement.id.clone()).collect()
    }

    /// Judges what happened, says what came out, and writes what is wanted.
    pub(crate) fn conclude(self, suite: &Suite, log: &RunLog) -> Result<Exit, Failure> {
        let outcome = suite.judge(log);
        let report = Report {
            baseline: self.baseline.as_ref(),
            counted: &self.counted,
            ..outcome.as_report()
        };
        let text = report::styled(&report, output::width(), self.detail);
        let text = match self.audience {
            Audience::Person => text,
            Audience::Job => report::without_commands(&text, rand::random()),
        };
        if self.reports.iter().any(BegunReport::is_printed) {
            anstream::eprint!("{text}");
        } else {
            output::print(&text)?;
        }
        let traced = self.trace.map(|file| {
            written(file, |file| {
                trace::write(log, &mut *file)?;
                file.flush()
            })
        });
        let summed_up = self.summary.map(|summary| summary.write(&report));
        // One that cannot be written does not keep the others from it.
        let reported: Vec<Result<(), WriteError>> = self
            .reports
            .into_iter()
            .map(|begun| begun.write(&report))
            .collect();
        let like_official = self.official.map(|file| {
            let results = official_results(&report);
            written(file, |file| file.write_all(results.as_bytes()))
        });
        traced.transpose()?;
        like_official.transpose()?;
        summed_up.transpose()?;
        reported.into_iter().collect::<Result<(), WriteError>>()?;
        Ok(report.ruling().into())
    }
}

fn read_baseline(path: &Path, suite: &Suite) -> Result<Baseline, Failure> {
    let text = std::fs::read_to_string(path).map_err(|source| Failure::File {
        option: Some("--baseline"),
        path: path.to_owned(),
        source,
    })?;
    let source = SourceFile::new(path.display().to_string(), text);
    Baseline::parse(&source, &suite.library().catalogue).map_err(|faulty| Failure::Faulty(vec![faulty]))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::arguments::Arguments;

    fn wanted(line: &str) -> Result<Wanted, String> {
        let words = std::iter::once("assize").chain(line.split_whitespace());
        let arguments = Arguments::try_parse_from(words).map_err(|error| error.to_string())?;
        let record = arguments.run.conduct.record.as_deref();
        let environment = |name: &str| (name == SUMMARY).then(|| "summary.md".to_owned());
        Wanted::new(&arguments.run.verdict, record, &environment).map_err(|failure| failure.to_string())
    }

    #[test]
    fn no_two_things_are_written_to_one_place() {
        assert!(wanted("--report json=a --report junit=b --report text=- --record c --trace d").is_ok());
        assert!(wanted("--report json=- --report junit=-").is_err());
        assert!(wanted("--report json=a --report junit=a").is_err());
        assert!(wanted("--report json=a --record a").is_err());
        assert!(wanted("--record a --trace a").is_err());
    }

    #[test]
    fn a_job_of_github_has_its_summary_where_it_asks_for_annotations() {
        assert_eq!(
            wanted("--report github").unwrap().summary,
            Some("summary.md".into())
        );
        assert_eq!(wanted("--report markdown=a").unwrap().summary, None);
    }

    #[test]
    fn a_job_of_github_is_a_reader_that_obeys() {
        let audience_of = |value: &str| {
            let arguments = Arguments::try_parse_from(["assize"]).unwrap();
            let environment = |name: &str| (name == JOB).then(|| value.to_owned());
            Wanted::new(&arguments.run.verdict, None, &environment)
                .unwrap()
                .audience
        };
        assert_eq!(audience_of("true"), Audience::Job);
        assert_eq!(audience_of(""), Audience::Person);
    }

    #[test]
    fn what_counts_is_what_is_stated_and_what_protects_data_unless_told() {
        assert_eq!(wanted("").unwrap().counted, Counted::usual());
        assert_eq!(wanted("--basis all").unwrap().counted, Counted::all());
        assert!(wanted("--basis spec").is_err());
    }
}
