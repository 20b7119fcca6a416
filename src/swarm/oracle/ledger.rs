//! The ledger: what the durable records say, folded by other code than the engine's own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::answers;
use super::coverage::Phase;
use crate::model::action::{ActionId, ActionResult, CallId, Intent};
use crate::model::call::{CallOutcome, Keeps, MutatingCall};
use crate::model::class::InstanceClass;
use crate::model::command::Command;
use crate::model::database::DatabaseName;
use crate::model::event::{Entry, Event};
use crate::model::hold::{Hold, HoldCause};
use crate::model::ladder::Direction;
use crate::model::member_settings::MemberSettings;
use crate::sim::wire::query::Params;

/// What is known by the durable records alone. Times are true ones, whatever the records say.
#[derive(Debug, Default)]
pub(in crate::swarm) struct Ledger {
    pub(in crate::swarm) armed: bool,
    /// When the last permission that a person has given ends, by its own length.
    pub(in crate::swarm) armed_until: Option<Timestamp>,
    /// A write or sync failed, and no person has armed since.
    pub(in crate::swarm) journal_failed: bool,
    pub(in crate::swarm) intents: BTreeMap<ActionId, Intent>,
    pub(in crate::swarm) intended_at: BTreeMap<ActionId, Timestamp>,
    pub(in crate::swarm) calls: Vec<Sent>,
    pub(in crate::swarm) ended: BTreeMap<ActionId, u32>,
    /// When the last action of a database ended that had sent something.
    pub(in crate::swarm) last_end: BTreeMap<String, Timestamp>,
    /// When any action of a database ended, one that only removes something too.
    pub(in crate::swarm) any_end: BTreeMap<String, Timestamp>,
    /// Machines whose name or writes an action has given to another one, and readers that a held action has left; since when.
    pub(in crate::swarm) replaced: BTreeMap<String, Timestamp>,
    /// The reader of each action that has not switched over.
    readers: BTreeMap<ActionId, String>,
    /// Those that must be in force, whether the engine has recorded them or not.
    pub(in crate::swarm) holds: BTreeMap<String, Vec<MustHold>>,
    /// Actions that a person has stopped, and how many calls were on record then.
    pub(in crate::swarm) stopped: BTreeMap<ActionId, usize>,
    /// Actions that a person has allowed to keep clients out.
    pub(in crate::swarm) allowed: BTreeSet<ActionId>,
    /// The orders of people that were carried out, by the sequence of their records.
    pub(in crate::swarm) orders: BTreeMap<u64, Command>,
    phases: BTreeMap<String, Phase>,
}

/// A call whose record is durable.
#[derive(Debug, Clone)]
pub(in crate::swarm) struct Sent {
    pub(in crate::swarm) id: CallId,
    pub(in crate::swarm) database: String,
    pub(in crate::swarm) call: MutatingCall,
    pub(in crate::swarm) on_wire: bool,
    pub(in crate::swarm) took_effect: bool,
}

/// A hold that must be in force, by what a person has ordered or by what has happened.
#[derive(Debug, Clone)]
pub(in crate::swarm) struct MustHold {
    pub(in crate::swarm) direction: Option<Direction>,
    /// By the clock of the engine's machine; `None` until a person releases it.
    pub(in crate::swarm) until: Option<Timestamp>,
    pub(in crate::swarm) of: HoldOf,
    pub(in crate::swarm) why: String,
}

/// Whose word a hold is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::swarm) enum HoldOf {
    /// A person's, or of a person's change: a newer word of a person takes its place.
    Person,
    /// The engine's own, for what it does not understand: only a release ends it.
    Engine,
}

