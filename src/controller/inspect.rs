//! Looking without acting: what a one-off command needs to know of the world. Nothing is sent, recorded or decided here.

use super::look::Looker;
use crate::aws::Aws;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::workload::signals::{self, Source};

/// Two looks, since what the first one finds decides what the second one asks: the classes that AWS offers, signals that
/// name the machine.
const LOOKS: usize = 2;

/// Fills an engine with the world as it is now. What could not be read is among its problems afterwards.
pub async fn inspect(engine: &mut Engine, aws: &Aws, clock: &Clock, servers: &[Source]) {
    let mut looker = Looker::default();
    for _ in 0..LOOKS {
        let mut look = Box::pin(looker.plan(engine, clock.now()).carry_out(aws, clock)).await;
        for source in servers {
            look.servers.push((source.database.clone(), signals::read_once(source, clock).await));
        }
        looker.learn(&look);
        engine.take_in(clock.now(), look);
    }
}
