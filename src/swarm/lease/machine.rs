//! A machine of a trial: clocks that go wrong, a process that stands still or dies, and the keeper in it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Millis, SECOND};
use crate::clock::Readings;
use crate::lease::Me;
use crate::lease::keeper::{Answer, Ask, Keeper, Next};
use crate::model::guard::{Guard, Guards};
use crate::model::lease::{LeaseChange, LeasePermission, LeaseSettings};
use crate::model::limits::MUTATION_LIMIT;
use crate::sim::rng::Rng;

/// A question is given up after so long of the machine's own time.
const PATIENCE: Duration = Duration::from_secs(3);
/// Of all clocks of a machine, against true time.
const SLOWEST: f64 = 0.71;
/// Less than twice that.
const FASTEST: f64 = 1.41;
/// When the trial begins.
const EPOCH: i64 = 1_767_600_000;

/// How a machine stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standstill {
    /// SIGSTOP: all clocks go on.
    Stopped,
    /// Asleep: the monotonic clock stands still, too.
    Suspended,
}

/// What a wake came to.
pub(super) enum Step {
    Wait(Millis),
    /// A question of this number leaves.
    Asked(u64),
    /// One is out already.
    Waits,
}

/// A question on its way.
struct Question {
    ask: Ask,
    asked: Readings,
    answer_after: Option<Millis>,
    answer: Option<Answer>,
}

pub(super) struct Machine {
    at: usize,
    terms: LeaseSettings,
    guards: Guards,
    /// Of all its clocks, against true time.
    rate: f64,
    wall_off_millis: i64,
    /// True time that its monotonic clock has missed.
    slept: Millis,
    still: Option<(Millis, Millis, Standstill)>,
    keeper: Keeper,
    /// Which process it is.
    pub(super) life: u32,
    /// The table was found set back, and nobody has armed it since; its journal knows.
    pub(super) disarmed: bool,
    known: u64,
    asking: Option<u64>,
    questions: BTreeMap<(u32, u64), Question>,
    numbers: u64,
}

impl Machine {
    pub(super) fn new(at: usize, terms: LeaseSettings, guards: Guards, rng: &mut Rng) -> Self {
        // No two of them go more than twice as fast as each other. What the terms leave room for is decided at the ends.
        let rate = match rng.draw() % 4 {
            0 => SLOWEST,
            1 => FASTEST,
            2 => 1.0,
            _ => SLOWEST + rng.unit() * (FASTEST - SLOWEST),
        };
        let keeper = Keeper::new(me(at, 0), terms.clone(), 0, guards);
        Self {
            at,
            terms,
            guards,
            rate,
            wall_off_millis: (rng.swing() * 5e3) as i64,
            slept: 0,
            still: None,
            keeper,
            life: 0,
            disarmed: false,
            known: 0,
            asking: None,
            questions: BTreeMap::new(),
            numbers: 0,
        }
    }

    /// A new process, which knows what the journal says.
    pub(super) fn boot(&mut self) -> u32 {
        self.life += 1;
        self.asking = None;
        self.keeper = Keeper::new(me(self.at, self.life), self.terms.clone(), self.known, self.guards);
        self.life
    }

    /// What its clocks show at a moment of true time.
    pub(super) fn readings(&self, now: Millis) -> Readings {
        let of = |millis: Millis| Duration::from_secs_f64(millis as f64 / 1e3 * self.rate);
        let asleep = match self.still {
            Some((from, until, Standstill::Suspended)) => now.min(until).saturating_sub(from),
            _ => 0,
        };
        let wall =
            SignedDuration::try_from(of(now)).unwrap_or_default() + SignedDuration::from_millis(self.wall_off_millis);
        let epoch = Timestamp::from_second(EPOCH).unwrap_or_default();
        Readings {
            monotonic: of(now.saturating_sub(self.slept + asleep)),
            boottime: of(now),
            wall: epoch.saturating_add(wall).unwrap_or(epoch),
        }
    }

    pub(super) fn set_wall_by(&mut self, millis: i64) {
        self.wall_off_millis += millis;
    }

    /// It stands still from now on for so long; one that does already, no shorter.
    pub(super) fn stand(&mut self, now: Millis, long: Millis, how: Standstill) {
        let until = self.still.map_or(0, |(_, until, _)| until).max(now + long);
        self.wake_up(now);
        self.still = Some((now, until, how));
    }

