//! What the past of a database says of the future: how long a burst of load usually lasts, and how long a change took.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::model::action::Run;
use crate::model::call::MutatingCall;
use crate::model::choice::Basis;
use crate::model::decision::Decision;
use crate::model::ladder::Direction;
use crate::model::outage::Outage;
use crate::model::override_plan::ExpectedTime;
use crate::model::policy::Strategy;

/// Bursts and actions kept: enough for a week of a daily rhythm, few enough to follow a change of it.
const KEPT: usize = 8;
/// A median of fewer says nothing.
const ENOUGH_BURSTS: usize = 3;

/// Bursts of load, as the up rules saw them.
#[derive(Debug, Default, Clone)]
pub(super) struct Bursts {
    since: Option<Timestamp>,
    lengths: VecDeque<SignedDuration>,
}

impl Bursts {
    pub(super) const fn none() -> Self {
        Self { since: None, lengths: VecDeque::new() }
    }

    /// Takes in a recorded evaluation. A burst begins when a rule asks for more, and is over when the load is gone, as the
    /// down rules see it: that the up rules hold no more may be the work of a larger class, or of an outage.
    pub(super) fn take_in(&mut self, at: Timestamp, decision: &Decision) {
        match decision.direction_by_rules() {
            Some(Direction::Up) => {
                self.since.get_or_insert(at);
            }
            Some(Direction::Down) => {
                let Some(since) = self.since.take() else { return };
                // What the down rules look at lies in the past: the load was gone when it began.
                let down = decision.rules.iter().filter(|result| result.direction == Direction::Down);
                let secs = down.map(|result| i64::from(result.rule.periods) * i64::from(result.period_secs));
                let looked_back = secs.max().unwrap_or_default();
                let length = at.duration_since(since).abs() - SignedDuration::from_secs(looked_back);
                self.lengths.push_back(length.max(SignedDuration::ZERO));
                if self.lengths.len() > KEPT {
                    self.lengths.pop_front();
                }
            }
            None => {}
        }
    }

    /// When a burst that is under way at `now` is over, if it is like those before; `None` when too few are known, or when
    /// it already lasts longer than they usually did. One that is not on record yet has just begun, and one that is over
    /// can still be seen for as long as `lingers`: until then it is no longer than others.
    pub(super) fn likely_end(&self, now: Timestamp, lingers: SignedDuration) -> Option<Timestamp> {
        let since = self.since.unwrap_or(now);
        if self.lengths.len() < ENOUGH_BURSTS {
            return None;
        }
        let mut lengths: Vec<SignedDuration> = self.lengths.iter().copied().collect();
        lengths.sort();
        let end = since.checked_add(lengths[lengths.len() / 2]).ok()?;
        Some(end).filter(|end| end.saturating_add(lingers).is_ok_and(|last| last > now))
    }
}

/// How long a verified action took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Took {
    strategy: Strategy,
    ready_secs: u32,
    /// Absent where nobody saw it.
    outage_secs: Option<u32>,
}

impl Took {
    /// Of a run that was verified at `at`.
    pub(super) fn of(run: &Run, at: Timestamp) -> Option<Self> {
        let secs = |from: Timestamp, to: Timestamp| u32::try_from(to.duration_since(from).as_secs()).ok();
        // How long somebody took to say yes says nothing of the next time.
        if run.approved.is_some() {
            return None;
        }
        // Nor does a reader that was there already.
        if matches!(run.calls.first()?.call, MutatingCall::FailoverDbCluster { .. }) {
            return None;
        }
        let began = run.calls.first()?.sent_at;
        let strategy = run.intent.strategy;
        let ready = if strategy.makes_a_copy() { run.switched.as_ref().map(|(at, _)| *at)? } else { at };
        Some(Self {
            strategy,
            ready_secs: secs(began, ready)?,
            outage_secs: Outage::of(run).map(|outage| outage.secs()),
        })
    }
}

