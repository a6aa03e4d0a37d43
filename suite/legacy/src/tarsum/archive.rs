//! The reading of an archive as it comes, in pieces of any length.

use std::mem;

use super::error::{LONGEST_RECORDS, TarError};
use super::header::{BLOCK, Header};
use super::records::Overrides;

/// What is met in an archive, in its order.
pub(super) enum Met<'a> {
    /// A file, with its extended attributes.
    File(&'a Header, &'a [(Vec<u8>, Vec<u8>)]),
    /// A part of the content of the file.
    Content(&'a [u8]),
    /// The end of the file.
    EndOfFile,
}

/// Reads an archive piece by piece.
#[derive(Debug, Clone)]
pub(super) struct ArchiveReader {
    state: State,
    overrides: Overrides,
}

#[derive(Debug, Clone)]
enum State {
    /// A header comes, of which some bytes are there.
    Header(Vec<u8>),
    /// A block of zeros was there; a second ends the archive.
    HalfEnd(Vec<u8>),
    /// Content comes, and padding behind it.
    Content { left: u64, padding: u64 },
    /// What overrides a header comes, and padding behind it.
    Override {
        kind: Override,
        kept: Vec<u8>,
        left: u64,
        padding: u64,
    },
    /// Padding comes.
    Padding(u64),
    /// The archive has ended; whatever comes is not of it.
    End,
}

/// What overrides parts of the header behind it.
#[derive(Debug, Clone, Copy)]
enum Override {
    Records,
    LongName,
    LongLinkName,
}

impl ArchiveReader {
    pub(super) fn new() -> Self {
        Self {
            state: State::Header(Vec::new()),
            overrides: Overrides::default(),
        }
    }

    /// Reads a piece and tells what is met in it.
    pub(super) fn read(&mut self, mut piece: &[u8], tell: &mut impl FnMut(Met<'_>)) -> Result<(), TarError> {
        while !piece.is_empty() {
            let state = mem::replace(&mut self.state, State::End);
            self.state = match state {
                State::Header(kept) => match filled(kept, &mut piece) {
                    Ok(block) => self.header(&block, tell)?,
                    Err(kept) => State::Header(kept),
                },
                State::HalfEnd(kept) => match filled(kept, &mut piece) {
                    Ok(block) if is_zero(&block) => State::End,
                    Ok(_) => return Err(TarError::Checksum),
                    Err(kept) => State::HalfEnd(kept),
                },
                State::Content { left, padding } => {
                    let part = taken(&mut piece, left);
                    tell(Met::Content(part));
                    ended(left - part.len() as u64, padding, tell)
                }
                State::Override {
                    kind,
                    mut kept,
                    left,
                    padding,
                } => {
                    let part = taken(&mut piece, left);
                    kept.extend_from_slice(part);
                    self.kept(kind, kept, left - part.len() as u64, padding)?
                }
                State::Padding(left) => match left - taken(&mut piece, left).len() as u64 {
                    0 => State::Header(Vec::new()),
                    left => State::Padding(left),
                },
                State::End => return Ok(()),
            };
        }
        Ok(())
    }

    /// Whether what was read may end here: an archive need not say that it ends.
    pub(super) fn end(&self) -> Result<(), TarError> {
        match &self.state {
            State::Header(kept) | State::HalfEnd(kept) if kept.is_empty() => Ok(()),
            State::End => Ok(()),
            _ => Err(TarError::CutOff),
        }
    }

    fn header(&mut self, block: &[u8; BLOCK], tell: &mut impl FnMut(Met<'_>)) -> Result<State, TarError> {
        if is_zero(block) {
            return Ok(State::HalfEnd(Vec::new()));
        }
        let header = Header::read(block)?;
        let kind = match header.kind {
            b'x' => Override::Records,
            b'L' => Override::LongName,
            b'K' => Override::LongLinkName,
            b'S' => return Err(TarError::Sparse),
            _ => {
                let header = header.overridden(&mut self.overrides);
                tell(Met::File(&header, &mem::take(&mut self.overrides).attributes));
                return Ok(ended(header.content(), padding(header.content()), tell));
            }
        };
        if header.size > LONGEST_RECORDS {
            return Err(TarError::RecordsTooLong);
        }
        self.kept(kind, Vec::new(), header.size, padding(header.size))
    }

    /// What comes when so much of an override is still to come.
    fn kept(&mut self, kind: Override, kept: Vec<u8>, left: u64, padding: u64) -> Result<State, TarError> {
        if left > 0 {
            return Ok(State::Override {
                kind,
                kept,
                left,
                padding,
            });
        }
        let name = |kept: Vec<u8>| kept.split(|byte| *byte == 0).next().map(<[u8]>::to_vec);
        match kind {
            Override::Records => self.overrides.add(&kept)?,
            Override::LongName => self.overrides.name = name(kept),
            Override::LongLinkName => self.overrides.link_name = name(kept),
        }
        Ok(behind(padding))
    }
}

/// What comes when so much of a file is still to come.
fn ended(left: u64, padding: u64, tell: &mut impl FnMut(Met<'_>)) -> State {
    if left > 0 {
        return State::Content { left, padding };
    }
    tell(Met::EndOfFile);
    behind(padding)
}

const fn behind(padding: u64) -> State {
    match padding {
        0 => State::Header(Vec::new()),
        left => State::Padding(left),
    }
}

/// How much follows content until the next block begins.
const fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

fn is_zero(block: &[u8; BLOCK]) -> bool {
    block.iter().all(|byte| *byte == 0)
}

/// Takes at most so much from the beginning of a piece.
fn taken<'a>(piece: &mut &'a [u8], most: u64) -> &'a [u8] {
    let most = usize::try_from(most).unwrap_or(usize::MAX).min(piece.len());
    let (part, rest) = piece.split_at(most);
    *piece = rest;
    part
}

/// The block that a piece fills up, or what is there of it.
fn filled(mut kept: Vec<u8>, piece: &mut &[u8]) -> Result<[u8; BLOCK], Vec<u8>> {
    if kept.is_empty()
        && let Some((block, rest)) = piece.split_first_chunk()
    {
        *piece = rest;
        return Ok(*block);
    }
    kept.extend_from_slice(taken(piece, (BLOCK - kept.len()) as u64));
    kept.try_into()
}
