//! `upshift load`: which writes, how many and for how long.

use std::time::Duration;

use clap::Args;

use super::access::AccessArgs;
use super::duration;

/// Which load.
///
/// Writes are due by the clock, and their latency counts from then: a server that stands still is seen with every write
/// that it keeps waiting. Each is one statement and its own transaction. One that no session takes up within 5 s, or that
/// is not answered within 10 s, has failed; a session that breaks is opened again. The rows are in a table of this run's
/// own, upshift_load.writes_DATE, which is removed at the end; Ctrl-C ends the run in order, with its result.
///
/// The result is data: the exit code is 0 whatever it says; 1 when the load could not begin, no write at all was
/// acknowledged, or the table could not be removed; 2 for bad usage.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// The server.
    #[command(flatten)]
    pub access: AccessArgs,
    /// Writes per second, after the ramp, up to 100000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub writes: u32,
    /// How long, such as 90s, 10m or 2h, up to a day
    #[arg(long = "for", value_name = "DURATION", value_parser = at_most_a_day)]
    pub duration: Duration,
    /// From zero to the rate in a straight line within this time, as a part of --for
    #[arg(long, value_name = "DURATION", value_parser = at_most_a_day)]
    pub ramp: Option<Duration>,
    /// Sessions, each with one write at a time: more than the rate times the seconds that a write takes
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub connections: u32,
    /// Shares of inserts, updates and deletes; the latter two are of rows that this run inserted
    #[arg(long, value_name = "I:U:D", default_value = "50:40:10")]
    pub mix: String,
    /// Sends statements without preparing them: for a pooler that gives each transaction another session
    #[arg(long)]
    pub unprepared: bool,
    /// Leaves the table
    #[arg(long)]
    pub keep: bool,
    /// The result as one JSON object
    #[arg(long)]
    pub json: bool,
}

fn at_most_a_day(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration > Duration::from_hours(24) { Err("must be a day at most".to_owned()) } else { Ok(duration) }
}
