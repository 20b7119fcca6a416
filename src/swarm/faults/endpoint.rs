//! Where the clients of a database come to by its name: to whoever takes the writes, or for a while still to the machine that
//! did so before. RDS says nothing of that.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::clock::Clock;
use crate::controller::servers::ServerModel;
use crate::model::database::DatabaseName;
use crate::model::failure::{Failure, FailureKind};
use crate::model::server::{ServerId, ServerReading, ServerSeen};
use crate::sim::Sim;
use crate::sim::rds::{Fleet, Instance};
use crate::swarm::faults::Fault;
use crate::swarm::oracle::witness::Witness;
use crate::swarm::plan::Strike;

/// The endpoints of a world. Clones share what clients remember.
#[derive(Debug, Clone)]
pub(in crate::swarm) struct Endpoints {
    sim: Sim,
    /// When what was once looked up is not looked up again.
    remembers: Vec<Strike>,
    /// The machine that each name led to when somebody last came, by its `DbiResourceId`.
    machines: Arc<Mutex<BTreeMap<String, String>>>,
}

/// Where a client comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::swarm) enum Arrival {
    /// At whoever takes the writes, in this life of it.
    Writer(ServerId),
    /// At the machine that did so before.
    Old(ServerId),
    /// Nowhere: that one is gone.
    Nowhere,
}

impl Endpoints {
    pub(in crate::swarm) fn new(sim: Sim, strikes: &[Strike]) -> Self {
        let remembers = strikes.iter().filter(|strike| strike.fault == Fault::R7OldEndpoint).cloned().collect();
        Self { sim, remembers, machines: Arc::default() }
    }

    /// Where a client comes to now.
    pub(in crate::swarm) fn arrival(&self, database: &str) -> Arrival {
        let now = self.sim.clock().now();
        let world = self.sim.world();
        let Some(writer) = writer(world.fleet(), database) else { return Arrival::Nowhere };
        let mut machines = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
        let machine = machines.entry(database.to_owned()).or_insert_with(|| writer.resource_id.clone());
        if !self.remembers.iter().any(|strike| strike.from <= now && now < strike.until) {
            machine.clone_from(&writer.resource_id);
        }
        if *machine == writer.resource_id {
            return Arrival::Writer(life_of(writer));
        }
        let old = world.fleet().instances().find(|instance| instance.resource_id == *machine);
        old.map_or(Arrival::Nowhere, |old| Arrival::Old(life_of(old)))
    }
}

fn writer<'a>(fleet: &'a Fleet, database: &'a str) -> Option<&'a Instance> {
    if fleet.cluster(database).is_some() { fleet.writer(database) } else { fleet.instance(database) }
}

/// A change of class restarts the server: each class of a machine is a life of its own here.
fn life_of(instance: &Instance) -> ServerId {
    let sum = instance.class.bytes().fold(0_i64, |sum, byte| sum * 31 % 1_000_003 + i64::from(byte));
    let started_at = Timestamp::from_second(1_700_000_000 + sum).unwrap_or(Timestamp::UNIX_EPOCH);
    ServerId { started_at, address: Some(instance.resource_id.clone()) }
}

/// The endpoints as an engine on that machine finds them; what it meets is witnessed.
pub(in crate::swarm) struct SeenEndpoints {
    pub(in crate::swarm) endpoints: Endpoints,
    /// The machine's clock.
    pub(in crate::swarm) wall: Clock,
    pub(in crate::swarm) witness: Arc<Mutex<Witness>>,
}

impl ServerModel for SeenEndpoints {
    fn reading(&self, database: &DatabaseName) -> ServerReading {
        let (id, is_writable) = match self.endpoints.arrival(database.as_str()) {
            Arrival::Writer(id) => (id, true),
            Arrival::Old(id) => {
                self.witness.lock().unwrap_or_else(PoisonError::into_inner).strike(Fault::R7OldEndpoint);
                (id, false)
            }
            Arrival::Nowhere => return ServerReading { failure: Some(nobody(database)), ..ServerReading::default() },
        };
        let seen = ServerSeen {
            at: self.wall.now(),
            id,
            is_writable,
            connections: 24,
            max_connections: 400,
            oldest_transaction_secs: Some(0),
            oldest_prepared_secs: None,
            external_slots: Vec::new(),
        };
        ServerReading { seen: Some(seen), ..ServerReading::default() }
    }
}

fn nobody(database: &DatabaseName) -> Failure {
    Failure {
        kind: FailureKind::Network,
        operation: format!("PostgreSQL {database}"),
        sentence: format!("PostgreSQL {database}: nobody answers there"),
        request_id: None,
    }
}

impl fmt::Debug for SeenEndpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeenEndpoints").finish_non_exhaustive()
    }
}
