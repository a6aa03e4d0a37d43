//! What a registry answers in one scenario, with names in the place of values.

use std::collections::BTreeMap;

use crate::catalogue::{RequirementId, Version};

/// What a registry answers in one scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// The scenario's title.
    pub title: String,
    /// The version by which it is said what is broken.
    pub version: Version,
    /// The requests and their answers, in order.
    pub entries: Vec<Entry>,
    /// Why there are no more, if the scenario came to an end before its last line.
    pub ended: Option<Ended>,
}

/// A request, or the setting of a stage, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The step in which it stands; empty above the first one.
    pub step: String,
    /// What was asked.
    pub asked: Asked,
    /// What was answered.
    pub said: Said,
}

/// What was asked, as the scenario writes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asked {
    /// `given blob pushed`: some requests that set the stage.
    Given(String),
    /// The lines of a request, without their sign.
    Request(Vec<String>),
    /// A further request of the same lines, by its method: the next page, the next part.
    Next(String),
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// This.
    Answer(Answer),
    /// The request is made now and then.
    NowAndThen,
}

/// An answer, facet by facet, and what it breaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What there is to be seen of it.
    pub facets: BTreeMap<Facet, Told>,
    /// The requirements that it breaks.
    pub breaks: BTreeMap<RequirementId, Constancy>,
}

/// One thing about an answer, in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// The status; of a stage how often each came.
    Status,
    /// The codes of an error body.
    Error,
    /// The header lines of this name.
    Header(String),
    /// The body.
    Body,
}

/// What is known of a facet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Told {
    /// These lines; of a header of which only its presence is told, none.
    Lines(Vec<String>),
    /// It differs from run to run, and is never compared.
    Unstable,
}

/// Whether something is so in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Constancy {
    /// In every run.
    Always,
    /// In some runs.
    NowAndThen,
}

/// Why a scenario came to an end before its last line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    /// The registry does not offer this.
    NotOffered(String),
    /// It needs an account of this name.
    NoAccount(String),
    /// Something before it did not come.
    NotReached,
    /// One reason or another, or none, from run to run.
    Unstable,
}

impl Entry {
    /// The answer, unless the request is made only now and then.
    pub fn answer(&self) -> Option<&Answer> {
        match &self.said {
            Said::Answer(answer) => Some(answer),
            Said::NowAndThen => None,
        }
    }
}

impl Answer {
    /// The only line of a facet, where there is one and it is the same in every run.
    pub fn line(&self, facet: &Facet) -> Option<&str> {
        match self.facets.get(facet)? {
            Told::Lines(lines) => lines.first().map(String::as_str),
            Told::Unstable => None,
        }
    }

    /// The requirements that are broken in every run.
    pub fn broken(&self) -> impl Iterator<Item = &RequirementId> {
        let always = self.breaks.iter();
        always.filter_map(|(id, constancy)| (*constancy == Constancy::Always).then_some(id))
    }
}
