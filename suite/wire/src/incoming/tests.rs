//! Answers whole, cut, too long and no answers at all.

use proptest::prelude::*;

use super::super::received::Books;
use super::*;

const LIMITS: BodyLimits = BodyLimits {
    idle: Duration::from_millis(200),
    size: 1000,
    keeping: Keeping::ForJudging,
};

/// What is read of an answer to a GET that comes in pieces of this size, and how many bytes are left over.
fn read(bytes: &[u8], piece: usize) -> Result<(u16, Bytes, usize), Fault> {
    let mut pieces = Pieces { left: bytes, piece };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let books = Books::default();
        let mut incoming = Incoming::new(&mut pieces);
        let head = incoming.head().await?;
        let (body, cut) = incoming.body(head.framing("GET")?, LIMITS, &books).await;
        cut.map_or(Ok(()), Err)?;
        Ok((head.status, body.finish().bytes(), incoming.unused.len()))
    })
}

/// How much is kept of the body of an answer to a GET that comes in pieces of this size, and whether it is cut.
fn received(bytes: &[u8], piece: usize) -> (u64, bool) {
    let mut pieces = Pieces { left: bytes, piece };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let books = Books::default();
        let mut incoming = Incoming::new(&mut pieces);
        let framing = incoming.head().await.unwrap().framing("GET").unwrap();
        let (body, cut) = incoming.body(framing, LIMITS, &books).await;
        (body.len(), cut.is_some())
    })
}

/// A reader that gives so many bytes at a time.
struct Pieces<'a> {
    left: &'a [u8],
    piece: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        let size = self.piece.min(self.left.len());
        let (now, later) = self.left.split_at(size);
        buffer.put_slice(now);
        self.left = later;
        std::task::Poll::Ready(Ok(()))
    }
}

fn fault(text: &str) -> String {
    read(text.as_bytes(), 1000).unwrap_err().to_string()
}

#[test]
fn the_end_of_a_body_is_told_in_four_ways() {
    let body = |text: &str| read(text.as_bytes(), 1000).unwrap().1;
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), "abc");
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc"), "abc");
    assert_eq!(
        body(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n01 \r\nc\r\n0\r\nT: 1\r\n\r\n"
        ),
        "abc"
    );
    assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nabc"), "abc");
    assert_eq!(
        body("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc"),
        ""
    );
    assert_eq!(body("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n"), "");
}

#[test]
fn as_much_is_kept_of_a_body_without_end_whatever_comes_at_once() {
    let bytes = [b"HTTP/1.0 200 OK\r\n\r\n", &[b'x'; 2000][..]].concat();
    for piece in [1, 7, 999, 1001, 3000] {
        assert_eq!(received(&bytes, piece), (1000, true), "{piece} at once");
    }
}

#[test]
fn interim_answers_are_skipped() {
    let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(read(text.as_bytes(), 7).unwrap().0, 404);
    assert_eq!(
        fault("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        "the answer is malformed: it switches protocols, which nobody asked for"
    );
    let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(INTERIM_LIMIT + 1);
    assert_eq!(
        fault(&endless),
        "the answer is malformed: more than 100 interim answers came"
    );
}

#[test]
fn an_answer_that_breaks_off_says_where() {
    assert_eq!(fault(""), "the connection was closed before any answer");
    assert_eq!(
        fault("HTTP/1.1 200"),
        "the connection was closed in the head of the answer, after 12 bytes of it"
    );
    assert_eq!(
        fault("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
        "the connection was closed after 5 of 10 bytes of the body"
    );
    assert_eq!(
        fault("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n9\r\nwor"),
        "the connection was closed after 8 bytes of the body, before its last chunk"
    );
    assert_eq!(
        fault("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        "the connection was closed after 5 bytes of the body, before its last chunk"
    );
}

#[test]
fn what_is_not_http_is_quoted() {
    assert_eq!(
        fault("SSH-2.0-OpenSSH_9.2\r\n"),
        "the answer is malformed: invalid HTTP version (it begins with \"SSH-2.0-OpenSSH_9.2\\r\")"
    );
    assert_eq!(
        fault("\u{15}\u{3}\u{1}\0\u{2}"),
        "the answer is malformed: it is TLS; the address may have to begin with https://"
    );
    let length = |value: &str| fault(&format!("HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\nabc"));
    assert_eq!(
        length("-1"),
        "the answer is malformed: its Content-Length is \"-1\""
    );
    assert_eq!(
        length("+3"),
        "the answer is malformed: its Content-Length is \"+3\""
    );
    assert_eq!(
        length("3, 4"),
        "the answer is malformed: its Content-Length is both \"3\" and \"4\""
    );
    let chunk = |text: &str| {
        fault(&format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{text}\r\n"
        ))
    };
    assert_eq!(
        chunk("0x1"),
        "the answer is malformed: a chunk says its size is \"0x1\""
    );
    assert_eq!(
        chunk("ffffffffffffffffff"),
        "the answer is malformed: a chunk says its size is \"ffffffffffffffffff\""
    );
    assert_eq!(
        chunk("1\r\nab"),
        "the answer is malformed: a chunk is longer than the 1 bytes it says"
    );
}

#[test]
fn nothing_is_read_beyond_the_limits() {
    let too_large = "the body is longer than 1000 bytes, the most that is read";
    assert_eq!(
        fault("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"),
        too_large
    );
    assert_eq!(
        fault(&format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1001))),
        too_large
    );
    let chunks = "1f4\r\n".to_owned() + &"x".repeat(500) + "\r\n";
    let text =
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}{chunks}1\r\nx\r\n0\r\n\r\n");
    assert_eq!(fault(&text), too_large);
    assert_eq!(
        fault(&format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(70_000))),
        "the answer is malformed: its head is longer than 65536 bytes"
    );
    assert_eq!(
        fault(&format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;{}",
            "y".repeat(5000)
        )),
        "the answer is malformed: a chunk begins with more than 4096 bytes and no size"
    );
    let trailer = "T: y\r\n".repeat(20_000);
    assert_eq!(
        fault(&format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n{trailer}"
        )),
        "the answer is malformed: its trailer is longer than 65536 bytes"
    );
}

proptest! {
    #[test]
    fn it_does_not_matter_how_an_answer_is_cut(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        chunk in 1_usize..100,
        piece in 1_usize..100,
        surplus in 0_usize..3,
    ) {
        let mut chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for part in body.chunks(chunk) {
            chunked.extend_from_slice(format!("{:X}\r\n", part.len()).as_bytes());
            chunked.extend_from_slice(part);
            chunked.extend_from_slice(b"\r\n");
        }
        chunked.extend_from_slice(b"0\r\n\r\n");
        let mut sized = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        sized.extend_from_slice(&body);
        for mut text in [chunked, sized] {
            text.extend(vec![b'!'; surplus]);
            let (status, read, left) = read(&text, piece).unwrap();
            prop_assert_eq!(status, 200);
            prop_assert_eq!(&read[..], &body[..]);
            prop_assert!(left <= surplus);
        }
    }

    #[test]
    fn no_answer_is_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200), piece in 1_usize..50) {
        let _ = read(&bytes, piece);
        let start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let _ = read(&[&start[..], &bytes].concat(), piece);
    }
}
