//! `upshift alarms`: CloudWatch's alarms beside the policy.

mod apply;
mod show;
mod survey;
mod trial;

use super::backend::{self, Ready};
use super::colours::Colours;
use super::environment::Environment;
use super::plan::{self, Outcome, Told};
use super::process::runtime;
use super::{CommandError, configuration, consent, stdout};
use crate::aws::connect::connect;
use crate::cli::alarms::AlarmsCommand;
use crate::cli::world::WorldArgs;
use crate::model::alarm::{AlarmSettings, Topics};
use crate::model::settings::Settings;
use crate::setup::alarms::Plan;
use crate::sim::scenario::Scenario;
use apply::carry_out;
use survey::Survey;

/// The scenario that is simulated where none is named.
const USUAL: &str = "checkpoints";

/// Carries out one of the subcommands.
pub(super) fn run(command: &AlarmsCommand, environment: &Environment) -> Result<(), CommandError> {
    let result = carry(command, environment);
    // Of these commands 2 means that something is to be done.
    result.map_err(|error| match error {
        CommandError::Usage(_) | CommandError::Configuration(_) => CommandError::NotPlanned(Box::new(error)),
        error => error,
    })
}

fn carry(command: &AlarmsCommand, environment: &Environment) -> Result<(), CommandError> {
    let args = command.args();
    let scenario = backend::scenario_of(args, USUAL)?;
    let settings = settings(args, scenario.as_ref())?;
    let told = Told::of(args.json, Colours::of_stdout(environment));
    runtime()?.block_on(async {
        let Ready { clock, target, tasks, .. } = backend::ready(scenario.clone(), args.speed).await?;
        let survey = Survey { aws: connect(&settings.aws, target).await, clock, settings };
        let again = || self::settings(args, scenario.as_ref());
        let result = Box::pin(subcommand(command, &survey, told, (environment, &again))).await;
        drop(tasks);
        result
    })
}

async fn subcommand(
    command: &AlarmsCommand,
    survey: &Survey,
    told: Told,
    (environment, again): (&Environment, &impl Fn() -> Result<Settings, CommandError>),
) -> Result<(), CommandError> {
    match command {
        AlarmsCommand::Plan(_) => {
            let plan = survey.plan().await?;
            show::plan(&plan, told)?;
            let due = plan.due().count();
            if due == 0 { Ok(()) } else { Err(CommandError::Differs(format!("{due} to do: upshift alarms apply"))) }
        }
        AlarmsCommand::Apply { yes, expect, .. } => {
            let plan = survey.plan().await?;
            plan::expected(&configuration::digest(&plan), expect.as_deref())?;
            confirmed(survey, &plan, told, (*yes, again)).await
        }
        AlarmsCommand::Delete { yes, .. } => {
            let plan = survey.removal().await?;
            confirmed(survey, &plan, told, (*yes, again)).await
        }
        AlarmsCommand::Test { alarm, yes, args } => {
            if args.sim.is_some() {
                // Its world is new and has none.
                let plan = survey.plan().await?;
                if let Some(why) = carry_out(survey, &plan).await.why {
                    return Err(CommandError::Failed(why));
                }
            }
            trial::run(survey, alarm.as_deref(), told, (*yes, &environment.operator)).await
        }
    }
}

/// Shows the plan, asks, looks whether it still stands, and carries it out.
async fn confirmed(
    survey: &Survey,
    plan: &Plan,
    told: Told,
    (yes, again): (bool, &impl Fn() -> Result<Settings, CommandError>),
) -> Result<(), CommandError> {
    if matches!(told, Told::Words(_)) {
        show::plan(plan, told)?;
    }
    if plan.due().next().is_none() {
        return Outcome::default().judge(told);
    }
    if !yes {
        consent::yes(&plan::question(&plan.due())).await?;
        // A person may think for as long as they like.
        if again()? != survey.settings {
            return Err(CommandError::Failed("the configuration was changed meanwhile: nothing was done".to_owned()));
        }
    }
    carry_out(survey, plan).await.judge(told)
}

/// The configuration with what it says of alarms; of a simulation with what is usual, and a topic of its own.
fn settings(args: &WorldArgs, scenario: Option<&Scenario>) -> Result<Settings, CommandError> {
    let (mut settings, origin) = configuration::settings(args.config.as_deref(), scenario)?;
    if settings.alarms.is_none() {
        let Some(scenario) = scenario else {
            let help = "add a line [alarms]: every key of it has a default, but nobody is told without [alarms.topics]";
            return Err(CommandError::Usage(format!("{origin} says nothing of alarms\nhelp: {help}")));
        };
        let topic = vec![format!("arn:aws:sns:{}:{}:upshift", scenario.region, scenario.account)];
        let topics = Topics { alarm: topic.clone(), ok: topic.clone(), insufficient_data: topic };
        settings.alarms = Some(AlarmSettings { topics, ..AlarmSettings::default() });
    }
    Ok(settings)
}
