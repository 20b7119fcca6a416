//! A disk in memory for journals.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use upshift::journal::Disk;

/// Files by name. Clones share them, so that a disk can be looked at while a journal owns it.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk {
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    open: Option<String>,
}

impl MemoryDisk {
    /// A disk with these files.
    pub fn with(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self { files: Arc::new(Mutex::new(files)), open: None }
    }

    /// The files as they are now.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> io::Result<T>) -> io::Result<T> {
        change(&mut self.files.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Disk for MemoryDisk {
    fn place(&self) -> PathBuf {
        PathBuf::from("memory")
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.files().into_keys().collect())
    }

    fn reader<'a>(&'a self, name: &str) -> io::Result<Box<dyn BufRead + 'a>> {
        let bytes = self.files().remove(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(io::Cursor::new(bytes)))
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        self.keep(name, b"")?;
        self.open = Some(name.to_owned());
        Ok(())
    }

    fn keep(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.change(|files| match files.insert(name.to_owned(), bytes.to_vec()) {
            None => Ok(()),
            Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
        })
    }

    fn resume(&mut self, name: &str, cut_after: Option<u64>) -> io::Result<u64> {
        self.open = Some(name.to_owned());
        self.change(|files| {
            let bytes = files.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
            if let Some(length) = cut_after {
                bytes.truncate(length as usize);
            }
            Ok(bytes.len() as u64)
        })
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let name = self.open.clone().ok_or(io::ErrorKind::NotFound)?;
        self.change(|files| {
            files.get_mut(&name).ok_or(io::ErrorKind::NotFound)?.extend_from_slice(bytes);
            Ok(())
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
