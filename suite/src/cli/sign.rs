//! `assize sign`: a manifest of schema 1 with a signature, as printed scripts push it.

use std::io::{self, Read as _, Write as _};

use assize_legacy::signed::{SignatureAlgorithm, SigningKey};
use time::OffsetDateTime;

use super::exit::Exit;
use super::failure::Failure;

/// Signs what comes on standard input, with a key that is made for it.
pub(crate) fn execute() -> Result<Exit, Failure> {
    let system = |doing| move |source| Failure::System { doing, source };
    let mut manifest = Vec::new();
    io::stdin()
        .read_to_end(&mut manifest)
        .map_err(system("cannot read standard input"))?;
    let signed = SigningKey::generate(SignatureAlgorithm::Es256)
        .and_then(|key| key.sign(&manifest, OffsetDateTime::now_utc()))
        .map_err(|error| Failure::Arguments(format!("standard input: {error}")))?;
    io::stdout()
        .write_all(&signed)
        .map_err(system("cannot write to standard output"))?;
    Ok(Exit::Done)
}
