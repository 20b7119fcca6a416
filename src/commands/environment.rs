//! The environment, read once: the one place that may.

use std::env;
use std::path::PathBuf;

use crate::model::operator::Operator;
use crate::model::text::clean;

/// What the environment says that matters here.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Who is at the keyboard.
    pub operator: Operator,
    /// Where state lives when nothing else is said: the XDG state directory.
    pub state_home: PathBuf,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// The locale is not UTF-8, or the terminal is the Linux text console, whose font has few glyphs.
    pub ascii: bool,
}

impl Environment {
    /// Reads the environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the room that reads the environment, once")]
    pub fn read() -> Self {
        let text = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let user = text("USER").or_else(|| text("LOGNAME"));
        let user = user.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
        let ssh_client = text("SSH_CONNECTION").and_then(|line| Some(line.split(' ').next()?.to_owned()));
        let home = text("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
        let state_home = text("XDG_STATE_HOME").map_or_else(|| home.join(".local/state"), PathBuf::from);
        let locale = text("LC_ALL").or_else(|| text("LC_CTYPE")).or_else(|| text("LANG")).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        Self {
            operator: Operator { user: clean(&user, 64), ssh_client: ssh_client.map(|client| clean(&client, 64)) },
            state_home: state_home.join("upshift"),
            no_color: text("NO_COLOR").is_some(),
            ascii: !utf8 || text("TERM").as_deref() == Some("linux"),
        }
    }
}
