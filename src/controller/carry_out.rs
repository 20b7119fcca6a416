//! What the engine wants done, in its order: records first, and nothing behind a record that is not on the disk.

use jiff::Timestamp;

use super::{Controller, follow, publish};
use crate::engine::input::{Effect, Input, Step};
use crate::model::action::CallId;
use crate::model::call::{CallOutcome, MutatingCall, NOT_SENT};
use crate::model::database::DatabaseName;
use crate::model::event::Event;
use crate::model::guard::Guard;
use crate::model::notify::Happened;
use crate::model::pooler::PoolerStep;
use crate::model::snapshot::TAIL_LENGTH;

impl Controller {
    /// Carries out the effects in order. Returns the sequence of the first record, when all of them are on the disk.
    pub(super) fn execute(&mut self, now: Timestamp, step: Step) -> Option<u64> {
        self.wake = step.wake;
        let mut first = None;
        let mut effects = step.effects.into_iter();
        while let Some(effect) = effects.next() {
            match effect {
                Effect::Record(event) => match self.record(now, event) {
                    Some(seq) => first = first.or(Some(seq)),
                    None => return self.void(now, effects),
                },
                Effect::Send { id, call, held } => self.send(id, call, held),
                Effect::PutAlarm { action, wanted, before } => {
                    let change = follow::put_right(self.aws.clone(), action, *wanted, *before);
                    match &self.lease {
                        Some(lease) => self.followers.spawn(lease.bound(change)),
                        None => self.followers.spawn(change),
                    };
                }
                Effect::ResumePooler { action, database } => self.pauses.let_go(action, database),
            }
        }
        first
    }

    fn send(&mut self, id: CallId, call: MutatingCall, held: Option<DatabaseName>) {
        tracing::warn!(action = id.action.0, "sending {}", call.words());
        let aws = self.aws.clone();
        let gate = held.map(|database| self.pauses.begin(id.action.clone(), database));
        let call = async move {
            let send = aws.send(&call);
            let outcome = match gate {
                Some(gate) => gate.send(send).await,
                None => send.await,
            };
            (id, outcome)
        };
        match &self.lease {
            Some(lease) => self.calls.spawn(lease.bound(call)),
            None => self.calls.spawn(call),
        };
    }

    /// A record could not be written: what was to follow it does not happen. A call among that was never sent, and the
    /// engine must not wait for its answer. Clients that are held go on all the same: that needs no evidence.
    fn void(&mut self, now: Timestamp, effects: impl Iterator<Item = Effect>) -> Option<u64> {
        for effect in effects {
            // The effects of what the engine is told would be records, and there is nowhere to put them.
            match effect {
                Effect::Record(_) | Effect::PutAlarm { .. } => {}
                Effect::ResumePooler { action, database } => self.pauses.let_go(action, database),
                Effect::Send { id, held, .. } => {
                    if let Some(database) = held {
                        let why = "nothing was paused: the journal could not record the call".to_owned();
                        let (action, step) = (id.action.clone(), PoolerStep::Resumed { held_millis: None, why });
                        drop(self.engine.step(now, Input::Pooler { action, database, step }));
                    }
                    let message = "the journal could not record it".to_owned();
                    let outcome = CallOutcome::Refused { code: NOT_SENT.to_owned(), message, request_id: None };
                    drop(self.engine.step(now, Input::Outcome { id, outcome }));
                }
            }
        }
        None
    }

    /// Appends an event and syncs it; `None` when the journal does not take it, which disarms. Each record is on the disk
    /// before the next one is written, so that a loss of power can tear no more than the last.
    pub(super) fn record(&mut self, now: Timestamp, event: Event) -> Option<u64> {
        let synced = self.guards.stand(Guard::SyncBeforeSend);
        let journal = self.journal.as_mut().ok()?;
        let kept = journal.append(now, event).and_then(|entry| {
            if synced {
                journal.sync()?;
            }
            Ok(entry)
        });
        match kept {
            Ok(entry) => {
                let seq = entry.seq;
                publish::log(&entry);
                let identity = self.engine.identity();
                self.outward.tell(&Happened { seq: Some(seq), at: entry.at, event: &entry.event, identity });
                self.tail.push_back(entry);
                if self.tail.len() > TAIL_LENGTH {
                    self.tail.pop_front();
                }
                Some(seq)
            }
            Err(error) => {
                self.journal_broke(now, &error.to_string());
                None
            }
        }
    }

    fn journal_broke(&mut self, now: Timestamp, why: &str) {
        tracing::error!("the journal takes no records, the engine is disarmed: {why}");
        self.journal = Err(why.to_owned());
        // Its effects would be records, and there is nowhere to put them.
        drop(self.engine.step(now, Input::JournalBroken(why.to_owned())));
        // No journal will ever tell of it.
        let event = Event::Disarmed { by: None, why: format!("the journal takes no records: {why}") };
        self.outward.tell(&Happened { seq: None, at: now, event: &event, identity: self.engine.identity() });
    }
}