    /// Until when it stands still, if it does.
    pub(super) fn stands_until(&mut self, now: Millis) -> Option<Millis> {
        let until = self.still.map(|(_, until, _)| until).filter(|until| *until > now);
        if until.is_none() {
            self.wake_up(now);
        }
        until
    }

    fn wake_up(&mut self, now: Millis) {
        if let Some((from, until, Standstill::Suspended)) = self.still {
            self.slept += now.min(until).saturating_sub(from);
        }
        self.still = None;
    }

    /// How long a question is waited for, of true time.
    pub(super) fn patience(&self) -> Millis {
        (PATIENCE.as_millis() as f64 / self.rate) as Millis
    }

    pub(super) fn next(&mut self, now: Millis) -> Step {
        if self.asking.is_some() {
            return Step::Waits;
        }
        let readings = self.readings(now);
        match self.keeper.next(&readings, &permission(self.disarmed)) {
            Next::Wait(wait) => Step::Wait((wait.as_millis() as f64 / self.rate).ceil() as Millis),
            Next::End => Step::Wait(SECOND),
            Next::Ask(ask) => {
                self.numbers += 1;
                let question = Question { ask, asked: readings, answer_after: None, answer: None };
                self.questions.insert((self.life, self.numbers), question);
                self.asking = Some(self.numbers);
                Step::Asked(self.numbers)
            }
        }
    }

    pub(super) fn on_its_way(&mut self, question: u64, answer_after: Option<Millis>) {
        if let Some(question) = self.questions.get_mut(&(self.life, question)) {
            question.answer_after = answer_after;
        }
    }

    /// The question that arrives at the table, and when its answer comes.
    pub(super) fn arrived(&self, life: u32, question: u64) -> Option<(Ask, Option<Millis>)> {
        let question = self.questions.get(&(life, question))?;
        Some((question.ask.clone(), question.answer_after))
    }

    pub(super) fn will_hear(&mut self, life: u32, question: u64, answer: Answer) {
        if let Some(question) = self.questions.get_mut(&(life, question)) {
            question.answer = Some(answer);
        }
    }

    /// Takes in the answer that is on its way, or this one. False when nobody waits for it any more.
    pub(super) fn hears(&mut self, now: Millis, number: u64, instead: Option<Answer>) -> bool {
        if self.asking != Some(number) {
            return false;
        }
        let readings = self.readings(now);
        let Some(question) = self.questions.get(&(self.life, number)) else { return false };
        let Some(answer) = instead.or_else(|| question.answer.clone()) else { return false };
        let asked = question.asked;
        self.asking = None;
        self.keeper.answered(&asked, &readings, answer);
        true
    }

    /// What has happened, in words, and whether it was acquired.
    pub(super) fn take_changes(&mut self) -> Vec<(bool, String)> {
        let mut words = Vec::new();
        self.known = self.keeper.known();
        for change in self.keeper.take_changes() {
            if let LeaseChange::Acquired { taken, .. } = &change {
                self.disarmed |= taken.set_back_to.is_some();
            }
            words.push((matches!(change, LeaseChange::Acquired { .. }), format!("{change:?}")));
        }
        words
    }

    /// The epoch of a decision to act, where it holds the lease and may, as it knows at this moment.
    pub(super) fn decides(&self, now: Millis) -> Option<u64> {
        let quiet = self.terms.quiet();
        let is_quiet = |now: &Readings| self.keeper.held().is_some_and(|held| now.least_since(&held.acquired) < quiet);
        let now = self.readings(now);
        let waits = is_quiet(&now) && self.guards.stand(Guard::LeaseQuiet);
        self.keeper.held().filter(|_| !self.disarmed && !waits).map(|held| held.stamp.epoch)
    }

    /// The epoch of a call that leaves now, and how long it can take.
    pub(super) fn sends(&self, now: Millis, decided_in: u64) -> Result<(u64, Millis), String> {
        self.keeper.may_send(&self.readings(now))?;
        let epoch = self.keeper.held().map_or(0, |held| held.stamp.epoch);
        if epoch != decided_in && self.guards.stand(Guard::LeaseBeforeSend) {
            return Err("it was decided in another epoch".to_owned());
        }
        Ok((epoch, (MUTATION_LIMIT.as_millis() as f64 / self.rate) as Millis))
    }
}

fn me(at: usize, life: u32) -> Me {
    Me { owner: format!("boot-{at}/{life}/chance"), host: format!("host-{at} (pid {life})") }
}

fn permission(disarmed: bool) -> LeasePermission {
    LeasePermission { armed: !disarmed, why: None, by: None }
}
