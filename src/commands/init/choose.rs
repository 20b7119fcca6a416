//! Which database is meant: the one that is named, the only one, or the one that a person picks. Never a guess.

use std::io::IsTerminal as _;

use super::failed_for;
use crate::aws::inventory::Listed;
use crate::commands::{CommandError, consent};
use crate::model::identity::Identity;
use crate::model::text::clean;

/// What PostgreSQL is called at RDS.
const ENGINES: [&str; 2] = ["postgres", "aurora-postgresql"];
/// A person who misses the list so often wants something else.
const TRIES: usize = 3;
/// Longest answer that is read.
const SHOWN_CHARS: usize = 63;

/// One of those that run PostgreSQL.
///
/// # Errors
/// When there is none, none of that name, or several and nobody to ask.
pub(super) async fn choose<'a>(
    listed: &'a [Listed],
    wanted: Option<&str>,
    identity: &Identity,
) -> Result<&'a Listed, CommandError> {
    let databases: Vec<&Listed> = listed.iter().filter(|it| ENGINES.contains(&it.engine.as_str())).collect();
    let place = format!("account {} in {}", identity.account, identity.region);
    if databases.is_empty() {
        let mut others: Vec<&str> = listed.iter().map(|it| it.engine.as_str()).collect();
        others.dedup();
        return Err(failed_for(&match others.as_slice() {
            [] => format!("there is no database in {place}: is it the right region?"),
            others => format!("there is no PostgreSQL in {place}, only {}", others.join(", ")),
        }));
    }
    let names: Vec<&str> = databases.iter().map(|it| it.name.as_str()).collect();
    let known = names.join(", ");
    if let Some(wanted) = wanted {
        let name = wanted.to_ascii_lowercase();
        let found = databases.iter().find(|it| it.name.as_str() == name);
        return found.copied().ok_or_else(|| {
            let title = format!("no PostgreSQL database {} in {place}", clean(wanted, SHOWN_CHARS));
            CommandError::Usage(format!("{title}\nhelp: there is {known}"))
        });
    }
    match databases.as_slice() {
        [only] => Ok(only),
        _ if !consent::can_be_asked() || !std::io::stderr().is_terminal() => {
            Err(CommandError::Usage(format!("which database of {place}?\nhelp: --database NAME; there is {known}")))
        }
        databases => ask(databases, &place).await,
    }
}

async fn ask<'a>(databases: &[&'a Listed], place: &str) -> Result<&'a Listed, CommandError> {
    let width = databases.iter().map(|it| it.name.as_str().len()).max().unwrap_or_default();
    let mut screen = format!("databases of {place}:\n");
    for (at, database) in databases.iter().enumerate() {
        let line = format!("{:>4}  {:<width$}  {}\n", at + 1, database.name.as_str(), described(database));
        screen.push_str(&line);
    }
    for _ in 0..TRIES {
        let question = format!("{screen}which one, 1 to {}? ", databases.len());
        screen.clear();
        let Some(typed) = consent::answer(&question).await else { break };
        if let Some(database) = picked(databases, &typed) {
            return Ok(database);
        }
    }
    Err(CommandError::Usage("no database was picked: nothing was written".to_owned()))
}

/// By its number or its name.
fn picked<'a>(databases: &[&'a Listed], typed: &str) -> Option<&'a Listed> {
    let typed = typed.trim();
    let by_number = typed.parse::<usize>().ok().and_then(|number| databases.get(number.checked_sub(1)?));
    by_number.or_else(|| databases.iter().find(|it| it.name.as_str() == typed)).copied()
}

fn described(database: &Listed) -> String {
    let Listed { engine, version, class, status, cluster, replica_of, .. } = database;
    let what = cluster.map_or_else(String::new, |kind| format!(", {kind}"));
    let class = if class.is_empty() { String::new() } else { format!(", {class}") };
    let source = replica_of.as_ref().map_or_else(String::new, |source| format!(", a replica of {source}"));
    format!("{engine} {version}{what}{class}, {status}{source}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::database::DatabaseName;

    fn listed(name: &str, engine: &str) -> Listed {
        Listed {
            name: DatabaseName::new(name),
            engine: engine.to_owned(),
            version: "16.8".to_owned(),
            class: String::new(),
            status: "available".to_owned(),
            cluster: None,
            replica_of: None,
        }
    }

    #[test]
    fn it_is_picked_by_number_or_name_and_never_guessed() {
        let (a, b) = (listed("a", "postgres"), listed("2", "postgres"));
        let both = [&a, &b];
        let name = |typed: &str| picked(&both, typed).map(|it| it.name.to_string());
        assert_eq!([name("1\n"), name(" a "), name("2\n")], [Some("a".into()), Some("a".into()), Some("2".into())]);
        assert_eq!([name("0"), name("3"), name(""), name("c")], [None, None, None, None]);
    }

    #[tokio::test]
    async fn without_any_postgresql_it_says_what_there_is() {
        let identity = Identity { account: "1".into(), arn: String::new(), region: "r".into() };
        let words = async |listed: &[Listed]| choose(listed, None, &identity).await.unwrap_err().words().to_owned();
        assert!(words(&[]).await.contains("no database in account 1 in r"));
        assert!(words(&[listed("a", "mysql"), listed("b", "mysql")]).await.ends_with("only mysql"));
    }
}
