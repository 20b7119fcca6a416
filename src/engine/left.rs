//! Machines that actions have left, as the journal tells it: those that another one serves instead of, and readers that were
//! made for nothing.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::model::action::{ActionId, ActionResult, MadeReader, Run};
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, ResourceId};
use crate::model::deployment::{Deployment, DeploymentId};
use crate::model::old_machine::Origin;

/// Kept in mind: as many as RDS lets an account have by default.
const MOST: usize = 40;

/// A machine that an action of ours has left.
#[derive(Debug, Clone)]
pub(super) struct Left {
    /// The action that has left it, or made it.
    pub(super) action: ActionId,
    pub(super) machine: ResourceId,
    pub(super) class: InstanceClass,
    pub(super) since: Timestamp,
    /// What it is called since, once AWS has said so.
    pub(super) name: Option<DatabaseName>,
    /// Where it comes from.
    pub(super) origin: Origin,
    /// The blue/green deployment that it is the copy of, where it never took over.
    pub(super) deployment: Option<DeploymentId>,
    /// Its removal was begun once; the engine does not try it again by itself.
    pub(super) is_tried: bool,
}

/// Those of one database, the newest last, and the readers that actions have made for it.
#[derive(Debug, Default, Clone)]
pub(super) struct LeftMachines {
    all: VecDeque<Left>,
    made: BTreeMap<ResourceId, (ActionId, MadeReader)>,
}

impl LeftMachines {
    pub(super) const fn none() -> Self {
        Self { all: VecDeque::new(), made: BTreeMap::new() }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Left> {
        self.all.iter()
    }

    /// A reader was seen that this action has made.
    pub(super) fn made(&mut self, action: &ActionId, machine: &ResourceId, reader: &MadeReader) {
        self.made.insert(machine.clone(), (action.clone(), reader.clone()));
    }

    /// Another machine serves instead of the one that the action began on.
    pub(super) fn switched(&mut self, at: Timestamp, run: &Run, to: &ResourceId, name: Option<DatabaseName>) {
        let machine = run.intent.resource_id.clone();
        // What serves again is left no more; nor is it left twice, where other hands had let it serve meanwhile.
        self.all.retain(|left| left.machine != *to && left.machine != machine);
        let origin = if self.made.contains_key(&machine) { Origin::Made } else { Origin::Found };
        let name = name.or_else(|| run.deployment.as_ref().and_then(old_name));
        let (action, class) = (run.intent.action.clone(), run.intent.from.clone());
        self.leave(Left { action, machine, class, since: at, name, origin, deployment: None, is_tried: false });
    }

    /// AWS says what the machine is called that this action has left.
    pub(super) fn named(&mut self, action: &ActionId, deployment: Option<&Deployment>) {
        let newest = self.all.back_mut().filter(|left| left.action == *action);
        if let (Some(left), Some(name)) = (newest, deployment.and_then(old_name)) {
            left.name = Some(name);
        }
    }

    /// Other hands let another machine serve: a reader of ours that did until then is still there.
    pub(super) fn taken_over_by_others(&mut self, at: Timestamp, machine: &ResourceId, class: &InstanceClass) {
        let Some((action, reader)) = self.made.get(machine).cloned() else { return };
        let (machine, class, name) = (machine.clone(), class.clone(), Some(reader.name));
        self.leave(Left {
            action,
            machine,
            class,
            since: at,
            name,
            origin: Origin::Made,
            deployment: None,
            is_tried: false,
        });
    }

    /// An action has ended; one that is held may have made a reader or a copy that is still there, as far as anybody knows.
    pub(super) fn ended(&mut self, at: Timestamp, run: &Run, result: &ActionResult) {
        let is_held = matches!(result, ActionResult::Held { .. }) && run.switched.is_none();
        let Some(machine) = run.copy.clone().filter(|_| is_held) else { return };
        let reader = run.reader.as_ref().map(|reader| (reader.class.clone(), reader.name.clone(), None));
        let copy = run.deployment.as_ref().filter(|_| !run.is_deployment_gone);
        let copy = copy.and_then(|it| Some((run.intent.to.clone(), it.target.clone()?, Some(it.id.clone()))));
        let Some((class, name, deployment)) = reader.or(copy) else { return };
        let (action, origin, name) = (run.intent.action.clone(), Origin::Unused, Some(name));
        self.leave(Left { action, machine, class, since: at, name, origin, deployment, is_tried: false });
    }

    /// Its removal was begun.
    pub(super) fn tried(&mut self, machine: &ResourceId) {
        for left in self.all.iter_mut().filter(|left| left.machine == *machine) {
            left.is_tried = true;
        }
    }

    fn leave(&mut self, left: Left) {
        self.all.push_back(left);
        if self.all.len() > MOST {
            self.all.pop_front();
        }
    }
}

/// After the switchover the source of a deployment is the old machine, under its new name.
fn old_name(deployment: &Deployment) -> Option<DatabaseName> {
    let name = deployment.source.rsplit(':').next().filter(|_| deployment.status.is_switched())?;
    Some(DatabaseName::new(name))
}
