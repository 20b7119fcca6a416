//! `upshift drill`: a load on purpose, the engine's answer, and what clients felt, as one piece of evidence.
//!
//! `ground` prepares where it happens, `clients` are those who write and watch, `course` is what happens in which order,
//! `outcome` gathers and tells. Nothing is claimed here: the acceptance table is the report's.

mod clients;
mod course;
mod ground;
mod outcome;

use super::CommandError;
use super::environment::Environment;
use super::process::runtime;
use crate::cli::drill::DrillArgs;
use clients::Clients;
use ground::Ground;
use outcome::Limit;

/// Runs a drill to its end, or until a signal ends it.
pub(super) fn run(args: &DrillArgs, environment: &Environment) -> Result<(), CommandError> {
    let plan = ground::plan(args)?;
    runtime()?.block_on(async {
        let Ground { mut hosted, aws, database, policy, way, directory, is_simulated, _log } =
            Box::pin(ground::prepare(args, environment, plan)).await?;
        let clients = match way {
            Some(way) => Some(Clients::start(way, args, hosted.now(), hosted.clock.speed()).await?),
            None => None,
        };
        let course =
            course::Course { args, database: &database, policy: &policy, aws: &aws, clients: clients.as_ref() };
        let ran = course.run(&mut hosted).await;
        let seen = match clients {
            Some(clients) => Some(clients.stop().await),
            None => None,
        };
        let reason = match &ran.ended {
            Ok(()) => "the drill is over".to_owned(),
            Err(error) => format!("the drill broke off: {}", error.words()),
        };
        let limit = match (policy.strategy.makes_a_copy(), &policy.pooler) {
            (true, Some(_)) => Limit::Stall,
            (true, None) => Limit::Outage,
            (false, _) => Limit::None,
        };
        let left = outcome::left(&hosted.client.snapshot(), &database, is_simulated);
        let ended = hosted.end(reason).await;
        let shown = outcome::tell(&directory, &ran, seen, (limit, args.json));
        if let Err(error) = ran.ended {
            return Err(CommandError::Failed(format!("{}\n{left}", error.words())));
        }
        ended.and(shown)
    })
}
