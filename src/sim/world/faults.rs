//! Which of the scenario's faults strike a request or a datapoint.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::sim::rng::Rng;
use crate::sim::scenario::{FaultKind, FaultWindow, Scenario};
use crate::sim::wire::ApiError;

/// The faults of a world that strike requests and datapoints. Those of class changes belong to RDS itself.
#[derive(Debug, Clone)]
pub(super) struct Faults {
    start: Timestamp,
    faults: Vec<FaultWindow>,
}

/// What strikes one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Struck {
    /// It is refused and has no effect.
    pub(super) error: Option<ApiError>,
    /// It has its effect, but no answer arrives.
    pub(super) lost: bool,
    /// The answer takes so much longer.
    pub(super) delay: Duration,
}

impl Faults {
    pub(super) fn of(scenario: &Scenario) -> Self {
        Self { start: scenario.start, faults: scenario.faults.clone() }
    }

    /// What strikes a request for `action` now. `rng` decides where a fault has a chance.
    pub(super) fn on_request(&self, now: Timestamp, action: &str, rng: &mut Rng) -> Struck {
        let mut struck = Struck::default();
        let is_meant = |wanted: &Option<String>| wanted.as_deref().is_none_or(|wanted| wanted == action);
        for fault in self.active(now) {
            if rng.unit() >= fault.chance {
                continue;
            }
            match &fault.effect {
                FaultKind::Error { action, code, status, message } if is_meant(action) => {
                    let error = ApiError { code: code.clone(), status: *status, message: message.clone() };
                    struck.error.get_or_insert(error);
                }
                FaultKind::DropAnswer { action } if is_meant(action) => struck.lost = true,
                FaultKind::Latency { action, by } if is_meant(action) => struck.delay += by.unsigned_abs(),
                _ => {}
            }
        }
        struck
    }

    /// Whether the datapoint of a minute that ends at `end` is never published.
    pub(super) fn swallow(&self, end: Timestamp, instance: &str, metric: &str, rng: &mut Rng) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        self.active(end).any(|fault| match &fault.effect {
            FaultKind::Hole { metric: of, instance: at } => {
                is(of, metric) && is(at, instance) && rng.unit() < fault.chance
            }
            _ => false,
        })
    }

    /// How much further behind a copy or a reader is in a minute that ends at `end`. `names` are its own and that of the database it
    /// copies: the copy's own nobody can know in advance.
    pub(super) fn lag(&self, end: Timestamp, names: &[&str]) -> SignedDuration {
        let by = |fault: &FaultWindow| match &fault.effect {
            FaultKind::Lag { instance: of, by } if of.as_deref().is_none_or(|of| names.contains(&of)) => Some(*by),
            _ => None,
        };
        self.active(end).filter_map(by).max().unwrap_or_default()
    }

    fn active(&self, now: Timestamp) -> impl Iterator<Item = &FaultWindow> {
        let since_start: SignedDuration = now.duration_since(self.start);
        self.faults.iter().filter(move |fault| fault.at <= since_start && since_start < fault.until)
    }
}
