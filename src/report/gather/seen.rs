//! What the journal says of engines, people and classes, kept as it goes by.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Window;
use crate::model::class::InstanceClass;
use crate::model::database::DatabaseName;
use crate::model::event::{Entry, Event};
use crate::model::identity::Identity;
use crate::report::evidence::{ClassSpan, EngineStart, Permission};

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) engines: Vec<EngineStart>,
    pub(super) permissions: Vec<Permission>,
    pub(super) identity: Option<Identity>,
    /// When each database passed to another machine.
    machines: BTreeMap<DatabaseName, Vec<Timestamp>>,
    classes: BTreeMap<DatabaseName, Vec<(Timestamp, InstanceClass)>>,
    /// Times without an engine; the last may have no end yet.
    without_engine: Vec<(Timestamp, Option<Timestamp>)>,
    last: Option<Timestamp>,
}

impl Seen {
    /// Takes the next record.
    pub(super) fn take(&mut self, entry: &Entry) {
        let at = entry.at;
        match &entry.event {
            Event::EngineStarted { version, mode, config_digest, .. } => {
                self.end_pause(at);
                let (version, mode, config_digest) = (version.clone(), mode.clone(), config_digest.clone());
                self.engines.push(EngineStart { at, version, mode, config_digest });
            }
            Event::EngineStopped { .. } => self.without_engine.push((at, None)),
            Event::IdentityConfirmed { account, arn, region } => {
                let (account, arn, region) = (account.clone(), arn.clone(), region.clone());
                self.identity = Some(Identity { account, arn, region });
            }
            Event::Armed { by, reason, until } => {
                let until = until.map_or_else(String::new, |until| format!(", until {until:.0}"));
                let (by, why) = (Some(by.clone()), format!("{reason}{until}"));
                self.permissions.push(Permission { seq: entry.seq, at, is_armed: true, by, why });
            }
            Event::Disarmed { by, why } => {
                let (by, why) = (by.clone(), why.clone());
                self.permissions.push(Permission { seq: entry.seq, at, is_armed: false, by, why });
            }
            Event::SwitchedOver { database, .. } => {
                self.machines.entry(database.clone()).or_default().push(at);
            }
            _ => {}
        }
        if let Some((database, class)) = class_seen(&entry.event) {
            let classes = self.classes.entry(database.clone()).or_default();
            if classes.last().is_none_or(|(_, last)| last != class) {
                classes.push((at, class.clone()));
            }
        }
        self.last = Some(at);
    }

    /// A start without a stop before it: the engine ended without a word, after its last record at the earliest.
    fn end_pause(&mut self, at: Timestamp) {
        match (self.without_engine.last_mut(), self.last) {
            (Some((_, until @ None)), _) => *until = Some(at),
            (_, Some(last)) => self.without_engine.push((last, Some(at))),
            (_, None) => {}
        }
    }

    /// The permission in force: the last word, if it armed.
    pub(super) fn armed_at(&self, at: Timestamp) -> Option<&Permission> {
        self.permissions.iter().rfind(|word| word.at <= at).filter(|word| word.is_armed)
    }

    /// A time, cut where the database passed to another machine.
    pub(super) fn parts(
        &self,
        database: &DatabaseName,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<(Timestamp, Timestamp)> {
        let switches = self.machines.get(database).map_or(&[][..], Vec::as_slice);
        let cuts = switches.iter().copied().filter(|at| from < *at && *at < until);
        let begins: Vec<Timestamp> = [from].into_iter().chain(cuts).collect();
        let ends = begins.iter().skip(1).copied().chain([until]).collect::<Vec<_>>();
        begins.into_iter().zip(ends).collect()
    }

    /// Whether it passed to another machine just then.
    pub(super) fn has_switched_at(&self, database: &DatabaseName, at: Timestamp) -> bool {
        self.machines.get(database).is_some_and(|switches| switches.contains(&at))
    }

    /// Whether for most of a time no engine was running.
    pub(super) fn is_without_engine(&self, from: Timestamp, until: Timestamp) -> bool {
        let paused = self.without_engine.iter().map(|(begin, end)| {
            let overlap = end.unwrap_or(until).min(until).duration_since((*begin).max(from));
            overlap.as_millis().max(0)
        });
        paused.sum::<i128>() * 2 > until.duration_since(from).as_millis()
    }

    /// The classes of a database within a time; the last one is known up to the last record.
    pub(super) fn classes(&self, database: &DatabaseName, window: Window, last: Timestamp) -> Vec<ClassSpan> {
        let changes = self.classes.get(database).map_or(&[][..], Vec::as_slice);
        let ends = changes.iter().skip(1).map(|(at, _)| *at).chain([last]);
        let spans = changes.iter().zip(ends).map(|((from, class), until)| ClassSpan {
            from: (*from).max(window.from),
            until: until.min(window.until),
            class: class.clone(),
        });
        spans.filter(|span| span.from < span.until).collect()
    }
}

fn class_seen(event: &Event) -> Option<(&DatabaseName, &InstanceClass)> {
    match event {
        Event::Decision { decision, .. } => Some((&decision.database, decision.class.as_ref()?)),
        Event::ActionObserved { database, class, .. } | Event::ForeignChange { database, class, .. } => {
            Some((database, class))
        }
        Event::ActionEnded { database, class, .. } => Some((database, class.as_ref()?)),
        _ => None,
    }
}