/// Keeps what an action took.
pub(super) fn keep(past: &mut VecDeque<Took>, took: Took) {
    past.push_back(took);
    if past.len() > KEPT {
        past.pop_front();
    }
}

/// What a change by one strategy is expected to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    /// From the first call until the database is on the target.
    pub(super) ready: ExpectedTime,
    /// What it mostly takes: one slow change must not be held against all that follow. Of published times the longest.
    pub(super) mostly_ready_secs: u32,
    /// How long clients are without the database.
    pub(super) outage: ExpectedTime,
    pub(super) basis: Basis,
}

/// By the database's own actions, else as published.
pub(super) fn expected(
    past: &VecDeque<Took>,
    strategy: Strategy,
    (ready, outage): (ExpectedTime, ExpectedTime),
) -> Expected {
    let own: Vec<&Took> = past.iter().filter(|took| took.strategy == strategy).collect();
    let mut ready_secs: Vec<u32> = own.iter().map(|took| took.ready_secs).collect();
    ready_secs.sort_unstable();
    let Some(own_ready) = range(&ready_secs) else {
        return Expected { ready, mostly_ready_secs: ready.most_secs, outage, basis: Basis::Published };
    };
    let outage_secs: Vec<u32> = own.iter().filter_map(|took| took.outage_secs).collect();
    Expected {
        ready: own_ready,
        mostly_ready_secs: ready_secs[ready_secs.len() / 2],
        outage: range(&outage_secs).unwrap_or(outage),
        basis: Basis::OwnActions(own.len() as u32),
    }
}

fn range(secs: &[u32]) -> Option<ExpectedTime> {
    let (least, most) = (secs.iter().min()?, secs.iter().max()?);
    Some(ExpectedTime { least_secs: *least, most_secs: *most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_expected_to_last_as_long_as_most_did_and_no_longer() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let of = |mins: &[i64]| Bursts {
            since: Some(at(100)),
            lengths: mins.iter().map(|mins| SignedDuration::from_mins(*mins)).collect(),
        };
        let lingers = SignedDuration::from_mins(8);
        let end = |bursts: Bursts, now| bursts.likely_end(now, lingers);
        assert_eq!(end(of(&[10, 20]), at(101)), None, "two are no rhythm");
        assert_eq!(end(of(&[10, 200, 20]), at(101)), Some(at(120)));
        assert_eq!(end(of(&[10, 200, 20]), at(127)), Some(at(120)), "its last datapoints can still be the newest");
        assert_eq!(end(of(&[10, 200, 20]), at(128)), None, "it is another kind of burst");
        assert_eq!(end(Bursts { since: None, ..of(&[1, 2, 3]) }, at(101)), Some(at(103)));
    }

    #[test]
    fn own_actions_count_before_published_figures() {
        let time = |least_secs, most_secs| ExpectedTime { least_secs, most_secs };
        let published = (time(720, 1_320), time(5, 60));
        let took = |ready_secs, outage_secs| Took { strategy: Strategy::BlueGreen, ready_secs, outage_secs };
        let of = |past: &VecDeque<Took>, strategy| expected(past, strategy, published);
        let mut past = VecDeque::new();
        let unknown = of(&past, Strategy::BlueGreen);
        assert_eq!((unknown.ready, unknown.mostly_ready_secs, unknown.basis), (published.0, 1_320, Basis::Published));
        for at in 0..12 {
            keep(&mut past, took(if at == 8 { 9_000 } else { 900 + at }, (at > 9).then_some(20 + at)));
        }
        let own = of(&past, Strategy::BlueGreen);
        assert_eq!((own.ready, own.outage, own.basis), (time(904, 9_000), time(30, 31), Basis::OwnActions(8)));
        assert_eq!(own.mostly_ready_secs, 909, "one slow copy is no rule");
        assert_eq!(of(&past, Strategy::InPlace).basis, Basis::Published);
    }
}
