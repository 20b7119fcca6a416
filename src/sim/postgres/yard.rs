//! The servers of a simulation and the one loop that keeps them as the world says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::endpoint::{self, Endpoint, Route};
use super::folder::{self, Folder};
use super::gauge::Gauge;
use super::jobs::{Finished, Pair, Tools};
use super::pooler::PgBouncer;
use super::programs::Programs;
use super::server::Server;
use super::throttle::Throttle;
use super::{Place, PlaneError};
use crate::clock::Clock;
use crate::sim::Sim;
use crate::sim::rds::machinery::Order;
use crate::sim::world::real::Machine;

/// How often the world is asked what it wants: shorter than anything that a client notices.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Servers, endpoints, and what is being done.
#[derive(Debug)]
pub(super) struct Yard {
    tools: Tools,
    programs: Programs,
    staleness: Duration,
    /// By `DbiResourceId`; absent while a job has them.
    pairs: BTreeMap<String, Pair>,
    /// Machines whose first server is being made.
    making: BTreeSet<String>,
    /// Every machine that has a server, as endpoints see it.
    machines: BTreeMap<String, Known>,
    /// By `DBInstanceIdentifier`.
    endpoints: BTreeMap<String, Endpoint>,
    jobs: JoinSet<Result<Finished, PlaneError>>,
    // Dropped after the servers.
    _folder: Folder,
}

/// A machine as endpoints and gauges know it.
#[derive(Debug)]
struct Known {
    machine: Arc<endpoint::Machine>,
    pid: Option<u32>,
    _gauge: JoinSet<()>,
}

impl Yard {
    /// A running server for each instance of the world.
    pub(super) async fn start(sim: Sim, programs: Programs, staleness: Duration) -> Result<Self, PlaneError> {
        let all = std::env::temp_dir();
        folder::sweep(&all);
        let folder = Folder::create(&all)?;
        programs.hand_over(folder.path())?;
        let yard = Arc::new(folder.path().to_path_buf());
        sim.world().is_real_from_now_on();
        let tools = Tools { sim, yard };
        let mut yard = Self {
            tools,
            programs: programs.clone(),
            staleness,
            pairs: BTreeMap::new(),
            making: BTreeSet::new(),
            machines: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            jobs: JoinSet::new(),
            _folder: folder,
        };
        let wanted = yard.tools.sim.world().machines();
        for machine in &wanted {
            let size = yard.tools.sim.world().size(&machine.class);
            let mut primary = Server::create(&programs, &yard.tools.yard, size).await?;
            primary.start(size).await?;
            let mut pair = Pair { primary, standby: None };
            if machine.wants_standby {
                let made = yard.tools.clone().add_standby(machine.id.clone(), pair, machine.class.clone()).await?;
                let Some((_, whole)) = made.pairs.into_iter().next() else { continue };
                pair = whole;
            }
            yard.know(&machine.id, &pair, &machine.class);
            yard.pairs.insert(machine.id.clone(), pair);
        }
        yard.lead(&wanted).await?;
        Ok(yard)
    }

    /// Where clients reach each instance.
    pub(super) fn places(&self) -> BTreeMap<String, Place> {
        let place = |machine: Machine| {
            let endpoint = self.endpoints.get(&machine.name)?.address();
            Some((machine.name, Place { endpoint, machine: self.machines.get(&machine.id)?.machine.address }))
        };
        self.tools.sim.world().machines().into_iter().filter_map(place).collect()
    }

    /// A PgBouncer in front of an instance.
    pub(super) async fn pooler(&self, instance: &str) -> Result<PgBouncer, PlaneError> {
        let endpoint = self.endpoints.get(instance).ok_or(PlaneError::NoInstance)?;
        PgBouncer::start(&self.programs, &self.tools.yard, endpoint.address()).await
    }

