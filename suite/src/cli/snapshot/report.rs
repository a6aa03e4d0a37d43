//! The reports that are wanted of what is different.

use assize::report::{Destination, Format, NewFile, ReportRequest};
use assize::snapshot::{Folded, document, markdown, text};

use std::io::Write as _;

use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::verdict::{begun, written};

/// The width of a report that goes to a file: nothing is folded there, so that it can be searched.
const UNFOLDED: usize = usize::MAX;

/// The reports that are wanted.
pub(super) struct Reports(Vec<(Form, Destination)>);

/// The forms of such a report.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Markdown,
    Json,
}

impl Reports {
    /// Those that were asked for, if they can be made.
    pub(super) fn new(wanted: Vec<ReportRequest>) -> Result<Reports, Failure> {
        let forms = wanted.into_iter().map(|request| match request.format {
            Format::Text => Ok((Form::Text, request.destination)),
            Format::Markdown => Ok((Form::Markdown, request.destination)),
            Format::Json => Ok((Form::Json, request.destination)),
            other => Err(Failure::Arguments(format!(
                "what differs is written as text, markdown or json, not as {other}"
            ))),
        });
        let reports = Reports(forms.collect::<Result<_, _>>()?);
        if reports.to_the_output().count() > 1 {
            let why = "two things would be written to the standard output";
            return Err(Failure::Arguments(why.to_owned()));
        }
        Ok(reports)
    }

    fn to_the_output(&self) -> impl Iterator<Item = &(Form, Destination)> {
        let reports = self.0.iter();
        reports.filter(|(_, destination)| *destination == Destination::Stdout)
    }

    /// Whether one of them takes the place of what is shown.
    pub(super) fn take_the_output(&self) -> bool {
        self.to_the_output().next().is_some()
    }

    /// Writes them.
    pub(super) fn write(&self, folds: &[Folded]) -> Result<(), Failure> {
        for (form, destination) in &self.0 {
            let text = match form {
                Form::Text => anstream::adapter::strip_str(&text(folds, UNFOLDED)).to_string(),
                Form::Markdown => markdown(folds),
                Form::Json => document(folds),
            };
            match destination {
                Destination::Stdout => output::print(&text)?,
                Destination::File(path) => {
                    let file: NewFile = begun(path, "--report")?;
                    written(file, |file| file.write_all(text.as_bytes()))?;
                }
            }
        }
        Ok(())
    }
}
