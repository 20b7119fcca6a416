//! `upshift doctor`: whether it will work here. Each family of checks has a file: it looks, and judges what it saw; `screen`
//! shows the findings.
//!
//! A check that fails keeps no other from being made; one that rests on it says so. Every wait has a limit.

mod account;
mod alarms;
mod database;
mod journal;
mod lease;
mod metrics;
mod notify;
mod permitted;
mod readers;
mod reads;
mod screen;
mod servers;
mod terminal;

use std::collections::BTreeMap;
use std::time::Duration;

use super::CommandError;
use super::backend::{self, Ready, RealServers};
use super::configuration::{digest, settings};
use super::environment::Environment;
use super::export;
use super::process::runtime;
use super::servers::simulated;
use super::state::{directory_for, known};
use crate::aws::Aws;
use crate::cli::doctor::DoctorArgs;
use crate::clock::Clock;
use crate::controller::inspect;
use crate::engine::Engine;
use crate::model::alarm::FoundAlarm;
use crate::model::database::DatabaseName;
use crate::model::event::Entry;
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::{Check, Finding, Verdict};
use crate::model::guard::Guards;
use crate::model::identity::Identity;
use crate::model::policy::Policy;
use crate::model::readers::Registered;
use crate::model::settings::Settings;
use crate::setup::export::Scope;

/// All that is read of databases and metrics.
const LOOK_LIMIT: Duration = Duration::from_mins(1);
/// How long new sessions of simulated servers go to where a name led before: nothing moves here.
const STALENESS: Duration = Duration::from_secs(1);

/// Looks at everything and shows it. Something that fails is exit code 1.
pub(super) fn run(args: &DoctorArgs, environment: &Environment) -> Result<(), CommandError> {
    let scenario = args.sim.as_deref().map(|name| backend::scenario_with(name, &args.iam)).transpose()?;
    let (mut settings, configuration) = settings(args.config.as_deref(), scenario.as_ref())?;
    let directory = directory_for(args.state_dir.as_deref(), args.sim.is_some(), environment);
    let runtime = runtime()?;
    let findings: Result<_, CommandError> = runtime.block_on(async {
        let ready = match scenario {
            Some(scenario) => {
                let path = environment.path.clone();
                let real = args.postgres.then_some(RealServers { path, staleness: STALENESS, pooled: None });
                backend::simulation(scenario, 1.0, None, real.as_ref()).await?
            }
            None => backend::aws(),
        };
        for policy in &mut settings.databases {
            let place = ready.places.get(policy.database.as_str());
            policy.postgres = policy.postgres.take().or_else(|| place.copied().map(simulated));
        }
        let Ready { clock, target, tasks, .. } = ready;
        let aws = crate::aws::connect::connect(&settings.aws, target).await;
        let is_builtin = args.sim.is_some() && args.config.is_none();
        let entries = directory.as_ref().ok().map_or_else(Vec::new, |directory| known(directory).unwrap_or_default());
        let place = Place { settings, environment, aws, clock, entries, is_builtin };
        let (of_aws, of_servers, of_journal) =
            tokio::join!(place.look_at_aws(), servers::look(&place), journal::look(&place.clock, directory));
        drop(tasks);
        let told = notify::look(&place.settings.notify);
        let here = [of_journal, terminal::look(environment)];
        Ok(of_aws.into_iter().chain(of_servers).chain(told).chain(here).collect())
    });
    // A name server or a disk that does not answer must not keep this process.
    runtime.shutdown_background();
    let mut findings: Vec<Finding> = findings?;
    // What is of all databases first, then each with all of its own.
    let databases: Vec<_> = findings.iter().filter_map(|finding| finding.of.clone()).collect();
    findings.sort_by_key(|finding| finding.of.as_ref().and_then(|of| databases.iter().position(|it| it == of)));
    if args.json {
        screen::json(&configuration, &findings)?;
    } else {
        screen::show(&configuration, &findings, !environment.no_color)?;
    }
    let fail = findings.iter().filter(|finding| finding.verdict == Verdict::Fails).count();
    match fail {
        0 => Ok(()),
        1 => Err(CommandError::Failed(format!("it will not work here: 1 of {} checks fails", findings.len()))),
        _ => Err(CommandError::Failed(format!("it will not work here: {fail} of {} checks fail", findings.len()))),
    }
}

