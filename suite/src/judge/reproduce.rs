//! Which exchanges have to be repeated for what was seen to be seen again.

use std::sync::Arc;

use super::entries::Entry;
use crate::judgement::Proof;
use crate::log::{Evidence, ProgramLog};
use crate::wire::{Exchange, Transcript};

/// What shows again what a check saw.
pub(super) fn proof(entry: &Entry, log: &ProgramLog) -> Proof {
    match &entry.evidence {
        Evidence::Nothing => Proof::Nothing,
        Evidence::Exchanges(looked_at) => match looked_at.as_slice() {
            [] => Proof::Nothing,
            [only] => Proof::Exchanges(leading_to(log, only)),
            several => Proof::Exchanges(several.to_vec()),
        },
        Evidence::Connection(connection) => Proof::Connection {
            before: opening(log, connection),
            connection: connection.clone(),
        },
    }
}

/// The exchanges that must be repeated for `last` to mean the same again: each one whose `Location` a later one uses.
/// Content that was pushed is not among them: what a broken scenario pushed stays in the registry.
fn leading_to(log: &ProgramLog, last: &Arc<Exchange>) -> Vec<Arc<Exchange>> {
    let mut chain = vec![last.clone()];
    let mut wanted = &last.request.url;
    let exchanges: Vec<&Arc<Exchange>> = log.exchanges().collect();
    let earlier = exchanges
        .into_iter()
        .rev()
        .skip_while(|exchange| exchange.number >= last.number);
    for exchange in earlier {
        if exchange.request.method != "GET"
            && exchange
                .upload_address()
                .is_some_and(|address| address.path() == wanted.path())
        {
            chain.push(exchange.clone());
            wanted = &exchange.request.url;
        }
    }
    chain.reverse();
    chain
}

/// The exchanges that opened the upload which was written to by hand, if it was one.
fn opening(log: &ProgramLog, connection: &Transcript) -> Vec<Arc<Exchange>> {
    let exchanges: Vec<&Arc<Exchange>> = log.exchanges().collect();
    let opened = exchanges.into_iter().rev().find(|exchange| {
        exchange.number < connection.number
            && exchange
                .upload_address()
                .is_some_and(|address| connection.asks(&address))
    });
    opened.map_or_else(Vec::new, |opened| leading_to(log, opened))
}
