//! Actions: a scaling in flight, from its intent to its outcome.

mod words;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::call::{Keeps, MutatingCall};
use super::class::InstanceClass;
use super::database::{DatabaseName, InstanceStatus, RdsEvent, ResourceId};
use super::deployment::{Deployment, DeploymentId};
use super::operator::{Actor, Operator};
use super::policy::{CopyPolicy, Strategy, Switchover};
use super::server::ServerId;

/// Names one action within a journal: `a` and its running number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(pub String);

/// What shall be done, recorded and synced before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Its name.
    pub action: ActionId,
    /// The database.
    pub database: DatabaseName,
    /// The machine that was meant. Another machine under the same name is not touched.
    pub resource_id: ResourceId,
    /// How.
    pub strategy: Strategy,
    /// From which class.
    pub from: InstanceClass,
    /// To which class.
    pub to: InstanceClass,
    /// Who ordered it.
    pub actor: Actor,
    /// The machine that goes, where that is what shall be done: the database stays on the class that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removes: Option<Removal>,
    /// For how long the engine holds after it, where a person said so; else as long as the policy says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_for: Option<Duration>,
}

/// A machine that an action has left and that shall go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// What it is called since it was replaced.
    pub name: DatabaseName,
    /// The machine. Another machine under that name is not touched.
    pub resource_id: ResourceId,
    /// What is kept of it.
    pub keeps: Keeps,
    /// The blue/green deployment that it still is the copy of: it goes with that, and not by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentId>,
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum ActionResult {
    /// The class is the target, nothing pends, status available, no failure event, on consecutive reads.
    Verified,
    /// It did not happen and nothing was changed.
    FailedSafe {
        /// Why.
        why: String,
    },
    /// AWS took the order and left the database as it was.
    RolledBack {
        /// What was seen.
        why: String,
    },
    /// A person stopped it before the step that changes something.
    Stopped {
        /// Who.
        by: Operator,
    },
    /// A newer order of a person took its place before anything was sent.
    Superseded {
        /// Who gave it.
        by: Operator,
        /// The action that was ordered instead.
        superseded_by: ActionId,
    },
    /// It cannot be told, or needs a hand: the engine leaves this database alone until a person releases it.
    Held {
        /// Why.
        why: String,
        /// What was seen last.
        seen: String,
        /// What a person can do.
        remedy: String,
    },
}

/// Names one call of an action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallId {
    /// The action.
    pub action: ActionId,
    /// Which of its calls, from 1.
    pub step: u32,
}

/// The state of an action: a fold over its journal events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// What shall be done.
    pub intent: Intent,
    /// When the intent was recorded.
    pub began: Timestamp,
    /// The account that the credentials belonged to then; what another one shows says nothing about this action.
    #[serde(default)]
    pub account: Option<String>,
    /// The calls made for it, in order.
    pub calls: Vec<CallRecord>,
    /// When it was over, and how; absent while it is not.
    pub ended: Option<(Timestamp, ActionResult)>,
    /// A person asked to stop before the next step, and who.
    pub stop_requested: Option<Operator>,
    /// Status changes seen since the call, oldest first.
    pub seen: Vec<(Timestamp, InstanceStatus)>,
    /// The blue/green deployment that was made for it, as last recorded.
    pub deployment: Option<Deployment>,
    /// And that one is not there any more.
    pub is_deployment_gone: bool,
    /// The reader that was made for it, as last recorded.
    #[serde(default)]
    pub reader: Option<MadeReader>,
    /// The machine of the copy or the reader, once it was seen.
    pub copy: Option<ResourceId>,
    /// The database passed to another machine by this action: when that was seen, and to which.
    pub switched: Option<(Timestamp, ResourceId)>,
    /// A person said that clients may be kept out now, and who.
    pub approved: Option<Operator>,
    /// The server that clients reached before the step that changes something.
    #[serde(default)]
    pub server_before: Option<ServerId>,
    /// RDS's own words about the database since the last call.
    pub events: Vec<RdsEvent>,
}

/// A reader of a cluster that an action has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeReader {
    /// What it is called.
    pub name: DatabaseName,
    /// The class that it had when it was last recorded.
    pub class: InstanceClass,
    /// What RDS said then.
    pub status: InstanceStatus,
    /// It was seen available.
    pub was_available: bool,
    /// RDS could not make it.
    pub has_failed: bool,
}

