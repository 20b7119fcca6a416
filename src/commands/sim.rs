//! `upshift sim`: the simulation alone, for any AWS client.

use super::{CommandError, backend, process, stdout};
use crate::cli::SimArgs;
use crate::clock::Clock;
use crate::sim::Sim;
use crate::sim::server::Server;

/// Runs until a signal ends it. Prints one JSON line with the endpoint once it takes connections.
pub(super) fn run(args: &SimArgs) -> Result<(), CommandError> {
    let mut scenario = backend::scenario(&args.scenario)?;
    // Its clients live in wall time: they ask for the last hour, and judge the age of what they get.
    scenario.start = Clock::system().now();
    process::runtime()?.block_on(async {
        let clock = Clock::scaled(scenario.start, args.speed);
        let server = Server::bind(args.listen, Sim::new(&scenario, None, clock)).await;
        let server = server.map_err(|error| CommandError::Failed(error.to_string()))?;
        let ready = serde_json::json!({ "endpoint": server.endpoint() });
        stdout::line(&ready.to_string())?;
        tokio::select! {
            ended = server.run(std::future::pending()) => {
                let why = ended.err().map_or("it ended by itself".to_owned(), |error| error.to_string());
                Err(CommandError::Failed(format!("the simulation is over: {why}")))
            }
            signal = process::ending_signal() => signal.map(drop),
        }
    })
}
