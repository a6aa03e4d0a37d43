//! Credentials, files of accounts and keys that nobody would write.

#![expect(clippy::unwrap_used, reason = "a target fails by panicking")]

use std::sync::OnceLock;

use http::HeaderValue;

use super::Scope;
use super::accounts::Accounts;
use super::issuer::Issuer;
use super::logins;
use super::trusted_keys::TrustedKeys;

/// The value of an `Authorization` header: nobody has a token that was not given, and one that was given is good for what
/// it was given for, letter by letter.
pub(crate) fn credentials(input: &[u8]) {
    let Ok(header) = HeaderValue::from_bytes(input) else {
        return;
    };
    if let Some((name, _)) = logins::credentials(&header) {
        assert!(!name.contains(':'));
    }
    let Ok(text) = header.to_str() else { return };
    let issuer = issuer();
    assert_eq!(issuer.read(text), None);
    let scopes = text.split(' ').filter_map(Scope::parse).collect::<Vec<_>>();
    let Some(printed) = issuer.issue(Some(text), None, &scopes) else {
        return;
    };
    let token = issuer.read(&printed).unwrap();
    assert_eq!(token.account.unwrap_or_default(), text);
    assert_eq!(token.scopes, scopes);
    let place = input.iter().map(|byte| usize::from(*byte)).sum::<usize>() % printed.len();
    let (before, after) = printed.split_at(place);
    assert_eq!(issuer.read(before), None);
    assert_eq!(issuer.read(after).filter(|_| place > 0), None);
    assert_eq!(issuer.read(&format!("{before}-{after}")), None);
    assert_eq!(issuer.read(&format!("{printed}A")), None);
}

/// One issuer for all inputs: to make a key takes longer than to use it.
fn issuer() -> &'static Issuer {
    static ISSUER: OnceLock<Issuer> = OnceLock::new();
    ISSUER.get_or_init(|| {
        let name = || "assize".parse().unwrap();
        Issuer::open(name(), name(), None, None).unwrap()
    })
}

/// Keys that tokens of others are checked with: with what is read of them no token is good that somebody else signed.
pub(crate) fn trusted_keys(input: &[u8]) {
    match TrustedKeys::parse(input) {
        Ok(keys) => {
            let token = issuer().issue(None, None, &[]).unwrap();
            assert_eq!(issuer().expectation().read(&token, &keys), None);
        }
        Err(why) => assert!(!why.trim().is_empty()),
    }
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
