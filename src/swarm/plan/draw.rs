//! Draws from a seed all that a trial is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::form::Form;
use super::{Deed, DeploymentEnd, Dying, Foreign, HEALING, Load, Machine, Order, Power, Strike, Switch, TrialPlan};
use crate::config;
use crate::model::ladder::Direction;
use crate::model::policy::{OldMachinePolicy, RemovedBy};
use crate::model::settings::Settings;
use crate::sim::rng::Rng;
use crate::sim::scenario::Scenario;
use crate::swarm::faults::Fault;
use crate::swarm::faults::disk::Trouble;
use crate::swarm::oracle::constant_load;

/// When every trial begins, in virtual time.
const START: &str = "2026-01-05T09:00:00Z";
/// The account of every trial.
pub(in crate::swarm) const ACCOUNT: &str = "111122223333";
/// The built-in rules, and one up rule on another signal, whose gaps hide load from nothing but that rule.
const RULES: &str = "[[database.up]]\nsignal = \"writes\"\nabove = 500\ndatapoints = 2\nperiods = 3\n\
     [[database.up]]\nsignal = \"write_latency\"\nabove = 0.01\ndatapoints = 3\nperiods = 3\n\
     [[database.down]]\nsignal = \"writes\"\nbelow = 225\ndatapoints = 10\nperiods = 10\n\
     [[database.down]]\nsignal = \"writes\"\nbelow = 225\ndatapoints = 55\nperiods = 60\n";
const USUAL_CONNECTIONS: f64 = 24.0;
/// Few, or more than the small class has room for.
const CONNECTIONS: [f64; 6] = [USUAL_CONNECTIONS, USUAL_CONNECTIONS, USUAL_CONNECTIONS, 90.0, 160.0, 260.0];
/// Loads that matter: calm, at the down line, between the lines, at the up line, over it, far over.
const LEVELS: [f64; 12] = [60.0, 120.0, 180.0, 215.0, 235.0, 330.0, 470.0, 490.0, 515.0, 620.0, 720.0, 1_100.0];

/// The plan of a seed for a trial of so many hours, the last [`HEALING`] of them without faults.
pub(in crate::swarm) fn plan(seed: u64, hours: u32) -> TrialPlan {
    let mut rng = Rng::of(seed, "swarm plan", 0);
    let start: Timestamp = START.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let chaos = SignedDuration::from_hours(i64::from(hours)) - HEALING;
    let heals_at = start.saturating_add(chaos.max(SignedDuration::from_hours(1))).unwrap_or(start);
    let ends_at = heals_at.saturating_add(HEALING).unwrap_or(heals_at);
    let mut faults = subset(&mut rng);
    let form = Form::of(seed);
    // Of a draw of its own, so that the other days stay what they are.
    let mut own = Rng::of(seed, "swarm faults of deployments", 0);
    faults.extend(form.faults().iter().copied().filter(|_| own.unit() < 0.4));
    let names: Vec<String> = ["checkpoints", "orders", "catalogue"][..[1, 1, 1, 2, 2, 3][pick(&mut rng, 6)]]
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let mut drawer = Drawer { rng, start, heals_at, ends_at, faults: &faults, names: &names, form };
    let loads = match constant_load::writes_per_sec(seed) {
        Some(writes) => drawer.steady_loads(writes),
        None => drawer.loads(),
    };
    let scenario = drawer.scenario(seed, &loads);
    let rungs = form.ladder(seed % 3 == 1 && constant_load::writes_per_sec(seed).is_none());
    let mut settings = drawer.settings(rungs);
    if form.leaves_machines() {
        let mut rng = Rng::of(seed, "swarm old machines", 0);
        for policy in &mut settings.databases {
            policy.old_machine = old_machine(&mut rng);
        }
    }
    let strikes = drawer.strikes();
    let mut deeds = drawer.deeds();
    if form.leaves_machines() {
        drawer.remove_old_machines(seed, &mut deeds);
    }
    TrialPlan { seed, scenario, settings, strikes, deeds, start, heals_at, ends_at, loads, faults: faults.clone() }
}

