//! `cluster_modify`: one `ModifyDBCluster` on a Multi-AZ DB cluster. RDS changes its readers, fails over to one of them and
//! changes the old writer; what is watched and when it is done is as in [`in_place`].

use jiff::Timestamp;

use super::start::start;
use super::{Next, Situation, in_place};
use crate::model::action::Run;
use crate::model::call::MutatingCall;
use crate::model::override_plan::ExpectedTime;

/// AWS says that there is downtime, and of a failover that it is typically under 35 s.
pub(super) fn expected_outage() -> ExpectedTime {
    ExpectedTime { least_secs: 5, most_secs: 35 }
}

/// Nothing is published. Three instances one after the other, each as long as an instance of its own takes.
pub(super) fn expected_ready() -> ExpectedTime {
    let one = in_place::expected_ready(false);
    ExpectedTime { least_secs: 2 * one.least_secs, most_secs: 3 * one.most_secs }
}

/// What to do next about a class change of a Multi-AZ DB cluster.
pub(super) fn next(run: &Run, situation: Situation<'_>, now: Timestamp) -> Next {
    if run.is_sent() || run.is_ended() {
        return in_place::next(run, situation, now);
    }
    let (database, class) = (run.intent.database.clone(), run.intent.to.clone());
    start(run, situation, now, |_| MutatingCall::ModifyDbClusterClass {
        database: database.clone(),
        class: class.clone(),
    })
}
