//! `.netrc`: the file in which curl, git and others look for the login of a host.

use std::iter::Peekable;
use std::str::Chars;

use assize::wire::Login;

/// The login for a host: that of the first entry that names it, or else of `default`.
pub(super) fn login(text: &str, host: &str) -> Option<Login> {
    let entries = entries(text);
    let named = entries
        .iter()
        .find(|entry| entry.machine.as_deref() == Some(host));
    let any = || entries.iter().find(|entry| entry.machine.is_none());
    let entry = named.or_else(any)?;
    Some(Login::Password {
        user: entry.login.clone()?,
        password: entry.password.clone()?.into(),
    })
}

/// What is kept for a host, or for all the others.
#[derive(Default)]
struct NetrcEntry {
    machine: Option<String>,
    login: Option<String>,
    password: Option<String>,
}

fn entries(text: &str) -> Vec<NetrcEntry> {
    let mut entries: Vec<NetrcEntry> = Vec::new();
    let mut words = NetrcWords(text.chars().peekable());
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" => entries.push(NetrcEntry {
                machine: words.next().map(|host| host.to_ascii_lowercase()),
                ..NetrcEntry::default()
            }),
            "default" => entries.push(NetrcEntry::default()),
            "macdef" => words.skip_macro(),
            "login" => set(&mut entries, words.next(), |entry| &mut entry.login),
            "password" => set(&mut entries, words.next(), |entry| &mut entry.password),
            // Those of an `account`, and what nobody knows.
            _ => {}
        }
    }
    entries
}

fn set(entries: &mut [NetrcEntry], value: Option<String>, field: fn(&mut NetrcEntry) -> &mut Option<String>) {
    if let Some(entry) = entries.last_mut() {
        field(entry).get_or_insert(value.unwrap_or_default());
    }
}

/// The words of a file; one in quotes may hold blanks, and a line that begins with `#` holds none.
struct NetrcWords<'a>(Peekable<Chars<'a>>);

impl NetrcWords<'_> {
    /// Goes on behind the next empty line, where a macro ends.
    fn skip_macro(&mut self) {
        let mut last = ' ';
        for c in self.0.by_ref() {
            if c == '\n' && last == '\n' {
                return;
            }
            last = c;
        }
    }

    fn quoted(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.0.next() {
            match c {
                '"' => break,
                '\\' => word.extend(self.0.next().map(|escaped| match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                })),
                other => word.push(other),
            }
        }
        word
    }
}

impl Iterator for NetrcWords<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            match self.0.next()? {
                c if c.is_whitespace() => {}
                '#' => self.0.by_ref().take_while(|c| *c != '\n').for_each(drop),
                '"' => return Some(self.quoted()),
                first => {
                    let mut word = String::from(first);
                    while let Some(c) = self.0.next_if(|c| !c.is_whitespace()) {
                        word.push(c);
                    }
                    return Some(word);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str, host: &str) -> Option<(String, String)> {
        let Login::Password { user, password } = login(text, host)? else {
            return None;
        };
        let known = ["p", "p2", "p#3", "p 4", "d"];
        let password = known.iter().find(|known| password == (**known).into())?;
        Some((user, (*password).to_owned()))
    }

    #[test]
    fn the_entry_of_the_host_counts_or_else_the_default() {
        let text = "
# of the team
machine r.example login alice password p
machine
  R2.example
  login bob account x
  password p2
macdef init
machine r3.example login wrong password wrong

machine r3.example login carol password p#3
machine r4.example login \"dora d\" password \"p 4\"
machine r5.example login emil
default login anybody password d
";
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(password(text, "r.example"), pair("alice", "p"));
        assert_eq!(password(text, "r2.example"), pair("bob", "p2"));
        assert_eq!(password(text, "r3.example"), pair("carol", "p#3"));
        assert_eq!(password(text, "r4.example"), pair("dora d", "p 4"));
        assert_eq!(password(text, "r5.example"), None);
        assert_eq!(password(text, "other.example"), pair("anybody", "d"));
        assert_eq!(
            password("machine r.example login a password p", "other.example"),
            None
        );
    }
}
