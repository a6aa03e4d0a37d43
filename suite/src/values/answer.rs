//! What a request came to: one answer, or all the pages of a list, seen as one.

use std::sync::{Arc, OnceLock};

use serde_json::Value as Json;

use crate::cause::Cause;
use crate::wire::{Answer, Exchange, Fault, WHOLE};

/// The answer that checks look at.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The exchanges, one for each page; never empty.
    pages: Vec<Arc<Exchange>>,
    /// What kept the list from being followed to its end.
    trouble: Option<String>,
    json: OnceLock<Option<Json>>,
}

impl Answered {
    /// The answer of one exchange.
    pub(crate) fn one(exchange: Arc<Exchange>) -> Answered {
        Answered {
            pages: vec![exchange],
            trouble: None,
            json: OnceLock::new(),
        }
    }

    /// The pages of a list, in order, and what kept it from being followed to its end.
    pub(crate) fn pages(
        first: Arc<Exchange>,
        others: Vec<Arc<Exchange>>,
        trouble: Option<String>,
    ) -> Answered {
        let pages = std::iter::once(first).chain(others).collect();
        Answered {
            pages,
            trouble,
            json: OnceLock::new(),
        }
    }

    /// The last exchange.
    pub(crate) fn exchange(&self) -> &Arc<Exchange> {
        &self.pages[self.pages.len() - 1]
    }

    /// What kept the list from being followed to its end.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// The answer of the last page, or why there is none.
    pub(crate) fn answer(&self) -> Result<&Answer, &Fault> {
        self.exchange().outcome.as_ref()
    }

    /// The answers of all pages, or why one of them is missing.
    pub(crate) fn answers(&self) -> Result<Vec<&Answer>, &Fault> {
        self.pages.iter().map(|page| page.outcome.as_ref()).collect()
    }

    /// Why what came says nothing about what the registry does with the request, if it does not.
    pub(crate) fn circumstance(&self) -> Option<Cause> {
        self.pages.iter().find_map(Cause::circumstance)
    }

    /// Why the bodies of all pages cannot be read as one list: they are longer, or hold more, than what is read as JSON.
    pub(crate) fn too_long(&self) -> Option<String> {
        let answers = self.answers().ok()?;
        let length: u64 = answers.iter().map(|answer| answer.body.len()).sum();
        if length > WHOLE as u64 {
            return Some(format!(
                "{length} bytes are more than the {WHOLE} that are read as JSON"
            ));
        }
        answers.iter().find_map(|answer| answer.body.too_much())
    }

    /// The body as JSON, the lists of all pages joined; `None` if a body is not JSON, or too long.
    pub(crate) fn json(&self) -> Option<&Json> {
        self.json
            .get_or_init(|| match self.too_long() {
                Some(_) => None,
                None => join(self.answers().ok()?.into_iter().map(json_of)),
            })
            .as_ref()
    }
}

/// The body of one answer as JSON; a body that is not kept whole, or holds too much, is none.
pub(crate) fn json_of(answer: &Answer) -> Option<Json> {
    answer.body.json()
}

fn join(pages: impl Iterator<Item = Option<Json>>) -> Option<Json> {
    pages.reduce(|whole, page| Some(joined(whole?, page?))).flatten()
}

/// The first page, with what the lists of the second hold added to its own.
fn joined(whole: Json, page: Json) -> Json {
    match (whole, page) {
        (Json::Object(mut whole), Json::Object(page)) => {
            for (key, value) in page {
                match (whole.get_mut(&key), value) {
                    (Some(Json::Array(list)), Json::Array(more)) => list.extend(more),
                    (Some(_), _) => {}
                    (None, value) => {
                        whole.insert(key, value);
                    }
                }
            }
            Json::Object(whole)
        }
        (whole, _) => whole,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_lists_of_all_pages_are_seen_as_one() {
        let pages = [
            json!({"name": "a", "tags": ["x"]}),
            json!({"name": "a", "tags": ["y", "z"]}),
        ];
        assert_eq!(
            join(pages.into_iter().map(Some)),
            Some(json!({"name": "a", "tags": ["x", "y", "z"]}))
        );
    }

    #[test]
    fn a_page_that_is_not_json_spoils_the_whole() {
        assert_eq!(join([Some(json!({})), None].into_iter()), None);
    }
}
