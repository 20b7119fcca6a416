//! `upshift preflight`: every gate in front of a change of class, as it is now. Nothing is changed and nothing recorded.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::backend::{self, Ready};
use super::configuration::{digest, settings};
use super::environment::Environment;
use super::process::runtime;
use super::servers::{poolers, sources};
use super::state::known;
use super::{CommandError, stdout};
use crate::cli::PreflightArgs;
use crate::controller::inspect;
use crate::controller::pooler::PooledServer;
use crate::engine::Engine;
use crate::model::choice::Choice;
use crate::model::class::InstanceClass;
use crate::model::database::DatabaseName;
use crate::model::gate::{Gate, GateResult};
use crate::model::guard::Guards;
use crate::model::ladder::Direction;
use crate::model::policy::{Policy, Strategy};
use crate::model::pooler::PoolerPolicy;
use crate::model::server::ServerSeen;
use crate::model::text::clean;
use crate::workload::pooler::PoolerSeen;

/// What no API of AWS shows before the change.
const UNSEEN: &str = "not seen from here: long transactions, and external replication slots";

/// A name that has moved is known to be elsewhere after this time: longer ones are told.
const LONGEST_DNS_TTL: Duration = Duration::from_secs(2);

/// Looks, and prints a table for each target. A closed gate that guards the database itself is exit code 1; those that
/// only keep the engine from acting by itself are not.
pub(super) fn run(args: &PreflightArgs, environment: &Environment) -> Result<(), CommandError> {
    let scenario = args.sim.as_deref().map(|name| backend::scenario_with(name, &args.iam)).transpose()?;
    let (settings, configuration) = settings(args.config.as_deref(), scenario.as_ref())?;
    let database = DatabaseName::new(&args.database);
    let Some(policy) = settings.policy(&database).cloned() else {
        let known: Vec<&str> = settings.databases.iter().map(|policy| policy.database.as_str()).collect();
        let title = format!("no database {} in {configuration}", clean(&args.database, 63));
        return Err(CommandError::Usage(format!("{title}\nhelp: there is {}", known.join(", "))));
    };
    let wanted = args.to.as_deref().map(|to| on_ladder(&policy, to)).transpose()?;
    let entries = if args.sim.is_some() && args.state_dir.is_none() {
        Vec::new()
    } else {
        known(&environment.state_directory(args.state_dir.as_deref())?)?
    };
    runtime()?.block_on(async {
        let Ready { clock, target, tasks, .. } = match scenario {
            Some(scenario) => backend::simulation(scenario, 1.0, None, None).await?,
            None => backend::aws(),
        };
        let aws = crate::aws::connect::connect(&settings.aws, target).await;
        let mut engine = Engine::new(settings, digest::<Policy>, &entries, Guards::all());
        let servers = sources(engine.settings(), environment, &aws, &clock)?;
        let pooler = poolers(engine.settings(), environment, &aws, &clock)?.remove(&database);
        let pooler = match &pooler {
            Some(held) => Some(pooler_words(held, policy.pooler.as_ref()).await),
            None => None,
        };
        inspect::inspect(&mut engine, &aws, &clock, &servers).await;
        drop(tasks);
        let now = clock.now();
        let problems: Vec<String> = engine.problems().into_iter().map(|problem| problem.failure.sentence).collect();
        let Some(state) = engine.states().remove(&database).cloned() else {
            return Err(CommandError::Failed(format!("{database} could not be seen: {}", problems.join("; "))));
        };
        let tables = targets(wanted, &policy, &state.class)?.into_iter().map(|to| {
            let mut gates = engine.gates_to(&database, &to, now);
            // Nothing is written here, so nothing is known of it.
            gates.retain(|gate| gate.gate != Gate::JournalWritable);
            let strategies = engine.choices_to(&database, &to, now);
            let from = state.class.clone();
            let server = engine.server(&database).cloned();
            let is_server_seen = server.as_ref().is_some_and(|seen| seen.oldest_transaction_secs.is_some());
            let (database, strategy) = (database.clone(), policy.strategy);
            let remark = state.left_by_protection(strategy);
            let remarks = remarks(&policy);
            Table { database, from, to, strategy, now, gates, strategies, remark, remarks, server, is_server_seen }
        });
        report(&tables.collect::<Vec<_>>(), &problems, args.json)?;
        match pooler {
            Some(Ok(words)) if !args.json => stdout::line(&format!("clients are held meanwhile: {words}")),
            Some(Err(why)) => {
                Err(CommandError::Failed(format!("clients could not be held, and nothing takes over: {why}")))
            }
            Some(Ok(_)) | None => Ok(()),
        }
    })
}

