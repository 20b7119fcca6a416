//! A file with a password that nobody else may read.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::model::text::clean;

/// No password is longer; an IAM token has some 1,500 bytes.
const MOST_BYTES: u64 = 16 * 1024;
/// Longest path that is shown.
const SHOWN_CHARS: usize = 200;

/// The place of a password: the first line of a file, read anew each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateFile(PathBuf);

impl PrivateFile {
    /// Of this path; nothing is looked at yet.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The password that stands there now. What is looked at is the file that is read, whoever replaces it meanwhile.
    ///
    /// # Errors
    /// When it cannot be read or has no password in it, or others can read it: one sentence that begins with the path.
    pub fn read(&self) -> Result<SecretString, String> {
        let wrong = |why: &str| format!("{}: {why}", clean(&self.0.display().to_string(), SHOWN_CHARS));
        let failed = |error: std::io::Error| wrong(&error.to_string());
        // Before it is opened: a pipe keeps who opens it waiting for somebody to write.
        let is_file = std::fs::metadata(&self.0).map_err(failed)?.is_file();
        if !is_file {
            return Err(wrong("not a plain file; put the password into one of mode 0600"));
        }
        let file = File::open(&self.0).map_err(failed)?;
        if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(wrong("others can read it; `chmod 600` it"));
        }
        let mut text = String::new();
        let read = file.take(MOST_BYTES).read_to_string(&mut text);
        read.map_err(|_| wrong("what is in it is no text in UTF-8, so it is not a password for PostgreSQL"))?;
        let text = SecretString::from(text);
        let first = secrecy::ExposeSecret::expose_secret(&text).lines().next().unwrap_or_default();
        if first.is_empty() {
            return Err(wrong("its first line is empty; the password stands there"));
        }
        Ok(SecretString::from(first.to_owned()))
    }
}