impl MadeReader {
    /// As it is seen now, under that name, in that class and status; `before` is how it was recorded before.
    pub fn seen(
        before: Option<&Self>,
        (name, class, status): (&DatabaseName, &InstanceClass, &InstanceStatus),
    ) -> Self {
        Self {
            name: name.clone(),
            class: class.clone(),
            status: status.clone(),
            was_available: status.is_available() || before.is_some_and(|before| before.was_available),
            has_failed: status.is_failed() && !status.is_deleting() || before.is_some_and(|before| before.has_failed),
        }
    }
}

/// One call of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// What.
    pub call: MutatingCall,
    /// When it was handed to the network.
    pub sent_at: Timestamp,
    /// What is known of it.
    pub state: CallState,
}

/// What is known of a call that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum CallState {
    /// No answer yet.
    Sent,
    /// The answer was lost: it may or may not have happened. Only looking tells; it is never sent again.
    Looking {
        /// What went wrong on the way.
        why: String,
    },
    /// AWS took the order, by its own answer.
    Accepted,
    /// The answer was lost, but the change was seen.
    Adopted {
        /// What was seen.
        evidence: String,
    },
    /// AWS refused; nothing was changed.
    Refused {
        /// AWS's error code.
        code: String,
        /// AWS's sentence.
        message: String,
    },
}

impl Run {
    /// A run that has just been recorded.
    pub fn new(intent: Intent, began: Timestamp) -> Self {
        Self {
            intent,
            began,
            account: None,
            calls: vec![],
            ended: None,
            stop_requested: None,
            seen: vec![],
            deployment: None,
            is_deployment_gone: false,
            reader: None,
            copy: None,
            switched: None,
            approved: None,
            server_before: None,
            events: vec![],
        }
    }

    /// Over.
    pub fn is_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// A call of it has been handed to the network.
    pub fn is_sent(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Its first call of a kind.
    pub fn first_call(&self, is_it: impl Fn(&MutatingCall) -> bool) -> Option<&CallRecord> {
        self.calls.iter().find(|call| is_it(&call.call))
    }

    /// Its newest call.
    pub fn last_call(&self) -> Option<&CallRecord> {
        self.calls.last()
    }

    /// A call whose answer was lost and that has not been seen to have happened: since when, and why.
    pub fn looking(&self) -> Option<(Timestamp, &str)> {
        let call = self.last_call().filter(|_| !self.is_ended())?;
        if let CallState::Looking { why } = &call.state { Some((call.sent_at, why)) } else { None }
    }

    /// The name of the blue/green deployment that is made for it. No two actions have the same, also not of two
    /// journals: the time of the intent is in it.
    pub fn deployment_name(&self) -> String {
        format!("upshift-{}-{}", self.intent.action.0, self.began.strftime("%Y%m%dt%H%M%S"))
    }

    /// The name of the reader that is made for it, which no other instance has.
    pub fn reader_name(&self) -> DatabaseName {
        DatabaseName::new(self.deployment_name())
    }

    /// The machine that must be behind the database's name as far as this action knows.
    pub fn machine(&self) -> &ResourceId {
        self.switched.as_ref().map_or(&self.intent.resource_id, |(_, machine)| machine)
    }

    /// AWS makes the copy on the new class, and said so when it was last asked.
    pub fn is_being_copied(&self) -> bool {
        let is_there = !self.is_deployment_gone;
        let reader = self.reader.as_ref().is_some_and(|reader| reader.status.as_str() == "creating");
        reader || is_there && self.deployment.as_ref().is_some_and(|deployment| deployment.status.is_provisioning())
    }

    /// Whether the next step waits for a person's word: the copy is ready.
    pub fn awaits_approval(&self, policy: &CopyPolicy) -> bool {
        let supervised = policy.switchover == Switchover::Supervised;
        // A copy that is moved to its class afterwards is ready when it was seen to have it.
        let made = self.last_call().is_some_and(|call| match &call.call {
            MutatingCall::CreateBlueGreenDeployment { class, .. } => class.is_some(),
            MutatingCall::ModifyDbInstanceClass { .. } => matches!(call.state, CallState::Adopted { .. }),
            MutatingCall::CreateDbInstance { class, .. } => {
                let reader = self.reader.as_ref();
                reader.is_some_and(|reader| reader.class == *class && reader.status.is_available())
            }
            MutatingCall::SwitchoverBlueGreenDeployment { .. }
            | MutatingCall::DeleteBlueGreenDeployment { .. }
            | MutatingCall::FailoverDbCluster { .. }
            | MutatingCall::ModifyDbClusterClass { .. }
            | MutatingCall::DeleteDbInstance { .. } => false,
        });
        let ready = self.reader.is_some()
            || self.deployment.as_ref().is_some_and(|deployment| deployment.status.is_available());
        supervised && made && ready && self.approved.is_none() && self.stop_requested.is_none() && !self.is_ended()
    }
}
