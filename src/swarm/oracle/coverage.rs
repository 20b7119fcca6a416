//! What did happen: each fault by the phase of the action it struck, and the outcomes that were reached. A fault that never
//! meets a phase proves nothing about it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::action::{ActionResult, CallState, Run};
use crate::model::call::{CallOutcome, MutatingCall};
use crate::model::decision::Verdict;
use crate::model::event::Event;
use crate::model::ladder::Direction;
use crate::model::operator::Actor;
use crate::swarm::faults::Fault;

/// Where the engine was when something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// No action under way.
    Idle,
    /// Recorded, nothing sent.
    Intended,
    /// Sent, no answer yet.
    Sent,
    /// The answer was lost; looking.
    Looking,
    /// Accepted; being watched.
    Watching,
}

/// Something that some seed must reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Milestone {
    Verified,
    FailedSafe,
    RolledBack,
    Held,
    StoppedByPerson,
    /// A newer order took the place of one of which nothing was sent.
    SupersededByPerson,
    /// A newer hold took the place of an older one.
    HoldSuperseded,
    /// The time was over for which a person had armed.
    ArmingEnded,
    AnswerLost,
    LostButAdopted,
    LostWithoutTrace,
    ResumedAfterRestart,
    TailRepaired,
    DisarmedByUncleanEnd,
    DisarmedByJournal,
    DisarmedByAccount,
    ForeignChangeSeen,
    OverrideCarriedOut,
    OrderOnOldPictureRefused,
    EngineUp,
    EngineDown,
    ReadFailed,
    ReadRecovered,
    CopyTookOver,
    CopyRemoved,
    /// A reader took over the writes of a cluster.
    ReaderTookOver,
    /// One that an earlier action had left did so.
    LeftReaderTookOver,
    /// A reader that was made for nothing was deleted.
    ReaderGivenUp,
    /// A machine that an action has left was deleted by the engine.
    OldRemovedByEngine,
    /// And by a person.
    OldRemovedByPerson,
    CopyMovedAfterwards,
}

/// Counts over any number of trials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    faults: BTreeMap<(Fault, Phase), u64>,
    milestones: BTreeMap<Milestone, u64>,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 5] = [Self::Idle, Self::Intended, Self::Sent, Self::Looking, Self::Watching];

    /// Of the runs of a fleet, the furthest.
    pub fn of<'a>(runs: impl Iterator<Item = &'a Run>) -> Self {
        let phase = |run: &Run| match run.last_call().map(|call| &call.state) {
            None => Self::Intended,
            Some(CallState::Sent) => Self::Sent,
            Some(CallState::Looking { .. }) => Self::Looking,
            Some(_) => Self::Watching,
        };
        runs.filter(|run| !run.is_ended()).map(phase).max().unwrap_or(Self::Idle)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Intended => "intended",
            Self::Sent => "sent",
            Self::Looking => "looking",
            Self::Watching => "watching",
        }
    }
}

impl Milestone {
    /// Every milestone.
    pub const ALL: [Self; 31] = [
        Self::Verified,
        Self::FailedSafe,
        Self::RolledBack,
        Self::Held,
        Self::StoppedByPerson,
        Self::SupersededByPerson,
        Self::HoldSuperseded,
        Self::ArmingEnded,
        Self::AnswerLost,
        Self::LostButAdopted,
        Self::LostWithoutTrace,
        Self::ResumedAfterRestart,
        Self::TailRepaired,
        Self::DisarmedByUncleanEnd,
        Self::DisarmedByJournal,
        Self::DisarmedByAccount,
        Self::ForeignChangeSeen,
        Self::OverrideCarriedOut,
        Self::OrderOnOldPictureRefused,
        Self::EngineUp,
        Self::EngineDown,
        Self::ReadFailed,
        Self::ReadRecovered,
        Self::CopyTookOver,
        Self::CopyRemoved,
        Self::ReaderTookOver,
        Self::LeftReaderTookOver,
        Self::ReaderGivenUp,
        Self::OldRemovedByEngine,
        Self::OldRemovedByPerson,
        Self::CopyMovedAfterwards,
    ];

