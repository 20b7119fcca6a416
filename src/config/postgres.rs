//! `[database.postgres]`: how to reach the server itself. No secret belongs into the file, and one that stands there is not
//! repeated in what is said of it.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::section::Section;
use crate::diagnostics::Diagnostic;
use crate::model::server::{PasswordSource, ServerAccess};
use crate::workload::dsn::{Dsn, Protection};

pub(super) const KEYS: [&str; 5] = ["dsn", "password", "password_file", "ca_file", "max_transaction_age"];

const ENVIRONMENT: &str = "environment";
const IAM: &str = "iam";
/// A second is no transaction that anybody waits for; a day is a forgotten one.
const TRANSACTION_AGE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);

/// The table, where there is one.
pub(super) fn read(database: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<ServerAccess> {
    let section = database.child("postgres", &KEYS, problems)?;
    let Way { dsn, password, ca_file } = access(&section, "dsn", "the endpoint of your clients", problems);
    let age = section.duration("max_transaction_age", &TRANSACTION_AGE, problems);
    Some(ServerAccess {
        dsn,
        password,
        ca_file,
        max_transaction_age: age.map_or(Duration::from_mins(5), Spanned::into_inner),
    })
}

/// How to get to a server, as a table says it.
pub(super) struct Way {
    pub(super) dsn: String,
    pub(super) password: PasswordSource,
    pub(super) ca_file: Option<String>,
}

/// The connection string under `key`, which leads to `what`, and the two keys of its password and that of the authorities.
pub(super) fn access(section: &Section<'_>, key: &str, what: &str, problems: &mut Vec<Diagnostic>) -> Way {
    let ca_file = path(section, "ca_file", problems);
    let dsn = dsn(section, (key, what), problems);
    let password = password(section, (key, dsn.as_ref()), problems);
    let text = section.text(key, &mut Vec::new()).map_or_else(String::new, |text| (*text.get_ref()).to_owned());
    Way { dsn: text, password, ca_file }
}

fn dsn(section: &Section<'_>, (key, what): (&str, &str), problems: &mut Vec<Diagnostic>) -> Option<Dsn> {
    section.require(key, &format!("{key} = \"postgresql://upshift@HOST:5432/postgres\": {what}"), problems);
    let text = section.text(key, problems)?;
    let dsn: Dsn = match text.get_ref().parse() {
        Ok(dsn) => dsn,
        Err(error) => {
            let problem = Diagnostic::new(text.span(), format!("`{key}` cannot be used"), "this connection string");
            problems.push(problem.help(format!("{error}")).hidden());
            return None;
        }
    };
    if dsn.protection == (Protection::VerifyFull { ca_file: None }) && !section.has("ca_file") {
        let title = "nothing says which authorities may vouch for the server";
        let problem = Diagnostic::new(text.span(), title, "on another machine");
        problems
            .push(problem.help("ca_file = \"/etc/upshift/rds-ca.pem\": of RDS the regional bundle that AWS publishes"));
    }
    Some(dsn)
}

/// Exactly one source, or none.
fn password(section: &Section<'_>, (key, dsn): (&str, Option<&Dsn>), problems: &mut Vec<Diagnostic>) -> PasswordSource {
    let file = path(section, "password_file", problems);
    let word = section.text("password", problems);
    if section.has("password") && section.has("password_file") {
        let title = "a password has one source, not two";
        let problem = Diagnostic::new(section.place("password"), title, "the one").hidden();
        let problem = problem.also(section.place("password_file"), "the other".to_owned());
        problems.push(problem.help("remove one of the two"));
    }
    match word.as_ref().map(|word| *word.get_ref()) {
        None => file.map_or(PasswordSource::None, |path| PasswordSource::File { path }),
        Some(ENVIRONMENT) => PasswordSource::Environment,
        Some(IAM) => {
            if dsn.is_some_and(|dsn| dsn.host().is_none() || dsn.protection == Protection::None) {
                let problem = Diagnostic::new(section.place("password"), "RDS takes a token over TLS only", "a token");
                let problem = problem.also(section.place(key), "a session in plain text".to_owned());
                problems.push(problem.help(format!("add sslmode=verify-full to the {key}")));
            }
            PasswordSource::Iam
        }
        Some(_) => {
            let title = "`password` says where the password comes from";
            let problem = Diagnostic::new(section.place("password"), title, "a password has no place here").hidden();
            let help =
                "\"environment\" (PGPASSWORD) or \"iam\" (a token for each session); or password_file = \"/path\"";
            problems.push(problem.help(help));
            PasswordSource::None
        }
    }
}

/// A daemon stands elsewhere than whoever wrote the file.
fn path(section: &Section<'_>, key: &str, problems: &mut Vec<Diagnostic>) -> Option<String> {
    let path = section.text(key, problems)?;
    if !path.get_ref().starts_with('/') {
        let title = format!("`{key}` is no absolute path");
        // It may be the password itself.
        let problem = Diagnostic::new(path.span(), title, "begins with no /").hidden();
        problems.push(problem.help("write it from the root on"));
    }
    Some((*path.get_ref()).to_owned())
}
