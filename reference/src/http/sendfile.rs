//! Sendfile on a plain connection: hyper is given placeholders for parts of files, and where it writes them the
//! kernel sends the files, so that no byte of a blob passes through this process.
//!
//! A placeholder is memory that is never sent. It stands for the piece that is first in the queue of its
//! connection, and a connection on which the two do not agree is broken: it sends nothing any more. Dropping a
//! placeholder before its piece is fully sent also breaks the connection, because its bytes may have been copied.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use crate::operation::kernel::{send_file, send_with_more};

/// The largest piece that a placeholder can stand for.
pub(crate) const LARGEST_PIECE: usize = 4 * 1024 * 1024;

/// How long a piece is at least within which packets wait until they are full. The kernel sends a file a few
/// pages at a time, and the rests that they leave would make packets of their own.
const WORTH_WAITING: usize = 1024 * 1024;

/// What all placeholders are made of. It is not touched, so it takes no memory but addresses.
static BLANK: LazyLock<Box<[u8]>> = LazyLock::new(|| vec![0; LARGEST_PIECE].into_boxed_slice());

/// The pieces of files that are to leave on one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct SendfileQueue(Arc<Mutex<Pieces>>);

#[derive(Debug, Default)]
struct Pieces {
    waiting: VecDeque<Piece>,
    /// The number of the piece that is placed next.
    next: u64,
    /// Whether a placeholder and its piece did not agree.
    is_broken: bool,
}

/// What has not been sent of a piece.
#[derive(Debug)]
struct Piece {
    number: u64,
    file: Arc<File>,
    offset: u64,
    length: usize,
    is_begun: bool,
    /// Whether packets wait until they are full.
    waits: bool,
}

/// Stands for a piece in what hyper writes.
struct Placeholder {
    queue: SendfileQueue,
    number: u64,
    length: usize,
}

impl AsRef<[u8]> for Placeholder {
    fn as_ref(&self) -> &[u8] {
        &BLANK[..self.length]
    }
}

impl Drop for Placeholder {
    /// Breaks the connection if the piece has not been sent: its bytes may have been copied.
    fn drop(&mut self) {
        let mut pieces = self.queue.lock();
        if pieces.waiting.iter().any(|piece| piece.number == self.number) {
            pieces.is_broken = true;
        }
    }
}

impl SendfileQueue {
    /// Places a part of a file, of at most [`LARGEST_PIECE`], behind all others; returns its placeholder.
    pub(crate) fn place(&self, file: Arc<File>, offset: u64, length: usize) -> Bytes {
        let length = length.min(LARGEST_PIECE);
        let mut pieces = self.lock();
        let number = pieces.next;
        pieces.next += 1;
        pieces.waiting.push_back(Piece {
            number,
            file,
            offset,
            length,
            is_begun: false,
            waits: false,
        });
        Bytes::from_owner(Placeholder {
            queue: self.clone(),
            number,
            length,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Pieces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pieces {
    /// Refuses to send anything but the rest of a piece that is begun, and anything at all when broken.
    fn allow_bytes(&mut self) -> io::Result<()> {
        self.is_broken |= self.waiting.front().is_some_and(|piece| piece.is_begun);
        self.allow()
    }

    fn allow(&self) -> io::Result<()> {
        if self.is_broken {
            Err(io::Error::other("a part of a blob was not sent from its file"))
        } else {
            Ok(())
        }
    }

    /// Sends the piece that is first, or a part of it, in the place of `blank`.
    fn send(&mut self, stream: &TcpStream, blank: &[u8]) -> io::Result<usize> {
        self.allow()?;
        let Some(piece) = self
            .waiting
            .front_mut()
            .filter(|piece| piece.length == blank.len())
        else {
            self.is_broken = true;
            return self.allow().map(|()| 0);
        };
        let sending = || match send_file(stream, &piece.file, piece.offset, piece.length)? {
            // The file is shorter than it was when it was opened.
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            sent => Ok(sent),
        };
        if !piece.is_begun && piece.length >= WORTH_WAITING {
            piece.waits = true;
            stream.set_nodelay(false)?;
        }
        match stream.try_io(Interest::WRITABLE, sending) {
            Ok(sent) => {
                piece.is_begun = true;
                piece.offset += sent as u64;
                piece.length -= sent;
                if piece.length == 0 {
                    let waited = piece.waits;
                    self.waiting.pop_front();
                    if waited {
                        stream.set_nodelay(true)?;
                    }
                }
                Ok(sent)
            }
            Err(error) => {
                self.is_broken |= error.kind() != io::ErrorKind::WouldBlock;
                Err(error)
            }
        }
    }
}

/// Whether bytes are those of a placeholder.
fn is_blank(bytes: &[u8]) -> bool {
    BLANK.as_ptr_range().contains(&bytes.as_ptr())
}

/// A connection that sends files.
#[derive(Debug)]
pub(crate) struct SendfileStream {
    stream: TcpStream,
    queue: SendfileQueue,
}

impl SendfileStream {
    /// Lets a connection send files.
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            queue: SendfileQueue::default(),
        }
    }

    /// The pieces of files that are to leave on it.
    pub(crate) fn queue(&self) -> SendfileQueue {
        self.queue.clone()
    }

    /// Sends what stands before a piece.
    fn poll_send_before(&self, context: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(context))?;
            let sending = || send_with_more(&self.stream, parts);
            match self.stream.try_io(Interest::WRITABLE, sending) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
        }
    }

