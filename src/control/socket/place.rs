//! Where the socket is, how it is made there, and how it is found.

use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, Stat};
use rustix::io::Errno;
use thiserror::Error;
use tokio::net::{UnixListener, UnixStream};

/// Where systemd puts it for a unit with `RuntimeDirectory=upshift`.
pub const SYSTEM_PLACE: &str = "/run/upshift";
/// The socket's name in its directory.
const NAME: &str = "control.sock";
/// It is made under this name, and gets the other one when its permissions are right.
const UNFINISHED: &str = ".control.sock.new";
/// Below the state directory, which only its owner can enter.
const BELOW_STATE: &str = "run";
/// Nobody but the owner may put anything into the directory.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Why there is no socket.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// The kernel's words.
    #[error("{}: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others could put theirs in its place.
    #[error(
        "{} can be written to by others than its owner (mode {mode:04o}): whoever holds the control socket commands the \
         engine; `chmod go-w` it", path.display()
    )]
    Exposed {
        /// The directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is another user's.
    #[error("{} belongs to uid {uid}, and the control socket is only put where nobody else can replace it", path.display())]
    Foreign {
        /// What.
        path: PathBuf,
        /// Whose.
        uid: u32,
    },
    /// Something else has its name.
    #[error("{} is there already and is no socket: take it away, or use another --state-dir", path.display())]
    NoSocket {
        /// What.
        path: PathBuf,
    },
    /// Another engine listens there.
    #[error("another engine listens on {}", path.display())]
    Taken {
        /// The socket.
        path: PathBuf,
    },
}

/// A socket that is listened on. Its name goes with this.
#[derive(Debug)]
pub struct Bound {
    pub(super) listener: UnixListener,
    directory: OwnedFd,
    /// Of the socket itself: another one may have come in its place.
    inode: u64,
    path: PathBuf,
}

impl Bound {
    /// Where clients connect to.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        let is_ours = stat(&self.directory, NAME).is_ok_and(|stat| stat.st_ino == self.inode);
        if is_ours {
            // What is left behind is taken for what it is by the next one: a socket that nobody listens on.
            let _ = rustix::fs::unlinkat(&self.directory, NAME, AtFlags::empty());
        }
    }
}

/// The directory of the socket of an engine with this state directory, where the system gives none.
pub fn of_state(state_dir: &Path) -> PathBuf {
    state_dir.join(BELOW_STATE)
}

/// Listens in that directory, which is made (for the owner alone) if it is missing. With a group its members may connect
/// too. A socket that a process left behind is replaced.
///
/// # Errors
/// When others could replace it, something else is there, or another engine listens.
pub async fn bind(directory: &Path, group: Option<u32>) -> Result<Bound, PlaceError> {
    let path = directory.join(NAME);
    let io = |source: io::Error| PlaceError::Io { path: path.clone(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io)?;
    let fd = open(directory).map_err(io)?;
    is_ours_alone(directory, &fd).map_err(|error| error.unwrap_or_else(io))?;
    clear(&fd, &path).await?;
    // The name by the descriptor is short whatever the path is, and leads into the directory that was looked at.
    let listener = UnixListener::bind(by_descriptor(&fd, UNFINISHED)).map_err(io)?;
    let inode = finish(&fd, group).map_err(|error| io(error.into()))?;
    Ok(Bound { listener, directory: fd, inode, path })
}

/// A line to whoever listens in that directory.
///
/// # Errors
/// `NotFound` and `ConnectionRefused` where nobody does.
pub(super) async fn connect(directory: &Path) -> io::Result<UnixStream> {
    let fd = open(directory)?;
    UnixStream::connect(by_descriptor(&fd, NAME)).await
}

fn open(directory: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(CWD, directory, flags, Mode::empty())?)
}

fn by_descriptor(directory: &OwnedFd, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{name}", directory.as_raw_fd()))
}

fn stat(directory: &OwnedFd, name: &str) -> Result<Stat, Errno> {
    rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
}

