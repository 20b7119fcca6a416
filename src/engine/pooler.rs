//! Clients that a pooler holds while another machine takes over: when they are, and what is owed to them.

use jiff::Timestamp;

use super::Engine;
use super::input::Effect;
use crate::model::action::{ActionId, Run};
use crate::model::call::MutatingCall;
use crate::model::database::DatabaseName;
use crate::model::event::Event;
use crate::model::pooler::{PoolerPolicy, PoolerStep};

impl Engine {
    /// The pooler that holds clients while this call is carried out.
    pub(super) fn pooler_for(&self, run: &Run, call: &MutatingCall) -> Option<&PoolerPolicy> {
        let pooler = self.settings.policy(&run.intent.database).and_then(|policy| policy.pooler.as_ref());
        pooler.filter(|_| is_takeover(call))
    }

    /// Whether clients are held while this call is carried out. Where they are, what is owed to them is on record before.
    pub(super) fn hold_clients(&mut self, now: Timestamp, run: &Run, call: &MutatingCall) -> bool {
        let database = &run.intent.database;
        let Some(pooler) = self.pooler_for(run, call) else { return false };
        let step = PoolerStep::Pausing { max_pause_secs: pooler.max_pause.as_secs() };
        let action = run.intent.action.clone();
        self.record(now, Event::Pooler { action, database: database.clone(), step });
        true
    }

    /// What became of a pause.
    pub(super) fn take_pooler(&mut self, now: Timestamp, action: ActionId, database: DatabaseName, step: PoolerStep) {
        self.record(now, Event::Pooler { action, database, step });
    }

    /// A process before this one may have died while clients were held: they go on before anything else is done.
    pub(super) fn owe_nothing(&mut self) {
        for database in self.memory.paused() {
            self.let_clients_go(&database);
        }
    }

    /// Whether a call must wait: it would hold clients, and an older `RESUME` of that pooler is still owed, which would let
    /// them go on in the middle of it. Any other step of an action finds no clients held.
    pub(super) fn owes_clients(&mut self, run: &Run, call: &MutatingCall) -> bool {
        self.let_clients_go(&run.intent.database) && is_takeover(call)
    }

    /// Lets clients go on that may be held, and says whether there are any.
    pub(super) fn let_clients_go(&mut self, database: &DatabaseName) -> bool {
        let Some(held) = &self.memory.of(database).paused else { return false };
        self.effects.push(Effect::ResumePooler { action: held.action.clone(), database: database.clone() });
        true
    }
}

/// What keeps clients out for seconds. A change in place takes minutes, in which nobody is held.
fn is_takeover(call: &MutatingCall) -> bool {
    matches!(call, MutatingCall::SwitchoverBlueGreenDeployment { .. } | MutatingCall::FailoverDbCluster { .. })
}
