//! What must stand in no report: every password and token that was sent or received, in every form in which a server
//! may say it again.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::curl::escaped;
use super::grant::REDACTED;
use super::headers::is_secret;
use super::{ClientSettings, Login, Secret};

/// Secrets of fewer characters are words: they are taken out where they stand alone.
const WORD: usize = 8;
/// Longer forms are known by their first so many bytes, and end where their characters do.
const KNOWN_BY: usize = 24;
/// What is shorter is no secret, nor the beginning of one where a text is cut off, in bytes: every text holds it.
pub(super) const SHORTEST: usize = 4;
/// The longest beginning that is looked for where a text is cut off, in bytes.
const LONGEST_CUT: usize = 64;
/// What a text that was cut off ends with.
const ELLIPSIS: &str = "…";

/// The characters that stand for themselves in an address (RFC 3986, section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The secrets of one client; clones know the same ones.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<KnownForms>>);

#[derive(Default)]
struct KnownForms {
    /// What their forms are known by: nothing as long as a token is kept, or looked through, for each that follows.
    patterns: BTreeSet<Pattern>,
    /// What finds them, made anew when there is another one.
    finder: Option<Arc<Finder>>,
}

impl Secrets {
    /// These texts.
    pub fn of(texts: &[&str]) -> Secrets {
        let known = Secrets::default();
        texts.iter().for_each(|text| known.learn(&Secret::from(*text)));
        known
    }

    /// Remembers every secret that a client is given.
    pub(super) fn learn_all(&self, settings: &ClientSettings) {
        settings
            .credentials
            .logins()
            .for_each(|login| self.learn_login(login));
        let proxies = settings.proxies.all().filter_map(|proxy| proxy.login.as_ref());
        proxies.for_each(|(_, password)| self.learn(password));
        let lines = settings.lines.iter().filter(|(name, _)| is_secret(name));
        for (_, value) in lines {
            // Who repeats it may leave the scheme out.
            let bare = value.split_once(' ').map_or(value, |(_, bare)| bare);
            self.learn(&bare.into());
        }
    }

    /// Remembers what an account shows, in every form in which it may come back.
    pub(super) fn learn_login(&self, login: &Login) {
        match login {
            Login::Token(token) | Login::RefreshToken(token) => self.learn(token),
            Login::Password { user, password } => {
                self.learn(password);
                let pair = STANDARD_NO_PAD.encode(format!("{user}:{}", password.reveal()));
                self.add([percent_encoded(&pair), pair]);
            }
        }
    }

    /// Remembers a secret, in every form in which it may come back.
    pub(super) fn learn(&self, secret: &Secret) {
        self.add(forms(secret.reveal()));
    }

    /// The text with every secret in it taken out.
    pub fn redact(&self, text: &str) -> String {
        let Some(finder) = self.finder() else {
            return text.to_owned();
        };
        let mut shown = String::with_capacity(text.len());
        let mut at = 0;
        for found in finder.find(text) {
            if found.start >= at {
                shown.push_str(&text[at..found.start]);
                shown.push_str(REDACTED);
            }
            at = at.max(found.end);
        }
        shown.push_str(&text[at..]);
        shown
    }

    /// Where secrets stand in these bytes, in order.
    pub fn places(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let Some(finder) = self.finder() else {
            return Vec::new();
        };
        match std::str::from_utf8(bytes) {
            Ok(text) => finder.find(text),
            // A secret is found among bytes that are no text as well, if its own are ASCII.
            Err(_) => {
                let letter = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { '?' };
                finder.find(&bytes.iter().map(letter).collect::<String>())
            }
        }
    }

    fn add(&self, forms: impl IntoIterator<Item = String>) {
        let mut known = self.lock();
        let before = known.patterns.len();
        let forms = forms.into_iter().filter(|form| form.len() >= SHORTEST);
        known.patterns.extend(forms.map(|form| Pattern::of(&form)));
        if known.patterns.len() > before {
            known.finder = None;
        }
    }

    fn finder(&self) -> Option<Arc<Finder>> {
        let mut known = self.lock();
        if known.finder.is_none() && !known.patterns.is_empty() {
            known.finder = Finder::of(&known.patterns).map(Arc::new);
        }
        known.finder.clone()
    }

    fn lock(&self) -> MutexGuard<'_, KnownForms> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({REDACTED})")
    }
}

