//! What a journal needs of a disk, and the disk of this machine: a directory of segment files that one process owns.
//!
//! The trait is as narrow as the journal's promises: a record is one append, it is durable after a sync, a new segment's
//! name is durable when `create` returns. A second implementation, which tears and loses what was never synced, is in
//! `swarm`.

use std::fmt::Debug;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::error::OpenError;
use super::lock::{self, Lock};

/// Where a journal's segments are. Names are file names without a path.
pub trait Disk: Debug + Send {
    /// Where that is, for people.
    fn place(&self) -> PathBuf;

    /// The names of all files there, in any order.
    ///
    /// # Errors
    /// The directory cannot be read.
    fn names(&self) -> io::Result<Vec<String>>;

    /// The bytes of a file from its beginning.
    ///
    /// # Errors
    /// It cannot be read.
    fn reader<'a>(&'a self, name: &str) -> io::Result<Box<dyn BufRead + 'a>>;

    /// Makes an empty file, whose name is durable after return, and makes it the one that [`append`](Self::append)
    /// means. It must not exist.
    ///
    /// # Errors
    /// It is not sure that there is such a file.
    fn create(&mut self, name: &str) -> io::Result<()>;

    /// Writes a file beside the segments, which is whole and durable after return. It must not exist.
    ///
    /// # Errors
    /// It is not sure that the bytes are there.
    fn keep(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Makes an existing file the one that [`append`](Self::append) means, cut off after `bytes`, durably so, and
    /// returns its length.
    ///
    /// # Errors
    /// It cannot be opened, or the cut is not sure.
    fn resume(&mut self, name: &str, cut_after: Option<u64>) -> io::Result<u64>;

    /// Adds bytes at the end of the open file.
    ///
    /// # Errors
    /// None or some of them were written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Everything appended is durable after return.
    ///
    /// # Errors
    /// That is not sure, and asking again would not make it so.
    fn sync(&mut self) -> io::Result<()>;
}

/// A directory of this machine. The one that writes holds its lock until it is dropped.
#[derive(Debug)]
pub(super) struct Directory {
    dir: PathBuf,
    /// None for a reader.
    lock: Option<Lock>,
    pub(super) open: Option<File>,
    /// The name of the open file.
    name: String,
}

impl Directory {
    /// The directory as a reader sees it: no lock is taken, and nothing must be written.
    pub(super) fn to_read(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), lock: None, open: None, name: String::new() }
    }

    /// Makes the directory (mode 0700, its name durable) if it is missing, and takes it for this process alone. One
    /// that others than its owner may write to is refused.
    pub(super) fn take_over(dir: &Path) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { path: dir.to_owned(), source };
        make(dir).map_err(io)?;
        guarded(dir)?;
        Ok(Self { lock: Some(lock::take(dir)?), ..Self::to_read(dir) })
    }

    fn new_file(&self, name: &str, bytes: &[u8]) -> io::Result<File> {
        let mut file = own(File::options().append(true).create_new(true).mode(0o600), &self.dir.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        sync_directory(&self.dir)?;
        Ok(file)
    }

    /// What was written is evidence only where people will look for it: the file and the lock must still be the ones
    /// behind their names. A file that was removed takes writes as before, and keeps nothing.
    fn is_still_there(&self) -> io::Result<()> {
        let is_at = |file: &File, path: &Path| -> io::Result<bool> {
            let (held, named) = (file.metadata()?, fs::symlink_metadata(path));
            Ok(named.is_ok_and(|named| (named.dev(), named.ino()) == (held.dev(), held.ino())))
        };
        let gone = |what: &str| io::Error::other(format!("{what} was removed or replaced under the running engine"));
        if let Some(file) = &self.open
            && !is_at(file, &self.dir.join(&self.name))?
        {
            return Err(gone("the file that is written to"));
        }
        match &self.lock {
            Some(lock) if !is_at(lock.file(), &self.dir.join(lock::NAME))? => Err(gone("the lock file")),
            _ => Ok(()),
        }
    }

    fn open(&mut self) -> io::Result<&mut File> {
        self.open.as_mut().ok_or_else(|| io::Error::other("no segment is open"))
    }
}

impl Disk for Directory {
    fn place(&self) -> PathBuf {
        self.dir.clone()
    }

    fn names(&self) -> io::Result<Vec<String>> {
        // A name that is not Unicode is none of a segment's.
        fs::read_dir(&self.dir)?
            .filter_map(|file| file.map(|file| file.file_name().into_string().ok()).transpose())
            .collect()
    }

    fn reader<'a>(&'a self, name: &str) -> io::Result<Box<dyn BufRead + 'a>> {
        let file = own(File::options().read(true), &self.dir.join(name))?;
        Ok(Box::new(BufReader::with_capacity(READ_BYTES, file)))
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        self.open = Some(self.new_file(name, b"")?);
        name.clone_into(&mut self.name);
        Ok(())
    }

    fn keep(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.new_file(name, bytes).map(drop)
    }

    fn resume(&mut self, name: &str, cut_after: Option<u64>) -> io::Result<u64> {
        let file = own(File::options().append(true), &self.dir.join(name))?;
        if let Some(bytes) = cut_after {
            file.set_len(bytes)?;
            file.sync_all()?;
        }
        let bytes = file.metadata()?.len();
        self.open = Some(file);
        name.clone_into(&mut self.name);
        Ok(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.open()?.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.open()?.sync_data()?;
        self.is_still_there()
    }
}

/// Read at once: a journal is read from end to end.
const READ_BYTES: usize = 256 * 1024;

/// Whether nobody but its owner can put files into an existing directory.
///
/// # Errors
/// When others can, or it cannot be looked at.
pub fn guarded(dir: &Path) -> Result<(), OpenError> {
    let metadata = fs::metadata(dir).map_err(|source| OpenError::Io { path: dir.to_owned(), source })?;
    let mode = metadata.permissions().mode();
    if mode & WRITABLE_BY_OTHERS == 0 {
        return Ok(());
    }
    Err(OpenError::Exposed { dir: dir.to_owned(), mode: mode & 0o7777 })
}

/// Permission bits that let others than the owner of a directory put files into it and take them away.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Opens a regular file that is in the directory itself. What another path leads to is not what was written here, a
/// device could be read without end, and a pipe would be waited for without end.
pub(super) fn own(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let refused = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what.to_owned());
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = options.custom_flags(flags.bits() as i32).open(path).map_err(|error| {
        let is_link = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
        if is_link {
            refused("it is a symbolic link, and the journal is evidence: put the file itself there")
        } else {
            error
        }
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(refused("it is not a regular file")) }
}

/// Makes a directory and those above it that are missing. Their names are durable after return: else all of a journal
/// could be lost with the name of a directory that nobody synced.
fn make(dir: &Path) -> io::Result<()> {
    let missing: Vec<&Path> =
        dir.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    for made in missing {
        let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync_directory(parent.unwrap_or_else(|| Path::new(".")))?;
    }
    Ok(())
}

fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
