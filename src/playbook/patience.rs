//! How long a playbook waits before it concludes something from what it sees, or does not see.

use jiff::SignedDuration;

/// Consecutive looks that must find it done: `DescribeDBInstances` is eventually consistent, and AWS's own and
/// Terraform's handlers ask for two or three.
pub(super) const CONFIRMATIONS: u32 = 3;
/// They must lie this far apart, the first from the last.
pub(super) const CONFIRMED_OVER: SignedDuration = SignedDuration::from_secs(60);
/// An order whose answer was lost and that shows no trace for this long did not arrive. RDS shows a change it has
/// taken as pending at once; answers of `DescribeDBInstances` that are minutes old were reported, ten never.
pub(super) const TRACELESS_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// And at least so many looks were made meanwhile: a clock that is set forward must not shorten the wait.
pub(super) const TRACELESS_LOOKS: u32 = 40;
/// An accepted order that shows no trace for this long was dropped by AWS.
pub(super) const DROPPED_AFTER: SignedDuration = SignedDuration::from_mins(15);
/// As for [`TRACELESS_LOOKS`].
pub(super) const DROPPED_LOOKS: u32 = 60;
/// What RDS says of a failure counts after so many looks: events come late, also those of the change before.
pub(super) const FAILED_LOOKS: u32 = 3;
