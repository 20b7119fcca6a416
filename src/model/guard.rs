//! The guards that stand between a decision and a mutating call, by name, so that a test can take one away and show that
//! its absence is noticed. The product always runs with all of them.
//!
//! Not among them is what something else repeats: without the gate `journal writable` there still is no call without its
//! record, without `rung on the ladder` there is nothing to call, and three looks before an end are held to by the tests
//! of the playbook: no description is so old that one look could not be told from three.

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
    /// Who was armed for a while is disarmed when that is over; else a night's permission becomes one for good.
    ArmingEnd,
    /// What a person holds is left alone; else the engine undoes what a person has just ordered.
    Hold,
    /// No more actions a day than the policy allows; else it goes up and down all day.
    DailyBudget,
    /// No more actions at once in the whole fleet than configured; else all of it is in an outage together.
    FleetSlot,
    /// A call rests on a look of the last seconds; else it is made for a state that is gone.
    FreshLook,
    /// A look is no base for a call once the clock was set; else an old one passes for fresh.
    LookAge,
    /// The database must be available; else the change meets another one that is under way.
    StatusAvailable,
    /// The credentials must belong to the account that the engine was armed in; else another world is changed.
    SameAccount,
    /// RDS's own words must be readable; else a failed change looks like a finished one.
    EventsReadable,
    /// A database has one action at a time; else two orders meet in it.
    OneAction,
    /// AWS must have said that it offers the class; else the order is a guess.
    TargetOrderable,
    /// A step down wants every signal of the up rules whole; else load hides in a gap.
    UpRulesComplete,
    /// The connections must fit on the smaller class; else clients are turned away.
    ConnectionsFit,
    /// The CPU must idle where a source says zero; else a broken source takes the class from under the load.
    CpuFits,
    /// An engine that ended without a word comes back disarmed; else a disk that took no records is forgotten.
    UncleanEnd,
    /// A change is verified when clients reach the new machine, where that can be seen; else they write into the old one.
    ClientsReach,
    /// A machine that an action has left is kept as long as promised; else the way back is gone.
    OldKept,
    /// The lease is counted from before it was asked for, by the clock that says most; else a machine that slept acts on one
    /// that is over.
    LeaseClock,
    /// Who wants the lease waits it out; else two have it.
    LeaseWait,
    /// A new holder is quiet for a while; else its first call meets the last one of the holder before.
    LeaseQuiet,
    /// The lease is looked at again right before a call leaves; else a machine that stood still meanwhile sends without it.
    LeaseBeforeSend,
}

/// Which guards stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guards {
    removed: Option<Guard>,
}

impl Guard {
    /// Every guard.
    pub const ALL: [Self; 31] = [
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
        Self::ArmingEnd,
        Self::Hold,
        Self::DailyBudget,
        Self::FleetSlot,
        Self::FreshLook,
        Self::LookAge,
        Self::StatusAvailable,
        Self::SameAccount,
        Self::EventsReadable,
        Self::OneAction,
        Self::TargetOrderable,
        Self::UpRulesComplete,
        Self::ConnectionsFit,
        Self::CpuFits,
        Self::UncleanEnd,
        Self::ClientsReach,
        Self::OldKept,
        Self::LeaseClock,
        Self::LeaseWait,
        Self::LeaseQuiet,
        Self::LeaseBeforeSend,
    ];

    /// Those of the lease, which have a swarm of their own.
    pub const OF_LEASE: [Self; 4] = [Self::LeaseClock, Self::LeaseWait, Self::LeaseQuiet, Self::LeaseBeforeSend];

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
            Self::ArmingEnd => "arming-end",
            Self::Hold => "hold",
            Self::DailyBudget => "daily-budget",
            Self::FleetSlot => "fleet-slot",
            Self::FreshLook => "fresh-look",
            Self::LookAge => "look-age",
            Self::StatusAvailable => "status-available",
            Self::SameAccount => "same-account",
            Self::EventsReadable => "events-readable",
            Self::OneAction => "one-action",
            Self::TargetOrderable => "target-orderable",
            Self::UpRulesComplete => "up-rules-complete",
            Self::ConnectionsFit => "connections-fit",
            Self::CpuFits => "cpu-fits",
            Self::UncleanEnd => "unclean-end",
            Self::ClientsReach => "clients-reach",
            Self::OldKept => "old-kept",
            Self::LeaseClock => "lease-clock",
            Self::LeaseWait => "lease-wait",
            Self::LeaseQuiet => "lease-quiet",
            Self::LeaseBeforeSend => "lease-before-send",
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