/// Kept for half an hour to six hours, and most by the engine's hand, with a snapshot.
fn old_machine(rng: &mut Rng) -> OldMachinePolicy {
    let mins = [30, 60, 180, 360][pick(rng, 4)];
    OldMachinePolicy {
        keep: Duration::from_mins(mins),
        removed_by: [RemovedBy::Engine, RemovedBy::Engine, RemovedBy::Person][pick(rng, 3)],
        final_snapshot: !rng.draw().is_multiple_of(4),
    }
}

/// Half of the seeds have few faults and come far, half have many and meet rare combinations.
fn subset(rng: &mut Rng) -> BTreeSet<Fault> {
    let count = if rng.draw().is_multiple_of(2) { 1 + pick(rng, 4) } else { 6 + pick(rng, 12) };
    let mut faults: BTreeSet<Fault> = (0..count).map(|_| Fault::ALWAYS[pick(rng, Fault::ALWAYS.len())]).collect();
    // Some are worst together: a lost answer and an old picture, an old picture and an order by hand.
    let worse = [
        (Fault::A3FailsAfter, Fault::A5Stale),
        (Fault::A5Stale, Fault::O2Override),
        (Fault::M6OtherMachine, Fault::O2Override),
    ];
    for (one, other) in worse {
        if faults.contains(&one) && rng.unit() < 0.6 {
            faults.insert(other);
        }
    }
    faults
}

fn pick(rng: &mut Rng, count: usize) -> usize {
    (rng.draw() % count as u64) as usize
}

struct Drawer<'a> {
    rng: Rng,
    start: Timestamp,
    heals_at: Timestamp,
    ends_at: Timestamp,
    faults: &'a BTreeSet<Fault>,
    names: &'a [String],
    form: Form,
}

