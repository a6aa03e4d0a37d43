//! What only the kernel can do: send a file without reading it, and say what of a file is in memory.

use std::fs::File;
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use tokio::net::TcpStream;

/// How much is copied at once where the kernel cannot send.
const BLOCK: usize = 64 * 1024;

/// Sends a part of a file, or the beginning of it, on a connection; 0 at the end of the file.
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`] if the connection takes nothing at the moment.
pub(crate) fn send_file(stream: &TcpStream, file: &File, offset: u64, length: usize) -> io::Result<usize> {
    #[cfg(target_os = "linux")]
    {
        use rustix::io::Errno;
        let mut from = offset;
        match rustix::fs::sendfile(stream, file, Some(&mut from), length) {
            // A file system whose files cannot be sent.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            sent => return Ok(sent?),
        }
    }
    copy_file(stream, file, offset, length)
}

/// The same by copying.
fn copy_file(stream: &TcpStream, file: &File, offset: u64, length: usize) -> io::Result<usize> {
    let mut block = vec![0; length.min(BLOCK)];
    let count = file.read_at(&mut block, offset)?;
    if count == 0 {
        return Ok(0);
    }
    stream.try_write(&block[..count])
}

/// Reads from a file what is in memory.
///
/// # Errors
/// Fails with [`io::ErrorKind::WouldBlock`] if the disk would have to be waited for, or
/// [`io::ErrorKind::Unsupported`] if one cannot tell.
#[cfg(target_os = "linux")]
pub(crate) fn read_resident(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    use rustix::io::ReadWriteFlags;
    let buffers = &mut [io::IoSliceMut::new(buffer)];
    Ok(rustix::io::preadv2(
        file,
        buffers,
        offset,
        ReadWriteFlags::NOWAIT,
    )?)
}

/// Reads from a file what is in memory; here one cannot tell what is.
#[cfg(not(target_os = "linux"))]
pub(crate) fn read_resident(_: &File, _: &mut [u8], _: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Opens a file to be read and written; where the system lets one, it does not note that the file was read, which would
/// make an audit, that reads every file, write to the disk for each.
///
/// # Errors
/// The file cannot be opened.
pub(crate) fn open_unnoted(path: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Mode, OFlags, open};
        use rustix::io::Errno;
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOATIME;
        match open(path, flags, Mode::empty()) {
            // Another user's.
            Err(Errno::PERM) => {}
            opened => return Ok(opened?.into()),
        }
    }
    File::options().read(true).write(true).open(path)
}

/// Opens a file to be read, if the system knows where it is without asking the disk.
///
/// # Errors
/// Fails with [`io::ErrorKind::WouldBlock`] if the disk would have to be asked, or another error if one cannot tell.
#[cfg(target_os = "linux")]
pub(crate) fn open_resident(path: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    Ok(openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED)?.into())
}

/// Opens a file to be read, if that does not ask the disk; here one cannot tell.
#[cfg(not(target_os = "linux"))]
pub(crate) fn open_resident(_: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Lets the system forget what is in memory of a file that nobody will ask for soon, and keep what else is there.
#[cfg(target_os = "linux")]
pub(crate) fn forget_in_memory(file: &File) {
    use rustix::fs::{Advice, fadvise};
    // Where it is not taken, memory is full of what nobody asks for, and that is all.
    let _ = fadvise(file, 0, None, Advice::DontNeed);
}

/// Lets the system forget what is in memory of a file; here it is not told.
#[cfg(not(target_os = "linux"))]
pub(crate) fn forget_in_memory(_: &File) {}

/// Sends the beginning of some bytes, which more follow at once: it may wait for these, so that they leave together.
#[cfg(target_os = "linux")]
pub(crate) fn send_with_more(stream: &TcpStream, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
    let flags = SendFlags::MORE | SendFlags::NOSIGNAL;
    Ok(sendmsg(
        stream,
        parts,
        &mut SendAncillaryBuffer::default(),
        flags,
    )?)
}

/// Sends the beginning of some bytes.
#[cfg(not(target_os = "linux"))]
pub(crate) fn send_with_more(stream: &TcpStream, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    stream.try_write_vectored(parts)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tokio::io::AsyncReadExt as _;
    use tokio::net::{TcpListener, TcpStream};

    use super::{copy_file, send_file};

    #[cfg(target_os = "linux")]
    #[test]
    fn that_a_file_is_read_is_not_noted() {
        use std::fs::{self, FileTimes};
        use std::os::unix::fs::FileExt as _;
        use std::time::Duration;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blob");
        fs::write(&path, "content").unwrap();
        let written = fs::metadata(&path).unwrap().modified().unwrap();
        let long_ago = written - Duration::from_secs(1_000_000);
        let file = super::open_unnoted(&path).unwrap();
        file.set_times(FileTimes::new().set_accessed(long_ago)).unwrap();
        assert_eq!(file.read_at(&mut [0; 7], 0).unwrap(), 7);
        assert_eq!(file.metadata().unwrap().accessed().unwrap(), long_ago);
    }

    #[tokio::test]
    async fn a_file_is_sent_alike_with_the_kernel_and_without() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        for send in [send_file, copy_file] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            server.writable().await.unwrap();
            assert_eq!(send(&server, &file, 2, 3).unwrap(), 3);
            assert_eq!(send(&server, &file, 8, 5).unwrap(), 2);
            assert_eq!(send(&server, &file, 10, 5).unwrap(), 0);
            drop(server);
            let mut arrived = String::new();
            client.read_to_string(&mut arrived).await.unwrap();
            assert_eq!(arrived, "23489");
        }
    }
}
