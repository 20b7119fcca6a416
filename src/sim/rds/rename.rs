//! `NewDBInstanceIdentifier`: an instance gets another name, with a restart. Its endpoint's host goes along, its
//! `DbiResourceId` stays; clients go on asking for the name that they know.

use jiff::Timestamp;

use super::blue_green;
use super::change::Step;
use super::fleet::Fleet;
use super::instance::{Instance, is_identifier};
use crate::sim::scenario::Range;
use crate::sim::wire::ApiError;

/// How long the restart takes that comes with it; assumed.
const RESTART: Range = Range::seconds(20, 60);

/// Whether it can have the name that it is to get.
pub(super) fn check(fleet: &Fleet, target: &Instance, name: &str) -> Result<(), ApiError> {
    let refused = |code: &str, message: String| Err(ApiError::sender(code, message));
    if !is_identifier(name) {
        return refused("InvalidParameterValue", format!("Invalid database instance identifier: {name}"));
    }
    if fleet.instance(name).is_some_and(|other| other.id != target.id) {
        return refused("DBInstanceAlreadyExists", "DB instance already exists".to_owned());
    }
    // What AWS says to these two is not known; a success would have consequences that are not simulated.
    if target.membership.is_some() || fleet.deployments.values().any(|it| blue_green::binds(it, &target.arn)) {
        let message = format!(
            "{} is a member of a cluster or of a blue/green deployment: its renaming is not part of this simulation",
            target.id
        );
        return refused("InvalidDBInstanceState", message);
    }
    Ok(())
}

impl Fleet {
    /// It goes down to come back under its new name.
    pub(super) fn begin_rename(&mut self, at: Timestamp, id: &str) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        "renaming".clone_into(&mut instance.status);
        instance.goes_down(at);
        self.event(at, id, "availability", "DB instance shutdown");
        self.schedule_in(at, RESTART, id, Step::Renamed);
    }

    /// It is back under its new name, unless another instance has got that meanwhile; what else was asked for follows.
    pub(super) fn name_changed(&mut self, at: Timestamp, id: &str) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let name = instance.pending.id.take().unwrap_or_else(|| id.to_owned());
        instance.comes_up(at);
        let name = if self.instances.contains_key(&name) { id.to_owned() } else { name };
        if name != id {
            self.rename(id, &name);
        }
        self.event(at, &name, "availability", "DB instance restarted");
        if self.instances.get(&name).is_some_and(|instance| instance.pending.is_empty()) {
            let settle = self.timing.settle;
            self.schedule_in(at, settle, &name, Step::Settled);
        } else {
            self.begin(at, &name);
        }
    }
}