/// The class that is asked about, or both neighbours of the one that the database has.
fn targets(
    wanted: Option<InstanceClass>,
    policy: &Policy,
    class: &InstanceClass,
) -> Result<Vec<InstanceClass>, CommandError> {
    let database = &policy.database;
    if let Some(wanted) = wanted {
        if wanted == *class {
            return Err(CommandError::Usage(format!("{database} already is {wanted}")));
        }
        return Ok(vec![wanted]);
    }
    let step = |direction| policy.ladder.step(class, direction).cloned();
    let next: Vec<_> = [Direction::Up, Direction::Down].into_iter().filter_map(step).collect();
    if next.is_empty() {
        let ladder = "no rung of its ladder is next to it: name one with --to";
        return Err(CommandError::Failed(format!("{database} is {class}, and {ladder}")));
    }
    Ok(next)
}

/// One change and its gates.
#[derive(Debug, Serialize)]
struct Table {
    database: DatabaseName,
    from: InstanceClass,
    to: InstanceClass,
    strategy: Strategy,
    #[serde(rename = "at")]
    now: Timestamp,
    gates: Vec<GateResult>,
    strategies: Vec<Choice>,
    /// What is no gate, and should be known before.
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<&'static str>,
    /// The same of the strategy itself.
    remarks: Vec<String>,
    /// What `max_connections` is in force, and how many sessions there are; absent where the server is not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<ServerSeen>,
    #[serde(skip)]
    is_server_seen: bool,
}

/// What cannot be a gate, since it shows only when the new machine is there, or does not apply; and what comes after.
fn remarks(policy: &Policy) -> Vec<String> {
    let most = policy.copy.max_lag.as_secs();
    let lag = match policy.strategy {
        Strategy::InPlace | Strategy::ClusterModify => "replica lag: does not apply, nothing is to catch up".to_owned(),
        Strategy::BlueGreen => {
            let timeout = policy.copy.switchover_timeout.as_secs();
            format!(
                "replica lag: before the cut it is waited for until the copy is within {most} s; then AWS waits for the rest, and \
                 takes the cut back after {timeout} s"
            )
        }
        Strategy::ReaderFailover => {
            format!("replica lag: before the cut it is waited for until the reader is within {most} s")
        }
    };
    let restore = "after the switchover only the old machine can be restored to a moment before its copy was made: it is to be \
                   kept for as long as that may be wanted";
    let by_copy = policy.strategy == Strategy::BlueGreen;
    std::iter::once(lag).chain(by_copy.then(|| restore.to_owned())).collect()
}

