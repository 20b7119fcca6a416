//! `upshift export`: its arguments.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What to write down, and where.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// In whose words
    #[arg(value_enum)]
    pub what: ExportKind,
    /// Into files of this folder instead of to stdout; one that is there and differs is not touched
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replaces files that are there and differ
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Which role's document goes to stdout, of iam
    #[arg(long, value_enum, default_value = "act", conflicts_with = "out")]
    pub role: ExportRole,
    /// The tag that lets the acting role change a database, of terraform and iam
    #[arg(long, value_name = "KEY=VALUE", default_value = "upshift=allowed", value_parser = tag)]
    pub tag: (String, String),
    /// Where the binary is on the host, of systemd
    #[arg(long, value_name = "PATH", default_value = "/usr/local/bin/upshift", value_parser = absolute)]
    pub binary: String,
    /// Where the configuration is on the host, of systemd
    #[arg(long, value_name = "PATH", default_value = "/etc/upshift/config.toml", value_parser = absolute)]
    pub host_config: String,
    /// The built-in policy of a scenario's databases instead of a configuration
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = "checkpoints")]
    pub sim: Option<String>,
    /// The configuration [default: ./config.toml; with --sim a built-in one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Whose words the policy is put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportKind {
    /// A Terraform module
    Terraform,
    /// IAM policy documents
    Iam,
    /// A unit of systemd for the daemon
    Systemd,
}

/// Which role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportRole {
    /// It reads
    Observe,
    /// It reads, and changes what has the tag
    Act,
}

/// What AWS takes as a tag: 1 to 128 characters, and none of its own.
fn tag(text: &str) -> Result<(String, String), String> {
    let wrong = || "must be a key and a value, such as upshift=allowed".to_owned();
    let (key, value) = text.split_once('=').ok_or_else(wrong)?;
    let is_right = |part: &str, most: usize| {
        part.chars().count() <= most && part.chars().all(|c| c.is_alphanumeric() || " _.:/+-@".contains(c))
    };
    if key.is_empty() || value.is_empty() || !is_right(key, 128) || !is_right(value, 256) {
        return Err(wrong());
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err("tags of aws: are AWS's own".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

fn absolute(text: &str) -> Result<String, String> {
    let is_right = text.starts_with('/') && !text.chars().any(char::is_control);
    if is_right { Ok(text.to_owned()) } else { Err("must be an absolute path".to_owned()) }
}
