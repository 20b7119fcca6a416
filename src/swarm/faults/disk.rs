//! A disk in memory that keeps what was synced and may lose, tear or reorder the rest when its machine loses power; that
//! fills up, and fails.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::journal::Disk;
use crate::sim::rng::Rng;

/// What reaches a real disk at once.
const PAGE_BYTES: usize = 512;

/// The disk of a machine: clones are handles of the same one, a reborn process opens another handle.
#[derive(Debug, Clone, Default)]
pub struct SimDisk {
    inner: Arc<Mutex<Inner>>,
    open: Option<String>,
    /// A handle of a process that is gone does nothing more.
    life: u64,
}

/// How the disk fails at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Trouble {
    /// Not at all.
    #[default]
    None,
    /// No room: a part of the record is written.
    Full,
    /// Nothing is written.
    WriteError,
    /// Writes seem to work, syncs do not.
    SyncError,
}

#[derive(Debug, Default)]
struct Inner {
    files: BTreeMap<String, File>,
    trouble: Trouble,
    life: u64,
    failed: bool,
    synced: Vec<String>,
    /// So many appends were made.
    appends: u64,
    /// At that append the machine loses power, when so many bytes have come down.
    dies_at: Option<(u64, usize)>,
    died: bool,
}

#[derive(Debug, Default, Clone)]
struct File {
    bytes: Vec<u8>,
    /// So many of them survive anything.
    durable: usize,
}

impl SimDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// A handle for a process that starts now; all older handles are dead.
    pub fn boot(&self) -> Self {
        let mut inner = self.inner();
        inner.life += 1;
        let life = inner.life;
        drop(inner);
        Self { inner: Arc::clone(&self.inner), open: None, life }
    }

    /// The process that has the newest handle is gone: the handle does nothing from now on.
    pub fn kill(&self) {
        self.inner().life += 1;
    }

    /// The machine loses power: what was not synced is kept, dropped, torn or reordered, as `rng` has it.
    pub fn lose_power(&self, rng: &mut Rng) {
        let mut inner = self.inner();
        for file in inner.files.values_mut() {
            let (durable, loose) = (file.durable, file.bytes.len() - file.durable);
            match rng.draw() % 4 {
                0 => {}
                1 => file.bytes.truncate(durable),
                2 => file.bytes.truncate(durable + (rng.draw() as usize) % (loose + 1)),
                _ => {
                    // A later page came down and an earlier one did not: a hole of zeros.
                    let first = durable - durable % PAGE_BYTES;
                    for page in (first..file.bytes.len()).step_by(PAGE_BYTES) {
                        let end = (page + PAGE_BYTES).min(file.bytes.len());
                        if rng.draw().is_multiple_of(2) {
                            file.bytes[page.max(durable)..end].fill(0);
                        }
                    }
                }
            }
            file.durable = file.bytes.len();
        }
    }

    /// From now on the disk fails like this.
    pub fn set_trouble(&self, trouble: Trouble) {
        self.inner().trouble = trouble;
    }

    /// Whether a write or a sync has failed since this was asked last.
    pub fn take_failed(&self) -> bool {
        std::mem::take(&mut self.inner().failed)
    }

    /// Whoever asks next is not told of it.
    pub fn forget_failure(&self) {
        self.inner().failed = false;
    }

    /// At that append, counted from 1, the machine loses power, when so many bytes of it have come down.
    pub fn die_at(&self, append: u64, bytes: usize) {
        self.inner().dies_at = Some((append, bytes));
    }

    /// Whether that has happened, since this was asked last.
    pub fn take_died(&self) -> bool {
        std::mem::take(&mut self.inner().died)
    }

    /// The whole lines that became durable since this was asked last.
    pub fn take_synced(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().synced)
    }

    /// All bytes of all files in order of their names, as they are now.
    pub fn bytes(&self) -> Vec<u8> {
        self.inner().files.values().flat_map(|file| file.bytes.clone()).collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alive(&self) -> io::Result<MutexGuard<'_, Inner>> {
        let inner = self.inner();
        if inner.life == self.life { Ok(inner) } else { Err(io::Error::other("this process is gone")) }
    }
}

impl Disk for SimDisk {
    fn place(&self) -> PathBuf {
        PathBuf::from("the simulated disk")
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.alive()?.files.keys().cloned().collect())
    }

    fn reader<'a>(&'a self, name: &str) -> io::Result<Box<dyn BufRead + 'a>> {
        let inner = self.alive()?;
        // A disk that errs at writing errs at reading too.
        if inner.trouble == Trouble::WriteError {
            return Err(io::Error::other("input/output error"));
        }
        let file = inner.files.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(io::Cursor::new(file.bytes.clone())))
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        let mut inner = self.alive()?;
        if inner.trouble != Trouble::None {
            inner.failed = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        inner.files.insert(name.to_owned(), File::default());
        drop(inner);
        self.open = Some(name.to_owned());
        Ok(())
    }

    fn keep(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.alive()?;
        if inner.trouble != Trouble::None {
            return Err(io::Error::other("input/output error"));
        }
        inner.files.insert(name.to_owned(), File { bytes: bytes.to_vec(), durable: bytes.len() });
        Ok(())
    }

    fn resume(&mut self, name: &str, cut_after: Option<u64>) -> io::Result<u64> {
        let mut inner = self.alive()?;
        if inner.trouble != Trouble::None && cut_after.is_some() {
            return Err(io::Error::other("input/output error"));
        }
        let file = inner.files.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        if let Some(bytes) = cut_after {
            file.bytes.truncate(bytes as usize);
            file.durable = file.durable.min(file.bytes.len());
        }
        let bytes = file.bytes.len() as u64;
        drop(inner);
        self.open = Some(name.to_owned());
        Ok(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let name = self.open.clone().unwrap_or_default();
        let mut inner = self.alive()?;
        inner.appends += 1;
        let appends = inner.appends;
        if let Some((_, down)) = inner.dies_at.take_if(|(at, _)| *at == appends) {
            let file = inner.files.get_mut(&name).ok_or(io::ErrorKind::NotFound)?;
            file.bytes.extend_from_slice(&bytes[..down.min(bytes.len())]);
            inner.life += 1;
            inner.died = true;
            return Err(io::Error::other("the power is gone"));
        }
        let trouble = inner.trouble;
        let file = inner.files.get_mut(&name).ok_or(io::ErrorKind::NotFound)?;
        let (written, result) = match trouble {
            Trouble::None | Trouble::SyncError => (bytes.len(), Ok(())),
            Trouble::Full => (bytes.len() / 2, Err(io::ErrorKind::StorageFull.into())),
            Trouble::WriteError => (0, Err(io::Error::other("input/output error"))),
        };
        file.bytes.extend_from_slice(&bytes[..written]);
        inner.failed |= result.is_err();
        result
    }

    fn sync(&mut self) -> io::Result<()> {
        let name = self.open.clone().unwrap_or_default();
        let mut inner = self.alive()?;
        if inner.trouble != Trouble::None {
            inner.failed = true;
            return Err(io::Error::other("input/output error"));
        }
        let file = inner.files.get_mut(&name).ok_or(io::ErrorKind::NotFound)?;
        let newly = file.bytes[file.durable..].to_vec();
        file.durable = file.bytes.len();
        let lines = newly.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        let lines: Vec<String> = lines.map(|line| String::from_utf8_lossy(line).trim_end().to_owned()).collect();
        inner.synced.extend(lines);
        Ok(())
    }
}
