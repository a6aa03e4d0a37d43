//! What a server demands with a 401: its challenges.

use http_auth::{ChallengeParser, ChallengeRef};

use super::Headers;

/// One challenge of a `WWW-Authenticate` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme as written.
    pub scheme: String,
    /// The parameters as written, their quotes taken off.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Whether the challenge is of this scheme.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The first parameter of this name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(present, _)| present.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl From<ChallengeRef<'_>> for Challenge {
    fn from(challenge: ChallengeRef<'_>) -> Challenge {
        Challenge {
            scheme: challenge.scheme.to_owned(),
            parameters: challenge
                .params
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.to_unescaped()))
                .collect(),
        }
    }
}

/// All challenges of an answer, in order; where a line does not parse, an error says why and the next line goes on.
pub fn challenges(headers: &Headers) -> Vec<Result<Challenge, String>> {
    headers
        .all("WWW-Authenticate")
        .flat_map(|line| {
            ChallengeParser::new(line)
                .map(|challenge| challenge.map(Challenge::from).map_err(|error| error.to_string()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(lines: &[&str]) -> Vec<Result<Challenge, String>> {
        challenges(&lines.iter().map(|line| ("www-authenticate", *line)).collect())
    }

    #[test]
    fn several_challenges_in_a_line_and_in_lines_are_told_apart() {
        let all = parsed(&[
            r#"bearer realm="https://auth.example/token",SERVICE=registry,scope="repository:a/b:pull,push repository:c:pull""#,
            r#"Negotiate, Basic realm="a \"quoted\" realm", charset="UTF-8""#,
        ]);
        let all: Vec<Challenge> = all.into_iter().map(Result::unwrap).collect();
        let schemes: Vec<&str> = all.iter().map(|challenge| challenge.scheme.as_str()).collect();
        assert_eq!(schemes, ["bearer", "Negotiate", "Basic"]);
        assert!(all[0].is("Bearer"));
        assert_eq!(all[0].parameter("service"), Some("registry"));
        assert_eq!(
            all[0].parameter("scope"),
            Some("repository:a/b:pull,push repository:c:pull")
        );
        assert_eq!(all[2].parameter("realm"), Some("a \"quoted\" realm"));
        assert_eq!(all[2].parameter("scope"), None);
    }

    #[test]
    fn what_stands_before_a_fault_and_in_other_lines_counts() {
        let all = parsed(&["Basic realm=\"x\", Bearer realm=\"unfinished", "Bearer realm=y"]);
        assert!(all.iter().any(Result::is_err));
        let good: Vec<&Challenge> = all.iter().flatten().collect();
        assert_eq!(
            good.last().map(|challenge| challenge.parameter("realm")),
            Some(Some("y"))
        );
    }
}
