//! What people and machines do in a day.

use jiff::{SignedDuration, Timestamp};

use super::{Deed, DeploymentEnd, Drawer, Dying, Foreign, Machine, Order, PolicyChange, Power, Switch, pick};
use crate::model::ladder::Direction;
use crate::sim::rng::Rng;
use crate::swarm::faults::Fault;
use crate::swarm::faults::disk::Trouble;

impl Drawer<'_> {
    pub(super) fn deeds(&mut self) -> Vec<(Timestamp, Deed)> {
        let mut deeds = Vec::new();
        let mut at = self.start.saturating_add(SignedDuration::from_secs(70)).unwrap_or(self.start);
        deeds.push((at, Deed::Person(Order::Arm)));
        // Somebody comes by every now and then, and in the end until all is done.
        while at < self.ends_at {
            let wait = if at < self.heals_at { self.minutes(15, 90) } else { self.minutes(5, 20) };
            at = at.saturating_add(wait).unwrap_or(at);
            deeds.push((at, Deed::Person(Order::LookAfter)));
        }
        for fault in self.faults {
            self.deeds_of(*fault, &mut deeds);
        }
        deeds.retain(|(at, deed)| *at < self.heals_at || *deed == Deed::Person(Order::LookAfter));
        deeds.push((self.heals_at, Deed::Machine(Machine::Disk(Trouble::None))));
        // What is thought better of comes after the order, at the same moment.
        deeds.sort_by_key(|(at, deed)| (*at, matches!(deed, Deed::Person(Order::StopAction { .. }))));
        deeds
    }

    /// Of a draw of its own, so that the other deeds of a day stay what they are.
    pub(super) fn remove_old_machines(&mut self, seed: u64, deeds: &mut Vec<(Timestamp, Deed)>) {
        let mut rng = Rng::of(seed, "swarm removals by hand", 0);
        std::mem::swap(&mut self.rng, &mut rng);
        for _ in 0..pick(&mut self.rng, 5) {
            let (at, database) = (self.some_time(), self.name());
            deeds.push((at, Deed::Person(Order::RemoveOld { database })));
        }
        std::mem::swap(&mut self.rng, &mut rng);
        deeds.sort_by_key(|(at, _)| *at);
    }

    /// People who say for how long: of a draw of its own, as above. What comes at the same moment is meant to meet what nothing
    /// was sent of.
    pub(super) fn orders_that_last(&mut self, seed: u64, deeds: &mut Vec<(Timestamp, Deed)>) {
        let mut rng = Rng::of(seed, "swarm orders that last", 0);
        std::mem::swap(&mut self.rng, &mut rng);
        for _ in 0..pick(&mut self.rng, 4) {
            let mins = [1, 5, 15, 30, 60, 120, 240][pick(&mut self.rng, 7)];
            deeds.push((self.some_time(), Deed::Person(Order::ArmFor { mins })));
        }
        for _ in 0..pick(&mut self.rng, 3) {
            let (at, database) = (self.some_time(), self.name());
            for _ in 0..=pick(&mut self.rng, 3) {
                let direction = [None, Some(Direction::Up), Some(Direction::Down)][pick(&mut self.rng, 3)];
                let mins = [5, 20, 60, 120][pick(&mut self.rng, 4)];
                let hold = Order::Hold { database: database.clone(), direction, mins };
                let at = at.saturating_add(self.minutes(0, 45)).unwrap_or(at);
                deeds.push((at, Deed::Person(hold)));
            }
        }
        for _ in 0..pick(&mut self.rng, 3) {
            let (at, database) = (self.some_time(), self.name());
            for _ in 0..=pick(&mut self.rng, 2) {
                let hold_mins = [None, Some(2), Some(30), Some(180)][pick(&mut self.rng, 4)];
                let scale = Order::Scale { database: database.clone(), direction: self.direction(), hold_mins };
                deeds.push((at, Deed::Person(scale)));
            }
        }
        // A call is out for moments only: by a count of polls alone hardly any process would be told to stop just then.
        if self.faults.contains(&Fault::P2Stop) {
            deeds.push((self.some_time(), Deed::Machine(Machine::TerminateWhileSent)));
        }
        std::mem::swap(&mut self.rng, &mut rng);
        deeds.retain(|(at, deed)| *at < self.heals_at || !matches!(deed, Deed::Person(Order::Hold { .. })));
    }

    /// On every third day another configuration is taken while the engine runs, once or a few times. Of a draw of its own.
    pub(super) fn reload(&mut self, seed: u64, deeds: &mut Vec<(Timestamp, Deed)>) {
        let mut rng = Rng::of(seed, "swarm reloads", 0);
        std::mem::swap(&mut self.rng, &mut rng);
        let count = if self.rng.draw().is_multiple_of(3) { 1 + pick(&mut self.rng, 4) } else { 0 };
        for _ in 0..count {
            let at = self.some_time();
            let change = PolicyChange {
                cooldown_mins: ([5, 15][pick(&mut self.rng, 2)], [20, 60][pick(&mut self.rng, 2)]),
                max_actions_per_day: [4, 8, 24][pick(&mut self.rng, 3)],
                max_actions_in_flight: 1 + pick(&mut self.rng, 2) as u32,
            };
            let is_whole = !self.rng.draw().is_multiple_of(5);
            deeds.push((at, Deed::Person(Order::Reload(Some(change).filter(|_| is_whole)))));
        }
        std::mem::swap(&mut self.rng, &mut rng);
        deeds.sort_by_key(|(at, _)| *at);
    }

    /// How often it happens in a day.
    fn times_of(&mut self, fault: Fault) -> usize {
        let old_pictures = self.faults.contains(&Fault::A5Stale) || self.faults.contains(&Fault::M6OtherMachine);
        match fault {
            Fault::P1Crash | Fault::P8PowerLoss | Fault::P2Stop => 1 + pick(&mut self.rng, 8),
            Fault::O2Override if old_pictures => 40,
            Fault::L5ClockStep => 3 + pick(&mut self.rng, 8),
            // A deployment must be there to be touched.
            Fault::R8Deployment => 12 + pick(&mut self.rng, 12),
            _ => 1 + pick(&mut self.rng, 6),
        }
    }

    fn deeds_of(&mut self, fault: Fault, deeds: &mut Vec<(Timestamp, Deed)>) {
        for _ in 0..self.times_of(fault) {
            let at = self.some_time();
            let down_secs = self.rng.between(SignedDuration::from_secs(1), SignedDuration::from_mins(8)).as_secs();
            let after_points = self.rng.draw() % 60;
            let crash = |power| Deed::Machine(Machine::Crash { after_points, dying: Dying { power, down_secs } });
            let trouble = |trouble, drawer: &mut Self, deeds: &mut Vec<(Timestamp, Deed)>| {
                deeds.push((at, Deed::Machine(Machine::Disk(trouble))));
                let lasts = drawer.minutes(1, 60);
                deeds.push((at.saturating_add(lasts).unwrap_or(at), Deed::Machine(Machine::Disk(Trouble::None))));
            };
            let deed = match fault {
                Fault::P1Crash => crash(Power::Stays),
                Fault::P8PowerLoss => crash(Power::Lost),
                Fault::P2Stop if is_even(at) => Deed::Machine(Machine::TerminateDuring { polls: after_points }),
                Fault::P2Stop => Deed::Machine(Machine::Terminate { down_secs }),
                Fault::P7DiskFull => return trouble(Trouble::Full, self, deeds),
                Fault::P7DiskError => return trouble(Trouble::WriteError, self, deeds),
                Fault::P7SyncFails => return trouble(Trouble::SyncError, self, deeds),
                Fault::L5ClockStep => {
                    let secs = [-3_600, -3_600, -240, 45, 240, 3_600][pick(&mut self.rng, 6)];
                    self.step_under_an_order(deeds);
                    // The step, and after a while the step back: somebody notices.
                    let back = at.saturating_add(self.minutes(5, 90)).unwrap_or(at);
                    deeds.push((back, Deed::Machine(Machine::ClockStep { secs: -secs })));
                    Deed::Machine(Machine::ClockStep { secs })
                }
                Fault::O1Disarm if is_even(at) => Deed::Person(Order::DisarmDuring { polls: after_points }),
                Fault::O1Disarm => Deed::Person(Order::Disarm),
                Fault::O2Override => {
                    let database = self.name();
                    // Now and then thought better of at once: the only moment at which it can still be stopped.
                    if self.rng.draw().is_multiple_of(3) {
                        deeds.push((at, Deed::Person(Order::StopAction { database: database.clone() })));
                    }
                    Deed::Person(Order::Scale { database, direction: self.direction(), hold_mins: None })
                }
                Fault::O3TwoOperators => {
                    deeds.push((at, Deed::Person(Order::Hold { database: self.name(), direction: None, mins: 60 })));
                    Deed::Person(Order::OldPicture { database: self.name() })
                }
                Fault::R8ForeignHands => {
                    let class = ["db.t4g.small", "db.m5.large", "db.m5.xlarge"][pick(&mut self.rng, 3)].to_owned();
                    let database = self.name();
                    self.switch_under_an_order(at, Switch::Class, deeds);
                    // And now and then a person of ours orders something at the same moment.
                    if self.rng.draw().is_multiple_of(2) {
                        let direction = self.direction();
                        deeds.push((
                            at,
                            Deed::Person(Order::Scale { database: database.clone(), direction, hold_mins: None }),
                        ));
                    }
                    Deed::Foreign(Foreign::Class { database, class })
                }
                Fault::M6OtherMachine => return self.switch_under_an_order(at, Switch::Machine, deeds),
                Fault::R8Deployment => {
                    let database = self.name();
                    let end = [DeploymentEnd::Deleted, DeploymentEnd::SwitchedOver][pick(&mut self.rng, 2)];
                    Deed::Foreign(Foreign::Deployment { database, end })
                }
                Fault::R11Maintenance => Deed::Foreign(Foreign::Pending { database: self.name() }),
                _ => return,
            };
            deeds.push((at, deed));
        }
    }

    /// A person orders something at the moment at which the clock is set back, by so much that the last look may seem
    /// to have been made just now.
    fn step_under_an_order(&mut self, deeds: &mut Vec<(Timestamp, Deed)>) {
        for _ in 0..3 {
            let (at, database) = (self.some_time(), self.name());
            let secs = [60, 120, 180, 240][pick(&mut self.rng, 4)];
            deeds.push((at, Deed::Machine(Machine::ClockStep { secs: -secs })));
            for direction in [Direction::Up, Direction::Down] {
                deeds.push((at, Deed::Person(Order::Scale { database: database.clone(), direction, hold_mins: None })));
            }
            let back = at.saturating_add(SignedDuration::from_mins(3)).unwrap_or(at);
            deeds.push((back, Deed::Machine(Machine::ClockStep { secs })));
        }
    }

    /// A person orders something, and before it can be sent the name shows something else.
    fn switch_under_an_order(&mut self, at: Timestamp, to: Switch, deeds: &mut Vec<(Timestamp, Deed)>) {
        for direction in [Direction::Up, Direction::Down] {
            deeds.push((at, Deed::Person(Order::Scale { database: self.name(), direction, hold_mins: None })));
        }
        deeds.push((at, Deed::Foreign(Foreign::Switch(to))));
        let back = at.saturating_add(self.minutes(5, 40)).unwrap_or(at);
        deeds.push((back, Deed::Foreign(Foreign::Switch(Switch::Back))));
    }
}

/// Half of the moments, without a draw of its own.
fn is_even(at: Timestamp) -> bool {
    at.as_second() % 2 == 0
}