/// The forms of a secret: as it is, in an address, in JSON and in JSON that is told as JSON, in HTML, in a line for a
/// shell, and inside of anything in Base64.
fn forms(secret: &str) -> Vec<String> {
    let json = in_json(secret);
    let html = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let quoted = html.replace('"', "&quot;").replace('\'', "&#39;");
    let mut forms = vec![
        secret.to_owned(),
        percent_encoded(secret),
        percent_encoded(secret).replace("%20", "+"),
        in_json(&json),
        json,
        secret.replace('\'', r"'\''"),
        escaped(secret.as_bytes()),
        html,
        quoted,
    ];
    for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        let inside = (0..3).filter_map(|offset| encoded_at(&engine, secret, offset));
        forms.extend(inside.flat_map(|form| [percent_encoded(&form), form]));
    }
    forms
}

/// What stands between the quotes where the text is one of JSON.
fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// What Base64 makes of a text that begins so many bytes behind the beginning of a group of three: the digits that
/// depend on nothing else.
fn encoded_at(engine: &impl Engine, text: &str, offset: usize) -> Option<String> {
    let encoded = engine.encode([&[0; 3][..offset], text.as_bytes()].concat());
    // Of the digits that the bytes before it share with it, and those that it shares with what follows, none is its own.
    let first = [0, 2, 3][offset];
    let whole = (offset + text.len()) / 3 * 4;
    let rest = (offset + text.len()) % 3;
    let digits = encoded.get(first..whole + rest)?;
    Some(digits.to_owned())
}

/// Finds forms of secrets in texts, whatever the case of their letters.
struct Finder {
    automaton: AhoCorasick,
    /// What the automaton looks for.
    patterns: Vec<Pattern>,
    /// Every beginning of a pattern, in small letters.
    cuts: HashSet<String>,
}

impl Finder {
    fn of(patterns: &BTreeSet<Pattern>) -> Option<Finder> {
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(patterns.iter().map(|pattern| &pattern.text));
        // It cannot fail for less than billions of patterns.
        Some(Finder {
            automaton: automaton.ok()?,
            cuts: patterns
                .iter()
                .flat_map(|pattern| beginnings(&pattern.text))
                .collect(),
            patterns: patterns.iter().cloned().collect(),
        })
    }

    /// Where secrets stand, in order.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = self
            .automaton
            .find_overlapping_iter(text)
            .filter_map(|found| {
                let pattern = &self.patterns[found.pattern().as_usize()];
                if pattern.goes_on {
                    return Some(found.start()..end_of_token(text, found.end()));
                }
                let is_word = pattern.text.len() < WORD;
                (!is_word || stands_alone(text, found.range())).then(|| found.range())
            })
            .collect();
        found.extend(
            text.match_indices(ELLIPSIS)
                .filter_map(|(at, _)| self.cut_off(&text[..at])),
        );
        found.sort_by_key(|range| range.start);
        found
    }

    /// Where a secret begins that the end of this text cuts off.
    fn cut_off(&self, text: &str) -> Option<Range<usize>> {
        let longest = (SHORTEST..=LONGEST_CUT).rev().find_map(|length| {
            let start = text.len().checked_sub(length)?;
            let end = text.get(start..)?.to_ascii_lowercase();
            self.cuts.contains(&end).then_some(start)
        });
        longest.map(|start| start..text.len())
    }
}

/// The beginnings of a pattern that a cut may leave, in small letters.
fn beginnings(pattern: &str) -> impl Iterator<Item = String> {
    let lengths = SHORTEST..=pattern.len().min(LONGEST_CUT);
    lengths.filter_map(|length| Some(pattern.get(..length)?.to_ascii_lowercase()))
}

/// What a form is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pattern {
    /// The form, or the beginning of a long one.
    text: String,
    /// Whether the form goes on behind it, as far as a token does.
    goes_on: bool,
}

impl Pattern {
    fn of(form: &str) -> Pattern {
        let is_long = form.len() > KNOWN_BY + WORD && form.bytes().all(is_of_token);
        let first = form.get(..KNOWN_BY).filter(|_| is_long);
        Pattern {
            text: first.unwrap_or(form).to_owned(),
            goes_on: first.is_some(),
        }
    }
}

/// Whether a token, or what Base64 or an address makes of one, may have this byte.
fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(&byte)
}

fn end_of_token(text: &str, from: usize) -> usize {
    let rest = text.as_bytes()[from..].iter();
    from + rest.take_while(|byte| is_of_token(**byte)).count()
}