    fn poll_send(&self, context: &mut Context<'_>, blank: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(context))?;
            match self.queue.lock().send(&self.stream, blank) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
        }
    }
}

impl AsyncRead for SendfileStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for SendfileStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = parts.iter().position(|part| !part.is_empty());
        let parts = &parts[first.unwrap_or(parts.len())..];
        let bytes = parts.iter().take_while(|part| !is_blank(part)).count();
        match parts {
            [blank, ..] if bytes == 0 => self.poll_send(context, blank),
            _ => {
                self.queue.lock().allow_bytes()?;
                // What stands before a piece leaves with it: a client that was woken for it would sleep again.
                if bytes < parts.len() {
                    return self.poll_send_before(context, &parts[..bytes]);
                }
                Pin::new(&mut self.stream).poll_write_vectored(context, parts)
            }
        }
    }

    /// Always: what hyper would copy into one buffer could not be told from other bytes.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A connection that sends files, and its other end.
    async fn connected() -> (SendfileStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        (SendfileStream::new(server), client)
    }

    fn file(content: &[u8]) -> Arc<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        Arc::new(file)
    }

    /// All that arrives before the connection ends.
    async fn arrived(server: SendfileStream, mut client: TcpStream) -> Vec<u8> {
        drop(server);
        let mut bytes = Vec::new();
        client.read_to_end(&mut bytes).await.unwrap();
        bytes
    }

    #[tokio::test]
    async fn pieces_are_sent_in_the_place_of_their_placeholders() {
        let (mut server, client) = connected().await;
        let queue = server.queue();
        let mut first = queue.place(file(b"0123456789"), 2, 3);
        let mut second = queue.place(file(b"abcdef"), 0, 6);
        let mut sent = 0;
        while !(first.is_empty() && second.is_empty()) {
            let head: &[u8] = if sent == 0 { b"head " } else { b"" };
            let parts = [head, &first, &second].map(IoSlice::new);
            let count = server.write_vectored(&parts).await.unwrap();
            sent += count;
            if head.is_empty() {
                let of_first = count.min(first.len());
                drop(first.split_to(of_first));
                drop(second.split_to(count - of_first));
            } else {
                assert_eq!(count, head.len());
            }
        }
        server.write_all(b" tail").await.unwrap();
        assert_eq!(arrived(server, client).await, b"head 234abcdef tail");
    }

    #[tokio::test]
    async fn a_placeholder_that_is_given_up_breaks_its_connection() {
        let (mut server, client) = connected().await;
        let placeholder = server.queue().place(file(b"content"), 0, 7);
        let copied = placeholder.to_vec();
        drop(placeholder);
        server.write_all(&copied).await.unwrap_err();
        server.write_all(b"else").await.unwrap_err();
        assert_eq!(arrived(server, client).await, b"");
    }

    #[tokio::test]
    async fn only_the_rest_of_a_piece_follows_its_beginning() {
        let (mut server, client) = connected().await;
        rustix::net::sockopt::set_socket_send_buffer_size(&server.stream, 16 * 1024).unwrap();
        let content = vec![7; LARGEST_PIECE];
        let mut rest = server.queue().place(file(&content), 0, LARGEST_PIECE);
        let begun = server.write(&rest).await.unwrap();
        assert!(begun < LARGEST_PIECE, "the piece is sent at once");
        drop(rest.split_to(begun));
        let copied = rest.to_vec();
        server.write_all(&copied).await.unwrap_err();
        server.write_all(&rest).await.unwrap_err();
        assert_eq!(arrived(server, client).await, content[..begun]);
    }

    #[tokio::test]
    async fn a_placeholder_that_is_cut_breaks_its_connection() {
        let (mut server, client) = connected().await;
        let placeholder = server.queue().place(file(b"content"), 0, 7);
        server.write_all(&placeholder[..3]).await.unwrap_err();
        server.write_all(&placeholder).await.unwrap_err();
        assert_eq!(arrived(server, client).await, b"");
    }

    #[tokio::test]
    async fn a_file_that_is_too_short_breaks_its_connection() {
        let (mut server, client) = connected().await;
        let mut placeholder = server.queue().place(file(b"con"), 0, 7);
        assert_eq!(server.write(&placeholder).await.unwrap(), 3);
        drop(placeholder.split_to(3));
        let error = server.write(&placeholder).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        server.write_all(b"else").await.unwrap_err();
        assert_eq!(arrived(server, client).await, b"con");
    }
}