fn is_ours_alone(path: &Path, fd: &OwnedFd) -> Result<(), Result<PlaceError, io::Error>> {
    let stat = rustix::fs::fstat(fd).map_err(|error| Err(error.into()))?;
    let path = path.to_owned();
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(Ok(PlaceError::Foreign { path, uid: stat.st_uid }));
    }
    let mode = stat.st_mode & 0o7777;
    if mode & WRITABLE_BY_OTHERS == 0 { Ok(()) } else { Err(Ok(PlaceError::Exposed { path, mode })) }
}

/// Takes away what processes before this one have left there.
async fn clear(directory: &OwnedFd, path: &Path) -> Result<(), PlaceError> {
    let io = |error: Errno| PlaceError::Io { path: path.to_owned(), source: error.into() };
    for name in [UNFINISHED, NAME] {
        let found = match stat(directory, name) {
            Ok(found) => found,
            Err(Errno::NOENT) => continue,
            Err(error) => return Err(io(error)),
        };
        if FileType::from_raw_mode(found.st_mode) != FileType::Socket {
            return Err(PlaceError::NoSocket { path: path.with_file_name(name) });
        }
        if UnixStream::connect(by_descriptor(directory, name)).await.is_ok() {
            return Err(PlaceError::Taken { path: path.with_file_name(name) });
        }
        rustix::fs::unlinkat(directory, name, AtFlags::empty()).map_err(io)?;
    }
    Ok(())
}

/// Gives a new socket its permissions, then its name. The number of its inode.
fn finish(directory: &OwnedFd, group: Option<u32>) -> Result<u64, Errno> {
    let mode = match group {
        Some(group) => {
            let group = Some(Gid::from_raw(group));
            rustix::fs::chownat(directory, UNFINISHED, None, group, AtFlags::SYMLINK_NOFOLLOW)?;
            Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP
        }
        None => Mode::RUSR | Mode::WUSR,
    };
    rustix::fs::chmodat(directory, UNFINISHED, mode, AtFlags::empty())?;
    rustix::fs::renameat(directory, UNFINISHED, directory, NAME)?;
    Ok(stat(directory, NAME)?.st_ino)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_socket_is_for_its_owner_goes_with_its_listener_and_is_not_put_over_another() {
        let state = tempfile::tempdir().unwrap();
        // Longer than the name of a socket may be.
        let directory = of_state(&state.path().join("a".repeat(120)));
        let bound = bind(&directory, None).await.unwrap();
        let mode = |path: &Path| std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode(bound.path()), mode(&directory)), (0o600, 0o700));
        connect(&directory).await.unwrap();
        assert!(matches!(bind(&directory, None).await, Err(PlaceError::Taken { .. })));
        let path = bound.path().to_owned();
        drop(bound);
        assert!(!path.exists());
        assert_eq!(connect(&directory).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_replaced_and_what_is_no_socket_is_not() {
        let state = tempfile::tempdir().unwrap();
        let directory = of_state(state.path());
        let mut left = bind(&directory, None).await.unwrap();
        left.inode = 0;
        drop(left);
        let bound = bind(&directory, None).await.unwrap();
        connect(&directory).await.unwrap();
        drop(bound);
        std::fs::write(directory.join(NAME), "x").unwrap();
        assert!(matches!(bind(&directory, None).await, Err(PlaceError::NoSocket { .. })));
        std::fs::remove_file(directory.join(NAME)).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", directory.join(NAME)).unwrap();
        assert!(matches!(bind(&directory, None).await, Err(PlaceError::NoSocket { .. })));
    }

    #[tokio::test]
    async fn it_is_not_put_where_others_could_replace_it() {
        let state = tempfile::tempdir().unwrap();
        let directory = of_state(state.path());
        std::fs::create_dir(&directory).unwrap();
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o770)).unwrap();
        let refused = bind(&directory, None).await.unwrap_err().to_string();
        assert!(refused.contains("mode 0770") && refused.contains("chmod go-w"), "{refused}");
        let link = state.path().join("link");
        std::os::unix::fs::symlink(&directory, &link).unwrap();
        assert!(matches!(bind(&link, None).await, Err(PlaceError::Io { .. })));
    }
}