impl Drawer<'_> {
    fn minutes(&mut self, from: i64, to: i64) -> SignedDuration {
        self.rng.between(SignedDuration::from_mins(from), SignedDuration::from_mins(to))
    }

    fn some_time(&mut self) -> Timestamp {
        let chaos = self.heals_at.duration_since(self.start);
        let after = self.rng.between(SignedDuration::from_mins(2), chaos);
        self.start.saturating_add(after).unwrap_or(self.start)
    }

    fn direction(&mut self) -> Direction {
        if self.rng.draw().is_multiple_of(2) { Direction::Up } else { Direction::Down }
    }

    fn name(&mut self) -> String {
        self.names[pick(&mut self.rng, self.names.len())].clone()
    }

    /// Piecewise constant, so that what was true at a moment is plain to see.
    fn loads(&mut self) -> BTreeMap<String, Vec<(Timestamp, Load)>> {
        let together = self.faults.contains(&Fault::M7Together).then(|| self.load());
        let of = |drawer: &mut Self| together.clone().unwrap_or_else(|| drawer.load());
        self.names.iter().map(|name| (name.clone(), of(self))).collect()
    }

    /// The same all day, until the end makes clear what is wanted.
    fn steady_loads(&mut self, writes: f64) -> BTreeMap<String, Vec<(Timestamp, Load)>> {
        let usual = |writes| Load { writes, connections: USUAL_CONNECTIONS };
        let last = if writes > LEVELS[LEVELS.len() / 2] { 620.0 } else { 100.0 };
        let steps = vec![(self.start, usual(writes)), (self.heals_at, usual(last))];
        self.names.iter().map(|name| (name.clone(), steps.clone())).collect()
    }

    fn load(&mut self) -> Vec<(Timestamp, Load)> {
        let mut at = self.start;
        let usual = |writes| Load { writes, connections: USUAL_CONNECTIONS };
        let mut steps = vec![(at, usual(120.0))];
        while at < self.heals_at {
            if self.faults.contains(&Fault::M5Sawtooth) && self.rng.unit() < 0.4 {
                let (low, high, every) = [(490.0, 515.0, 2), (120.0, 620.0, 10), (215.0, 235.0, 5), (180.0, 720.0, 61)]
                    [pick(&mut self.rng, 4)];
                for tooth in 0..20 {
                    at = at.saturating_add(SignedDuration::from_mins(every)).unwrap_or(at);
                    steps.push((at, usual(if tooth % 2 == 0 { high } else { low })));
                }
            }
            let wait = self.minutes(4, 170);
            at = at.saturating_add(wait).unwrap_or(at);
            let writes = LEVELS[pick(&mut self.rng, LEVELS.len())];
            let connections = CONNECTIONS[pick(&mut self.rng, CONNECTIONS.len())];
            steps.push((at, Load { writes, connections }));
        }
        steps.retain(|(at, _)| *at < self.heals_at);
        // At the end it is clear what is wanted: plainly calm, or plainly too much.
        steps.push((self.heals_at, usual(if self.rng.draw().is_multiple_of(2) { 100.0 } else { 620.0 })));
        steps
    }

    fn scenario(&mut self, seed: u64, loads: &BTreeMap<String, Vec<(Timestamp, Load)>>) -> Scenario {
        let mut text = format!(
            "name = \"swarm\"\naccount = \"{ACCOUNT}\"\nregion = \"us-east-1\"\nstart = \"{START}\"\n\
             seed = {seed}\nnoise = 0.04\nhistory = \"90m\"\n"
        );
        for name in self.names {
            let class = self.form.ladder(false)[usize::from(!self.rng.draw().is_multiple_of(2))];
            let odd = self.rng.draw().is_multiple_of(3);
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\n{}id = \"{name}\"\nclass = \"{class}\"\ndeletion_protection = false\n",
                self.form.header(name, odd)
            );
        }
        for (name, steps) in loads {
            for (at, Load { writes, connections }) in steps {
                let at = at.duration_since(self.start).as_secs();
                let writes = writes * self.form.rows_per_write();
                let _ = write!(
                    text,
                    "\n[[demand]]\ninstance = \"{name}\"\nat = \"{at}s\"\nwrites = {writes}\nconnections = {connections}\n"
                );
            }
        }
        let _ = write!(text, "\n[timing]\n");
        if self.faults.contains(&Fault::M2Late) {
            let _ = writeln!(text, "publish_delay = [\"60s\", \"10m\"]");
        }
        if self.faults.contains(&Fault::A6StillAvailable) {
            let _ = writeln!(text, "status_flip = [\"60s\", \"4m\"]");
        }
        self.scenario_faults(&mut text);
        // What is written above is a scenario; a seed that shows otherwise is a defect that the trial reports.
        Scenario::parse("swarm", &text).unwrap_or_else(|error| unreachable_plan(&error.to_string()))
    }

    fn scenario_faults(&mut self, text: &mut String) {
        let of = [
            (Fault::M1Missing, "hole_in = \"*\""),
            (Fault::M1Missing, "hole_in = \"DatabaseConnections\""),
            (Fault::M1Missing, "hole_in = \"WriteIOPS\""),
            (Fault::M1Missing, "hole_in = \"WriteLatency\""),
            (Fault::A7OnlyAnEvent, "class_change = \"fails\""),
            (Fault::R2Stuck, "class_change = \"stuck\""),
            (Fault::R4NotMade, "blue_green = \"fails\""),
            (Fault::R4NotMade, "blue_green = \"stuck\""),
            (Fault::R4NotMade, "blue_green = \"class_refused\""),
            (Fault::R5TakenBack, "blue_green = \"cut_too_long\""),
            (Fault::R6CutFails, "blue_green = \"cut_fails\""),
            (Fault::R9FailoverElsewhere, "failover = \"refused\""),
            (Fault::R9FailoverElsewhere, "failover = \"other_member\""),
            (Fault::R9FailoverElsewhere, "failover = \"fails\""),
            (Fault::R10NoReader, "reader = \"fails\""),
            (Fault::R10NoReader, "reader = \"no_capacity\""),
            (Fault::R10NoReader, "reader = \"stuck\""),
            (Fault::R10Lags, "lag = \"8m\""),
        ];
        for (fault, line) in of {
            if !self.faults.contains(&fault) {
                continue;
            }
            // Short ones of a signal that is one of several: what comes just behind them is what they could hide.
            let short = line.contains("WriteLatency");
            let (times, longest) =
                if short { (12 + pick(&mut self.rng, 12), 20) } else { (1 + pick(&mut self.rng, 5), 130) };
            for _ in 0..times {
                let at = self.some_time().duration_since(self.start).as_secs();
                let lasts = self.minutes(3, longest).as_secs();
                let left = self.heals_at.duration_since(self.start).as_secs() - at;
                let lasts = lasts.min(left).max(1);
                let _ = write!(text, "\n[[fault]]\nat = \"{at}s\"\nfor = \"{lasts}s\"\n{line}\n");
            }
        }
    }

    fn settings(&mut self, rungs: &[&str]) -> Settings {
        let rungs = rungs.iter().map(|rung| format!("\"{rung}\"")).collect::<Vec<_>>().join(", ");
        let strategy = self.form.strategy().as_str();
        // Seldomer than the product's 15 s, as is the watch below: a look costs the most of a trial, and the faults last for minutes and hours.
        let every = [150, 300, 300, 300, 300, 300][pick(&mut self.rng, 6)];
        let in_flight = 1 + pick(&mut self.rng, 2);
        let pinned = self.rng.draw().is_multiple_of(2);
        let mut text = if pinned { format!("[aws]\naccount_id = \"{ACCOUNT}\"\n") } else { String::new() };
        let _ = write!(
            text,
            "[engine]\nevaluate_every = \"{every}s\"\nwatch_every = \"45s\"\nmax_actions_in_flight = {in_flight}\n"
        );
        for name in self.names {
            let actions = [4, 8, 24][pick(&mut self.rng, 3)];
            let up = [5, 15][pick(&mut self.rng, 2)];
            let down = [20, 60][pick(&mut self.rng, 2)];
            let _ = write!(
                text,
                "\n[[database]]\nid = \"{name}\"\nladder = [{rungs}]\nstrategy = \"{strategy}\"\n\
                 max_actions_per_day = {actions}\ncooldown = {{ up = \"{up}m\", down = \"{down}m\" }}\n"
            );
            if self.rng.draw().is_multiple_of(2) {
                text.push_str(RULES);
            }
        }
        config::parse(&text, "swarm").unwrap_or_else(|problems| unreachable_plan(&problems.render(false)))
    }

    fn strikes(&mut self) -> Vec<Strike> {
        let mut strikes = Vec::new();
        for fault in self.faults {
            let Some((windows, lasts, least)) = weather(*fault) else { continue };
            if matches!(fault, Fault::A3FailsAfter | Fault::A4Garbage | Fault::A2FailsBefore) {
                let (from, until) = (self.start, self.heals_at);
                strikes.push(Strike { fault: *fault, from, until, rate: 0.6, only_changes: true });
            }
            for _ in 0..=pick(&mut self.rng, windows) {
                let from = self.some_time();
                let lasts = self.minutes(lasts.0, lasts.1);
                let until = from.saturating_add(lasts).unwrap_or(from).min(self.heals_at);
                let rate = least + (1.0 - least) * self.rng.unit();
                strikes.push(Strike { fault: *fault, from, until, rate, only_changes: false });
            }
        }
        strikes
    }

    fn deeds(&mut self) -> Vec<(Timestamp, Deed)> {
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
    fn remove_old_machines(&mut self, seed: u64, deeds: &mut Vec<(Timestamp, Deed)>) {
        let mut rng = Rng::of(seed, "swarm removals by hand", 0);
        std::mem::swap(&mut self.rng, &mut rng);
        for _ in 0..pick(&mut self.rng, 5) {
            let (at, database) = (self.some_time(), self.name());
            deeds.push((at, Deed::Person(Order::RemoveOld { database })));
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
                    Deed::Person(Order::Scale { database, direction: self.direction() })
                }
                Fault::O3TwoOperators => {
                    deeds.push((at, Deed::Person(Order::Hold { database: self.name() })));
                    Deed::Person(Order::OldPicture { database: self.name() })
                }
                Fault::R8ForeignHands => {
                    let class = ["db.t4g.small", "db.m5.large", "db.m5.xlarge"][pick(&mut self.rng, 3)].to_owned();
                    let database = self.name();
                    self.switch_under_an_order(at, Switch::Class, deeds);
                    // And now and then a person of ours orders something at the same moment.
                    if self.rng.draw().is_multiple_of(2) {
                        let direction = self.direction();
                        deeds.push((at, Deed::Person(Order::Scale { database: database.clone(), direction })));
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
                deeds.push((at, Deed::Person(Order::Scale { database: database.clone(), direction })));
            }
            let back = at.saturating_add(SignedDuration::from_mins(3)).unwrap_or(at);
            deeds.push((back, Deed::Machine(Machine::ClockStep { secs })));
        }
    }

    /// A person orders something, and before it can be sent the name shows something else.
    fn switch_under_an_order(&mut self, at: Timestamp, to: Switch, deeds: &mut Vec<(Timestamp, Deed)>) {
        for direction in [Direction::Up, Direction::Down] {
            deeds.push((at, Deed::Person(Order::Scale { database: self.name(), direction })));
        }
        deeds.push((at, Deed::Foreign(Foreign::Switch(to))));
        let back = at.saturating_add(self.minutes(5, 40)).unwrap_or(at);
        deeds.push((back, Deed::Foreign(Foreign::Switch(Switch::Back))));
    }
}

