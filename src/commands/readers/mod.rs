//! `upshift readers`: has Application Auto Scaling keep readers of Aurora clusters as the configuration says, and shows what it
//! does. What should be there is decided in `setup::readers`; here it is asked, shown and sent.

mod change;
mod look;
mod show;

use std::io::IsTerminal;

use super::CommandError;
use super::backend::{self, Ready};
use super::configuration::settings;
use super::environment::Environment;
use super::process::runtime;
use crate::aws::Aws;
use crate::cli::readers::{ReadersArgs, ReadersCommand, Which};
use crate::model::database::DatabaseName;
use crate::model::policy::{Policy, Strategy};
use crate::model::settings::Settings;
use crate::model::text::clean;
use look::Seen;
use show::Colours;

/// Carries out one of the three.
pub(super) fn run(args: &ReadersArgs, environment: &Environment) -> Result<(), CommandError> {
    let colours = if std::io::stdout().is_terminal() && !environment.no_color { Colours::On } else { Colours::Off };
    match &args.command {
        ReadersCommand::Plan(which) => plan(which, colours).map_err(|error| match error {
            CommandError::Differs(text) => CommandError::Differs(text),
            // Exit code 2 says that there are changes, and nothing else.
            other => CommandError::NotPlanned(Box::new(other)),
        }),
        ReadersCommand::Apply(args) => {
            on(&args.which, Wanted::Registered, async |ground| change::apply(&ground, args, colours).await)
        }
        ReadersCommand::Delete(args) => {
            on(&args.which, Wanted::Nothing, async |ground| change::delete(&ground, args, colours).await)
        }
    }
}

fn plan(which: &Which, colours: Colours) -> Result<(), CommandError> {
    on(which, Wanted::Registered, async |ground| {
        let seen = look::all(&ground).await?;
        let plans = seen.iter().map(|seen| (seen, seen.plan())).collect::<Vec<_>>();
        for (seen, plan) in &plans {
            show::plan(seen, plan, (which.json, colours))?;
        }
        obstacles(&plans.iter().filter_map(|(seen, plan)| seen.obstacle(plan)).collect::<Vec<_>>())?;
        if plans.iter().all(|(_, plan)| plan.is_in_sync()) {
            Ok(())
        } else {
            Err(CommandError::Differs("what is there is not as configured: upshift readers apply".to_owned()))
        }
    })
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
    policies: Vec<Policy>,
}

/// Does something on AWS, an endpoint or a simulation that is there for it.
fn on(
    which: &Which,
    wanted: Wanted,
    what: impl AsyncFnOnce(Ground) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let scenario = which.sim.as_deref().map(backend::scenario).transpose()?;
    let (settings, configuration) = settings(which.config.as_deref(), scenario.as_ref())?;
    let policies = policies(&settings, which, wanted, &configuration)?;
    runtime()?.block_on(async {
        let Ready { target, tasks, .. } = match scenario {
            Some(scenario) => backend::simulation(scenario, 1.0, None, None).await?,
            None => backend::aws(),
        };
        let aws = crate::aws::connect::connect(&settings.aws, target).await;
        // The pin on the account holds for whatever is set up, too.
        aws.identity().await?;
        let done = Box::pin(what(Ground { aws, policies })).await;
        drop(tasks);
        done
    })
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
