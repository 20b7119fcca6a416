//! A write of the whole item: made, made again as it was, and known to be in the table.

use super::held::Held;
use super::seen::Seen;
use super::{Ask, Keeper, Next};
use crate::clock::Readings;
use crate::model::guard::Guard;
use crate::model::lease::{LeaseChange, LeaseItem, LeasePermission, LeaseStamp, LeaseTaken};

/// A write on its way.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) item: LeaseItem,
    pub(super) expected: Option<LeaseStamp>,
    /// What the clocks showed before it was first asked.
    pub(super) asked: Readings,
}

impl Keeper {
    /// The same write again where one that was bound to the same stamp may still arrive.
    pub(super) fn write(
        &mut self,
        epoch: u64,
        expected: Option<LeaseStamp>,
        now: &Readings,
        permission: &LeasePermission,
    ) -> Next {
        let again = self.pending.take().filter(|pending| pending.expected == expected);
        let pending = again.unwrap_or_else(|| {
            self.rvn += 1;
            let stamp = LeaseStamp { owner: self.me.owner.clone(), epoch, rvn: self.rvn };
            let (host, ttl, permission) = (self.me.host.clone(), self.terms.ttl, permission.clone());
            let item = LeaseItem { stamp, host, ttl, released: self.giving_back, permission };
            Pending { item, expected, asked: *now }
        });
        let ask = Ask::Write { item: pending.item.clone(), expected: pending.expected.clone() };
        self.pending = Some(pending);
        Next::Ask(ask)
    }

    /// The write that was on its way is in the table.
    pub(super) fn arrived(&mut self, now: &Readings) {
        let Some(Pending { item, asked, .. }) = self.pending.take() else { return };
        let before = self.seen.replace(Seen::new(Some(item.clone()), now)).and_then(|seen| seen.item);
        self.known = self.known.max(item.stamp.epoch);
        // Without its guard the lease is counted from the answer on, by one clock.
        let since = if self.guards.stand(Guard::LeaseClock) { asked } else { *now };
        if item.released {
            self.held = None;
            return;
        }
        if let Some(held) = &mut self.held {
            (held.stamp, held.since, held.permission) = (item.stamp, since, item.permission);
            return;
        }
        let taken = LeaseTaken {
            after: before.as_ref().map(|item| item.host.clone()),
            permission: before.map(|item| item.permission),
            set_back_to: self.set_back_to.take(),
        };
        self.changes.push(LeaseChange::Acquired { epoch: item.stamp.epoch, taken });
        self.held = Some(Held { stamp: item.stamp, since, acquired: *now, permission: item.permission });
    }
}
