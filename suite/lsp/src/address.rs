//! Files as an editor names them.

use std::path::{Path, PathBuf};

use gen_lsp_types::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What is encoded in the path of an address.
const IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The path of a file; `None` where the address is not that of a file on this machine.
pub(crate) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let path = uri.0.strip_prefix("file://")?;
    let path = path.strip_prefix("localhost").unwrap_or(path);
    let path = percent_decode_str(path).decode_utf8().ok()?;
    path.starts_with('/').then(|| PathBuf::from(path.as_ref()))
}

/// The address of a file; `None` where the path does not say where it is.
pub(crate) fn uri_of(path: &Path) -> Option<Uri> {
    let path = path.is_absolute().then(|| path.to_str()).flatten()?;
    Some(Uri(format!("file://{}", utf8_percent_encode(path, IN_PATHS))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_letters_of_any_kind_comes_back() {
        let path = Path::new("/a b/%2F/é#?/push.scenario");
        let uri = uri_of(path).unwrap();
        assert_eq!(uri.0, "file:///a%20b/%252F/%C3%A9%23%3F/push.scenario");
        assert_eq!(path_of(&uri).as_deref(), Some(path));
    }

    #[test]
    fn what_is_no_file_here_has_no_path() {
        for uri in [
            "untitled:Untitled-1",
            "file://elsewhere/a",
            "file:///%ff",
            "file://",
            "",
        ] {
            assert_eq!(path_of(&uri.into()), None, "{uri}");
        }
        assert_eq!(path_of(&"file://localhost/a".into()), Some("/a".into()));
        assert_eq!(uri_of(Path::new("scenarios/push/mount.scenario")), None);
    }
}