impl Sent {
    /// Whether a request on the wire is this call.
    pub(in crate::swarm) fn is(&self, params: &Params) -> bool {
        let says = |name: &str, value: &str| params.get(name) == Some(value);
        says("Action", self.call.operation())
            && match &self.call {
                MutatingCall::ModifyDbInstanceClass { database, class, .. } => {
                    says("DBInstanceIdentifier", database.as_str()) && says("DBInstanceClass", class.as_str())
                }
                MutatingCall::CreateBlueGreenDeployment { source, name, class, .. } => {
                    says("Source", source)
                        && says("BlueGreenDeploymentName", name)
                        && params.get("TargetDBInstanceClass") == class.as_ref().map(InstanceClass::as_str)
                }
                MutatingCall::SwitchoverBlueGreenDeployment { deployment, timeout_secs, .. } => {
                    says("BlueGreenDeploymentIdentifier", deployment.as_str())
                        && says("SwitchoverTimeout", &timeout_secs.to_string())
                }
                MutatingCall::DeleteBlueGreenDeployment { deployment, .. } => {
                    says("BlueGreenDeploymentIdentifier", deployment.as_str()) && says("DeleteTarget", "true")
                }
                MutatingCall::CreateDbInstance { database, name, class, engine, settings } => {
                    says("DBClusterIdentifier", database.as_str())
                        && says("DBInstanceIdentifier", name.as_str())
                        && says("DBInstanceClass", class.as_str())
                        && says("Engine", engine)
                        && has_settings(params, settings)
                }
                MutatingCall::FailoverDbCluster { database, target, .. } => {
                    says("DBClusterIdentifier", database.as_str())
                        && says("TargetDBInstanceIdentifier", target.as_str())
                }
                MutatingCall::ModifyDbClusterClass { database, class } => {
                    says("DBClusterIdentifier", database.as_str()) && says("DBClusterInstanceClass", class.as_str())
                }
                MutatingCall::DeleteDbInstance { machine, keeps, .. } => {
                    let snapshot = match keeps {
                        Keeps::FinalSnapshot { name } => Some(name.as_str()),
                        Keeps::Nothing | Keeps::ClusterVolume => None,
                    };
                    says("DBInstanceIdentifier", machine.as_str())
                        && params.get("FinalDBSnapshotIdentifier") == snapshot
                        && (params.get("SkipFinalSnapshot") == Some("true")) == (*keeps == Keeps::Nothing)
                }
            }
    }
}

impl Ledger {
    /// Takes in a record that became durable at `now`.
    pub(in crate::swarm) fn fold(&mut self, entry: &Entry, now: Timestamp) {
        if let Some(order) = answers::order_of(&entry.event) {
            self.orders.insert(entry.seq, order);
        }
        match &entry.event {
            Event::Armed { until, .. } => {
                self.armed = true;
                let length = until.map(|until| until.duration_since(entry.at));
                self.armed_until = length.map(|length| now.saturating_add(length).unwrap_or(Timestamp::MAX));
                self.journal_failed = false;
            }
            Event::Disarmed { .. } => self.armed = false,
            Event::HoldSet { database, hold, .. } => {
                let Hold { direction, until, cause } = hold.clone();
                let of = if matches!(cause, HoldCause::Person { .. } | HoldCause::AfterManual { .. }) {
                    HoldOf::Person
                } else {
                    HoldOf::Engine
                };
                if matches!(cause, HoldCause::Person { .. }) {
                    self.give_way(database, direction);
                }
                self.must_hold(database, MustHold { direction, until, of, why: cause.to_string() });
            }
            Event::HoldReleased { database, .. } => drop(self.holds.remove(database.as_str())),
            Event::StopRequested { action, .. } => {
                self.stopped.insert(action.clone(), self.calls.len());
            }
            Event::CutApproved { action, .. } => drop(self.allowed.insert(action.clone())),
            Event::ActionIntended { intent, .. } => {
                self.phases.insert(intent.database.to_string(), Phase::Intended);
                self.intents.insert(intent.action.clone(), intent.clone());
                self.intended_at.insert(intent.action.clone(), now);
            }
            Event::CallSent { id, database, call } => {
                self.phases.insert(database.to_string(), Phase::Sent);
                self.calls.push(Sent {
                    id: id.clone(),
                    database: database.to_string(),
                    call: call.clone(),
                    on_wire: false,
                    took_effect: false,
                });
            }
            Event::CallAnswered { database, outcome, .. } => {
                let lost = matches!(outcome, CallOutcome::Unknown { .. });
                self.phases.insert(database.to_string(), if lost { Phase::Looking } else { Phase::Watching });
            }
            Event::SwitchedOver { action, from, .. } => {
                self.readers.remove(action);
                self.replaced.insert(from.to_string(), now);
            }
            Event::ReaderObserved { action, resource_id, .. } => {
                self.readers.insert(action.clone(), resource_id.to_string());
            }
            Event::CallAdopted { database, .. } => drop(self.phases.insert(database.to_string(), Phase::Watching)),
            Event::ActionEnded { action, database, result, .. } => {
                let left = self.readers.remove(action).filter(|_| matches!(result, ActionResult::Held { .. }));
                self.replaced.extend(left.map(|reader| (reader, now)));
                self.phases.remove(database.as_str());
                self.any_end.insert(database.to_string(), now);
                *self.ended.entry(action.clone()).or_default() += 1;
                let moves = self.intents.get(action).is_none_or(|intent| intent.removes.is_none());
                if moves && self.calls.iter().any(|call| call.id.action == *action) {
                    self.last_end.insert(database.to_string(), now);
                }
            }
            _ => {}
        }
    }

