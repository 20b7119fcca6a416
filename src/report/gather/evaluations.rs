//! Evaluations: what each one measured by, and the datapoints that it rested on. A journal has tens of thousands; a few
//! hundred bytes of each are kept.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Window;
use super::seen::Seen;
use crate::model::database::DatabaseName;
use crate::model::decision::{Decision, RuleResult};
use crate::model::event::Entry;
use crate::model::series::SignalName;
use crate::report::evidence::{DecisionEvidence, Gap, GapReason, Point, RuleSpan, SeriesEvidence};

/// Every evaluation so far.
#[derive(Debug, Default)]
pub(super) struct Evaluations {
    pub(super) all: Vec<Evaluation>,
    of: BTreeMap<DatabaseName, OfDatabase>,
}

/// One evaluation, as far as a timeline needs it.
#[derive(Debug)]
pub(super) struct Evaluation {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) database: DatabaseName,
    pub(super) words: String,
    /// How many alike were counted before it.
    pub(super) repeats: u32,
}

#[derive(Debug, Default)]
struct OfDatabase {
    last: Option<DecisionEvidence>,
    rules: Vec<RuleSpan>,
    policies: Vec<(String, Timestamp, Timestamp)>,
    signals: BTreeMap<SignalName, Measured>,
}

#[derive(Debug, Default)]
struct Measured {
    period_secs: u32,
    points: BTreeMap<Timestamp, f64>,
    /// The times of which an evaluation missed a datapoint.
    missed: Vec<(Timestamp, Timestamp)>,
}

impl Evaluations {
    /// Takes the next evaluation.
    pub(super) fn take(&mut self, entry: &Entry, decision: &Decision, repeats: u32) {
        let (seq, at, database) = (entry.seq, entry.at, decision.database.clone());
        let of = self.of.entry(database.clone()).or_default();
        for result in &decision.rules {
            of.evaluated(at, result);
        }
        match of.policies.last_mut() {
            Some((digest, _, until)) if *digest == decision.policy_digest => *until = at,
            _ => of.policies.push((decision.policy_digest.clone(), at, at)),
        }
        for used in &decision.datapoints {
            let measured = of.signals.entry(used.signal.clone()).or_default();
            let period = at.duration_since(used.start).as_secs() - used.age_secs;
            measured.period_secs = u32::try_from(period).unwrap_or(0).max(1);
            measured.points.insert(used.start, used.value);
        }
        for (signal, (periods, missing)) in newest(&decision.rules) {
            if missing > 0 {
                let measured = of.signals.entry(signal.clone()).or_default();
                let period = measured.period_secs.max(1);
                // The newest are published a period or two after their end.
                let until = back(at, 2 * period);
                measured.missed.push((back(until, periods.saturating_mul(period)), until));
            }
        }
        of.last = Some(DecisionEvidence { seq, at, decision: decision.clone() });
        let words = entry.event.words();
        // Those alike are counted apart.
        let story = words.strip_suffix(&format!(", after {repeats} alike")).unwrap_or(&words).to_owned();
        self.all.push(Evaluation { seq, at, database, words: story, repeats });
    }

    /// The last evaluation of a database.
    pub(super) fn last(&self, database: &DatabaseName) -> Option<&DecisionEvidence> {
        self.of.get(database)?.last.as_ref()
    }

    pub(super) fn any_in(&self, window: Window) -> bool {
        self.all.iter().any(|evaluation| window.has(evaluation.at))
    }

    pub(super) fn databases_in(&self, window: Window) -> Vec<DatabaseName> {
        let is_in =
            |of: &OfDatabase| of.policies.iter().any(|(_, from, until)| *from <= window.until && *until >= window.from);
        self.of.iter().filter(|(_, of)| is_in(of)).map(|(name, _)| name.clone()).collect()
    }

