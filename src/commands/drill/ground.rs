//! Where a drill happens: a simulation, or the database of a configuration after its name was typed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::aws::Aws;
use crate::aws::connect::connect;
use crate::cli::drill::DrillArgs;
use crate::clock::Clock;
use crate::commands::backend::{self, RealServers};
use crate::commands::configuration::settings;
use crate::commands::environment::Environment;
use crate::commands::hosted::{Hosted, Opened};
use crate::commands::servers::{simulated, way};
use crate::commands::state::{directory_for, open_journal};
use crate::commands::{CommandError, consent, logging};
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::policy::{OldMachinePolicy, Policy, Strategy};
use crate::model::pooler::PoolerPolicy;
use crate::model::server::PasswordSource;
use crate::model::settings::Settings;
use crate::model::text::clean;
use crate::sim::postgres::Place;
use crate::sim::postgres::pooler::{self, PgBouncer};
use crate::sim::scenario::Scenario;
use crate::workload::access::{Access, Password};
use crate::workload::canary::OldWriter;
use crate::workload::canary::setup::{ROLE, RoleName, carry_out, setup_sql};
use crate::workload::load::Statements;

/// Real servers keep up with this.
const SPEED_OF_SERVERS: f64 = 60.0;
const SPEED_OF_MODEL: f64 = 600.0;
/// Tags that say what a database is for, and what they say of one that nobody drills on.
const STAGE_TAGS: [&str; 4] = ["environment", "env", "stage", "tier"];
const PRODUCTION: [&str; 3] = ["production", "prod", "live"];

/// What is drilled, before anything was started.
pub(super) struct Plan {
    settings: Settings,
    scenario: Option<Scenario>,
    database: DatabaseName,
}

/// Everything that a drill needs, with the engine at work.
pub(super) struct Ground {
    pub(super) hosted: Hosted,
    pub(super) aws: Aws,
    pub(super) database: DatabaseName,
    pub(super) policy: Policy,
    /// How clients get in; absent where the database is only modelled.
    pub(super) way: Option<Way>,
    pub(super) directory: PathBuf,
    pub(super) is_simulated: bool,
    /// The log is written as long as this lives.
    pub(super) _log: Option<logging::Log>,
}

/// How clients get in.
pub(super) struct Way {
    /// Those who write.
    pub(super) load: Access,
    /// How they say what they write.
    pub(super) statements: Statements,
    /// The canary.
    pub(super) canary: Access,
    /// The machine that writes at the beginning, where it has an address of its own.
    pub(super) old_writer: Option<OldWriter>,
}

/// Reads everything that can be wrong before something is touched.
///
/// # Errors
/// When the scenario, the configuration or the database's name is wrong, or clients could not get in.
pub(super) fn plan(args: &DrillArgs) -> Result<Plan, CommandError> {
    if let Some(option) = args.of_clients().filter(|_| args.sim.is_some() && !args.postgres) {
        return Err(CommandError::Usage(format!(
            "{option}: nobody writes to a modelled database, its load is the scenario's; add --postgres, or change the scenario"
        )));
    }
    let mut scenario = args.sim.as_deref().map(|name| backend::scenario_with(name, &args.iam)).transpose()?;
    if let (Some(scenario), Some(word)) = (&mut scenario, &args.strategy) {
        scenario.strategy = strategy(word)?;
        if scenario.strategy.cluster().is_some() || !scenario.clusters.is_empty() {
            let why = "clusters move by the strategy of their kind, and instances by in_place or blue_green";
            return Err(CommandError::Usage(format!("--strategy {}: {why}", clean(word, 60))));
        }
    }
    let (mut settings, configuration) = settings(args.config.as_deref(), scenario.as_ref())?;
    let database = named(args, &settings, &configuration)?;
    settings.databases.retain(|policy| policy.database == database);
    let policy = &mut settings.databases[0];
    if args.strategy.is_some()
        && let Some(scenario) = &scenario
    {
        (policy.strategy, policy.old_machine) = (scenario.strategy, OldMachinePolicy::of(scenario.strategy));
    }
    if scenario.is_none() && policy.postgres.is_none() {
        return Err(CommandError::Usage(format!(
            "{database} has no [database.postgres] in {configuration}: that is how the drill's clients get in"
        )));
    }
    Ok(Plan { settings, scenario, database })
}

