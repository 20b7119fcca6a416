//! How long clients were without the database in an action, as far as anybody says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::action::Run;
use super::call::MutatingCall;
use super::policy::Strategy;

/// The time without the database in one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Who says so.
    pub by: OutageSource,
}

/// Who says how long it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutageSource {
    /// RDS's own events, by their dates.
    Rds,
    /// From the order for the cut until another machine was seen behind the name, or to take the writes: at most so long.
    Looks,
}

impl Outage {
    /// Of an action, once the database is there again; `None` while nobody says.
    pub fn of(run: &Run) -> Option<Self> {
        let (begins, ends) = messages(run.intent.strategy);
        // The last beginning: one before it may be of a restart before the order.
        let said = |words: &'static [&'static str]| {
            run.events.iter().filter(move |event| words.iter().all(|part| event.message.contains(part)))
        };
        let from = said(begins).map(|event| event.date).max();
        let end = |from: Timestamp, words| said(words).map(|event| event.date).filter(|at| *at >= from).min();
        // With a standby clients are back when it has taken over, and not when an instance has been started again.
        let by_rds = from.and_then(|from| Some((from, end(from, FAILED_OVER).or_else(|| end(from, ends))?)));
        if let Some((from, until)) = by_rds {
            return Some(Self { from, until, by: OutageSource::Rds });
        }
        let is_cut = |call: &MutatingCall| {
            matches!(call, MutatingCall::SwitchoverBlueGreenDeployment { .. } | MutatingCall::FailoverDbCluster { .. })
        };
        let cut = run.calls.iter().find(|call| is_cut(&call.call))?.sent_at;
        let (until, _) = run.switched.as_ref()?;
        Some(Self { from: cut, until: *until, by: OutageSource::Looks })
    }

    /// In seconds, rounded up: RDS dates its events to the second.
    pub fn secs(&self) -> u32 {
        let millis = self.until.duration_since(self.from).as_millis().max(0);
        u32::try_from(millis.div_euclid(1_000) + i128::from(millis.rem_euclid(1_000) > 0)).unwrap_or(u32::MAX)
    }

    /// `clients were without it for 26 s, by RDS's events`.
    pub fn words(&self) -> String {
        self.by.words(self.secs())
    }
}

impl OutageSource {
    /// `clients were without it for 26 s, by RDS's events`.
    pub fn words(self, secs: u32) -> String {
        match self {
            Self::Rds => format!("clients were without it for {secs} s, by RDS's events"),
            Self::Looks => format!("clients were without it for {secs} s at most, by looking"),
        }
    }
}

/// Of a Multi-AZ instance: its standby serves.
const FAILED_OVER: &[&str] = &["Multi-AZ instance failover completed"];

/// What RDS's events say when clients lose the database by a strategy, and when they have it again: all of these words.
fn messages(strategy: Strategy) -> (&'static [&'static str], &'static [&'static str]) {
    match strategy {
        Strategy::InPlace => (&["DB instance shutdown"], &["DB instance restarted"]),
        Strategy::BlueGreen => (&["Switchover from primary", " started"], &["Switchover from primary", " completed"]),
        Strategy::ReaderFailover | Strategy::ClusterModify => {
            (&["Started ", " failover to DB instance"], &["Completed failover to"])
        }
    }
}