    /// The rules of a database that were evaluated within a time.
    pub(super) fn rules(&self, database: &DatabaseName, window: Window) -> Vec<RuleSpan> {
        let rules = self.of.get(database).map_or(&[][..], |of| &of.rules);
        rules.iter().filter(|rule| rule.from <= window.until && rule.until >= window.from).cloned().collect()
    }

    /// The digests of the policies in force within a time.
    pub(super) fn policies(&self, database: &DatabaseName, window: Window) -> Vec<String> {
        let policies = self.of.get(database).map_or(&[][..], |of| &of.policies);
        let is_in = |from: Timestamp, until: Timestamp| from <= window.until && until >= window.from;
        policies.iter().filter(|(_, from, until)| is_in(*from, *until)).map(|(digest, ..)| digest.clone()).collect()
    }

    /// What was measured of a database within a time.
    pub(super) fn series(&self, database: &DatabaseName, window: Window, seen: &Seen) -> Vec<SeriesEvidence> {
        let signals = self.of.get(database).into_iter().flat_map(|of| &of.signals);
        let series = signals.map(|(signal, measured)| {
            let points = measured.points.range(window.from..=window.until);
            let points: Vec<Point> = points.map(|(start, value)| Point { start: *start, value: *value }).collect();
            let times = without_points(&points, measured.period_secs, window);
            let parts = times.into_iter().flat_map(|(from, until)| seen.parts(database, from, until));
            let gap = |(from, until)| Gap { from, until, why: seen.why(database, measured, from, until) };
            let gaps = parts.map(gap).collect();
            SeriesEvidence { signal: signal.clone(), period_secs: measured.period_secs, points, gaps }
        });
        series.collect()
    }
}

impl OfDatabase {
    fn evaluated(&mut self, at: Timestamp, result: &RuleResult) {
        let same = |span: &&mut RuleSpan| span.direction == result.direction && span.rule == result.rule;
        if let Some(span) = self.rules.iter_mut().find(same) {
            span.until = at;
        } else {
            let (direction, rule) = (result.direction, result.rule.clone());
            self.rules.push(RuleSpan { direction, rule, from: at, until: at });
        }
    }
}

/// How many of its newest periods each signal lacked, of how many: by its rule that looks back least. The longer ones also
/// miss what is long past.
fn newest(rules: &[RuleResult]) -> BTreeMap<&SignalName, (u32, u32)> {
    let mut shortest: BTreeMap<&SignalName, (u32, u32)> = BTreeMap::new();
    for RuleResult { rule, missing, .. } in rules {
        let seen = shortest.entry(&rule.signal).or_insert((rule.periods, *missing));
        *seen = (*seen).min((rule.periods, *missing));
    }
    shortest
}

fn back(at: Timestamp, secs: u32) -> Timestamp {
    at.saturating_sub(SignedDuration::from_secs(i64::from(secs))).unwrap_or(at)
}

/// The times within a window of which there is no datapoint.
fn without_points(points: &[Point], period_secs: u32, window: Window) -> Vec<(Timestamp, Timestamp)> {
    let period = SignedDuration::from_secs(i64::from(period_secs));
    let end = |point: &Point| point.start.saturating_add(period).unwrap_or(point.start);
    let begins = [window.from].into_iter().chain(points.iter().map(end));
    let ends = points.iter().map(|point| point.start).chain([window.until]);
    begins.zip(ends).filter(|(from, until)| from < until).collect()
}

impl Seen {
    /// Why there is no datapoint: the machine first, since the datapoints of another one are none of this one.
    fn why(&self, database: &DatabaseName, measured: &Measured, from: Timestamp, until: Timestamp) -> GapReason {
        // Both ends rise with the evaluations.
        let missed = measured.missed.partition_point(|(_, end)| *end <= from);
        if self.has_switched_at(database, from) {
            GapReason::AnotherMachine
        } else if self.is_without_engine(from, until) {
            GapReason::NoEngine
        } else if measured.missed.get(missed).is_some_and(|(begin, _)| *begin < until) {
            GapReason::NoDatapoint
        } else {
            GapReason::CountedOnly
        }
    }
}
