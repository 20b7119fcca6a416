//! The world of a day: its databases, its load, its timings and what goes wrong in it by itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::{ACCOUNT, Drawer, Load, START, pick, unreachable_plan};
use crate::sim::scenario::Scenario;
use crate::swarm::faults::Fault;

impl Drawer<'_> {
    pub(super) fn scenario(&mut self, seed: u64, loads: &BTreeMap<String, Vec<(Timestamp, Load)>>) -> Scenario {
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
                    "\n[[demand]]\ninstance = \"{name}\"\nat = \"{at}s\"\nwrites = {writes}\nconnections = {connections}\n\
                     read_connections = {connections}\n"
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
}
