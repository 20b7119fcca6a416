//! Where PostgreSQL's programs are, and as whom they run.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::PlaneError;

/// Where Debian puts the programs that only a server needs.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Where Debian puts daemons; not on the path of everybody.
const SYSTEM: &str = "/usr/sbin";
/// What lets a program end with this process.
const SETPRIV: &str = "setpriv";
/// Where programs of the system are when nobody says.
const USUAL: [&str; 2] = ["/usr/bin", "/bin"];
/// The user that Debian makes for servers.
const SERVER_USER: &str = "postgres";

/// A complete set of programs.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    folder: PathBuf,
    setpriv: PathBuf,
    /// Where other programs are looked for.
    path: Vec<PathBuf>,
    owner: Owner,
}

/// As whom servers run: PostgreSQL refuses to run as root.
#[derive(Debug, Clone)]
enum Owner {
    /// Whoever runs this.
    Myself,
    /// The user of Debian's servers.
    Server { uid: u32, gid: u32 },
}

impl Programs {
    /// Looks in the folders of `path`, then where Debian has them, newest first.
    ///
    /// # Errors
    /// When there are none, nobody that they can run as, or nothing that ends them with this process.
    pub(super) fn find(path: Option<&OsStr>) -> Result<Self, PlaneError> {
        let on_path: Vec<PathBuf> = path.map(std::env::split_paths).into_iter().flatten().collect();
        let folders = on_path.iter().cloned().chain(debian(Path::new(DEBIAN)));
        let found = Self::among(folders)?;
        let setpriv = setpriv(on_path.iter().map(PathBuf::as_path).chain(USUAL.map(Path::new)))?;
        Ok(Self { path: on_path, setpriv, ..found })
    }

    /// The first folder with all of them.
    fn among(mut folders: impl Iterator<Item = PathBuf>) -> Result<Self, PlaneError> {
        let is_whole = |folder: &PathBuf| {
            ["initdb", "postgres", "pg_basebackup"].iter().all(|program| folder.join(program).is_file())
        };
        let folder = folders.find(is_whole).ok_or(PlaneError::NoPrograms)?;
        Ok(Self { folder, setpriv: PathBuf::from(SETPRIV), path: Vec::new(), owner: Owner::find()? })
    }

    /// A program that ends when this process does, however that ends. Its words go to `log`.
    pub(super) fn command(&self, program: &str, log: Stdio) -> Command {
        self.command_of(&self.folder.join(program), log)
    }

    /// The same for a program that is none of PostgreSQL's; `None` where it is not installed.
    pub(super) fn companion(&self, program: &str, log: Stdio) -> Option<Command> {
        let folders = self.path.iter().map(PathBuf::as_path).chain([Path::new(SYSTEM)]);
        let found = folders.map(|folder| folder.join(program)).find(|file| file.is_file())?;
        Some(self.command_of(&found, log))
    }

    fn command_of(&self, program: &Path, log: Stdio) -> Command {
        let mut command = Command::new(&self.setpriv);
        if let Owner::Server { uid, gid } = self.owner {
            command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]);
        }
        command.args(["--pdeathsig=INT", "--"]).arg(program);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true).env_remove("PGDATA");
        command
    }

    /// Hands a file or folder to whom the servers run as.
    pub(super) fn hand_over(&self, path: &Path) -> Result<(), PlaneError> {
        match self.owner {
            Owner::Myself => Ok(()),
            Owner::Server { uid, gid } => {
                chown(path, Some(uid), Some(gid)).map_err(|error| PlaneError::files("hand over", path, &error))
            }
        }
    }
}

impl Owner {
    fn find() -> Result<Self, PlaneError> {
        if !rustix::process::getuid().is_root() {
            return Ok(Self::Myself);
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let account = accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(SERVER_USER)).then_some(())?;
            Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
        });
        let (uid, gid) = account.ok_or(PlaneError::NoUser)?;
        Ok(Self::Server { uid, gid })
    }
}

fn setpriv<'a>(mut folders: impl Iterator<Item = &'a Path>) -> Result<PathBuf, PlaneError> {
    let found = folders.find_map(|folder| Some(folder.join(SETPRIV)).filter(|file| file.is_file()));
    found.ok_or(PlaneError::NoSetpriv)
}

fn debian(all: &Path) -> Vec<PathBuf> {
    let versions = fs::read_dir(all).into_iter().flatten().flatten();
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut found: Vec<(u32, PathBuf)> =
        versions.filter_map(|entry| Some((number(&entry.path())?, entry.path().join("bin")))).collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of Debian's for that version, with these programs.
    fn installed(all: &Path, version: &str, programs: &[&str]) -> PathBuf {
        let folder = all.join(version).join("bin");
        fs::create_dir_all(&folder).unwrap();
        for program in programs {
            fs::write(folder.join(program), "").unwrap();
        }
        folder
    }

    #[test]
    fn the_newest_complete_set_is_taken_and_the_path_goes_before_it() {
        let all = tempfile::tempdir().unwrap();
        let whole = ["initdb", "postgres", "pg_basebackup"];
        installed(all.path(), "9", &whole);
        let newest = installed(all.path(), "15", &whole);
        installed(all.path(), "17", &["pg_basebackup"]);
        let found = Programs::among(debian(all.path()).into_iter()).unwrap();
        assert_eq!(found.folder, newest, "17 has the client's programs alone, and 9 is older");
        let own = installed(all.path(), "own", &whole);
        let found = Programs::among([own.clone()].into_iter().chain(debian(all.path()))).unwrap();
        assert_eq!(found.folder, own);
    }

    #[test]
    fn without_postgresql_the_package_is_named() {
        let nothing = tempfile::tempdir().unwrap();
        let clients = installed(nothing.path(), "15", &["pg_basebackup", "psql"]);
        for folders in [debian(nothing.path()), vec![clients], debian(Path::new("/nowhere"))] {
            let error = Programs::among(folders.into_iter()).unwrap_err().to_string();
            assert!(error.contains("on Debian install the package postgresql-15") && !error.contains('\n'), "{error}");
        }
    }
    #[test]
    fn a_machine_without_setpriv_is_told_so_by_its_name() {
        let empty = tempfile::tempdir().unwrap();
        let error = setpriv([empty.path()].into_iter()).unwrap_err().to_string();
        assert!(error.contains("setpriv") && error.contains("util-linux") && !error.contains('\n'), "{error}");
        fs::write(empty.path().join(SETPRIV), "").unwrap();
        assert_eq!(setpriv([empty.path()].into_iter()).unwrap(), empty.path().join(SETPRIV));
    }
}
