//! AWS as we understand it: a seeded world in virtual time behind the real wire protocols.
//!
//! This room never names `aws` or `engine`, and its codecs are not the SDK's: it must be able to disagree with them.
//!
//! ```text
//!   SDK ── connector ──┐                       ┌─ rds (control plane, events)
//!                      ├─► Sim ─► World ───────┼─ sts
//!   any AWS client ────┘          │ iam, sns   ├─ cloudwatch ◄─┐
//!          server                 │            └─ scaling      │ each minute
//!                                 ├─ dynamodb
//!                                 └─ demand → load → metrics ──┘
//! ```

pub mod cloudwatch;
pub mod connector;
pub mod dynamodb;
pub mod iam;
pub mod postgres;
pub mod rds;
pub mod rng;
pub mod scaling;
pub mod scenario;
pub mod server;
pub mod sns;
mod sts;
pub mod wire;
pub mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::clock::Clock;
use scenario::Scenario;
use wire::Request;
use world::{Answer, World};

/// A running simulation: a world and the clock that it goes by. Clones share both.
#[derive(Debug, Clone)]
pub struct Sim {
    world: Arc<Mutex<World>>,
    clock: Clock,
}

impl Sim {
    /// The world of a scenario. `clock` should read the scenario's `start` now, as `Clock::scaled(scenario.start, …)`
    /// does; a clock that is behind finds the world waiting, one that is ahead lets it catch up. `seed` replaces the
    /// scenario's own.
    pub fn new(scenario: &Scenario, seed: Option<u64>, clock: Clock) -> Self {
        Self { world: Arc::new(Mutex::new(World::new(scenario, seed))), clock }
    }

    /// An HTTP client for AWS SDK configurations that ends in this world, without a socket.
    pub fn http_client(&self) -> SharedHttpClient {
        connector::SimClient::shared(self)
    }

    /// The clock of this simulation.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The world, brought up to the clock.
    pub fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance(self.clock.now());
        world
    }

    /// Answers a request that arrives now; sleeping for the time it takes is the caller's part.
    pub fn answer(&self, request: &Request) -> Answer {
        let now = self.clock.now();
        self.world.lock().unwrap_or_else(PoisonError::into_inner).answer(now, request)
    }
}
