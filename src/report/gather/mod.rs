//! Records to evidence. One pass over the journal, in which of the evaluations, which are most of it, only what a report
//! can show is kept; then the time that is asked for is cut out.

mod actions;
mod evaluations;
mod seen;
mod timeline;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use self::actions::Actions;
use self::evaluations::Evaluations;
use self::seen::Seen;
use super::acceptance::acceptance;
use super::evidence::{
    ActionEvidence, DatabaseEvidence, EngineStart, Evidence, JournalProof, Permission, VERSION, World,
};
use crate::model::action::ActionId;
use crate::model::database::DatabaseName;
use crate::model::drill::Drill;
use crate::model::event::{Entry, Event};

/// What is shown in front of an action and behind it, where the journal has it.
const AROUND: SignedDuration = SignedDuration::from_mins(30);

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The last action that changes a class, under way or over; where there is none, the last one at all.
    Last,
    /// One action.
    Action(ActionId),
    /// Everything within a time; an end that is absent is that of the journal.
    Span {
        /// From when.
        from: Option<Timestamp>,
        /// Until when.
        until: Option<Timestamp>,
        /// Only this database.
        database: Option<DatabaseName>,
    },
}

/// Why there is nothing to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NothingThere {
    /// The journal has no record.
    NoRecord,
    /// It has no action.
    NoAction {
        /// When its first and last record are.
        records: (Timestamp, Timestamp),
    },
    /// It has no action of that name.
    Unknown {
        /// Asked for.
        action: ActionId,
        /// The last ones that it has.
        known: Vec<ActionId>,
    },
    /// Nothing was recorded in that time.
    Empty {
        /// When its first and last record are.
        records: (Timestamp, Timestamp),
    },
}

/// A fold over the records of a journal, in their order.
#[derive(Debug, Default)]
pub struct Gatherer {
    /// All records but the evaluations.
    entries: Vec<Entry>,
    evaluations: Evaluations,
    actions: Actions,
    seen: Seen,
    times: Option<(Timestamp, Timestamp)>,
}

/// The time that is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Window {
    pub(super) fn has(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.until
    }
}

impl Gatherer {
    /// Takes the next record.
    pub fn take(&mut self, entry: &Entry) {
        let (first, last) = self.times.unwrap_or((entry.at, entry.at));
        self.times = Some((first.min(entry.at), last.max(entry.at)));
        self.seen.take(entry);
        self.actions.take(entry, &self.evaluations, &self.seen);
        if let Event::Decision { decision, repeats } = &entry.event {
            self.evaluations.take(entry, decision, *repeats);
        } else {
            self.entries.push(entry.clone());
        }
    }

    /// The evidence that is asked for.
    ///
    /// # Errors
    /// There is none.
    pub fn finish(
        mut self,
        selection: &Selection,
        drill: Option<Drill>,
        journal: JournalProof,
        written_at: Timestamp,
    ) -> Result<Evidence, NothingThere> {
        let records = self.times.ok_or(NothingThere::NoRecord)?;
        let actions = self.selected(selection, records)?;
        let window = self.window(selection, &actions, drill.as_ref(), records)?;
        let databases = self.databases(selection, &actions, window);
        let mut evidence = Evidence {
            version: VERSION,
            written_by: env!("CARGO_PKG_VERSION").to_owned(),
            written_at,
            world: World::Unknown,
            from: window.from,
            until: window.until,
            journal,
            engines: self.engines(window),
            identity: self.seen.identity.take(),
            permissions: self.permissions(window),
            timeline: timeline::timeline(&self, &databases, window, drill.as_ref()),
            databases: databases.iter().map(|database| self.database(database, window)).collect(),
            actions,
            drill,
            acceptance: Vec::new(),
        };
        evidence.world = world(&evidence.engines);
        evidence.acceptance = acceptance(&evidence);
        Ok(evidence)
    }

    fn selected(
        &mut self,
        selection: &Selection,
        records: (Timestamp, Timestamp),
    ) -> Result<Vec<ActionEvidence>, NothingThere> {
        let mut all = std::mem::take(&mut self.actions).finish(&self.entries);
        match selection {
            Selection::Last => {
                let last = all.iter().rposition(|action| action.intent.removes.is_none());
                let last = last.or_else(|| all.len().checked_sub(1)).ok_or(NothingThere::NoAction { records })?;
                Ok(vec![all.swap_remove(last)])
            }
            Selection::Action(id) => {
                let found = all.iter().position(|action| action.intent.action == *id);
                let known = all.iter().rev().take(5).rev().map(|action| action.intent.action.clone()).collect();
                let found = found.ok_or_else(|| NothingThere::Unknown { action: id.clone(), known })?;
                Ok(vec![all.swap_remove(found)])
            }
            Selection::Span { from, until, database } => {
                let (from, until) = (from.unwrap_or(records.0), until.unwrap_or(records.1));
                let of = |action: &ActionEvidence| database.as_ref().is_none_or(|of| *of == action.intent.database);
                all.retain(|action| of(action) && action.at <= until && end_of(action, records.1) >= from);
                Ok(all)
            }
        }
    }

