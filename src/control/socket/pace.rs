//! How fast one user's orders are passed on. Each of them is a record on the disk, also one that is refused, and whoever may
//! only look must not be able to fill it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// So many orders at once wait for nothing: more than a runbook has.
const AT_ONCE: i32 = 30;
/// And then one in so long.
const ONE_IN: SignedDuration = SignedDuration::from_secs(2);
/// Users that are remembered; beyond them those of whom nothing is left to remember go.
const USERS: usize = 256;

/// The orders of each user. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace(Arc<Mutex<BTreeMap<u32, Timestamp>>>);

impl Pace {
    /// How long an order of this user at `now` (of the machine) must wait: never longer than [`ONE_IN`], because one of them may
    /// be to disarm, by another person with the same account.
    pub(super) fn wait(&self, uid: u32, now: Timestamp) -> Duration {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if users.len() >= USERS {
            users.retain(|_, paid_until| *paid_until > now);
        }
        let longest = now.saturating_add(ONE_IN * AT_ONCE).unwrap_or(now);
        // A clock that was set back must not make anybody wait for it.
        let paid_until = users.get(&uid).map_or(now, |paid_until| (*paid_until).clamp(now, longest));
        let paid_until = paid_until.saturating_add(ONE_IN).unwrap_or(now);
        if paid_until > longest {
            return ONE_IN.unsigned_abs();
        }
        users.insert(uid, paid_until);
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(1_767_600_000 + secs).unwrap()
    }

    #[test]
    fn a_runbook_waits_for_nothing_and_a_flood_waits_alone() {
        let pace = Pace::default();
        let waits = |uid: u32, secs: i64| pace.wait(uid, at(secs));
        for order in 0..AT_ONCE {
            assert_eq!(waits(1, 0), Duration::ZERO, "order {order}");
        }
        assert_eq!([waits(1, 0), waits(1, 1), waits(2, 1)], [2, 2, 0].map(Duration::from_secs));
        assert_eq!([waits(1, 3), waits(1, 3)], [0, 2].map(Duration::from_secs), "one in two seconds");
        assert_eq!(waits(1, 3_600), Duration::ZERO);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_longer() {
        let pace = Pace::default();
        for _ in 0..=AT_ONCE {
            pace.wait(1, at(3_600));
        }
        assert_eq!(pace.wait(1, at(0)), Duration::from_secs(2));
        assert_eq!(pace.wait(1, at(3)), Duration::from_secs(2), "what was paid counts from now on");
    }
}