    /// What a record says was reached, if that is worth counting.
    pub(in crate::swarm) fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::ActionEnded { result, .. } => match result {
                ActionResult::Verified => Self::Verified,
                ActionResult::FailedSafe { why } if why.contains("left no trace") => Self::LostWithoutTrace,
                ActionResult::FailedSafe { .. } => Self::FailedSafe,
                ActionResult::RolledBack { .. } => Self::RolledBack,
                ActionResult::Stopped { .. } => Self::StoppedByPerson,
                ActionResult::Superseded { .. } => Self::SupersededByPerson,
                ActionResult::Held { .. } => Self::Held,
            },
            Event::CallAnswered { outcome: CallOutcome::Unknown { .. }, .. } => Self::AnswerLost,
            Event::CallAdopted { .. } => Self::LostButAdopted,
            Event::ActionResumed { .. } => Self::ResumedAfterRestart,
            Event::JournalRepaired { .. } => Self::TailRepaired,
            Event::Disarmed { by: None, why } if why.contains("without a word") => Self::DisarmedByUncleanEnd,
            Event::Disarmed { by: None, why } if why.ends_with("are over") => Self::ArmingEnded,
            Event::Disarmed { by: None, why } if why.contains("account") => Self::DisarmedByAccount,
            Event::HoldSet { supersedes, .. } if !supersedes.is_empty() => Self::HoldSuperseded,
            Event::ForeignChange { .. } => Self::ForeignChangeSeen,
            Event::ActionIntended { intent, .. } if intent.removes.is_some() => match intent.actor {
                Actor::Engine => Self::OldRemovedByEngine,
                Actor::Person { .. } => Self::OldRemovedByPerson,
            },
            Event::ActionIntended { intent, .. } if intent.actor != Actor::Engine => Self::OverrideCarriedOut,
            Event::CommandRefused { why, .. } if why.starts_with("not done: meanwhile") => {
                Self::OrderOnOldPictureRefused
            }
            Event::Decision { decision, .. } => match &decision.verdict {
                Verdict::Scale { direction: Direction::Up, .. } => Self::EngineUp,
                Verdict::Scale { direction: Direction::Down, .. } => Self::EngineDown,
                _ => return None,
            },
            Event::ReadFailed(_) => Self::ReadFailed,
            Event::ReadRecovered { .. } => Self::ReadRecovered,
            // Only of a cluster is it known at once what the old writer is called.
            Event::SwitchedOver { old_name: Some(_), .. } => Self::ReaderTookOver,
            Event::SwitchedOver { .. } => Self::CopyTookOver,
            Event::CallSent { id, call: MutatingCall::FailoverDbCluster { .. }, .. } if id.step == 1 => {
                Self::LeftReaderTookOver
            }
            Event::CallSent { id, call: MutatingCall::DeleteDbInstance { .. }, .. } if id.step > 1 => {
                Self::ReaderGivenUp
            }
            Event::CallSent { call: MutatingCall::DeleteBlueGreenDeployment { .. }, .. } => Self::CopyRemoved,
            Event::CallSent { call: MutatingCall::ModifyDbInstanceClass { database: moved, .. }, database, .. }
                if moved != database =>
            {
                Self::CopyMovedAfterwards
            }
            _ => return None,
        })
    }
}

/// A person, a death or a lost answer in the middle of an action is what the engine is built for: a sample in which they
/// only met an idle one has shown nothing.
const MUST_MEET: [(Fault, Phase); 16] = [
    (Fault::O1Disarm, Phase::Sent),
    (Fault::O1Disarm, Phase::Watching),
    (Fault::P1Crash, Phase::Watching),
    (Fault::P2Stop, Phase::Sent),
    (Fault::P2Stop, Phase::Watching),
    (Fault::A3FailsAfter, Phase::Sent),
    (Fault::A5Stale, Phase::Watching),
    (Fault::A6StillAvailable, Phase::Watching),
    (Fault::R2Stuck, Phase::Watching),
    (Fault::R4NotMade, Phase::Watching),
    (Fault::R5TakenBack, Phase::Watching),
    (Fault::R6CutFails, Phase::Watching),
    (Fault::R8Deployment, Phase::Watching),
    (Fault::R9FailoverElsewhere, Phase::Watching),
    (Fault::R10NoReader, Phase::Watching),
    (Fault::R10Lags, Phase::Watching),
];

impl Coverage {
    /// A fault struck in a phase.
    pub fn strike(&mut self, fault: Fault, phase: Phase) {
        *self.faults.entry((fault, phase)).or_default() += 1;
    }

    /// Something was reached.
    pub fn reach(&mut self, milestone: Milestone) {
        *self.milestones.entry(milestone).or_default() += 1;
    }

    /// Takes in the counts of another trial.
    pub fn add(&mut self, other: &Self) {
        for (cell, count) in &other.faults {
            *self.faults.entry(*cell).or_default() += count;
        }
        for (milestone, count) in &other.milestones {
            *self.milestones.entry(*milestone).or_default() += count;
        }
    }

    /// Milestones that were never reached.
    pub fn missed(&self) -> Vec<Milestone> {
        Milestone::ALL.into_iter().filter(|milestone| !self.milestones.contains_key(milestone)).collect()
    }

    /// Faults that never struck in any phase.
    pub fn unseen(&self) -> Vec<Fault> {
        let seen = |fault: &Fault| Phase::ALL.iter().any(|phase| self.faults.contains_key(&(*fault, *phase)));
        Fault::all().filter(|fault| !seen(fault)).collect()
    }

    /// Cells of fault and phase that must not stay empty, and did.
    pub fn unreached(&self) -> Vec<String> {
        let missed = MUST_MEET.into_iter().filter(|cell| !self.faults.contains_key(cell));
        missed.map(|(fault, phase)| format!("{fault} while {}", phase.word())).collect()
    }

    /// Cells of fault and phase that were reached, and how many there are.
    pub fn cells(&self) -> (usize, usize) {
        (self.faults.len(), Fault::all().count() * Phase::ALL.len())
    }

    /// The table, for people.
    pub fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = write!(text, "{:<38}", "fault x phase of the action");
        for phase in Phase::ALL {
            let _ = write!(text, "{:>10}", phase.word());
        }
        for fault in Fault::all() {
            let _ = write!(text, "\n{fault:<38}");
            for phase in Phase::ALL {
                let count = self.faults.get(&(fault, phase)).map_or("-".to_owned(), u64::to_string);
                let _ = write!(text, "{count:>10}");
            }
        }
        let _ = write!(text, "\n\nreached:");
        for milestone in Milestone::ALL {
            let count = self.milestones.get(&milestone).copied().unwrap_or_default();
            let _ = write!(text, "\n{:<38}{count:>10}", format!("{milestone:?}"));
        }
        text
    }
}
