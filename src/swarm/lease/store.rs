//! The table of a trial: one item, written under a condition, with what people and networks do to it.

use std::collections::VecDeque;

use super::{MINUTE, Millis, SECOND};
use crate::lease::keeper::{Answer, Ask};
use crate::model::lease::LeaseItem;
use crate::sim::rng::Rng;

/// Backups that are kept.
const BACKUPS: usize = 20;

/// The table, and the way to it.
pub(super) struct Store {
    item: Option<LeaseItem>,
    backups: VecDeque<Option<LeaseItem>>,
    /// When it was deleted or restored.
    set_back: Vec<Millis>,
    /// How often a question or its answer is lost, and how often one is late.
    lost: f64,
    late: f64,
    /// It answers nobody until then.
    down_until: Millis,
    down: f64,
    /// People delete and restore it.
    meddled_with: bool,
}

/// What becomes of a question.
pub(super) struct Fate {
    /// When it arrives; it may not.
    pub(super) arrives_after: Option<Millis>,
    /// When its answer does; it may not.
    pub(super) answer_after: Option<Millis>,
}

impl Fate {
    /// As it mostly is.
    pub(super) fn prompt() -> Self {
        Self { arrives_after: Some(5), answer_after: Some(5) }
    }
}

impl Store {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let pick = |rng: &mut Rng, rates: [f64; 4]| rates[(rng.draw() % 4) as usize];
        Self {
            item: None,
            backups: VecDeque::new(),
            set_back: Vec::new(),
            lost: pick(rng, [0.0, 0.02, 0.1, 0.3]),
            late: pick(rng, [0.0, 0.0, 0.01, 0.05]),
            down_until: 0,
            down: pick(rng, [0.0, 0.0005, 0.001, 0.003]),
            meddled_with: rng.unit() < 0.5,
        }
    }

    pub(super) fn fate(&mut self, now: Millis, rng: &mut Rng) -> Fate {
        let delay = |rng: &mut Rng| 2 + rng.draw() % 60 + if rng.unit() < 0.03 { rng.draw() % (4 * SECOND) } else { 0 };
        if rng.unit() < self.down {
            self.down_until = now + rng.draw() % (5 * MINUTE);
        }
        let lost = now < self.down_until || rng.unit() < self.lost / 2.0;
        // Stuck in between, such as in a proxy: AWS takes a signed request for five minutes.
        let stuck = if rng.unit() < self.late { rng.draw() % (5 * MINUTE) } else { 0 };
        let arrives_after = if lost { None } else { Some(delay(rng) + stuck) };
        let answer_after = if rng.unit() < self.lost / 2.0 { None } else { Some(delay(rng)) };
        Fate { arrives_after, answer_after }
    }

    /// What the table says to a question that arrives now.
    pub(super) fn answer(&mut self, _: Millis, ask: &Ask) -> Answer {
        match ask {
            Ask::Read => Answer::Read(self.item.clone()),
            Ask::Write { item, expected } => {
                if self.item.as_ref().map(|item| &item.stamp) != expected.as_ref() {
                    return Answer::Conflict;
                }
                self.backups.push_back(self.item.replace(item.clone()));
                if self.backups.len() > BACKUPS {
                    self.backups.pop_front();
                }
                Answer::Written
            }
        }
    }

    /// Somebody deletes the table and makes it anew, or restores a backup.
    pub(super) fn meddle(&mut self, now: Millis, rng: &mut Rng) -> &'static str {
        if !self.meddled_with {
            return "nobody touches the table";
        }
        self.set_back.push(now);
        if rng.unit() < 0.5 || self.backups.is_empty() {
            self.item = None;
            return "the table is deleted and made anew";
        }
        self.item = self.backups[(rng.draw() as usize) % self.backups.len()].clone();
        "the table is restored from a backup"
    }

    pub(super) fn was_set_back_between(&self, from: Millis, until: Millis) -> bool {
        // A moment before counts: what was sent then may rest on the table of before.
        self.set_back.iter().any(|at| from.saturating_sub(MINUTE) <= *at && *at <= until)
    }
}
