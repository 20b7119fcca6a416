//! `upshift export`: the policy as a Terraform module, as IAM documents or as a unit of systemd.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::configuration::settings;
use super::stdout::written;
use super::{CommandError, backend, last_words};
use crate::cli::export::{ExportArgs, ExportKind, ExportRole};
use crate::model::policy::Policy;
use crate::model::settings::Settings;
use crate::setup::export::{self, File, Role, Scope, Tag};
use crate::workload::dsn::Dsn;

/// Writes it. Nothing is asked of AWS.
///
/// # Errors
/// When the configuration is wrong, or a file is there that says something else.
pub(super) fn run(args: &ExportArgs) -> Result<(), CommandError> {
    let scenario = args.sim.as_deref().map(backend::scenario).transpose()?;
    let (settings, _) = settings(args.config.as_deref(), scenario.as_ref())?;
    let scope = Scope::of(&settings, token_roles(&settings)?);
    let scope = if scenario.is_some() { scope.with_drills() } else { scope };
    let tag = Tag { key: args.tag.0.clone(), value: args.tag.1.clone() };
    let files = match (args.what, &args.out) {
        (ExportKind::Terraform, _) => export::module(&settings, &scope, &tag),
        (ExportKind::Systemd, _) => {
            vec![File { name: "upshift.service", text: export::unit(&settings, &args.binary, &args.host_config) }]
        }
        (ExportKind::Iam, Some(_)) => vec![
            File { name: "upshift-observe.json", text: export::document(&scope, &tag, Role::Observe) },
            File { name: "upshift-act.json", text: export::document(&scope, &tag, Role::Act) },
        ],
        (ExportKind::Iam, None) => {
            let (name, role) = match args.role {
                ExportRole::Observe => ("upshift-observe.json", Role::Observe),
                ExportRole::Act => ("upshift-act.json", Role::Act),
            };
            vec![File { name, text: export::document(&scope, &tag, role) }]
        }
    };
    match &args.out {
        Some(folder) => save(folder, &files, args.force),
        None => show(&files),
    }
}

/// The roles of databases whose sessions are opened with a token.
fn token_roles(settings: &Settings) -> Result<Vec<String>, CommandError> {
    let mut roles = Vec::new();
    for policy in &settings.databases {
        roles.extend(token_role(policy)?);
    }
    roles.sort();
    roles.dedup();
    Ok(roles)
}

/// The role that sessions of a database are opened by, where its password is a token.
///
/// # Errors
/// When the connection string cannot be read.
pub(super) fn token_role(policy: &Policy) -> Result<Option<String>, CommandError> {
    let Some(access) = policy.postgres.as_ref().filter(|_| Scope::uses_tokens(policy)) else { return Ok(None) };
    let dsn: Dsn = access.dsn.parse().map_err(|error| CommandError::Usage(format!("{}: {error}", policy.database)))?;
    Ok(Some(dsn.user().to_owned()))
}

/// One after the other; of several, each below its name.
fn show(files: &[File]) -> Result<(), CommandError> {
    let mut text = String::new();
    for file in files {
        if files.len() > 1 {
            text.push_str(if text.is_empty() { "# " } else { "\n# " });
            text.push_str(file.name);
            text.push_str("\n\n");
        }
        text.push_str(&file.text);
    }
    written(std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()))
}

/// All of them or, where one is in the way, none.
fn save(folder: &Path, files: &[File], force: bool) -> Result<(), CommandError> {
    let failed = |what: &Path, error: &std::io::Error| CommandError::Failed(format!("{}: {error}", what.display()));
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let mut wanted = Vec::new();
    let mut different = Vec::new();
    for file in files {
        let path = folder.join(file.name);
        match fs::read(&path) {
            Ok(there) if there == file.text.as_bytes() => last_words::say(&format!("unchanged: {}", path.display())),
            Ok(_) => {
                different.push(path.display().to_string());
                wanted.push((path, file));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => wanted.push((path, file)),
            Err(error) => return Err(failed(&path, &error)),
        }
    }
    if !different.is_empty() && !force {
        return Err(CommandError::Failed(format!(
            "nothing was written: {} is there and says something else; --force replaces it",
            different.join(", ")
        )));
    }
    for (path, file) in wanted {
        super::whole_file::save(&path, &file.text, true)?;
        last_words::say(&format!("written: {}", path.display()));
    }
    Ok(())
}
