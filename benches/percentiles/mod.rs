//! What a person waits for is the slow end of many times: shared by the benchmarks.

use std::time::Duration;

/// `p50 1.50ms, p99 7.60ms, slowest 9.10ms (500 times)`.
pub(crate) fn words(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)];
    format!("p50 {:.2?}, p99 {:.2?}, slowest {:.2?} ({} times)", at(0.5), at(0.99), at(1.0), times.len())
}
