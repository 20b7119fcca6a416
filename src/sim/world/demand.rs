//! What clients ask of a database at an instant, from the scenario's script.

use jiff::{SignedDuration, Timestamp};

use crate::sim::scenario::{Demand, Scenario};

const USUAL_CONNECTIONS: f64 = 24.0;
/// Disk reads for each row written, while the script does not say.
const USUAL_READS_PER_WRITE: f64 = 0.3;

/// What Aurora's readers do for each write: they refresh the pages that they have in memory. An assumption.
const REFRESH_PART: f64 = 0.15;

/// What clients ask for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Asked {
    /// Rows written per second.
    pub(super) writes: f64,
    /// Disk reads per second.
    pub(super) reads: f64,
    /// Open connections.
    pub(super) connections: f64,
}

/// The script of one instance.
#[derive(Debug, Clone)]
pub(super) struct Script {
    start: Timestamp,
    repeat: Option<SignedDuration>,
    writes: Track,
    reads: Track,
    connections: Track,
    read_connections: Track,
}

/// One quantity over time: moves, ordered by time.
#[derive(Debug, Clone, Default)]
struct Track {
    moves: Vec<Move>,
}

#[derive(Debug, Clone, Copy)]
struct Move {
    at: f64,
    ramp: f64,
    from: f64,
    to: f64,
}

impl Script {
    /// What the scenario says for that instance, lines for all instances included.
    pub(super) fn of(scenario: &Scenario, instance: &str) -> Self {
        let is_ours = |line: &&Demand| line.instance.as_deref().is_none_or(|name| name.eq_ignore_ascii_case(instance));
        let lines: Vec<&Demand> = scenario.demand.iter().filter(is_ours).collect();
        let cyclic = scenario.repeat.is_some();
        let track = |value: fn(&Demand) -> Option<f64>| Track::new(&lines, value, cyclic);
        Self {
            start: scenario.start,
            repeat: scenario.repeat,
            writes: track(|line| line.writes),
            reads: track(|line| line.reads),
            connections: track(|line| line.connections),
            read_connections: track(|line| line.read_connections),
        }
    }

    /// The seconds of the story at an instant.
    fn seconds(&self, at: Timestamp) -> f64 {
        let seconds = at.duration_since(self.start).as_secs_f64();
        self.repeat.map_or(seconds, |repeat| seconds.rem_euclid(repeat.as_secs_f64()))
    }

    /// What reaches the writer of a cluster: the reads that the script names go to its readers, if there are any.
    pub(super) fn at_writer(&self, at: Timestamp, readers: usize) -> Asked {
        let all = self.at(at);
        if readers == 0 { all } else { Asked { reads: all.writes * USUAL_READS_PER_WRITE, ..all } }
    }

    /// What reaches each of the readers of a cluster: its part of the reads that the script names. With a disk of its own
    /// it applies all writes, else it refreshes its memory.
    pub(super) fn at_reader(&self, at: Timestamp, readers: usize, has_own_disk: bool) -> Asked {
        let share = |track: &Track| Some(track.at(self.seconds(at))? / readers.max(1) as f64);
        let reads = share(&self.reads).unwrap_or(0.0);
        let part = if has_own_disk { 1.0 } else { REFRESH_PART };
        let connections = share(&self.read_connections).unwrap_or(1.0);
        Asked { writes: self.at(at).writes * part, reads, connections }
    }

    /// What is asked for at `at`; before the scenario's start as well.
    pub(super) fn at(&self, at: Timestamp) -> Asked {
        let seconds = self.seconds(at);
        let writes = self.writes.at(seconds).unwrap_or(0.0);
        Asked {
            writes,
            reads: self.reads.at(seconds).unwrap_or(writes * USUAL_READS_PER_WRITE),
            connections: self.connections.at(seconds).unwrap_or(USUAL_CONNECTIONS),
        }
    }
}

impl Track {
    fn new(lines: &[&Demand], value: fn(&Demand) -> Option<f64>, cyclic: bool) -> Self {
        let values: Vec<(f64, f64, f64)> = lines
            .iter()
            .filter_map(|line| Some((line.at.as_secs_f64(), line.ramp.as_secs_f64(), value(line)?)))
            .collect();
        // In a story that repeats, the first move starts from where the last one ended.
        let before = if cyclic { values.last() } else { values.first() };
        let Some(mut current) = before.map(|(.., value)| *value) else { return Self::default() };
        let mut track = Self { moves: vec![Move { at: f64::NEG_INFINITY, ramp: 0.0, from: current, to: current }] };
        for (at, ramp, to) in values {
            current = track.at(at).unwrap_or(current);
            track.moves.push(Move { at, ramp, from: current, to });
        }
        track
    }

    /// The value at a time in seconds; `None` when the script never says one.
    fn at(&self, seconds: f64) -> Option<f64> {
        let Move { at, ramp, from, to } = *self.moves.iter().rev().find(|step| step.at <= seconds)?;
        let passed = seconds - at;
        if passed >= ramp { Some(to) } else { Some(from + (to - from) * passed / ramp) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(text: &str, times: &[i64]) -> Vec<f64> {
        let text = format!("name = \"t\"\n{text}\n[[instance]]\nid = \"db\"\nclass = \"db.t4g.small\"\n");
        let scenario = Scenario::parse("t", &text).unwrap();
        let script = Script::of(&scenario, "db");
        let at = |seconds: &i64| scenario.start + SignedDuration::from_secs(*seconds);
        times.iter().map(|seconds| script.at(at(seconds)).writes).collect()
    }

    const STEPS: &str = "[[demand]]\nat = \"0s\"\nwrites = 100\n[[demand]]\nat = \"60s\"\nramp = \"60s\"\nwrites = 200\n\
                         [[demand]]\ninstance = \"db\"\nat = \"90s\"\nwrites = 50\nramp = \"10s\"\n";

    #[test]
    fn values_move_along_their_ramps_and_a_newer_move_takes_over() {
        assert_eq!(
            writes(STEPS, &[-50, 0, 59, 75, 90, 95, 100, 9999]),
            [100.0, 100.0, 100.0, 125.0, 150.0, 100.0, 50.0, 50.0]
        );
    }

    #[test]
    fn a_story_that_repeats_comes_around_on_both_sides() {
        let text = format!("repeat = \"5m\"\n{STEPS}");
        assert_eq!(writes(&text, &[-1, 75, 375, 300]), [50.0, 125.0, 125.0, 100.0]);
    }
}
