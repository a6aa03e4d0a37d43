//! Fresh names for a script: where nothing stands yet, what it does means what it meant in the run.

use crate::values::RunId;

/// How a word is being read by a shell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Single,
    Double,
}

/// The script with names of its own in the place of those of the run, of the same length; the script as it is if it names
/// none of them.
pub(super) fn with_fresh_names(script: &str, run: &RunId) -> String {
    let run = run.to_string();
    let names = [
        format!("assize/{run}/"),
        format!("assize-{run}/"),
        format!("assize-{run}-"),
    ];
    let mut fresh = String::with_capacity(script.len());
    let mut quotes = vec![Quotes::None];
    let mut rest = script;
    while let Some(c) = rest.chars().next() {
        if let Some(name) = names.iter().find(|name| rest.starts_with(name.as_str())) {
            let (before, after) = (&name[.."assize/".len()], &name[name.len() - 1..]);
            fresh.push_str(&match quotes.last() {
                Some(Quotes::Single) => format!("{before}'$run'{after}"),
                _ => format!("{before}${{run}}{after}"),
            });
            rest = &rest[name.len()..];
            continue;
        }
        let inside = quotes.last().copied().unwrap_or(Quotes::None);
        match (inside, c) {
            (Quotes::Single, '\'') | (Quotes::Double, '"') => {
                quotes.pop();
            }
            (Quotes::None, '\'') => quotes.push(Quotes::Single),
            (Quotes::None, '"') => quotes.push(Quotes::Double),
            (Quotes::None | Quotes::Double, '$') if rest.starts_with("$(") => quotes.push(Quotes::None),
            (Quotes::None, ')') if quotes.len() > 1 => {
                quotes.pop();
            }
            (Quotes::None | Quotes::Double, '\\') => {
                fresh.push(c);
                rest = &rest[1..];
                let Some(escaped) = rest.chars().next() else { break };
                fresh.push(escaped);
                rest = &rest[escaped.len_utf8()..];
                continue;
            }
            _ => {}
        }
        fresh.push(c);
        rest = &rest[c.len_utf8()..];
    }
    if fresh == script {
        return fresh;
    }
    let length = run.len();
    let comments = fresh
        .split_inclusive('\n')
        .take_while(|line| line.starts_with('#'));
    let (comment, lines) = fresh.split_at(comments.map(str::len).sum());
    format!(
        "{comment}run=$(od -An -N{length} -tx1 /dev/urandom | tr -d ' \\n' | head -c {length}) # names of its own\n{lines}"
    )
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn names_are_fresh_however_they_are_quoted() {
        let run: RunId = "abc123".parse().unwrap();
        let script = "# it needs x\n\
                      echo 'it'\\''s assize/abc123/a' assize-abc123-b \"$(printf 'assize-abc123/%s' \"c\")\" 'assize/other/'";
        let fresh = with_fresh_names(script, &run);
        assert!(fresh.starts_with("# it needs x\nrun=$(od -An -N6 "), "{fresh}");
        let fresh = fresh.replacen("run=$(", "run=zzzzzz; : $(", 1);
        let output = Command::new("sh").args(["-c", &fresh]).output().unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "it's assize/zzzzzz/a assize-zzzzzz-b assize-zzzzzz/c assize/other/\n"
        );
        assert_eq!(with_fresh_names("echo a", &run), "echo a");
    }
}
