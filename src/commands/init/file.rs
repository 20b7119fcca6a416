//! The file that is written: whole under its name, or not there.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::shown;
use crate::commands::CommandError;

/// There is no secret in it; the umask takes away what it does.
const MODE: u32 = 0o644;

/// Writes it beside its name first. A file that is there is replaced only if that is wanted.
///
/// # Errors
/// When it cannot be written, or is there; nothing is left then.
pub(super) fn write(path: &Path, text: &str, replaces: bool) -> Result<(), CommandError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let failed = |error: std::io::Error| {
        CommandError::Failed(format!("nothing was written: {} cannot be made: {error}", shown(path)))
    };
    let mut builder = tempfile::Builder::new();
    let made = builder.prefix(".upshift-init-").permissions(Permissions::from_mode(MODE)).tempfile_in(parent);
    let mut file = made.map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    let kept = if replaces { file.persist(path) } else { file.persist_noclobber(path) };
    match kept {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(is_there(path)),
        Err(error) => Err(failed(error.error)),
    }
}

/// Why nothing is written where there is a file.
pub(super) fn is_there(path: &Path) -> CommandError {
    let words = "is there already, and nothing was written: --out FILE writes elsewhere, --force replaces it";
    CommandError::Failed(format!("{} {words}", shown(path)))
}
