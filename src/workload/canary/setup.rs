//! What the canary needs of a database, as SQL: a schema with one table, and a role that may use that and nothing else.

use super::CanaryError;
use super::door::APPLICATION;
use crate::model::availability::ClientPath;
use crate::workload::access::Access;
use crate::workload::dsn::Dsn;

/// The role, where none is named.
pub const ROLE: &str = "upshift_canary";

/// Stands on a role that was made here, so that no other is removed.
const MARK: &str = "made by upshift canary --setup";

/// A role's name that needs no thought about quoting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleName(String);

impl RoleName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for RoleName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
        if (1..=63).contains(&text.len()) && text.chars().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a role's name has 1 to 63 letters, digits or any of _ - . @ here".to_owned())
        }
    }
}

/// What makes everything that is needed; what is there already stays as it is.
///
/// The table has no index: each would be written with every row, and the check at the end reads everything anyway. The
/// role's sessions are limited, so that a server which answers nobody is not filled with waiting attempts.
pub fn setup_sql(dsn: &Dsn, role: &RoleName) -> String {
    let (role, database) = (role.as_str(), quoted(dsn.database()));
    format!(
        "BEGIN;
DO $upshift$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{role}') THEN
    CREATE ROLE \"{role}\" LOGIN CONNECTION LIMIT 100;
    COMMENT ON ROLE \"{role}\" IS '{MARK}';
  END IF;
END $upshift$;
CREATE SCHEMA IF NOT EXISTS upshift_canary;
CREATE TABLE IF NOT EXISTS upshift_canary.attempt (
  run bigint NOT NULL,
  path smallint NOT NULL,
  seq bigint NOT NULL,
  sched_ts timestamptz NOT NULL,
  writer timestamptz NOT NULL DEFAULT pg_catalog.pg_postmaster_start_time()
);
GRANT CONNECT ON DATABASE {database} TO \"{role}\";
GRANT USAGE ON SCHEMA upshift_canary TO \"{role}\";
GRANT INSERT, SELECT, DELETE ON upshift_canary.attempt TO \"{role}\";
COMMIT;"
    )
}

/// What removes all of it, with the rows of all runs. A role that was there before stays, without what it was granted.
pub fn remove_sql(dsn: &Dsn, role: &RoleName) -> String {
    let (role, database) = (role.as_str(), quoted(dsn.database()));
    format!(
        "BEGIN;
DROP SCHEMA IF EXISTS upshift_canary CASCADE;
DO $upshift$ BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{role}') THEN
    REVOKE CONNECT ON DATABASE {database} FROM \"{role}\";
  END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_roles
             WHERE rolname = '{role}' AND pg_catalog.shobj_description(oid, 'pg_authid') = '{MARK}') THEN
    DROP ROLE \"{role}\";
  END IF;
END $upshift$;
COMMIT;"
    )
}

/// Carries out one of the two as an administrator.
///
/// # Errors
/// When the server cannot be reached or refuses; nothing has changed then.
pub async fn carry_out(admin: &Access, sql: &str) -> Result<(), CanaryError> {
    let session = admin.connect(APPLICATION, super::CONNECT_LIMIT).await;
    let session = session.map_err(|error| CanaryError::no_session(admin, &error))?;
    session.batch_execute(sql).await.map_err(|error| CanaryError::refused(admin, &error))
}

/// How a way is written in the table.
pub(super) fn path_number(path: ClientPath) -> i16 {
    match path {
        ClientPath::Persistent => 1,
        ClientPath::Fresh => 2,
        ClientPath::Reader => 3,
        ClientPath::OldWriter => 4,
    }
}

/// Which way a number of the table is.
pub(super) fn path_of(number: i16) -> Option<ClientPath> {
    let all = [ClientPath::Persistent, ClientPath::Fresh, ClientPath::Reader, ClientPath::OldWriter];
    all.into_iter().find(|path| path_number(*path) == number)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_be_sql_is_none() {
        for wrong in ["", "a b", "x\"; DROP", "it's", "$upshift$", &"r".repeat(64)] {
            assert!(wrong.parse::<RoleName>().is_err(), "{wrong}");
        }
        assert_eq!("app.canary-1".parse::<RoleName>().unwrap().as_str(), "app.canary-1");
    }

    #[test]
    fn a_database_of_any_name_is_quoted() {
        let dsn: Dsn = "host=localhost user=a dbname='we\"ird'".parse().unwrap();
        assert!(setup_sql(&dsn, &ROLE.parse().unwrap()).contains("ON DATABASE \"we\"\"ird\" TO"));
    }

    #[test]
    fn a_way_is_read_as_it_is_written() {
        for path in [ClientPath::Persistent, ClientPath::Fresh, ClientPath::Reader, ClientPath::OldWriter] {
            assert_eq!(path_of(path_number(path)), Some(path));
        }
        assert_eq!(path_of(0), None);
    }
}