/// What a pause would find, or why there would be none: an hour of copying would be for nothing then.
pub(super) async fn pooler_words(held: &PooledServer, policy: Option<&PoolerPolicy>) -> Result<String, String> {
    let seen = held.pooler.look().await.map_err(|error| error.to_string())?;
    let PoolerSeen { leads_to, pool_mode, query_wait, dns_max_ttl } = seen;
    if pool_mode == "session" {
        let why = "a session keeps its server until the client ends, so that no pause would ever be complete";
        return Err(format!("pool_mode is session, and must be transaction or statement: {why}"));
    }
    let longest = policy.map_or(Duration::ZERO, |policy| policy.max_pause);
    let limit = query_wait.filter(|wait| !wait.is_zero() && *wait <= longest);
    if let Some(limit) = limit {
        let (limit, longest) = (limit.as_secs(), longest.as_secs());
        return Err(format!(
            "PgBouncer sends waiting clients away after {limit} s (query_wait_timeout), and max_pause is {longest} s"
        ));
    }
    let slow = dns_max_ttl.filter(|ttl| *ttl > LONGEST_DNS_TTL).map_or_else(String::new, |ttl| {
        format!("; its dns_max_ttl of {} s can lead clients to the old machine for so long: set it to 1", ttl.as_secs())
    });
    Ok(format!("{} at PgBouncer leads to {leads_to} in {pool_mode} mode{slow}", held.pooler.database))
}

fn on_ladder(policy: &Policy, class: &str) -> Result<InstanceClass, CommandError> {
    let rungs = policy.ladder.rungs();
    rungs.iter().find(|rung| rung.as_str() == class).cloned().ok_or_else(|| {
        let known: Vec<&str> = rungs.iter().map(InstanceClass::as_str).collect();
        let title = format!("{} is not on the ladder of {}", clean(class, 63), policy.database);
        CommandError::Usage(format!("{title}\nhelp: its rungs are {}", known.join(", ")))
    })
}

fn report(tables: &[Table], problems: &[String], json: bool) -> Result<(), CommandError> {
    for table in tables {
        if json {
            // Plain data with string keys: it always serialises.
            stdout::line(&serde_json::to_string(table).unwrap_or_default())?;
        } else {
            show(table)?;
        }
    }
    let unseen = tables.iter().any(|table| !table.is_server_seen);
    if !json && unseen {
        let by_copy = tables.iter().any(|table| table.strategy == Strategy::BlueGreen);
        let checked = if by_copy { "; AWS checks them itself before a switchover, and refuses it" } else { "" };
        stdout::line(&format!("{UNSEEN}{checked}"))?;
    }
    let blocking = |table: &&Table| table.gates.iter().any(|gate| !gate.open && !gate.gate.yields_to_person());
    match (tables.iter().find(blocking), problems) {
        (Some(table), problems) => {
            let read = if problems.is_empty() { String::new() } else { format!("; {}", problems.join("; ")) };
            Err(CommandError::Failed(format!("{} cannot go to {} now{read}", table.database, table.to)))
        }
        (None, []) => Ok(()),
        (None, problems) => Err(CommandError::Failed(problems.join("; "))),
    }
}

fn show(table: &Table) -> Result<(), CommandError> {
    let Table { database, from, to, strategy, now, gates, strategies, server, .. } = table;
    stdout::line(&format!("{database} from {from} to {to} by {} at {now:.0}", strategy.as_str()))?;
    let width = gates.iter().map(|gate| gate.gate.name().len()).max().unwrap_or_default();
    for GateResult { gate, open, opens_at } in gates {
        let word = match (open, gate.yields_to_person()) {
            (true, _) => "open",
            (false, true) => "closed for the engine",
            (false, false) => "CLOSED",
        };
        let opens = opens_at.map_or(String::new(), |at| format!(" (opens at {at:.0})"));
        let line = format!("  {word:<21}  {:<width$}  {}{opens}", gate.name(), clean(&gate.seen(), 200));
        stdout::line(line.trim_end())?;
    }
    if let Some(seen) = server {
        let ServerSeen { id, connections, max_connections, .. } = seen;
        stdout::line(&format!("  the server ({id}) has {connections} sessions of {max_connections} that it may have"))?;
    }
    for choice in strategies {
        stdout::line(&format!("  {} {choice}", if choice.is_chosen { '>' } else { ' ' }))?;
    }
    for remark in table.remark.into_iter().chain(table.remarks.iter().map(String::as_str)) {
        stdout::line(&format!("  {remark}"))?;
    }
    Ok(())
}
