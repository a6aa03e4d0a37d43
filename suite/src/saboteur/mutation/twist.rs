//! What can be done to the value of a header.

use assize_language::words;

words! {
    /// What becomes of the value of a header.
    Twist {
        /// Nothing is left of it.
        Empty = "empty",
        /// It is in capital letters.
        Upper = "upper",
        /// It stands in quotation marks.
        Quoted = "quoted",
        /// It has blanks before and behind.
        Spaced = "spaced",
        /// It has a parameter behind it, as media types may.
        Parameter = "parameter",
        /// It has another query.
        Query = "query",
        /// Its second half is missing.
        Cut = "cut",
        /// It is relative to the server.
        Relative = "relative",
        /// It names this machine by another name.
        OtherHost = "other-host",
        /// It is some other word.
        Other = "other",
        /// It is the zero of all digits in it.
        Zeros = "zeros",
    }
}

impl Twist {
    /// What becomes of a value.
    pub(super) fn of(self, value: &str) -> String {
        match self {
            Twist::Empty => String::new(),
            Twist::Upper => value.to_ascii_uppercase(),
            Twist::Quoted => format!("\"{value}\""),
            Twist::Spaced => format!("  {value}  "),
            Twist::Parameter => format!("{value}; charset=utf-8"),
            Twist::Query => match value.split_once('?') {
                Some((before, query)) => format!("{before}?more=1&{query}"),
                None => format!("{value}?more=1"),
            },
            Twist::Cut => value.chars().take(value.chars().count() / 2).collect(),
            Twist::Relative => relative(value).to_owned(),
            Twist::OtherHost => value.replacen("127.0.0.1", "localhost", 1),
            Twist::Other => "other".to_owned(),
            Twist::Zeros => value.replace(|c: char| c.is_ascii_digit(), "0"),
        }
    }
}

/// An address without its scheme and host.
fn relative(address: &str) -> &str {
    let Some((_, rest)) = address.split_once("://") else {
        return address;
    };
    rest.find('/').map_or("/", |path| &rest[path..])
}

#[cfg(test)]
mod tests {
    use super::Twist;

    #[test]
    fn every_twist_makes_something_else_of_an_address() {
        let address = "http://127.0.0.1:1/v2/a?b=1";
        for twist in Twist::ALL {
            assert_ne!(twist.of(address), address, "{}", twist.words());
        }
        assert_eq!(Twist::Relative.of(address), "/v2/a?b=1");
        assert_eq!(Twist::Query.of(address), "http://127.0.0.1:1/v2/a?more=1&b=1");
        assert_eq!(Twist::OtherHost.of(address), "http://localhost:1/v2/a?b=1");
    }
}