    fn window(
        &self,
        selection: &Selection,
        actions: &[ActionEvidence],
        drill: Option<&Drill>,
        records: (Timestamp, Timestamp),
    ) -> Result<Window, NothingThere> {
        if let Selection::Span { from, until, .. } = selection {
            // Outside of the records there is nothing to see.
            let from = from.unwrap_or(records.0).max(records.0);
            let window = Window { from, until: until.unwrap_or(records.1).min(records.1) };
            let is_there = self.entries.iter().any(|entry| window.has(entry.at)) || self.evaluations.any_in(window);
            let drill = drill.filter(|_| is_there);
            let from = drill.map_or(window.from, |drill| drill.from.min(window.from));
            let until = drill.map_or(window.until, |drill| drill.until.max(window.until));
            return is_there.then_some(Window { from, until }).ok_or(NothingThere::Empty { records });
        }
        let Some(action) = actions.first() else { return Err(NothingThere::NoAction { records }) };
        let used = action.decision.iter().flat_map(|decision| &decision.decision.datapoints).map(|point| point.start);
        let around = |at: Timestamp, by: SignedDuration| at.saturating_add(by).unwrap_or(at);
        let first = records.0.max(around(action.at, -AROUND));
        let last = records.1.min(around(end_of(action, records.1), AROUND));
        let from = used.chain([first]).chain(drill.map(|drill| drill.from)).min().unwrap_or(first);
        let until = [last].into_iter().chain(drill.map(|drill| drill.until)).max().unwrap_or(last);
        Ok(Window { from, until })
    }

    fn databases(&self, selection: &Selection, actions: &[ActionEvidence], window: Window) -> Vec<DatabaseName> {
        let mut names = match selection {
            Selection::Span { database: Some(database), .. } => vec![database.clone()],
            Selection::Span { .. } => self.evaluations.databases_in(window),
            Selection::Last | Selection::Action(_) => Vec::new(),
        };
        for action in actions {
            if !names.contains(&action.intent.database) {
                names.push(action.intent.database.clone());
            }
        }
        names
    }

    fn database(&self, database: &DatabaseName, window: Window) -> DatabaseEvidence {
        let last = self.times.map_or(window.until, |(_, last)| last);
        DatabaseEvidence {
            database: database.clone(),
            classes: self.seen.classes(database, window, last),
            rules: self.evaluations.rules(database, window),
            series: self.evaluations.series(database, window, &self.seen),
            policies: self.evaluations.policies(database, window),
        }
    }

    /// Those that were in force.
    fn engines(&self, window: Window) -> Vec<EngineStart> {
        let starts = self.seen.engines.iter().filter(|start| start.at <= window.until);
        let before = starts.clone().rfind(|start| start.at < window.from);
        before.into_iter().chain(starts.filter(|start| start.at >= window.from)).cloned().collect()
    }

    fn permissions(&self, window: Window) -> Vec<Permission> {
        let words = self.seen.permissions.iter().filter(|word| word.at <= window.until);
        let before = words.clone().rfind(|word| word.at < window.from);
        before.into_iter().chain(words.filter(|word| word.at >= window.from)).cloned().collect()
    }
}

fn end_of(action: &ActionEvidence, last: Timestamp) -> Timestamp {
    action.ended.as_ref().map_or(last, |end| end.at)
}

fn world(engines: &[EngineStart]) -> World {
    if engines.iter().any(|engine| engine.mode.split(' ').any(|word| word == "sim")) {
        World::Simulation
    } else if engines.is_empty() {
        World::Unknown
    } else {
        World::Aws
    }
}

impl fmt::Display for NothingThere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = |records: &(Timestamp, Timestamp)| format!("from {:.0} to {:.0}", records.0, records.1);
        match self {
            Self::NoRecord => f.write_str("the journal has no records"),
            Self::NoAction { records } => write!(
                f,
                "the journal, whose records are {}, has no action to report; --from and --to report a time without one",
                span(records)
            ),
            Self::Unknown { action, known } if known.is_empty() => {
                write!(f, "the journal has no action {}, nor any other", action.0)
            }
            Self::Unknown { action, known } => {
                let known: Vec<&str> = known.iter().map(|id| id.0.as_str()).collect();
                write!(f, "the journal has no action {}; the last ones are {}", action.0, known.join(", "))
            }
            Self::Empty { records } => {
                write!(f, "nothing was recorded in that time; the journal's records are {}", span(records))
            }
        }
    }
}
