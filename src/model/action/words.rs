//! Actions in a few words for people.

use super::{ActionResult, CallRecord, CallState, Run};
use crate::model::call::MutatingCall;
use crate::model::policy::Strategy;

impl Run {
    /// Where it is, in a few words.
    pub fn phase_words(&self) -> String {
        if let Some((_, result)) = &self.ended {
            return result.words();
        }
        let Some(CallRecord { call, state, .. }) = self.last_call() else {
            return "recorded, not sent".to_owned();
        };
        if matches!(state, CallState::Accepted | CallState::Adopted { .. })
            && let Some(words) = self.made_words(call)
        {
            return words;
        }
        match (state, self.seen.last()) {
            (CallState::Sent, _) => format!("{} sent, awaiting the answer", call.operation()),
            (CallState::Looking { .. }, _) => "sent, answer lost; looking".to_owned(),
            (CallState::Refused { code, .. }, _) => format!("refused by AWS: {code}"),
            (CallState::Adopted { .. }, None) => "answer lost, but seen to have happened".to_owned(),
            (CallState::Accepted, None) => "accepted; waiting for RDS to begin".to_owned(),
            // Also the status right after the call.
            (_, Some((_, status))) if status.is_available() && self.seen.len() == 1 => {
                "accepted; waiting for RDS to begin".to_owned()
            }
            (_, Some((_, status))) if status.is_available() => "accepted; verifying".to_owned(),
            (_, Some((_, status))) => format!("accepted; {status}"),
        }
    }

    /// Where what it makes is, in a few words.
    fn made_words(&self, call: &MutatingCall) -> Option<String> {
        let status = self.deployment.as_ref().map(|deployment| &deployment.status);
        let tasks = self.deployment.as_ref().map_or(String::new(), |deployment| deployment.open_tasks.join(", "));
        Some(match call {
            MutatingCall::ModifyDbInstanceClass { .. } if self.intent.strategy != Strategy::BlueGreen => return None,
            MutatingCall::ModifyDbInstanceClass { class, .. } => format!("moving the copy to {class}"),
            MutatingCall::CreateBlueGreenDeployment { .. } => match status {
                None => "accepted; waiting for the deployment".to_owned(),
                Some(status) if status.is_provisioning() => format!("making the copy: {tasks}"),
                Some(status) if status.is_available() => {
                    "the copy follows; checking it before the switchover".to_owned()
                }
                Some(status) => format!("the deployment is {status}"),
            },
            MutatingCall::SwitchoverBlueGreenDeployment { .. } => match (&self.switched, status) {
                (Some(_), _) => "switched over; verifying".to_owned(),
                (None, Some(status)) => format!("switching over: {status}"),
                (None, None) => "switching over".to_owned(),
            },
            MutatingCall::DeleteBlueGreenDeployment { .. } => "given up; the copy is being removed".to_owned(),
            MutatingCall::ModifyDbClusterClass { .. } => return None,
            MutatingCall::CreateDbInstance { name, .. } => match &self.reader {
                None => "accepted; waiting for the reader".to_owned(),
                Some(reader) if reader.status.is_available() => {
                    "the reader runs; checking it before the failover".to_owned()
                }
                Some(reader) => format!("making the reader {name}: {}", reader.status),
            },
            MutatingCall::FailoverDbCluster { target, .. } => match &self.switched {
                Some(_) => "failed over; verifying".to_owned(),
                None => format!("failing over to {target}"),
            },
            MutatingCall::DeleteDbInstance { machine, .. } if self.intent.removes.is_none() => {
                format!("given up; the reader {machine} is being deleted")
            }
            MutatingCall::DeleteDbInstance { machine, .. } => format!("{machine} is being deleted"),
        })
    }
}

impl ActionResult {
    /// The result in a few words.
    pub fn words(&self) -> String {
        match self {
            Self::Verified => "verified".to_owned(),
            Self::FailedSafe { why } => format!("failed safe: {why}"),
            Self::RolledBack { why } => format!("rolled back by AWS: {why}"),
            Self::Stopped { by } => format!("stopped by {by} before the step that changes the database"),
            Self::Superseded { by, superseded_by } => {
                format!("nothing was sent: {} took its place, ordered by {by}", superseded_by.0)
            }
            Self::Held { why, seen, .. } => format!("held: {why}; seen last: {seen}"),
        }
    }
}