/// Of a fault of the wire: windows at the most, minutes that one lasts, the least rate.
fn weather(fault: Fault) -> Option<(usize, (i64, i64), f64)> {
    Some(match fault {
        Fault::A1Throttled | Fault::A2FailsBefore | Fault::A10AccessDenied | Fault::A11ExpiredToken => {
            (6, (5, 120), 0.05)
        }
        Fault::A3FailsAfter | Fault::A4Garbage => (5, (30, 400), 0.05),
        Fault::A5Stale => (5, (20, 240), 0.2),
        Fault::A8EndlessPages | Fault::A9OddAnswer | Fault::A12ClockSkew | Fault::A13NoHost => (5, (3, 60), 0.1),
        Fault::A14RegionOut => (2, (60, 240), 1.0),
        Fault::A15OtherAccount => (3, (15, 90), 1.0),
        Fault::R1NoCapacity => (5, (30, 300), 0.4),
        Fault::R3Broken => (2, (5, 60), 1.0),
        Fault::M3Impossible => (5, (10, 200), 0.2),
        Fault::M4SilentZero => (3, (30, 200), 1.0),
        Fault::M6OtherMachine => (4, (20, 180), 0.3),
        Fault::I24HostileText => (4, (30, 300), 0.5),
        _ => return None,
    })
}

/// A plan that is none is a defect of this file, and must not be taken for a passed trial.
#[expect(clippy::panic, reason = "a trial without a plan proves nothing, and there is nobody to hand the error to")]
fn unreachable_plan<T>(why: &str) -> T {
    panic!("the plan of this seed is no plan: {why}")
}

/// Half of the moments, without a draw of its own.
fn is_even(at: Timestamp) -> bool {
    at.as_second() % 2 == 0
}
