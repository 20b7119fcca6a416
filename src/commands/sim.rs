//! `upshift sim`: the simulation alone, for any AWS client.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use super::backend::Servers;
use super::environment::Environment;
use super::process::{EndingSignals, runtime};
use super::{CommandError, backend, stdout};
use crate::cli::SimArgs;
use crate::clock::Clock;
use crate::sim::Sim;
use crate::sim::server::Server;

/// Runs until a signal ends it. Prints one JSON line with the endpoint once it takes connections.
pub(super) fn run(args: &SimArgs, environment: &Environment) -> Result<(), CommandError> {
    let mut scenario = backend::scenario_with(&args.scenario, &args.iam)?;
    // Its clients live in wall time: they ask for the last hour, and judge the age of what they get.
    scenario.start = Clock::system().now();
    runtime()?.block_on(async {
        // From the start: servers that are only half made must go in order too.
        let signals = EndingSignals::catch()?;
        let clock = Clock::scaled(scenario.start, args.speed);
        let sim = Sim::new(&scenario, None, clock);
        let mut tasks = JoinSet::new();
        let real = backend::RealServers { path: environment.path.clone(), staleness: args.staleness, pooled: None };
        let servers = Box::pin(backend::servers(&sim, &scenario, args.postgres.then_some(&real), &mut tasks));
        let Ok(servers) = signals.unless_beyond(0, servers).await else { return Ok(()) };
        let Servers { places, .. } = servers?;
        let server = Server::bind(args.listen, sim).await;
        let server = server.map_err(|error| CommandError::Failed(error.to_string()))?;
        let mut ready = serde_json::json!({ "endpoint": server.endpoint() });
        if args.postgres {
            let databases: BTreeMap<&String, String> =
                places.iter().map(|(database, place)| (database, backend::dsn(place.endpoint))).collect();
            ready["databases"] = serde_json::json!(databases);
        }
        stdout::line(&ready.to_string())?;
        tokio::select! {
            ended = server.run(std::future::pending()) => {
                let why = ended.err().map_or("it ended by itself".to_owned(), |error| error.to_string());
                Err(CommandError::Failed(format!("the simulation is over: {why}")))
            }
            Some(ended) = tasks.join_next() => {
                let lost = |error: tokio::task::JoinError| format!("the simulated databases were lost: {error}");
                Err(CommandError::Failed(ended.unwrap_or_else(lost)))
            }
            _ = signals.beyond(0) => Ok(()),
        }
    })
}
