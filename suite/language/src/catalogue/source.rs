//! Where a requirement stands: document, section, and the words of its sentence.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Document, Edition};

/// Where one version says what a requirement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The document.
    pub document: Arc<Document>,
    /// The edition of it that counts.
    pub edition: Arc<Edition>,
    /// The section: its heading, or its number in an RFC.
    pub section: String,
    /// The words by which its sentence is found; without them the whole section is meant.
    pub words: Option<Words>,
}

/// A few words that mark a passage of a document, each as a browser shows them and in one paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The words right before the passage, where `from` stands elsewhere too.
    pub after: Option<String>,
    /// The first words of the passage.
    pub from: String,
    /// Its last words; without them `from` is all of it.
    pub to: Option<String>,
}

impl Source {
    /// The section as a report names it: `Pulling blobs`, or `RFC 9110, 14.2`.
    pub fn place(&self) -> String {
        match &self.document.short {
            Some(short) => format!("{short}, {}", self.section),
            None => self.section.clone(),
        }
    }

    /// The address of the sentence: a browser opens it there, and marks it.
    pub fn link(&self) -> String {
        let anchor = self.document.anchors.of(&self.section);
        let fragment = self.words.as_ref().map(Words::fragment).unwrap_or_default();
        format!("{}#{anchor}{fragment}", self.edition.url)
    }
}

impl Words {
    /// The [text fragment](https://wicg.github.io/scroll-to-text-fragment/) that selects the passage.
    fn fragment(&self) -> String {
        let after = self.after.as_deref().map(|words| format!("{}-,", encoded(words)));
        let to = self.to.as_deref().map(|words| format!(",{}", encoded(words)));
        let (after, to) = (after.unwrap_or_default(), to.unwrap_or_default());
        format!(":~:text={after}{}{to}", encoded(&self.from))
    }
}

/// What may stand in a text fragment as it is: neither `-`, `,` nor `&`, which mean something there.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'~');

fn encoded(words: &str) -> String {
    utf8_percent_encode(words, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::by_version::ByVersion;
    use crate::catalogue::{Anchors, Wording};

    fn source(anchors: Anchors, section: &str, words: Option<Words>) -> Source {
        let edition = Arc::new(Edition {
            url: "https://example.com/spec.md".to_owned(),
            text: None,
        });
        let document = Document {
            id: "spec".to_owned(),
            title: "The specification".to_owned(),
            short: (anchors == Anchors::Numbers).then(|| "RFC 9110".to_owned()),
            anchors,
            wording: Wording::Rfc2119,
            editions: ByVersion::Same(edition.clone()),
        };
        Source {
            document: Arc::new(document),
            edition,
            section: section.to_owned(),
            words,
        }
    }

    #[test]
    fn a_link_opens_at_the_sentence() {
        let words = Words {
            after: None,
            from: "`<n>`, de-duplicated & sent".replace('`', ""),
            to: Some("out of order.".to_owned()),
        };
        assert_eq!(
            source(Anchors::Headings, "Pulling blobs", Some(words)).link(),
            "https://example.com/spec.md#pulling-blobs:~:text=%3Cn%3E%2C%20de%2Dduplicated%20%26%20sent,out%20of%20order."
        );
    }

    #[test]
    fn words_that_stand_twice_are_told_apart_by_those_before_them() {
        let words = Words {
            after: Some("to be deleted.".to_owned()),
            from: "Upon success".to_owned(),
            to: None,
        };
        let link = source(Anchors::Headings, "Deleting tags", Some(words)).link();
        assert!(
            link.ends_with("#deleting-tags:~:text=to%20be%20deleted.-,Upon%20success"),
            "{link}"
        );
    }

    #[test]
    fn a_section_is_named_with_its_document_unless_that_is_the_specification() {
        let rfc = source(Anchors::Numbers, "14.2", None);
        assert_eq!(
            (rfc.place().as_str(), rfc.link().as_str()),
            ("RFC 9110, 14.2", "https://example.com/spec.md#section-14.2")
        );
        assert_eq!(
            source(Anchors::Headings, "Pulling blobs", None).place(),
            "Pulling blobs"
        );
    }
}
