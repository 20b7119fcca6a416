//! The table of the lease: whether it answers, and what it says of who has it.

use std::time::Duration;

use super::{Place, Seen};
use crate::lease::highest_epoch;
use crate::model::failure::Failure;
use crate::model::finding::{Check, Finding};
use crate::model::lease::{LeaseItem, LeaseSettings};
use crate::model::text::clean;

/// For the one question.
const LIMIT: Duration = Duration::from_secs(10);
/// Longest name of a holder that is shown.
const HOLDER: usize = 80;

/// Where a lease is configured. Nothing is written.
pub(super) async fn look(place: &Place<'_>, seen: &Seen) -> Option<Finding> {
    let terms = place.settings.lease.as_ref()?;
    if seen.why_not.is_some() {
        return Some(seen.unseen(Check::Lease, "an answer of AWS"));
    }
    let read = place.aws.read_lease(&terms.table, &terms.key);
    let read = place.clock.bounded(LIMIT.mul_f64(place.clock.speed()), read).await;
    let read = read.unwrap_or_else(|| Err(Failure::late("GetItem", LIMIT)));
    Some(judge(terms, &read, highest_epoch(&place.entries)))
}

/// `known`: the highest epoch that the journal knows of.
fn judge(terms: &LeaseSettings, read: &Result<Option<LeaseItem>, Failure>, known: u64) -> Finding {
    let LeaseSettings { table, key, .. } = terms;
    let (epoch, words) = match read {
        Err(failure) => return Finding::failed(Check::Lease, failure),
        Ok(None) => (0, "nobody has had it yet".to_owned()),
        Ok(Some(item)) if item.stamp.epoch == 0 => {
            let remedy = "look at it, and delete it: no engine could acquire the lease";
            return Finding::fails(Check::Lease, format!("the item {key} of {table} is none of upshift's"), remedy);
        }
        Ok(Some(item)) => {
            let held = if item.released { "given back by" } else { "of" };
            (item.stamp.epoch, format!("epoch {}, {held} {}", item.stamp.epoch, clean(&item.host, HOLDER)))
        }
    };
    if epoch < known {
        let seen = format!("{key} of {table}: {words}, and the journal here knows epoch {known}");
        return Finding::warning(
            Check::Lease,
            seen,
            "was the table restored or made anew? look who else runs, then arm",
        );
    }
    Finding::ok(Check::Lease, format!("{key} of {table}: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Verdict;
    use crate::model::lease::{LeasePermission, LeaseStamp};

    #[test]
    fn what_the_table_says_is_held_against_what_the_journal_knows() {
        let (ttl, heartbeat) = (Duration::from_secs(40), Duration::from_secs(10));
        let terms = LeaseSettings { table: "fleet".into(), key: "upshift".into(), ttl, heartbeat };
        let item = |epoch, released| {
            let stamp = LeaseStamp { owner: "a".into(), epoch, rvn: 3 };
            let permission = LeasePermission::default();
            Ok(Some(LeaseItem { stamp, host: "bastion-1 (pid 812)".into(), ttl, released, permission }))
        };
        let told = |read, known| {
            let finding = judge(&terms, &read, known);
            (finding.verdict, finding.seen)
        };
        assert_eq!(told(Ok(None), 0), (Verdict::Ok, "upshift of fleet: nobody has had it yet".to_owned()));
        let held = "upshift of fleet: epoch 7, of bastion-1 (pid 812)";
        assert_eq!(told(item(7, false), 7), (Verdict::Ok, held.to_owned()));
        assert!(told(item(7, true), 7).1.ends_with("epoch 7, given back by bastion-1 (pid 812)"));
        let (verdict, seen) = told(item(6, false), 7);
        assert!(verdict == Verdict::Warning && seen.contains("knows epoch 7"), "{seen}");
        assert_eq!(told(Ok(None), 7).0, Verdict::Warning, "a table that was made anew");
        assert_eq!(told(item(0, false), 7).0, Verdict::Fails);
    }
}
