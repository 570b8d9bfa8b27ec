//! Reading files that others may exchange at any moment: regular ones only, no more of them than
//! they may have, and without waiting for whoever writes.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

/// Why a file isn't read.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// The system refuses, or has nothing there yet.
    #[error("{0}")]
    Refused(#[from] io::Error),
    /// A folder, a pipe, a device.
    #[error("it isn't a regular file")]
    Irregular,
    /// It has more bytes than it may.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
}

/// The bytes of a regular file, at most `bytes_max`.
pub fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, ReadFault> {
    // What is opened is looked at, not what the path led to before; and to open a pipe doesn't wait
    // for its writer.
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(ReadFault::Irregular);
    }
    let mut bytes = Vec::new();
    // Some say that they have none, or grow while they are read.
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    match bytes.len() > bytes_max {
        true => Err(ReadFault::TooLarge(bytes_max)),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read_and_no_more_of_them_than_they_may_have() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "four").expect("a file");
        let pipe = rustix::fs::Mode::RUSR;
        let made =
            rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), rustix::fs::FileType::Fifo, pipe, 0);
        made.expect("a pipe");
        assert_eq!(read(&path("file"), 4).expect("it fits"), b"four");
        assert!(matches!(read(&path("file"), 3), Err(ReadFault::TooLarge(3))));
        for irregular in [path("pipe"), path(""), "/dev/zero".into()] {
            let said = read(&irregular, 4);
            assert!(matches!(said, Err(ReadFault::Irregular)), "{irregular:?}: {said:?}");
        }
        assert!(matches!(read(&path("none"), 4), Err(ReadFault::Refused(_))));
    }
}
