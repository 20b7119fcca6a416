//! How the lease stands, for people.

use jiff::Timestamp;

use super::Keeper;
use super::seen::Seen;
use crate::clock::Readings;
use crate::model::lease::LeaseStanding;

impl Keeper {
    /// How it stands at `now`, told in instants of a clock that shows `shown` and goes `speed` times as fast as the machine.
    pub fn standing(&self, now: &Readings, (shown, speed): (Timestamp, f64)) -> LeaseStanding {
        let ago = |since: &Readings| shown.checked_sub(now.most_since(since).mul_f64(speed)).unwrap_or(shown);
        if let Some(held) = &self.held {
            let quiet_left = self.terms.quiet().saturating_sub(now.least_since(&held.acquired));
            return LeaseStanding::Held {
                epoch: held.stamp.epoch,
                renewed_at: ago(&held.since),
                acts_from: shown.checked_add(quiet_left.mul_f64(speed)).unwrap_or(shown),
            };
        }
        let epoch = self.seen.as_ref().map(|seen| seen.item.as_ref().map_or(0, |item| item.stamp.epoch));
        if let Some(epoch) = epoch.filter(|epoch| *epoch < self.known) {
            return LeaseStanding::SetBack { epoch, known: self.known };
        }
        let nobody = |why: &str| LeaseStanding::Nobody { why: why.to_owned() };
        match &self.seen {
            None => match &self.trouble {
                Some((failure, _)) => nobody(&failure.sentence),
                None => nobody("not asked yet"),
            },
            Some(Seen { item: None, .. }) => nobody("nobody has had it yet: waiting it out once"),
            Some(Seen { item: Some(item), .. }) if item.released => nobody("given back, and not taken yet"),
            Some(Seen { item: Some(item), since, .. }) => {
                LeaseStanding::Elsewhere { holder: item.host.clone(), epoch: item.stamp.epoch, renewed_at: ago(since) }
            }
        }
    }
}
