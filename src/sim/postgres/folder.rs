//! The folder of a process for its servers. What processes that were killed have left is removed, and nothing else.
//!
//! All of it stands in a folder that everybody uses, and is often removed by root. So the name alone proves nothing: a
//! folder is ours by a file in it that its process has locked, and it is left over when nobody has that lock any more.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use tempfile::TempDir;

use super::PlaneError;

/// Folders are called so, with the number of their process and a part that is drawn behind.
const PREFIX: &str = "upshift-sim-";
/// As long as the part that `tempfile` draws.
const DRAWN_CHARS: usize = 6;
/// In each folder, locked by its process until it ends, however it does.
const MARK: &str = "owner.lock";
/// The same until it is locked.
const UNLOCKED_MARK: &str = "owner.lock.new";

/// A folder that is removed with everything in it when this is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    folder: TempDir,
    // Released after the folder is gone.
    lock: File,
}

impl Folder {
    /// A new one in `all`, empty but for its mark.
    pub(super) fn create(all: &Path) -> Result<Self, PlaneError> {
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).rand_bytes(DRAWN_CHARS).tempdir_in(all);
        let folder = folder.map_err(|error| PlaneError::files("make a folder in", all, &error))?;
        let lock = mark(folder.path()).map_err(|error| PlaneError::files("mark", folder.path(), &error))?;
        Ok(Self { folder, lock })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // While it is still locked, so that nobody else removes it at the same time.
        drop(fs::remove_dir_all(self.folder.path()));
        // A process that is being forked in this moment has the file too.
        drop(self.lock.unlock());
    }
}

/// Removes the folders of processes that are gone. One that cannot be removed stays.
pub(super) fn sweep(all: &Path) {
    for entry in fs::read_dir(all).into_iter().flatten().flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let is_named_so = entry.file_name().to_str().is_some_and(is_name);
        if let Some(lock) = (is_folder && is_named_so).then(|| left_over(&entry.path())).flatten() {
            drop(fs::remove_dir_all(entry.path()));
            drop(lock);
        }
    }
}

/// A mark has its name only once it is locked: nobody finds it without its owner.
fn mark(folder: &Path) -> io::Result<File> {
    let new = folder.join(UNLOCKED_MARK);
    let file = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
    file.lock()?;
    fs::rename(new, folder.join(MARK))?;
    Ok(file)
}

/// The lock of a folder of ours whose process is gone.
fn left_over(folder: &Path) -> Option<File> {
    let mut options = File::options();
    options.read(true).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    let file = options.open(folder.join(MARK)).ok()?;
    let facts = file.metadata().ok()?;
    let is_ours = facts.is_file() && facts.uid() == rustix::process::geteuid().as_raw();
    (is_ours && file.try_lock().is_ok()).then_some(file)
}

fn is_name(name: &str) -> bool {
    let Some((pid, drawn)) = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')) else { return false };
    let is_number = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
    is_number && drawn.len() == DRAWN_CHARS && drawn.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No process has this number.
    const NOBODY: &str = "4294967295";

    fn folder(all: &Path, name: &str, file: Option<&str>) -> std::path::PathBuf {
        let folder = all.join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("notes"), "dear to somebody").unwrap();
        if let Some(file) = file {
            fs::write(folder.join(file), "").unwrap();
        }
        folder
    }

    #[test]
    fn what_a_killed_process_left_goes_and_nothing_else_of_whatever_name() {
        let all = tempfile::tempdir().unwrap();
        let left = folder(all.path(), &format!("{PREFIX}{NOBODY}-aB3dE6"), Some(MARK));
        let others = [
            folder(all.path(), "upshift-sim-e5notes", Some(MARK)),
            folder(all.path(), "upshift-sim-17", Some(MARK)),
            folder(all.path(), &format!("{PREFIX}{NOBODY}-my-own"), Some(MARK)),
            folder(all.path(), &format!("{PREFIX}{NOBODY}-longer7"), Some(MARK)),
            // Of the right name, and no mark in it, or one that nobody has locked yet.
            folder(all.path(), &format!("{PREFIX}{NOBODY}-abcdef"), None),
            folder(all.path(), &format!("{PREFIX}{NOBODY}-abcdeg"), Some(UNLOCKED_MARK)),
        ];
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join(MARK), "").unwrap();
        let link = all.path().join(format!("{PREFIX}{NOBODY}-abcdeh"));
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let marked_by_link = folder(all.path(), &format!("{PREFIX}{NOBODY}-abcdei"), None);
        std::os::unix::fs::symlink(elsewhere.path().join(MARK), marked_by_link.join(MARK)).unwrap();
        sweep(all.path());
        assert!(!left.exists());
        for other in others.iter().chain([&marked_by_link, &link]) {
            assert!(other.exists(), "{}", other.display());
        }
        assert!(elsewhere.path().join(MARK).exists());
    }

    #[test]
    fn a_folder_is_not_touched_while_its_owner_lives_whoever_proc_says_that_is() {
        let all = tempfile::tempdir().unwrap();
        let own = Folder::create(all.path()).unwrap();
        // As seen from another namespace of processes: its number says nothing here.
        let elsewhere = all.path().join(format!("{PREFIX}{NOBODY}-abcdef"));
        fs::create_dir(&elsewhere).unwrap();
        let lock = mark(&elsewhere).unwrap();
        sweep(all.path());
        assert!(own.path().exists() && elsewhere.exists());
        drop(lock);
        sweep(all.path());
        assert!(own.path().exists() && !elsewhere.exists());
        let path = own.path().to_path_buf();
        drop(own);
        assert!(!path.exists());
    }
}
