//! The guards that stand between a decision and a mutating call, by name, so that a test can take one away and show that
//! its absence is noticed. The product always runs with all of them.

use std::fmt;

/// One guard, and what goes wrong without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// Datapoints must be recent and not of the future; else a decision rests on a load that is gone.
    FreshData,
    /// A missing datapoint satisfies no rule; else a silent metric reads as no load.
    MissingMetric,
    /// A lost answer is watched for a while before it is called "did not happen"; else it is ordered twice.
    SettleWindow,
    /// A mutating call is attempted once; else a lost answer becomes a second order.
    OneAttempt,
    /// Intent and call are on the disk before the call is sent; else a crash forgets what it did.
    SyncBeforeSend,
    /// The class must still be what the order was made for; else an order may change nothing, or the wrong thing.
    ClassAsOrdered,
    /// Nothing else may be pending; else `ApplyImmediately` applies it too.
    NothingPending,
    /// The machine behind the name must be the one that was meant; else another database is changed.
    SameMachine,
    /// No engine-made step soon after another; else it flaps.
    Cooldown,
    /// A disarmed engine starts nothing; else a person cannot stop it.
    DisarmLatch,
    /// What a person holds is left alone; else the engine undoes what a person has just ordered.
    Hold,
    /// No more actions a day than the policy allows; else it goes up and down all day.
    DailyBudget,
    /// No more actions at once in the whole fleet than configured; else all of it is in an outage together.
    FleetSlot,
    /// An engine that ended without a word comes back disarmed; else a disk that took no records is forgotten.
    UncleanEnd,
}

/// Which guards stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guards {
    removed: Option<Guard>,
}

impl Guard {
    /// Every guard.
    pub const ALL: [Self; 14] = [
        Self::FreshData,
        Self::MissingMetric,
        Self::SettleWindow,
        Self::OneAttempt,
        Self::SyncBeforeSend,
        Self::ClassAsOrdered,
        Self::NothingPending,
        Self::SameMachine,
        Self::Cooldown,
        Self::DisarmLatch,
        Self::Hold,
        Self::DailyBudget,
        Self::FleetSlot,
        Self::UncleanEnd,
    ];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::FreshData => "fresh-data",
            Self::MissingMetric => "missing-metric",
            Self::SettleWindow => "settle-window",
            Self::OneAttempt => "one-attempt",
            Self::SyncBeforeSend => "sync-before-send",
            Self::ClassAsOrdered => "class-as-ordered",
            Self::NothingPending => "nothing-pending",
            Self::SameMachine => "same-machine",
            Self::Cooldown => "cooldown",
            Self::DisarmLatch => "disarm-latch",
            Self::Hold => "hold",
            Self::DailyBudget => "daily-budget",
            Self::FleetSlot => "fleet-slot",
            Self::UncleanEnd => "unclean-end",
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Guards {
    /// All of them.
    pub const fn all() -> Self {
        Self { removed: None }
    }

    /// All but one. Only the room that proves the guards may call this; a test holds the others to it.
    pub const fn without(guard: Guard) -> Self {
        Self { removed: Some(guard) }
    }

    /// Whether a guard stands.
    pub fn stand(self, guard: Guard) -> bool {
        self.removed != Some(guard)
    }
}
