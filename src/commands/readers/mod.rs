//! `upshift readers`: has Application Auto Scaling keep readers of Aurora clusters as the configuration says, and shows what it
//! does. What should be there is decided in `setup::readers`; here it is asked, shown and sent.

mod change;
mod look;
mod show;

use std::time::Duration;

use super::backend::{self, Ready};
use super::colours::Colours;
use super::environment::Environment;
use super::plan::{Outcome, Step, Told};
use super::process::runtime;
use super::{CommandError, configuration, consent, plan, stdout};
use crate::aws::Aws;
use crate::aws::connect::connect;
use crate::cli::readers::{ReadersArgs, ReadersCommand, Which};
use crate::model::database::DatabaseName;
use crate::model::policy::{Policy, Strategy};
use crate::model::readers::{ReaderMetric, ReadersPolicy};
use crate::model::settings::Settings;
use crate::model::text::clean;
use crate::sim::scenario::Scenario;
use look::Seen;

/// The scenario that is simulated where none is named.
const USUAL: &str = "aurora";

/// Carries out one of the three.
pub(super) fn run(args: &ReadersArgs, environment: &Environment) -> Result<(), CommandError> {
    // Of these commands 2 means that something is to be done.
    carry(&args.command, environment).map_err(|error| match error {
        CommandError::Usage(_) | CommandError::Configuration(_) => CommandError::NotPlanned(Box::new(error)),
        error => error,
    })
}

fn carry(command: &ReadersCommand, environment: &Environment) -> Result<(), CommandError> {
    let which = command.which();
    let scenario = backend::scenario_of(&which.world, USUAL)?;
    let wanted = match command {
        ReadersCommand::Plan(_) | ReadersCommand::Apply(_) => Wanted::Registered,
        ReadersCommand::Delete(_) => Wanted::Nothing,
    };
    let again = || meant(which, wanted, scenario.as_ref());
    let (settings, policies) = again()?;
    let told = Told::of(which.world.json, Colours::of_stdout(environment));
    runtime()?.block_on(async {
        let Ready { target, tasks, clock, .. } = backend::ready(scenario.clone(), which.world.speed).await?;
        let aws = connect(&settings.aws, target).await;
        // The pin on the account holds for whatever is set up, too.
        aws.identity().await?;
        let ground = Ground { aws, clock, policies };
        let done = match command {
            ReadersCommand::Plan(_) => Box::pin(planned(&ground, told)).await,
            ReadersCommand::Apply(args) => Box::pin(change::apply(&ground, args, told, &|| Ok(again()?.1))).await,
            ReadersCommand::Delete(args) => Box::pin(change::delete(&ground, args, told, &|| Ok(again()?.1))).await,
        };
        drop(tasks);
        done
    })
}

async fn planned(ground: &Ground, told: Told) -> Result<(), CommandError> {
    let seen = look::all(ground).await?;
    let plans: Vec<_> = seen.into_iter().map(|seen| (seen.plan(), seen)).map(|(plan, seen)| (seen, plan)).collect();
    show::plans(&plans, told)?;
    obstacles(&plans.iter().filter_map(|(seen, plan)| seen.obstacle(plan)).collect::<Vec<_>>())?;
    if plans.iter().all(|(_, plan)| plan.is_in_sync()) {
        Ok(())
    } else {
        Err(CommandError::Differs("what is there is not as configured: upshift readers apply".to_owned()))
    }
}

/// What is in the way, as one failure.
fn obstacles(found: &[String]) -> Result<(), CommandError> {
    if found.is_empty() { Ok(()) } else { Err(CommandError::Failed(found.join("\n"))) }
}

/// What shall be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// What the configuration says.
    Registered,
    /// Nothing of ours.
    Nothing,
}

/// Where it happens.
struct Ground {
    aws: Aws,
    clock: crate::clock::Clock,
    policies: Vec<Policy>,
}

/// The configuration, and the databases of it that are meant. Of a simulation without one every Aurora cluster has readers as
/// is usual.
fn meant(which: &Which, wanted: Wanted, scenario: Option<&Scenario>) -> Result<(Settings, Vec<Policy>), CommandError> {
    let (mut settings, origin) = configuration::settings(which.world.config.as_deref(), scenario)?;
    if which.world.config.is_none() && scenario.is_some() {
        let clusters = settings.databases.iter_mut().filter(|policy| policy.strategy == Strategy::ReaderFailover);
        clusters.for_each(|policy| policy.readers = policy.readers.take().or_else(|| Some(usual())));
    }
    let policies = policies(&settings, which, wanted, &origin)?;
    Ok((settings, policies))
}

/// What the README shows.
fn usual() -> ReadersPolicy {
    ReadersPolicy {
        min: 1,
        max: 4,
        metric: ReaderMetric::Connections,
        target: 100.0,
        scale_in_cooldown: Duration::from_mins(5),
        scale_out_cooldown: Duration::from_mins(5),
    }
}

/// The databases that are meant.
fn policies(
    settings: &Settings,
    which: &Which,
    wanted: Wanted,
    configuration: &str,
) -> Result<Vec<Policy>, CommandError> {
    let is_meant = |policy: &&Policy| match wanted {
        Wanted::Registered => policy.readers.is_some(),
        // Also where the configuration asks for none any more.
        Wanted::Nothing => policy.strategy == Strategy::ReaderFailover,
    };
    let all: Vec<Policy> = settings.databases.iter().filter(is_meant).cloned().collect();
    let usage = |title: String, help: &str| Err(CommandError::Usage(format!("{title}\nhelp: {help}")));
    let help = "readers = { min = 1, max = 4, target = 100 } under the [[database]] of an Aurora cluster";
    match &which.database {
        None if all.is_empty() => usage(format!("no database of {configuration} has [database.readers]"), help),
        None => Ok(all),
        Some(id) => match all.iter().find(|policy| policy.database == DatabaseName::new(id)) {
            Some(policy) => Ok(vec![policy.clone()]),
            None => usage(format!("no database {} of {configuration} has [database.readers]", clean(id, 63)), help),
        },
    }
}
