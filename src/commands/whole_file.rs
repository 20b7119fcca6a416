//! Files that are there whole or not at all: written beside their place, and put there when they are durable.

use std::fs::Permissions;
use std::io::{Error, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::CommandError;
use crate::model::text::clean;

/// There is no secret in them; the umask takes away what it does.
const MODE: u32 = 0o644;
/// Longest path that is shown.
const SHOWN_CHARS: usize = 400;

/// Writes it. A file that is there stays, unless it is to be written over.
///
/// # Errors
/// When it cannot be written, or one is there: nothing is left then.
pub(super) fn save(path: &Path, text: &str, force: bool) -> Result<(), CommandError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let failed =
        |error: &Error| CommandError::Failed(format!("nothing was written: {} cannot be made: {error}", shown(path)));
    if path.file_name().is_none() {
        return Err(CommandError::Usage(format!("--out {} names no file", shown(path))));
    }
    let mut builder = tempfile::Builder::new();
    let made =
        builder.prefix(".upshift-").suffix(".part").permissions(Permissions::from_mode(MODE)).tempfile_in(parent);
    let mut file = made.map_err(|error| failed(&error))?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(|error| failed(&error))?;
    let kept = if force { file.persist(path) } else { file.persist_noclobber(path) };
    match kept {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(is_there(path)),
        Err(error) => Err(failed(&error.error)),
    }
}

/// Why nothing is written where there is a file.
pub(super) fn is_there(path: &Path) -> CommandError {
    let words = "is there already, and nothing was written: --out FILE writes elsewhere, --force replaces it";
    CommandError::Failed(format!("{} {words}", shown(path)))
}

/// A path as it is shown.
pub(super) fn shown(path: &Path) -> String {
    clean(&path.display().to_string(), SHOWN_CHARS)
}
