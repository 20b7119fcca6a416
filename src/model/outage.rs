//! How long clients were without the database in an action, as far as anybody says.

use jiff::Timestamp;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let event = |words: &str| run.events.iter().find(|event| event.message.contains(words)).map(|event| event.date);
        let by_rds = event(begins).zip(event(ends)).filter(|(from, until)| from <= until);
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
        match self.by {
            OutageSource::Rds => format!("clients were without it for {} s, by RDS's events", self.secs()),
            OutageSource::Looks => format!("clients were without it for {} s at most, by looking", self.secs()),
        }
    }
}

/// What RDS's events say when clients lose the database by a strategy, and when they have it again.
fn messages(strategy: Strategy) -> (&'static str, &'static str) {
    match strategy {
        Strategy::InPlace => ("DB instance shutdown", "DB instance restarted"),
        Strategy::BlueGreen => ("Switchover from primary", "completed. Renamed"),
        Strategy::ReaderFailover | Strategy::ClusterModify => ("AZ failover to DB instance", "Completed failover to"),
    }
}