/// Where it is to work.
struct Place<'a> {
    settings: Settings,
    environment: &'a Environment,
    aws: Aws,
    clock: Clock,
    /// What the journal says.
    entries: Vec<Entry>,
    /// The configuration is the built-in one of a simulation.
    is_builtin: bool,
}

impl Place<'_> {
    /// Everything that AWS is asked for.
    async fn look_at_aws(&self) -> Vec<Finding> {
        let asked = account::ask(&self.aws, &self.clock).await;
        let mut findings = account::judge(&asked, &self.settings.aws, self.is_builtin);
        findings.push(account::clock_skew(asked.ahead_secs));
        let why_not = account::why_not(&asked.identity);
        let mut engine = Engine::new(self.settings.clone(), digest::<Policy>, &self.entries, Guards::all());
        let mut is_late = false;
        if why_not.is_none() {
            let look = Box::pin(inspect::inspect(&mut engine, &self.aws, &self.clock, &[]));
            is_late = self.clock.bounded(LOOK_LIMIT.mul_f64(self.clock.speed()), look).await.is_none();
        }
        let why_not = why_not.or(is_late.then_some("AWS did not answer within a minute"));
        let (alarms, registered) = match why_not {
            Some(_) => (None, BTreeMap::new()),
            None => (alarms::look(self, &engine).await, readers::look(self, &engine).await),
        };
        let more = alarms.iter().filter_map(|read| read.as_ref().err());
        let more = more.chain(registered.values().filter_map(|read| read.as_ref().err())).cloned();
        let problems = engine.problems().into_iter().map(|problem| problem.failure).chain(more).collect();
        let seen = Seen { engine, problems, identity: asked.identity.ok(), alarms, registered, why_not };
        findings.extend(reads::judge(self, &seen));
        let now = self.clock.now();
        for policy in &self.settings.databases {
            findings.extend(database::judge(policy, &seen, now));
            findings.extend(permitted::judge(self, policy, &seen).await);
            findings.extend(readers::judge(policy, &seen).map(|finding| finding.of(&policy.database)));
        }
        findings.extend(alarms::judge(self, &seen));
        findings.extend(lease::look(self, &seen).await);
        findings
    }

    /// What the configuration uses, as `upshift export` has it.
    fn scope(&self) -> Scope {
        Scope::of(&self.settings, self.settings.databases.iter().flat_map(token_roles).collect())
    }
}

/// The role that sessions of a database are opened by with a token. A connection string that is wrong is told where the
/// server is looked at.
fn token_roles(policy: &Policy) -> Vec<String> {
    export::token_role(policy).ok().flatten().into_iter().collect()
}

/// What AWS has shown.
struct Seen {
    engine: Engine,
    problems: Vec<Failure>,
    /// Who AWS says we are.
    identity: Option<Identity>,
    /// The alarms of the prefix with their tags, where alarms are configured and a database was found.
    alarms: Option<Result<Vec<FoundAlarm>, Failure>>,
    /// What Application Auto Scaling has for each cluster that was found and whose readers are configured.
    registered: BTreeMap<DatabaseName, Result<Registered, Failure>>,
    /// Why nothing was asked at all, or not to the end.
    why_not: Option<&'static str>,
}

impl Seen {
    /// What failed of an operation; a thing that is not there is no failure of it.
    fn failure(&self, operation: &str) -> Option<&Failure> {
        let mut problems = self.problems.iter();
        problems.find(|failure| failure.operation == operation && failure.kind != FailureKind::NotFound)
    }

    /// A check that rests on something that was not seen.
    fn unseen(&self, check: Check, needs: &str) -> Finding {
        match self.why_not {
            Some(why) => Finding::not_seen(check, why, "mend what fails above first"),
            None => Finding::not_seen(check, format!("needs {needs}"), "mend what fails above first"),
        }
    }
}
