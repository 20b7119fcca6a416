//! `[database.pooler]`: a PgBouncer that holds its clients while another machine takes over.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;

use super::postgres;
use super::section::Section;
use crate::diagnostics::{Diagnostic, shown};
use crate::model::pooler::PoolerPolicy;
use crate::workload::dsn::Dsn;

pub(super) const KEYS: [&str; 7] =
    ["admin_dsn", "password", "password_file", "ca_file", "database", "max_pause", "pause_within"];

/// A second is shorter than any takeover; after five minutes clients have given up.
const MAX_PAUSE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(5);
/// New transactions wait meanwhile.
const PAUSE_WITHIN: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(1);

/// The table, where there is one.
pub(super) fn read(database: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<PoolerPolicy> {
    let section = database.child("pooler", &KEYS, problems)?;
    if !database.has("postgres") {
        let title = "a pooler needs the way to the server behind it";
        let problem = Diagnostic::new(database.place("pooler"), title, "clients are held until another server writes");
        problems.push(problem.help("add [database.postgres]: that is how it is known which one does"));
    }
    let access = postgres::access(&section, "admin_dsn", "of the admin console, database pgbouncer", problems);
    section.require("database", "database = \"app\": what PgBouncer calls it", problems);
    let name = section.text("database", problems).map(|text| (*text.get_ref()).to_owned()).unwrap_or_default();
    let mut duration = |key: &str, range: &RangeInclusive<Duration>, usual: Duration| {
        section.duration(key, range, problems).map_or(usual, Spanned::into_inner)
    };
    let max_pause = duration("max_pause", &MAX_PAUSE, Duration::from_mins(1));
    let pause_within = duration("pause_within", &PAUSE_WITHIN, Duration::from_secs(5));
    if pause_within >= max_pause {
        let title = "a pause must be complete before it is over";
        let place =
            if section.has("pause_within") { section.place("pause_within") } else { section.place("max_pause") };
        let problem = Diagnostic::new(place, title, "not below max_pause");
        problems.push(
            problem.help("clients wait from the moment that the pause is asked for: max_pause counts from there"),
        );
    }
    Some(PoolerPolicy {
        max_pause,
        pause_within,
        admin_dsn: access.dsn,
        password: access.password,
        ca_file: access.ca_file,
        database: name,
    })
}

/// Reports two databases that would hold the clients of one pool: the takeover of one would keep out the clients of the other,
/// and whoever is ready first lets both go.
pub(super) fn each_its_own(databases: &[Section<'_>], problems: &mut Vec<Diagnostic>) {
    let mut seen: Vec<(Pool, Range<usize>)> = Vec::new();
    for (pool, span) in databases.iter().filter_map(pool) {
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == pool) {
            let title = format!("two databases have the pool `{}` of one PgBouncer", shown(&pool.name));
            let problem = Diagnostic::new(span.clone(), title, "the second").also(first.clone(), "the first");
            problems.push(problem.help("a pause of it would hold the clients of both: a pool for each database"));
        }
        seen.push((pool, span));
    }
}

/// A pool of a PgBouncer: where its console is, and what the database is called there.
#[derive(PartialEq)]
struct Pool {
    console: String,
    name: String,
}

/// The pool that a database names and where it names it; none where something about it is wrong, which is told already.
fn pool(database: &Section<'_>) -> Option<(Pool, Range<usize>)> {
    let ignored = &mut Vec::new();
    let section = database.child("pooler", &KEYS, ignored)?;
    let dsn: Dsn = section.text("admin_dsn", ignored)?.get_ref().parse().ok()?;
    let name = section.text("database", ignored)?;
    // Whoever asks is let in to the same console.
    let words = dsn.words().to_ascii_lowercase();
    let place = words.rsplit_once('@').map_or(words.as_str(), |(_, place)| place);
    let console = match dsn.host() {
        Some("127.0.0.1" | "::1") => format!("localhost:{}", dsn.port()),
        _ => place.rsplit_once('/').map_or(place, |(console, _)| console).to_owned(),
    };
    Some((Pool { console, name: (*name.get_ref()).to_owned() }, name.span()))
}
