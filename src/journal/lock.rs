//! One writer per journal: an exclusive lock that the kernel releases however its owner ends.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::disk;
use super::error::OpenError;

/// The name of the lock file.
pub(super) const NAME: &str = "journal.lock";
/// A process id is at most ten digits; what else stands in the file is not read.
const PID_BYTES: u64 = 16;

/// Takes the lock of a directory and writes this process's id into it. Held until the file is dropped.
pub(super) fn take(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(NAME);
    let io = |source| OpenError::Io { path: path.clone(), source };
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = disk::own(&mut options, &path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::Locked { dir: dir.to_owned(), pid: owner(file) }),
        Err(TryLockError::Error(source)) => return Err(io(source)),
    }
    file.set_len(0).map_err(io)?;
    writeln!(file, "{}", std::process::id()).map_err(io)?;
    Ok(file)
}

fn owner(file: File) -> Option<u32> {
    let mut text = String::new();
    file.take(PID_BYTES).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
