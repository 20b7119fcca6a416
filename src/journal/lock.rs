//! One writer per journal: an exclusive lock that the kernel releases however its owner ends.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::disk;
use super::error::OpenError;

/// The name of the lock file.
pub(super) const NAME: &str = "journal.lock";
/// A process id is at most ten digits; what else stands in the file is not read.
const PID_BYTES: u64 = 16;

/// A lock that is held. It ends with this, even while a process that was forked in this moment, and has not become its own
/// program yet, has the file open too.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// The locked file.
    pub(super) fn file(&self) -> &File {
        &self.0
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The kernel releases it at the latest when the last one closes the file.
        drop(self.0.unlock());
    }
}

/// Takes the lock of a directory and writes this process's id into it.
pub(super) fn take(dir: &Path) -> Result<Lock, OpenError> {
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
    Ok(Lock(file))
}

/// The process that holds the lock of a directory, as it wrote itself down; `None` where nobody does. The kernel is asked by
/// its list of locks: to try the lock would be to have it for a moment, in which an engine could not start.
pub fn holder(dir: &Path) -> Option<u32> {
    let path = dir.join(NAME);
    let inode = std::fs::symlink_metadata(&path).ok()?.ino();
    let pid = owner(disk::own(File::options().read(true), &path).ok()?)?;
    // `1: FLOCK  ADVISORY  WRITE 4711 08:02:131 0 EOF`
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let is_it = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_flock = words.get(1) == Some(&"FLOCK");
        let of_inode = words.get(5).and_then(|place| place.rsplit(':').next()?.parse::<u64>().ok());
        // A process of another namespace has no number here.
        let of_pid = words.get(4).and_then(|number| number.parse::<u32>().ok()).is_some_and(|it| it == pid || it == 0);
        is_flock && of_inode == Some(inode) && of_pid
    };
    locks.lines().any(is_it).then_some(pid)
}

fn owner(file: File) -> Option<u32> {
    let mut text = String::new();
    file.take(PID_BYTES).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_holds_it_is_seen_and_not_hindered() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(holder(dir.path()), None);
        let held = take(dir.path()).unwrap();
        assert_eq!(holder(dir.path()), Some(std::process::id()));
        drop(held);
        // The number still stands in the file.
        assert_eq!(holder(dir.path()), None);
    }

    #[test]
    fn it_ends_with_its_owner_although_a_forked_process_still_has_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let held = take(dir.path()).unwrap();
        let forked = held.file().try_clone().unwrap();
        assert!(matches!(take(dir.path()), Err(OpenError::Locked { .. })));
        drop(held);
        take(dir.path()).unwrap();
        drop(forked);
    }
}