/// Whether no letter and no digit stands right before or behind a place.
fn stands_alone(text: &str, place: Range<usize>) -> bool {
    let before = text[..place.start].chars().next_back();
    let behind = text[place.end..].chars().next();
    ![before, behind].into_iter().flatten().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn knowing(secrets: &[&str]) -> Secrets {
        Secrets::of(secrets)
    }

    #[test]
    fn every_form_is_taken_out() {
        let known = Secrets::default();
        known.learn_login(&Login::Password {
            user: "alice".to_owned(),
            password: "p&ss \"wörd\"/+".into(),
        });
        let shown = |text: &str| known.redact(text);
        assert_eq!(shown(r#"a p&ss "wörd"/+ b"#), "a <redacted> b");
        assert_eq!(shown("?x=p%26ss%20%22w%C3%B6rd%22%2F%2B&y"), "?x=<redacted>&y");
        assert_eq!(shown("?x=p%26ss+%22w%c3%b6rd%22%2f%2b&y"), "?x=<redacted>&y");
        assert_eq!(shown(r#"{"code":"p&ss \"wörd\"/+"}"#), r#"{"code":"<redacted>"}"#);
        assert_eq!(
            shown(r#"$.code: "p&ss \\\"wörd\\\"/+""#),
            r#"$.code: "<redacted>""#
        );
        assert_eq!(shown(r#"printf 'p&ss "w\303\266rd"/+'"#), "printf '<redacted>'");
        assert_eq!(shown("p&amp;ss &quot;wörd&quot;/+"), "<redacted>");
        let line = STANDARD.encode("alice:p&ss \"wörd\"/+");
        let shown = shown(&format!("Authorization: Basic {line}"));
        assert!(shown.starts_with("Authorization: Basic <redacted>"), "{shown}");
        assert!(!shown.contains(&line[8..16]));
    }

    #[test]
    fn a_long_token_goes_to_its_end_or_to_where_it_is_cut() {
        let token = format!("eyJhbGciOiJIUzI1NiJ9.{}", "aB3-_".repeat(100));
        let known = knowing(&[&token]);
        assert_eq!(
            known.redact(&format!("Bearer {token}, or so")),
            "Bearer <redacted>, or so"
        );
        assert_eq!(known.redact(&format!("{}…", &token[..200])), "<redacted>…");
        assert_eq!(
            known.redact(&format!("code {}… x", &token[..9])),
            "code <redacted>… x"
        );
    }

    #[test]
    fn nothing_is_made_anew_for_a_token_that_begins_like_another() {
        let token = |end: &str| {
            format!(
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{}{end}",
                "aB3-_".repeat(100)
            )
        };
        let known = knowing(&[&token("1")]);
        let finder = known.finder().unwrap();
        known.learn(&token("2").into());
        assert!(Arc::ptr_eq(&finder, &known.finder().unwrap()));
        assert_eq!(known.redact(&token("2")), "<redacted>");
        known.learn(&"another one".into());
        assert!(!Arc::ptr_eq(&finder, &known.finder().unwrap()));
    }

    #[test]
    fn a_short_secret_is_taken_out_where_it_is_a_word() {
        let known = knowing(&["pull"]);
        assert_eq!(
            known.redact("pull, pulled, ?pw=pull&x"),
            "<redacted>, pulled, ?pw=<redacted>&x"
        );
    }

    #[test]
    fn who_knows_nothing_changes_nothing() {
        assert_eq!(Secrets::default().redact("a b…"), "a b…");
        assert_eq!(knowing(&[""]).redact("a b"), "a b");
        assert_eq!(knowing(&["hunter22"]).redact("nothing of it…"), "nothing of it…");
    }

    proptest! {
        #[test]
        fn nothing_that_holds_a_secret_in_base64_shows_it(before in "[ -~]{0,9}", secret in "[ -~]{8,40}", behind in "[ -~]{0,9}") {
            let text = STANDARD.encode(format!("{before}{secret}{behind}"));
            prop_assert!(knowing(&[&secret]).redact(&text).contains(REDACTED), "{}", text);
        }

        #[test]
        fn a_secret_is_found_wherever_it_stands(before in "[^…]{0,9}", secret in "[!-~]{8,60}", behind in ".{0,9}") {
            let shown = knowing(&[&secret]).redact(&format!("{before} {secret} {behind}"));
            prop_assert!(!shown.contains(&secret) || REDACTED.contains(&secret), "{}", shown);
        }

        #[test]
        fn a_cut_shows_at_most_a_few_characters(secret in "[a-z0-9]{12,60}", length in 5_usize..12) {
            let shown = knowing(&[&secret]).redact(&format!("x {}…", &secret[..length]));
            prop_assert_eq!(shown, "x <redacted>…");
        }
    }
}
