//! Lists, page by page: a page costs what it holds, however long the list is.

use super::{Store, StoreError};
use crate::protocol::{Digest, Name};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page<T> {
    /// What is on the page.
    pub(crate) entries: Vec<T>,
    /// Where the next page goes on, if there is one: after this entry.
    pub(crate) next: Option<String>,
}

impl Store {
    /// The tags of a repository after `last`, in the order of their bytes (end-8).
    pub(crate) fn tags(
        &self,
        repository: &Name,
        last: &str,
        limit: usize,
    ) -> Result<Page<String>, StoreError> {
        if !self.repository_exists(repository)? {
            return Err(StoreError::RepositoryUnknown);
        }
        let tags = self.metadata.view()?.tags()?;
        let name = repository.as_str();
        let mut entries = Vec::new();
        for row in tags.range((name, last)..)? {
            let (key, _) = row?;
            match key.value() {
                (repository, _) if repository != name => break,
                (_, tag) if tag == last => {}
                (_, tag) if entries.len() < limit => entries.push(tag.to_owned()),
                _ => {
                    return Ok(Page {
                        next: entries.last().cloned(),
                        entries,
                    });
                }
            }
        }
        Ok(Page { entries, next: None })
    }

    /// The repositories after `last`, in the order of their bytes (Docker: Listing Repositories).
    pub(crate) fn repositories(&self, last: &str, limit: usize) -> Result<Page<String>, StoreError> {
        let repositories = self.metadata.view()?.repositories()?;
        let mut entries = Vec::new();
        for row in repositories.range(last..)? {
            let (key, _) = row?;
            match key.value() {
                name if name == last => {}
                name if entries.len() < limit => entries.push(name.to_owned()),
                _ => {
                    return Ok(Page {
                        next: entries.last().cloned(),
                        entries,
                    });
                }
            }
        }
        Ok(Page { entries, next: None })
    }

    /// The descriptors of the referrers of `subject` after `last`, perhaps of one type only, at most
    /// `limit` in number and `limit_bytes` in size, but one at least (end-12).
    pub(crate) fn referrers(
        &self,
        repository: &Name,
        subject: &Digest,
        artifact_type: Option<&str>,
        last: &str,
        (limit, limit_bytes): (usize, usize),
    ) -> Result<Page<String>, StoreError> {
        let view = self.metadata.view()?;
        let (referrers, types) = (view.referrers()?, view.referrer_types()?);
        let (name, subject) = (repository.as_str(), subject.as_str());
        let mut page = Page {
            entries: Vec::new(),
            next: None,
        };
        let (mut bytes, mut previous) = (0, last.to_owned());
        // Adds a referrer to the page; says whether there was room.
        let mut add = |digest: &str, descriptor: &str| {
            bytes += descriptor.len();
            if !page.entries.is_empty() && (page.entries.len() >= limit || bytes > limit_bytes) {
                page.next = Some(previous.clone());
                return false;
            }
            page.entries.push(descriptor.to_owned());
            digest.clone_into(&mut previous);
            true
        };
        if let Some(artifact_type) = artifact_type {
            for row in types.range((name, subject, artifact_type, last)..)? {
                let (key, _) = row?;
                let (a, b, c, digest) = key.value();
                if (a, b, c) != (name, subject, artifact_type) {
                    break;
                }
                let Some(descriptor) = referrers.get((name, subject, digest))? else {
                    continue;
                };
                if digest != last && !add(digest, descriptor.value()) {
                    break;
                }
            }
        } else {
            for row in referrers.range((name, subject, last)..)? {
                let (key, descriptor) = row?;
                let (a, b, digest) = key.value();
                if (a, b) != (name, subject) || (digest != last && !add(digest, descriptor.value())) {
                    break;
                }
            }
        }
        Ok(page)
    }
}
