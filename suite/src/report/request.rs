//! `--report FORMAT=PATH`: which report is wanted, and how it gets there.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use super::{NewFile, Report, badge, baseline, github, gitlab, html, json, junit, markdown, sarif, text};

/// A report that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRequest {
    /// Its form.
    pub format: Format,
    /// Where it goes.
    pub destination: Destination,
}

/// The forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// What the terminal shows, without colour.
    Text,
    /// A document for programs, described by `fixtures/report.schema.json`.
    Json,
    /// JUnit XML.
    Junit,
    /// Markdown, for a comment or the summary of a job.
    Markdown,
    /// A page for people, in one file that needs nothing else.
    Html,
    /// An image with the figures.
    Badge,
    /// SARIF, for code scanning.
    Sarif,
    /// Issues of code quality, for GitLab.
    Gitlab,
    /// Annotations, for a job of GitHub.
    Github,
    /// A draft of a baseline that lists the present findings.
    Baseline,
}

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To the standard output.
    Stdout,
    /// Into this file, which is replaced.
    File(PathBuf),
}

/// Why a text asks for no report.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadRequest {
    /// It has no `=`, or nothing on one of its sides.
    #[error(
        "a report is asked for as FORMAT=PATH, as in json=report.json, or json=- for the standard output; github needs \
         no path"
    )]
    Form,
    /// There is no such format.
    #[error("`{0}` is not a format; there are {formats}", formats = Format::names())]
    Format(String),
}

/// Why a report is not where it was wanted.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The file could not be written.
    #[error("cannot write the {format} report to {}: {source}", path.display())]
    File {
        /// The report's form.
        format: Format,
        /// The file.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// The standard output could not be written to.
    #[error("cannot write the {format} report to the standard output: {source}")]
    Stdout {
        /// The report's form.
        format: Format,
        /// What happened.
        source: io::Error,
    },
    /// The report could not be made.
    #[error("cannot make the {format} report: {reason}")]
    Form {
        /// The report's form.
        format: Format,
        /// What happened.
        reason: String,
    },
}

impl ReportRequest {
    /// Reads `FORMAT=PATH`, or the name of a format that has its place.
    pub fn parse(text: &str) -> Result<ReportRequest, BadRequest> {
        let (format, path) = text
            .split_once('=')
            .map_or((text, None), |(format, path)| (format, Some(path)));
        if format.is_empty() {
            return Err(BadRequest::Form);
        }
        let format: Format = format.parse()?;
        let destination = match path {
            None => format.usual_destination().ok_or(BadRequest::Form)?,
            Some("") => return Err(BadRequest::Form),
            Some("-") => Destination::Stdout,
            Some(path) => Destination::File(path.into()),
        };
        Ok(ReportRequest { format, destination })
    }
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 10] = [
        Format::Text,
        Format::Json,
        Format::Junit,
        Format::Markdown,
        Format::Html,
        Format::Badge,
        Format::Sarif,
        Format::Gitlab,
        Format::Github,
        Format::Baseline,
    ];

    fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Junit => "junit",
            Format::Markdown => "markdown",
            Format::Html => "html",
            Format::Badge => "badge",
            Format::Sarif => "sarif",
            Format::Gitlab => "gitlab",
            Format::Github => "github",
            Format::Baseline => "baseline",
        }
    }

    fn names() -> String {
        Format::ALL.map(Format::name).join(", ")
    }

    /// Where it goes unless it is told: a runner of GitHub reads what a step prints.
    fn usual_destination(self) -> Option<Destination> {
        (self == Format::Github).then_some(Destination::Stdout)
    }

    /// The report in this form.
    ///
    /// # Errors
    /// The form cannot say what was found.
    pub fn render(self, report: &Report<'_>) -> Result<String, String> {
        match self {
            Format::Text => Ok(text::plain(report)),
            Format::Json => json::render(report).map_err(|error| error.to_string()),
            Format::Junit => junit::render(report).map_err(|error| error.to_string()),
            Format::Markdown => Ok(markdown::render(report)),
            Format::Html => html::render(report).map_err(|error| error.to_string()),
            Format::Badge => badge::render(report).map_err(|error| error.to_string()),
            Format::Sarif => sarif::render(report).map_err(|error| error.to_string()),
            Format::Gitlab => gitlab::render(report).map_err(|error| error.to_string()),
            Format::Github => Ok(github::render(report)),
            Format::Baseline => Ok(baseline::draft(report)),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = BadRequest;

    fn from_str(text: &str) -> Result<Format, BadRequest> {
        Format::ALL
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| BadRequest::Format(text.to_owned()))
    }
}

/// A report whose place is known to be free.
#[derive(Debug)]
pub struct BegunReport {
    format: Format,
    place: ReportPlace,
}

#[derive(Debug)]
enum ReportPlace {
    Stdout,
    File(NewFile),
}

impl ReportRequest {
    /// Begins the file, if it is one: where nothing can be written is found before there is anything to write.
    ///
    /// # Errors
    /// There is no such folder, or nothing may be written there.
    pub fn begin(&self) -> io::Result<BegunReport> {
        let place = match &self.destination {
            Destination::Stdout => ReportPlace::Stdout,
            Destination::File(path) => ReportPlace::File(NewFile::create(path)?),
        };
        Ok(BegunReport {
            format: self.format,
            place,
        })
    }
}

impl BegunReport {
    /// Whether it goes to the standard output.
    pub fn is_printed(&self) -> bool {
        matches!(self.place, ReportPlace::Stdout)
    }

    /// Writes the report.
    ///
    /// # Errors
    /// The form cannot say what was found, or its place takes it no more.
    pub fn write(self, report: &Report<'_>) -> Result<(), WriteError> {
        let format = self.format;
        let text = format
            .render(report)
            .map_err(|reason| WriteError::Form { format, reason })?;
        match self.place {
            ReportPlace::Stdout => {
                let mut stdout = io::stdout().lock();
                let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
                written.map_err(|source| WriteError::Stdout { format, source })
            }
            ReportPlace::File(mut file) => {
                let path = file.path().to_owned();
                let written = file.write_all(text.as_bytes()).and_then(|()| file.finish());
                written.map_err(|source| WriteError::File { format, path, source })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_asked_for_by_format_and_path() {
        let file = |path: &str| Destination::File(path.into());
        let read = |text| ReportRequest::parse(text).map(|request| (request.format, request.destination));
        assert_eq!(read("json=a=b.json"), Ok((Format::Json, file("a=b.json"))));
        assert_eq!(read("junit=-"), Ok((Format::Junit, Destination::Stdout)));
        assert_eq!(read("json"), Err(BadRequest::Form));
        assert_eq!(read("json="), Err(BadRequest::Form));
        assert_eq!(read("github"), Ok((Format::Github, Destination::Stdout)));
        insta::assert_snapshot!(
            read("xml=x").unwrap_err(),
            @"`xml` is not a format; there are text, json, junit, markdown, html, badge, sarif, gitlab, github, baseline"
        );
    }
}
