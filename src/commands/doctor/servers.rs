//! The servers themselves, as the configuration reaches them: PostgreSQL, and the PgBouncer before it.

use std::time::Duration;

use super::Place;
use crate::clock::Stopwatch;
use crate::commands::CommandError;
use crate::commands::preflight::pooler_words;
use crate::commands::servers::{poolers, sources};
use crate::model::finding::{Check, Finding};
use crate::model::policy::Policy;
use crate::model::pooler::PoolerPolicy;
use crate::model::server::ServerSeen;
use crate::model::settings::Settings;
use crate::model::text::clean;
use crate::workload::dsn::Protection;
use crate::workload::signals;

/// A session that is not there after this time is none.
const SESSION_LIMIT: Duration = Duration::from_secs(8);
/// The console of a pooler is asked three things.
const POOLER_LIMIT: Duration = Duration::from_secs(15);
/// Longest words of a server that are shown.
const SHOWN_CHARS: usize = 300;
/// What the server shows of the session.
const APPLICATION: &str = "upshift doctor";

/// Every server that the configuration names, one after the other.
pub(super) async fn look(place: &Place<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for policy in &place.settings.databases {
        findings.push(postgres(place, policy).await.of(&policy.database));
        if let Some(of_pooler) = &policy.pooler {
            findings.push(pooler(place, policy, of_pooler).await.of(&policy.database));
        }
    }
    findings
}

async fn postgres(place: &Place<'_>, policy: &Policy) -> Finding {
    let Place { environment, aws, clock, .. } = place;
    let sources = sources(&alone(place, policy), environment, aws, clock).map(|mut sources| sources.pop());
    let source = match sources {
        Ok(Some(source)) => source,
        Ok(None) => return no_server(),
        Err(error) => return refused(Check::Postgres, &error),
    };
    let stopwatch = Stopwatch::start();
    let way = source.access.dsn().words();
    if let Err(error) = source.access.connect(APPLICATION, SESSION_LIMIT.mul_f64(clock.speed())).await {
        let why = clean(&error.to_string(), SHOWN_CHARS);
        let remedy = "look at host, port, user and password of [database.postgres], and at what lies between";
        return Finding::told(Check::Postgres, &format!("{way}: {why}"), remedy);
    }
    let millis = stopwatch.elapsed().as_millis();
    let protected = match source.access.dsn().protection {
        Protection::VerifyFull { .. } => "verified TLS",
        Protection::None => "plain text within this machine",
    };
    let reading = signals::read_once(&source, clock).await;
    if let Some(failure) = reading.failure {
        return Finding::failed(Check::Postgres, &failure);
    }
    let seen = format!("{way}, {protected}, {millis} ms");
    match reading.seen {
        Some(ServerSeen { is_writable: false, .. }) => Finding::warning(
            Check::Postgres,
            format!("{seen}; it takes no writes"),
            "the dsn should be the endpoint of your clients, which leads to whoever writes",
        ),
        Some(ServerSeen { connections, max_connections, .. }) => {
            Finding::ok(Check::Postgres, format!("{seen}, {connections} of {max_connections} sessions"))
        }
        None => Finding::ok(Check::Postgres, seen),
    }
}

async fn pooler(place: &Place<'_>, policy: &Policy, pooler: &PoolerPolicy) -> Finding {
    let Place { environment, aws, clock, .. } = place;
    let poolers = poolers(&alone(place, policy), environment, aws, clock);
    let held = match poolers.map(|mut poolers| poolers.remove(&policy.database)) {
        Ok(Some(held)) => held,
        Ok(None) => return no_server(),
        Err(error) => return refused(Check::Pooler, &error),
    };
    let remedy = "look at [database.pooler]: nothing takes over while clients could not be held";
    match clock.bounded(POOLER_LIMIT.mul_f64(clock.speed()), pooler_words(&held, Some(pooler))).await {
        Some(Ok(words)) => Finding::ok(Check::Pooler, format!("{words}; a pause would be possible")),
        Some(Err(why)) => Finding::told(Check::Pooler, &clean(&why, SHOWN_CHARS), remedy),
        None => Finding::fails(Check::Pooler, format!("no answer within {} s", POOLER_LIMIT.as_secs()), remedy),
    }
}

/// The settings with one database: what is wrong with the way to another's server keeps nobody from looking at this one's.
fn alone(place: &Place<'_>, policy: &Policy) -> Settings {
    Settings { databases: vec![policy.clone()], ..place.settings.clone() }
}

fn no_server() -> Finding {
    let remedy = "add it, to have changes verified by a session";
    Finding::not_seen(Check::Postgres, "there is no [database.postgres]", remedy)
}

/// The way there cannot even be tried: a password or authorities cannot be had.
fn refused(check: Check, error: &CommandError) -> Finding {
    Finding::told(check, &clean(error.words(), SHOWN_CHARS), "correct config.toml, or what it points to")
}
