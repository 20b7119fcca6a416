//! Deeds: what people, others at AWS and the machine do to a stage, carried out when their time has come.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::oneshot;

use super::people;
use super::process::{During, Life};
use super::stage::Stage;
use crate::controller::pooler::Poolers;
use crate::controller::reload::{NewConfiguration, Reload};
use crate::model::command::Command;
use crate::model::database::DatabaseName;
use crate::swarm::faults::Fault;
use crate::swarm::oracle::coverage::Milestone;
use crate::swarm::oracle::truth;
use crate::swarm::plan::{Deed, Dying, Foreign, Machine, Order, PolicyChange, Power};

impl Stage {
    /// Does it; what is meant for a process that is not there is lost, as it would be in life.
    pub(in crate::swarm) fn perform(&mut self, deed: Deed, life: Option<&mut Life>) {
        self.witness().note(format!("deed {deed:?}"));
        if let Some(fault) = deed.fault() {
            self.witness().strike(fault);
        }
        match (deed, life) {
            (Deed::Foreign(foreign), _) => self.perform_foreign(&foreign),
            (Deed::Machine(machine), life) => self.perform_machine(machine, life),
            (Deed::Person(order), Some(life)) => self.perform_order(order, life),
            (Deed::Person(_), None) => {}
        }
    }

    fn perform_foreign(&mut self, foreign: &Foreign) {
        let now = self.sim.clock().now();
        match foreign {
            Foreign::Class { database, class } => {
                let ladder =
                    self.plan.settings.policy(&DatabaseName::new(database)).map(|policy| policy.ladder.rungs());
                let rungs = ladder.unwrap_or_default();
                if people::foreign_class(&self.sim, now, database, (class, rungs)) {
                    self.witness().note_foreign(database);
                }
            }
            Foreign::Switch(to) => {
                self.wire.switch(*to);
                let mut witness = self.witness();
                for name in self.plan.loads.keys() {
                    witness.note_foreign(name);
                }
            }
            Foreign::Deployment { database, end } => {
                if people::end_deployment(&self.sim, now, database, *end) {
                    let mut witness = self.witness();
                    witness.strike(Fault::R8Deployment);
                    witness.note_foreign(database);
                }
            }
            Foreign::Pending { database } => {
                if truth::cluster_kind(self.sim.world().fleet(), database).is_some() {
                    people::foreign_pending_of_cluster(&self.sim, now, database);
                    return;
                }
                let gib = self.sim.world().fleet().instance(database).map_or(100, |instance| instance.storage_gib);
                let more = (gib * 2).to_string();
                people::foreign_modify(&self.sim, now, database, &[("AllocatedStorage", more.as_str())]);
            }
        }
    }

    fn perform_machine(&mut self, machine: Machine, life: Option<&mut Life>) {
        match machine {
            Machine::Disk(trouble) => self.disk.set_trouble(trouble),
            Machine::ClockStep { secs } => {
                self.wall.set_by(SignedDuration::from_secs(secs));
                self.off_by = self.off_by.saturating_add(SignedDuration::from_secs(secs));
            }
            Machine::Crash { after_points, dying } => {
                let Some(life) = life else { return };
                self.dying = Some(dying);
                life.fuse.light(after_points + 1);
            }
            Machine::TerminateDuring { polls } => {
                let Some(life) = life else { return };
                life.during.push((polls, During::Terminate));
            }
            Machine::TerminateWhileSent => {
                let Some(life) = life else { return };
                life.during.push((0, During::TerminateWhileSent));
            }
            Machine::Terminate { down_secs } => {
                let Some(life) = life else { return };
                self.dying = Some(Dying { power: Power::Stays, down_secs });
                self.witness().on_stop();
                life.stop.send_replace(Some("SIGTERM".to_owned()));
            }
        }
    }

    /// The file is another one, also for the next start; whether the engine takes it now is on record.
    fn reload(&mut self, change: Option<PolicyChange>, life: &Life) {
        let read = change.map(|change| {
            self.plan.settings = change.of(&self.plan.settings);
            let (settings, digest) = (self.plan.settings.clone(), format!("{change:?}"));
            self.witness().offered_settings.push((digest.clone(), settings.clone()));
            let (servers, poolers) = (self.servers(), Poolers::new());
            Box::new(NewConfiguration { settings, digest, servers, poolers })
        });
        let read = read.ok_or_else(|| "half of a file".to_owned());
        let (answer, _) = oneshot::channel();
        // One that waits already is of the same moment.
        drop(life.reload.try_send(Reload { read, answer }));
    }

    fn perform_order(&mut self, order: Order, life: &mut Life) {
        let orders = &mut life.orders;
        match order {
            Order::Arm => {
                self.witness().arm_ordered = true;
                orders.give(Command::Arm { reason: "the trial begins".to_owned(), duration: None });
            }
            Order::ArmFor { mins } => {
                self.witness().arm_ordered = true;
                let duration = Some(Duration::from_mins(mins));
                orders.give(Command::Arm { reason: "for a while".to_owned(), duration });
            }
            Order::Disarm => orders.give(Command::Disarm),
            Order::DisarmDuring { polls } => life.during.push((polls, During::Disarm)),
            Order::Scale { database, direction, hold_mins } => {
                people::scale(orders, &database, direction, hold_mins.map(Duration::from_mins));
            }
            Order::Hold { database, direction, mins } => {
                let hold = Command::Hold {
                    database: DatabaseName::new(database),
                    direction,
                    duration: Duration::from_mins(mins),
                    reason: "by hand".to_owned(),
                };
                orders.give(hold);
            }
            Order::StopAction { database } => {
                orders.give(Command::Stop { database: DatabaseName::new(database) });
            }
            Order::Reload(change) => self.reload(change, life),
            Order::RemoveOld { database } => people::remove_old(orders, &database),
            Order::OldPicture { database } => people::order_on_old_picture(orders, &database),
            Order::LookAfter if orders.snapshot().journal.broken.is_some() => {
                self.witness().coverage.reach(Milestone::DisarmedByJournal);
                self.witness().on_stop();
                life.stop.send_replace(Some("the journal takes no records: started anew".to_owned()));
            }
            Order::LookAfter => {
                people::allow_cuts(orders);
                let is_healing = self.sim.clock().now() >= self.plan.heals_at;
                let arms = people::look_after(orders, &self.sim, is_healing);
                self.witness().arm_ordered |= arms;
            }
        }
    }
}