    /// From now on nothing may be changed by the engine, as far as the hold goes.
    pub(in crate::swarm) fn must_hold(&mut self, database: &DatabaseName, hold: MustHold) {
        self.holds.entry(database.to_string()).or_default().push(hold);
    }

    /// A person has said anew how a direction is held: of what people have said before, only the other direction stays.
    pub(in crate::swarm) fn give_way(&mut self, database: &DatabaseName, direction: Option<Direction>) {
        let Some(holds) = self.holds.get_mut(database.as_str()) else { return };
        let other = direction.map(|taken| if taken == Direction::Up { Direction::Down } else { Direction::Up });
        holds.retain(|hold| {
            let is_covered = direction.is_none() || hold.direction == direction;
            hold.of == HoldOf::Engine || !is_covered
        });
        for hold in holds.iter_mut().filter(|hold| hold.of == HoldOf::Person && hold.direction.is_none()) {
            hold.direction = other;
        }
    }

    /// The furthest phase of any action.
    pub(in crate::swarm) fn phase(&self) -> Phase {
        self.phases.values().copied().max().unwrap_or(Phase::Idle)
    }
}

/// Whether a request asks for an instance with just these settings.
fn has_settings(params: &Params, settings: &MemberSettings) -> bool {
    let MemberSettings { performance_insights, monitoring, .. } = settings;
    let text = |name: &str, value: Option<&str>| params.get(name) == value;
    let flag = |name: &str, value: Option<bool>| params.get(name) == value.map(|on| if on { "true" } else { "false" });
    let number = |name: &str, value: Option<u32>| params.get(name) == value.map(|number| number.to_string()).as_deref();
    let insights = performance_insights.as_ref();
    text("DBParameterGroupName", settings.parameter_group.as_deref())
        && text("CACertificateIdentifier", settings.ca_certificate.as_deref())
        && flag("AutoMinorVersionUpgrade", settings.minor_upgrades)
        && flag("PubliclyAccessible", settings.public)
        && flag("CopyTagsToSnapshot", settings.copy_tags)
        && flag("EnablePerformanceInsights", insights.map(|_| true))
        && number("PerformanceInsightsRetentionPeriod", insights.and_then(|it| it.retention_days))
        && text("PerformanceInsightsKMSKeyId", insights.and_then(|it| it.kms_key.as_deref()))
        && number("MonitoringInterval", monitoring.as_ref().map(|it| it.interval_secs))
        && text("MonitoringRoleArn", monitoring.as_ref().map(|it| it.role.as_str()))
        && params.tags() == settings.tags
}