    /// Does what the world asks for; returns when that fails.
    pub(super) async fn run(mut self) -> PlaneError {
        let clock = Clock::system();
        loop {
            if let Err(error) = self.turn().await {
                return error;
            }
            tokio::select! {
                biased;
                Some(finished) = self.jobs.join_next(), if !self.jobs.is_empty() => {
                    match finished {
                        Ok(Ok(finished)) => self.take_back(finished),
                        Ok(Err(error)) => return error,
                        Err(error) => return PlaneError::program("upshift", &error.to_string()),
                    }
                }
                () = clock.sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn turn(&mut self) -> Result<(), PlaneError> {
        let (orders, wanted) = {
            let mut world = self.tools.sim.world();
            (world.take_orders(), world.machines())
        };
        for order in orders {
            self.begin(order, &wanted);
        }
        for machine in &wanted {
            self.set_limit(machine);
            self.complete(machine);
        }
        self.lead(&wanted).await
    }

    /// Begins to carry an order out, or puts it back while its machines are busy. A copy that is not wanted any more is not
    /// made.
    fn begin(&mut self, order: Order, wanted: &[Machine]) {
        let named: Vec<&String> = match &order {
            Order::Stop { machine }
            | Order::Start { machine, .. }
            | Order::ReadyStandby { machine, .. }
            | Order::FailOver { machine, .. }
            | Order::Promote { machine }
            | Order::Remove { machine } => vec![machine],
            Order::Copy { of, .. } => vec![of],
            Order::TakeOver { old, new } => vec![old, new],
        };
        let is_known = |id: &&String| self.machines.contains_key(*id);
        let is_made = !named.iter().any(|id| self.making.contains(*id));
        let needed: Vec<String> = named.into_iter().filter(is_known).cloned().collect();
        if !is_made || needed.iter().any(|id| !self.pairs.contains_key(id)) {
            return self.tools.sim.world().put_back(order);
        }
        if let Order::Copy { machine, .. } = &order {
            if !wanted.iter().any(|other| other.id == *machine) {
                return self.tools.sim.world().carried_out(&order);
            }
            self.making.insert(machine.clone());
        }
        let pairs = needed.into_iter().filter_map(|id| self.pairs.remove_entry(&id)).collect();
        self.jobs.spawn(self.tools.clone().carry_out(order, pairs));
    }

    /// Takes servers back from a job. What is not among them any more is forgotten.
    fn take_back(&mut self, finished: Finished) {
        let classes: BTreeMap<String, String> =
            self.tools.sim.world().machines().into_iter().map(|machine| (machine.id, machine.class)).collect();
        for (id, pair) in finished.pairs {
            self.making.remove(&id);
            let class = classes.get(&id).cloned().unwrap_or_default();
            self.know(&id, &pair, &class);
            self.pairs.insert(id, pair);
        }
        self.machines.retain(|id, _| classes.contains_key(id) || self.pairs.contains_key(id));
    }

    /// Measures a server, and lets endpoints lead to it; again when another process serves.
    fn know(&mut self, id: &str, pair: &Pair, class: &str) {
        let pid = pair.primary.pid();
        let address = pair.primary.address();
        if self.machines.get(id).is_some_and(|known| known.pid == pid && known.machine.address == address) {
            return;
        }
        let size = self.tools.sim.world().size(class);
        let same = self.machines.get(id).map(|known| known.machine.clone()).filter(|it| it.address == address);
        let new = || Arc::new(endpoint::Machine { address, throttle: Throttle::new(size.writes_per_sec) });
        let machine = same.unwrap_or_else(new);
        let mut gauge = JoinSet::new();
        if let Some(pid) = pid {
            let (sim, id) = (self.tools.sim.clone(), id.to_owned());
            let folder = pair.primary.socket_folder().to_path_buf();
            gauge.spawn(Gauge { sim, id, folder, machine: machine.clone(), pid, size }.run());
        }
        self.machines.insert(id.to_owned(), Known { machine, pid, _gauge: gauge });
    }

    /// The limit is that of the class that it has now.
    fn set_limit(&self, machine: &Machine) {
        if let Some(known) = self.machines.get(&machine.id) {
            known.machine.throttle.set(self.tools.sim.world().size(&machine.class).writes_per_sec);
        }
    }

    /// Gives a machine the standby that it lacks.
    fn complete(&mut self, machine: &Machine) {
        let lacks = |pair: &Pair| pair.standby.is_none() && pair.primary.pid().is_some();
        if machine.wants_standby
            && machine.is_up
            && self.pairs.get(&machine.id).is_some_and(lacks)
            && let Some(pair) = self.pairs.remove(&machine.id)
        {
            let task = self.tools.clone().add_standby(machine.id.clone(), pair, machine.class.clone());
            self.jobs.spawn(task);
        }
    }

    /// Leads every name to its machine, and to nowhere while that lets nobody in.
    async fn lead(&mut self, wanted: &[Machine]) -> Result<(), PlaneError> {
        self.endpoints.retain(|name, _| wanted.iter().any(|machine| machine.name == *name));
        for machine in wanted {
            if !self.endpoints.contains_key(&machine.name) {
                self.endpoints.insert(machine.name.clone(), Endpoint::open(self.staleness).await?);
            }
            let Some(endpoint) = self.endpoints.get(&machine.name) else { continue };
            let known = self.machines.get(&machine.id).filter(|_| machine.is_up);
            endpoint.lead(&known.map_or(Route::Closed, |known| Route::To(known.machine.clone())));
            self.tools.sim.world().is_reached_at(&machine.name, endpoint.address());
        }
        Ok(())
    }
}
