//! The same day with data taken away, for I10: datapoints that are deleted or late never make the engine go down where
//! with all of them it held still.
//!
//! Two runs of a seed are the same world until the engine first scales in one of them; behind that they are different
//! worlds, and nothing can be compared. So the poorer run ends there, and if it was a step down, the richer run must have
//! made it at the same moment, or have scaled earlier.

use jiff::{SignedDuration, Timestamp};

use crate::model::ladder::Direction;
use crate::sim::rng::Rng;
use crate::sim::scenario::{FaultKind, FaultWindow, Range};
use crate::swarm::faults::Fault;
use crate::swarm::plan::TrialPlan;

/// What the engine began first in a trial: on some databases, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstSteps {
    /// When, in true time.
    pub at: Timestamp,
    /// On which, and which way.
    pub steps: Vec<(String, Direction)>,
}

/// Signals of which single datapoints and whole hours go missing; the empty name stands for all of them.
const SIGNALS: [&str; 5] = ["", "WriteIOPS", "CPUUtilization", "DatabaseConnections", "WriteLatency"];
/// Writes per second from which on no down rule of any policy holds.
const DOWN_LINE: f64 = 225.0;
/// Windows without data, and windows in which some datapoints are missing.
const WINDOWS: u64 = 24;

/// Takes data out of a plan: by the hour, by the datapoint, and by telling it late.
pub(in crate::swarm) fn thin(plan: &mut TrialPlan) {
    let mut rng = Rng::of(plan.seed, "swarm poorer", 0);
    let chaos = plan.heals_at.duration_since(plan.start);
    plan.scenario.faults.extend(hidden_loads(plan, &mut rng));
    for _ in 0..WINDOWS {
        let at = rng.between(SignedDuration::ZERO, chaos);
        let lasts = rng.between(SignedDuration::from_mins(2), SignedDuration::from_mins(90));
        let metric = SIGNALS[(rng.draw() % SIGNALS.len() as u64) as usize];
        let metric = Some(metric.to_owned()).filter(|metric| !metric.is_empty());
        let chance = if rng.draw().is_multiple_of(2) { 1.0 } else { 0.05 + 0.5 * rng.unit() };
        let until = at.saturating_add(lasts).min(chaos);
        plan.scenario.faults.push(FaultWindow {
            at,
            until,
            chance,
            effect: FaultKind::Hole { metric, instance: None },
        });
    }
    if rng.draw().is_multiple_of(3) {
        plan.scenario.timing.publish_delay = Range::seconds(60, 600);
        plan.faults.insert(Fault::M2Late);
    }
}

/// Holes where load was: what is hidden by them is what would have kept the engine from going down.
fn hidden_loads(plan: &TrialPlan, rng: &mut Rng) -> Vec<FaultWindow> {
    let mut holes = Vec::new();
    for (database, steps) in &plan.loads {
        for pair in steps.windows(2) {
            let [(from, load), (until, _)] = pair else { continue };
            if load.writes < DOWN_LINE || rng.draw().is_multiple_of(3) {
                continue;
            }
            let (from, until) = (from.duration_since(plan.start), until.duration_since(plan.start));
            let longest = rng.between(SignedDuration::from_mins(6), SignedDuration::from_mins(50));
            let effect = FaultKind::Hole { metric: Some("WriteIOPS".to_owned()), instance: Some(database.clone()) };
            holes.push(FaultWindow { at: from.max(until - longest), until, chance: 1.0, effect });
        }
    }
    holes
}

/// The step down that only the poorer run made, in words.
pub fn step_for_want_of_data(richer: Option<&FirstSteps>, poorer: Option<&FirstSteps>) -> Option<String> {
    let poorer = poorer?;
    if richer.is_some_and(|richer| richer.at < poorer.at) {
        return None;
    }
    let same =
        |step: &(String, Direction)| richer.is_some_and(|richer| richer.at == poorer.at && richer.steps.contains(step));
    let mut down = poorer.steps.iter().filter(|(_, direction)| *direction == Direction::Down);
    let (database, _) = down.find(|step| !same(step))?;
    Some(format!("I10: with less data {database} went down at {:.0}, and with all of it not", poorer.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_step_down_that_was_nobodys_before_is_one_for_want_of_data() {
        let steps = |secs: i64, direction| FirstSteps {
            at: Timestamp::from_second(secs).unwrap(),
            steps: vec![("checkpoints".to_owned(), direction)],
        };
        let (early, late) = (steps(60, Direction::Down), steps(120, Direction::Down));
        let up = steps(60, Direction::Up);
        let judged = |richer: Option<&FirstSteps>, poorer| step_for_want_of_data(richer, Some(poorer)).is_some();
        assert!(judged(None, &early) && judged(Some(&late), &early));
        assert!(!judged(Some(&early), &early) && !judged(Some(&early), &late));
        assert!(!judged(None, &up));
        assert!(judged(Some(&up), &early), "another step at the same moment");
    }
}
