//! How long a playbook waits before it concludes something from what it sees, or does not see.

use jiff::{SignedDuration, Timestamp};

use super::{Look, Next, Situation};
use crate::model::action::ActionResult;

/// Consecutive looks that must find it done: `DescribeDBInstances` is eventually consistent, and AWS's own and
/// Terraform's handlers ask for two or three.
pub(super) const CONFIRMATIONS: u32 = 3;
/// They must lie this far apart, the first from the last.
pub(super) const CONFIRMED_OVER: SignedDuration = SignedDuration::from_secs(60);
/// What was made must be found ready by so many looks running before it takes over.
pub(super) const READY_LOOKS: u32 = 2;
/// An order whose answer was lost and that shows no trace for this long did not arrive. RDS shows a change it has
/// taken as pending at once; answers of `DescribeDBInstances` that are minutes old were reported, ten never.
pub(super) const TRACELESS_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// An accepted order that shows no trace for this long was dropped by AWS.
pub(super) const DROPPED_AFTER: SignedDuration = SignedDuration::from_mins(15);
/// What RDS says of a failure counts after so many looks: events come late, also those of the change before.
pub(super) const FAILED_LOOKS: u32 = 3;

/// Whether this look was asked more than `after` later than the call, and as many looks were made meanwhile as the
/// rhythm makes in that time: a clock that is set forward must not shorten the wait.
pub(super) fn waited(call_sent_at: Timestamp, look: Look<'_>, after: SignedDuration, situation: Situation<'_>) -> bool {
    let looks = after.as_secs() / situation.look_every.as_secs().max(1);
    look.asked_at.duration_since(call_sent_at) > after && i64::from(look.since_call) >= looks
}

/// This look found it done. It is over when as many did as it takes, over as long as it takes.
pub(super) fn confirm(situation: Situation<'_>) -> Next {
    let (looks, over) = situation.confirmed;
    let enough = looks + 1 >= CONFIRMATIONS && over >= CONFIRMED_OVER;
    if enough { Next::End(ActionResult::Verified) } else { Next::Confirmed }
}