/// Starts the world and the engine, and prepares the database for the canary.
///
/// # Errors
/// When any of it cannot be had, or the person says no.
pub(super) async fn prepare(args: &DrillArgs, environment: &Environment, plan: Plan) -> Result<Ground, CommandError> {
    let Plan { mut settings, scenario, database } = plan;
    let is_simulated = scenario.is_some();
    let directory = directory_for(args.state_dir.as_deref(), is_simulated, environment)?;
    let (journal, entries) = open_journal(&directory, is_simulated)?;
    let log = logging::start(&directory, false, false);
    let ready = match scenario {
        Some(scenario) => {
            let real = RealServers {
                path: environment.path.clone(),
                staleness: args.staleness,
                pooled: args.pooler.then(|| database.to_string()),
            };
            let real = args.postgres.then_some(&real);
            let usual = if args.postgres { SPEED_OF_SERVERS } else { SPEED_OF_MODEL };
            let newest = entries.last().map(|entry| entry.at);
            backend::simulation(scenario, args.speed.unwrap_or(usual), newest, real).await?
        }
        None => backend::aws(),
    };
    let place = ready.places.get(database.as_str()).copied();
    let aws = connect(&settings.aws, ready.target.clone()).await;
    let policy = &mut settings.databases[0];
    let way = match place {
        Some(place) => {
            policy.postgres = Some(simulated(place));
            let pooler = ready.pooler.as_ref().map(PgBouncer::address);
            policy.pooler = pooler.map(held);
            Some(prepared(place, pooler).await?)
        }
        None if is_simulated => None,
        None => {
            ask(&aws, &database, args).await?;
            Some(real(policy, environment, &aws, &ready.clock)?)
        }
    };
    let policy = policy.clone();
    let hosted = Hosted::start(Opened { settings, journal, entries }, ready, environment, mode(is_simulated)).await?;
    Ok(Ground { hosted, aws, database, policy, way, directory, is_simulated, _log: log.ok() })
}

fn mode(is_simulated: bool) -> String {
    if is_simulated { "drill sim" } else { "drill" }.to_owned()
}

fn strategy(word: &str) -> Result<Strategy, CommandError> {
    Strategy::ALL.into_iter().find(|strategy| strategy.as_str() == word).ok_or_else(|| {
        let known: Vec<&str> = Strategy::ALL.iter().map(|strategy| strategy.as_str()).collect();
        CommandError::Usage(format!("no strategy {}\nhelp: there is {}", clean(word, 60), known.join(", ")))
    })
}

fn named(args: &DrillArgs, settings: &Settings, configuration: &str) -> Result<DatabaseName, CommandError> {
    let known: Vec<&str> = settings.databases.iter().map(|policy| policy.database.as_str()).collect();
    let help = || format!("help: there is {}", known.join(", "));
    match (&args.database, known.as_slice()) {
        (Some(name), _) if known.contains(&name.as_str()) => Ok(DatabaseName::new(name)),
        (Some(name), _) => {
            Err(CommandError::Usage(format!("no database {} in {configuration}\n{}", clean(name, 63), help())))
        }
        (None, [only]) => Ok(DatabaseName::new(*only)),
        (None, _) => Err(CommandError::Usage(format!("which database of {configuration}?\n{}", help()))),
    }
}

/// A takeover that takes longer than a minute of real time has gone wrong.
fn held(pooler: SocketAddr) -> PoolerPolicy {
    PoolerPolicy {
        admin_dsn: format!("postgresql://postgres@{pooler}/pgbouncer"),
        password: PasswordSource::None,
        ca_file: None,
        database: pooler::DATABASE.to_owned(),
        max_pause: Duration::from_secs(30),
        pause_within: Duration::from_secs(5),
    }
}

