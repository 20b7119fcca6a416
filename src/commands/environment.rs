//! The environment, read once: the one place that may.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use super::CommandError;
use crate::model::operator::Operator;
use crate::model::text::clean;

/// What a program of the operator's may need; no key, no password and no profile is among it.
const FOR_PROGRAMS: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ"];

/// What the environment says that matters here.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Who is at the keyboard.
    pub operator: Operator,
    /// `UPSHIFT_STATE_DIR`: where state lives, where no option says so. An empty one is none.
    pub state_dir: Option<PathBuf>,
    /// Where state lives when nothing else is said: the XDG state directory. Absent without a home.
    pub state_home: Option<PathBuf>,
    /// `RUNTIME_DIRECTORY`: where systemd wants the control socket of a unit that it runs.
    pub runtime_directory: Option<PathBuf>,
    /// `NOTIFY_SOCKET` is set: a service manager is to be told how this process does.
    pub has_manager: bool,
    /// `WATCHDOG_USEC`, where it is for this process: the manager ends it when it was not told for so long that it lives.
    pub watchdog: Option<Duration>,
    /// `PGPASSWORD`: the password of a PostgreSQL server, where no file is given.
    pub postgres_password: Option<SecretString>,
    /// `PATH`: where programs are looked for.
    pub path: Option<OsString>,
    /// What programs that people are told by get of it: where programs, a home, words and the time of day are, and
    /// nothing else.
    pub for_programs: Vec<(String, OsString)>,
    /// What this machine calls itself.
    pub host: String,
    /// `TERM`: what the terminal calls itself.
    pub term: Option<String>,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// The locale is not UTF-8, or the terminal is the Linux text console, whose font has few glyphs.
    pub ascii: bool,
}

impl Environment {
    /// The directory that is given by an option, else by the environment; `None` where neither does.
    pub fn given_directory(&self, option: Option<&Path>) -> Option<PathBuf> {
        option.map(Path::to_path_buf).or_else(|| self.state_dir.clone())
    }

    /// The directory that is given, or the default one.
    ///
    /// # Errors
    /// When none is given and there is no default.
    pub fn state_directory(&self, option: Option<&Path>) -> Result<PathBuf, CommandError> {
        self.given_directory(option).or_else(|| self.state_home.clone()).ok_or_else(|| {
            let why = "there is no place for the journal: HOME and XDG_STATE_HOME name no absolute path";
            CommandError::Usage(format!("{why}; give --state-dir DIR"))
        })
    }

    /// Reads the environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the room that reads the environment, once")]
    pub fn read() -> Self {
        let text = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let told = Told { user: text("USER").or_else(|| text("LOGNAME")), sudo_user: text("SUDO_USER") };
        let user = user(rustix::process::getuid().as_raw(), &passwd, &told);
        let ssh_client = text("SSH_CONNECTION")
            .or_else(|| text("SSH_CLIENT"))
            .and_then(|line| Some(line.split(' ').next()?.to_owned()));
        // A relative path is none, by the XDG specification: a journal must not depend on where one happens to stand.
        let absolute = |name: &str| text(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state_home = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
        let locale = text("LC_ALL").or_else(|| text("LC_CTYPE")).or_else(|| text("LANG")).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        Self {
            state_dir: text("UPSHIFT_STATE_DIR").map(PathBuf::from),
            runtime_directory: absolute("RUNTIME_DIRECTORY"),
            operator: Operator {
                user: clean(&user, 64),
                ssh_client: ssh_client.map(|client| clean(&client, 64)),
                peer: None,
            },
            state_home: state_home.map(|home| home.join("upshift")),
            has_manager: env::var_os("NOTIFY_SOCKET").is_some(),
            watchdog: sd_notify::watchdog_enabled(),
            postgres_password: text("PGPASSWORD").map(SecretString::from),
            path: env::var_os("PATH"),
            for_programs: FOR_PROGRAMS
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), env::var_os(name)?)))
                .collect(),
            host: clean(&rustix::system::uname().nodename().to_string_lossy(), 64),
            term: text("TERM"),
            no_color: text("NO_COLOR").is_some(),
            ascii: !utf8 || text("TERM").as_deref() == Some("linux"),
        }
    }
}

/// What the environment says of the user: anybody can say anything there.
struct Told {
    user: Option<String>,
    sudo_user: Option<String>,
}

/// Who the user is, for the evidence: by the number that the kernel knows and the account of that number. A name from the
/// environment alone is given as that, beside the number.
fn user(uid: u32, passwd: &str, told: &Told) -> String {
    let account = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid.to_string()).then(|| name.to_owned())
    });
    let name = match (account, &told.user) {
        (Some(account), _) => account,
        // An account that is kept elsewhere, such as in a directory service.
        (None, Some(name)) => format!("uid {uid}, who says {name}"),
        (None, None) => format!("uid {uid}"),
    };
    match &told.sudo_user {
        Some(before) if *before != name => format!("{name}, by sudo of {before}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_the_account_and_not_what_the_environment_says() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n";
        let told = |user: Option<&str>, sudo: Option<&str>| Told {
            user: user.map(str::to_owned),
            sudo_user: sudo.map(str::to_owned),
        };
        assert_eq!(user(1000, passwd, &told(Some("ceo"), None)), "ada");
        assert_eq!(user(0, passwd, &told(Some("root"), Some("ada"))), "root, by sudo of ada");
        assert_eq!(user(2000, passwd, &told(Some("bob"), None)), "uid 2000, who says bob");
        assert_eq!(user(2000, passwd, &told(None, None)), "uid 2000");
    }
}
