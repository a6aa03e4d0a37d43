//! Reading a baseline: all its faults in one pass, each at its place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Baseline, BaselineEntry, Occurs};
use crate::catalogue::{Catalogue, RequirementId};
use crate::diagnostic::{Diagnostic, Faulty, SourceFile};

/// How many faults of the syntax are shown each: more are those of a file that is something else.
const SYNTAX_FAULTS: usize = 10;

impl Baseline {
    /// Reads a baseline, or says everything that is wrong with it.
    pub fn parse(source: &SourceFile, catalogue: &Catalogue) -> Result<Baseline, Faulty> {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        let mut reader = BaselineReader {
            catalogue,
            faults: errors.iter().take(SYNTAX_FAULTS).map(syntax).collect(),
        };
        if let Some(next) = errors.get(SYNTAX_FAULTS) {
            let left = errors.len() - SYNTAX_FAULTS;
            let text = format!(
                "there are {left} more faults: is this a baseline? --report baseline=FILE drafts one"
            );
            reader
                .faults
                .push(Diagnostic::error(text, next.span().unwrap_or_default()));
        }
        if let Some(faulty) = Faulty::new(source, std::mem::take(&mut reader.faults)) {
            return Err(faulty);
        }
        let mut baseline = Baseline::default();
        for (key, value) in table.get_ref() {
            let id = reader.id(key.get_ref(), &key.span(), value.get_ref());
            let entry = reader.entry(key.span(), value);
            if let (Some(id), Some(entry)) = (id, entry) {
                baseline.0.insert(id, entry);
            }
        }
        Faulty::new(source, reader.faults).map_or(Ok(baseline), Err)
    }
}

struct BaselineReader<'a> {
    catalogue: &'a Catalogue,
    faults: Vec<Diagnostic>,
}

impl BaselineReader<'_> {
    fn id(&mut self, key: &str, span: &Range<usize>, value: &DeValue<'_>) -> Option<RequirementId> {
        let id = RequirementId::read(key).filter(|id| self.catalogue.get(id).is_some());
        if id.is_none() {
            let mut fault = Diagnostic::error(format!("there is no requirement `{key}`"), span.clone());
            if let Some(advice) = unquoted(key, value).or_else(|| self.nearest(key)) {
                fault = fault.suggest(advice);
            }
            self.faults.push(fault);
        }
        id
    }

    fn nearest(&self, key: &str) -> Option<String> {
        crate::diagnostic::did_you_mean(key, self.catalogue.iter().map(|known| known.id.as_str()))
    }

    fn entry(&mut self, span: Range<usize>, value: &Spanned<DeValue<'_>>) -> Option<BaselineEntry> {
        let Some(table) = value.get_ref().as_table() else {
            self.fault("a known finding is a table with a `reason`", value.span());
            return None;
        };
        let mut reason = None;
        let mut ways = Some(Vec::new());
        let mut races = Some(Vec::new());
        let mut occurs = Occurs::Always;
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "reason" => reason = Some(self.reason(value)),
                "ways" => ways = self.ways(value),
                "races" => races = self.ways(value),
                "occurs" => occurs = self.occurs(value),
                _ if value.get_ref().is_table() => {}
                other => self.fault(
                    &format!(
                        "a known finding has a `reason`, `ways`, `races` and `occurs`, and no `{other}`"
                    ),
                    key.span(),
                ),
            }
        }
        let missing = reason.is_none() && !table.values().any(|value| value.get_ref().is_table());
        if missing {
            self.fault("a known finding needs a `reason`", span);
        }
        Some(BaselineEntry {
            reason: reason??,
            ways: ways?,
            races: races?,
            occurs,
        })
    }

    fn reason(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        match value.get_ref().as_str().map(str::trim) {
            Some("") => self.fault(
                "the reason is empty: say why this finding is still there",
                value.span(),
            ),
            Some(reason) => return Some(reason.to_owned()),
            None => self.fault("the reason is a text", value.span()),
        }
        None
    }

    fn ways(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Vec<String>> {
        let texts: Option<Vec<String>> = value.get_ref().as_array().and_then(|array| {
            let text = |way: &Spanned<DeValue<'_>>| way.get_ref().as_str().map(str::to_owned);
            array.iter().map(text).collect()
        });
        if texts.as_ref().is_none_or(Vec::is_empty) {
            self.fault(
                "the ways are a list of scenarios, as in [\"push/mount\"]",
                value.span(),
            );
            return None;
        }
        texts
    }

    fn occurs(&mut self, value: &Spanned<DeValue<'_>>) -> Occurs {
        if value.get_ref().as_str() != Some(Occurs::NOW_AND_THEN) {
            self.fault(
                "what is said of `occurs` is \"now and then\", or nothing",
                value.span(),
            );
        }
        Occurs::NowAndThen
    }

    fn fault(&mut self, title: &str, span: Range<usize>) {
        self.faults.push(Diagnostic::error(title, span));
    }
}

fn syntax(error: &toml::de::Error) -> Diagnostic {
    Diagnostic::error(error.message().trim(), error.span().unwrap_or_default())
}

/// The usual slip: an id without quotes, which TOML takes for tables in tables.
fn unquoted(key: &str, value: &DeValue<'_>) -> Option<String> {
    let mut id = key.to_owned();
    let mut table = value.as_table()?;
    while let Some((key, inner)) = table
        .iter()
        .find_map(|(key, value)| Some((key, value.get_ref().as_table()?)))
    {
        id = format!("{id}.{}", key.get_ref());
        table = inner;
    }
    (id != key).then(|| format!("an id stands in quotes: [\"{id}\"]"))
}
