//! Credentials and files of accounts that nobody would write.

use http::HeaderValue;

use super::accounts::Accounts;
use super::tokens::{Scope, Token, Tokens};

/// The value of an `Authorization` header: nobody has a token that was not given, and one that was given is good for what
/// it was given for, letter by letter.
pub(crate) fn credentials(input: &[u8]) {
    let Ok(header) = HeaderValue::from_bytes(input) else {
        return;
    };
    if let Some((name, _)) = super::credentials(&header) {
        assert!(!name.contains(':'));
    }
    let Ok(text) = header.to_str() else { return };
    let tokens = Tokens::new();
    assert_eq!(tokens.read(text), None);
    let scopes = text.split(' ').filter_map(Scope::parse).collect();
    let token = Token::new(Some(text.to_owned()), scopes);
    let Some(printed) = tokens.print(&token) else {
        return;
    };
    assert_eq!(tokens.read(&printed), Some(token));
    let place = input.iter().map(|byte| usize::from(*byte)).sum::<usize>() % printed.len();
    let (before, after) = printed.split_at(place);
    assert_eq!(tokens.read(before), None);
    assert_eq!(tokens.read(after).filter(|_| place > 0), None);
    assert_eq!(tokens.read(&format!("{before}-{after}")), None);
}

/// A file of accounts: whoever is unknown costs what somebody does.
pub(crate) fn accounts(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let mut accounts = Accounts::default();
    if accounts.add_all(text).is_ok() {
        assert!((4..=14).contains(&accounts.cost_for_nobody("nobody")));
    }
}