/// The simulated servers let anybody in, and the canary has a role of its own there as anywhere.
async fn prepared(place: Place, pooler: Option<SocketAddr>) -> Result<Way, CommandError> {
    let failed = |error: &dyn std::fmt::Display| CommandError::Failed(format!("the simulated database: {error}"));
    let access = |user: &str, at: SocketAddr| {
        let dsn = format!("postgresql://{user}@{at}/postgres").parse();
        let dsn = dsn.map_err(|error: crate::workload::dsn::DsnError| failed(&error))?;
        Access::new(dsn, Password::None, None, Clock::system()).map_err(|error| failed(&error))
    };
    let load = access("postgres", place.endpoint)?;
    let role: RoleName = ROLE.parse().map_err(|error: String| failed(&error))?;
    let sql = setup_sql(load.dsn(), &role);
    carry_out(&load, &sql).await.map_err(|error| failed(&error))?;
    let machine = place.machine;
    let old_writer = OldWriter { host: machine.ip().to_string(), port: machine.port() };
    let pooled = pooler.map(|pooler| access("postgres", pooler)).transpose()?;
    let statements = if pooled.is_some() { Statements::Unnamed } else { Statements::Prepared };
    let load = pooled.unwrap_or(load);
    Ok(Way { canary: access(ROLE, place.endpoint)?, load, statements, old_writer: Some(old_writer) })
}

/// Through the configuration's own way; the canary's table must be there.
fn real(policy: &Policy, environment: &Environment, aws: &Aws, clock: &Clock) -> Result<Way, CommandError> {
    let server = policy.postgres.as_ref();
    let server = server.ok_or_else(|| CommandError::Usage("there is no [database.postgres]".to_owned()))?;
    let access = way(server, environment, aws, clock)?;
    Ok(Way { load: access.clone(), canary: access, statements: Statements::Prepared, old_writer: None })
}

/// Says what will happen and wants the database's name typed.
async fn ask(aws: &Aws, database: &DatabaseName, args: &DrillArgs) -> Result<(), CommandError> {
    let described = aws.databases(std::slice::from_ref(database), &[]).await;
    let found = described?.remove(database);
    let state = found.ok_or_else(|| CommandError::Failed(format!("RDS knows no instance {database}")))?;
    let state = state?;
    if let Some(tag) = production_tag(&state).filter(|_| !args.force) {
        return Err(CommandError::Usage(format!(
            "{database} is tagged {tag}: nobody drills on production by accident; --force does it all the same"
        )));
    }
    if !consent::can_be_asked() {
        return Err(CommandError::Usage("a drill on AWS wants the database's name typed, at a terminal".to_owned()));
    }
    let (calm_writes, writes, connections) = (args.usual_writes(), args.surge_writes(), args.sessions());
    let question = format!(
        "This drill writes to {} in schema upshift_load of {database} ({}, {}): {calm_writes}, then {writes}, then {calm_writes} \
         writes/s by {connections} sessions. The engine is armed for that time and will change its class up and back down, which \
         costs an outage each time and money while both machines exist.\nType the database's name to begin: ",
        state.endpoint.as_deref().unwrap_or("its endpoint"),
        state.class,
        state.status.as_str(),
    );
    if consent::answer(&question).await.as_deref() == Some(database.as_str()) {
        Ok(())
    } else {
        Err(CommandError::Usage("that is not its name: nothing was done".to_owned()))
    }
}

/// The tag that says production, in words.
fn production_tag(state: &DatabaseState) -> Option<String> {
    let says = |(key, value): &(&String, &String)| {
        STAGE_TAGS.contains(&key.to_ascii_lowercase().as_str())
            && PRODUCTION.contains(&value.to_ascii_lowercase().as_str())
    };
    let (key, value) = state.facts.settings.tags.iter().find(says)?;
    Some(format!("{key}={value}"))
}
