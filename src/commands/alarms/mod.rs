//! `upshift alarms`: CloudWatch's alarms beside the policy.

mod apply;
mod show;
mod survey;
mod trial;

use std::io::{IsTerminal, Write};

use super::backend::{self, Ready};
use super::environment::Environment;
use super::process::runtime;
use super::{CommandError, configuration, stdout};
use crate::aws::connect::connect;
use crate::cli::alarms::{AlarmsArgs, AlarmsCommand};
use crate::model::alarm::{AlarmSettings, Topics};
use crate::model::settings::Settings;
use crate::setup::alarms::Plan;
use crate::sim::scenario::Scenario;
use apply::{Outcome, carry_out};
use show::Look;
use survey::Survey;

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
    let scenario = args.sim.as_deref().map(backend::scenario).transpose()?;
    let settings = settings(args, scenario.as_ref())?;
    let colour = !environment.no_color && std::io::stdout().is_terminal();
    let look = Look { json: args.json, colour };
    runtime()?.block_on(async {
        let Ready { clock, target, tasks, .. } = match scenario.clone() {
            Some(scenario) => backend::simulation(scenario, args.speed, None, None).await?,
            None => backend::aws(),
        };
        let survey = Survey { aws: connect(&settings.aws, target).await, clock, settings };
        let again = || self::settings(args, scenario.as_ref());
        let result = Box::pin(subcommand(command, &survey, look, (environment, &again))).await;
        drop(tasks);
        result
    })
}

async fn subcommand(
    command: &AlarmsCommand,
    survey: &Survey,
    look: Look,
    (environment, again): (&Environment, &impl Fn() -> Result<Settings, CommandError>),
) -> Result<(), CommandError> {
    match command {
        AlarmsCommand::Plan(_) => {
            let plan = survey.plan().await?;
            look.plan(&plan)?;
            let due = plan.due().count();
            if due == 0 { Ok(()) } else { Err(CommandError::Differs(format!("{due} to do: upshift alarms apply"))) }
        }
        AlarmsCommand::Apply { yes, expect, .. } => {
            let plan = survey.plan().await?;
            if let Some(expected) = expect.as_ref().filter(|expected| **expected != configuration::digest(&plan)) {
                let now = configuration::digest(&plan);
                let why =
                    "the policy, the database or CloudWatch has changed since: nothing was done; look at it again";
                return Err(CommandError::Failed(format!("the plan is {now} and not {expected}: {why}")));
            }
            confirmed(survey, &plan, look, (*yes, again)).await
        }
        AlarmsCommand::Delete { yes, .. } => {
            let plan = survey.removal().await?;
            confirmed(survey, &plan, look, (*yes, again)).await
        }
        AlarmsCommand::Test { alarm, yes, args } => {
            if args.sim.is_some() {
                // Its world is new and has none.
                let plan = survey.plan().await?;
                if let Some(why) = carry_out(survey, &plan).await.why {
                    return Err(CommandError::Failed(why));
                }
            }
            trial::run(survey, alarm.as_deref(), look, (*yes, &environment.operator)).await
        }
    }
}

/// Shows the plan, asks, looks whether it still stands, and carries it out.
async fn confirmed(
    survey: &Survey,
    plan: &Plan,
    look: Look,
    (yes, again): (bool, &impl Fn() -> Result<Settings, CommandError>),
) -> Result<(), CommandError> {
    if !look.json {
        look.plan(plan)?;
    }
    if plan.due().next().is_none() {
        return if look.json { look.outcome(&Outcome::default()) } else { Ok(()) };
    }
    if !yes {
        ask(&question(plan))?;
        // A person may think for as long as they like.
        if again()? != survey.settings {
            return Err(CommandError::Failed("the configuration was changed meanwhile: nothing was done".to_owned()));
        }
    }
    let outcome = carry_out(survey, plan).await;
    Outcome::judge(&outcome, look)
}

fn question(plan: &Plan) -> String {
    let count = |verb: &str| plan.due().filter(|item| item.verb() == verb).count();
    let parts = ["create", "change", "delete"].map(|verb| (verb, count(verb)));
    let parts: Vec<String> =
        parts.iter().filter(|(_, count)| *count > 0).map(|(verb, count)| format!("{verb} {count}")).collect();
    format!("{}? Type yes: ", parts.join(", "))
}

/// Wants a yes of a person.
fn ask(question: &str) -> Result<(), CommandError> {
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::Usage("nobody can be asked here: give --yes to do it without".to_owned()));
    }
    drop(write!(std::io::stderr(), "{question}"));
    let mut typed = String::new();
    drop(std::io::stdin().read_line(&mut typed));
    if typed.trim() == "yes" { Ok(()) } else { Err(CommandError::Failed("nothing was done".to_owned())) }
}

/// The configuration with what it says of alarms; of a simulation with what is usual, and a topic of its own.
fn settings(args: &AlarmsArgs, scenario: Option<&Scenario>) -> Result<Settings, CommandError> {
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
