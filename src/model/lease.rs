//! The lease across hosts: of several engines for the same databases one at most changes anything. What is configured of
//! it, what its item in the table says, and how this engine stands to it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::limits::MUTATION_LIMIT;

/// What a clock, a scheduler and the way to AWS may take beyond every deadline.
pub const LEASE_MARGIN: Duration = Duration::from_secs(5);

/// So much of the lease must be left when a call goes out: the longest that it is waited for, and the margin.
pub const LEASE_RESERVE: Duration = MUTATION_LIMIT.saturating_add(LEASE_MARGIN);

/// `[lease]`: where it is kept, and its terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseSettings {
    /// A table of DynamoDB whose partition key is the text `lease`.
    pub table: String,
    /// The item in it: engines of the same key exclude each other.
    pub key: String,
    /// A holder that is not heard of for so long has lost it.
    pub ttl: Duration,
    /// So often the holder is heard of; three fit into `ttl`.
    pub heartbeat: Duration,
}

impl LeaseSettings {
    /// So long after it was acquired nothing is sent: what the engine before has sent has arrived or is given up by then,
    /// even where its clocks go half as fast as these. That one sends until `ttl` less the reserve has passed for it, and its
    /// last call takes [`MUTATION_LIMIT`]; twice that, less the `ttl` that was waited out, is left.
    pub fn quiet(&self) -> Duration {
        self.ttl.saturating_sub(LEASE_MARGIN * 2).max(MUTATION_LIMIT)
    }
}

/// What tells one state of the item from every other one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseStamp {
    /// Which process: no other one has ever had this name.
    pub owner: String,
    /// Rises with each acquisition.
    pub epoch: u64,
    /// Rises with each write of this owner.
    pub rvn: u64,
}

/// The item. There is no time in it: clocks of other machines say nothing here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseItem {
    /// Who wrote it, and when in the order of things.
    pub stamp: LeaseStamp,
    /// Its owner for people, such as `bastion-1 (pid 812)`.
    pub host: String,
    /// The owner's own terms: who waits it out takes the longer ones.
    pub ttl: Duration,
    /// The owner has ended in order: nothing of it is under way, and nobody has to wait.
    pub released: bool,
    /// Whether it may act, and if not, why.
    pub permission: LeasePermission,
}

/// The permission of a holder, as far as the next one must know of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeasePermission {
    /// It is armed.
    pub armed: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
    /// The person who disarmed it; absent when it did so itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<String>,
}

/// How this engine stands to the lease. Instants are of the clock in use, for people alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "standing")]
pub enum LeaseStanding {
    /// It is this engine's.
    Held {
        /// Of this acquisition.
        epoch: u64,
        /// When the newest heartbeat that arrived was sent.
        renewed_at: Timestamp,
        /// Nothing is sent before: see [`LeaseSettings::quiet`].
        acts_from: Timestamp,
    },
    /// Another engine has it, or had it and is being waited out.
    Elsewhere {
        /// Which one, for people.
        holder: String,
        /// Its epoch.
        epoch: u64,
        /// When it was last seen to have been renewed.
        renewed_at: Timestamp,
    },
    /// Nobody is known to have it, and why this engine does not.
    Nobody {
        /// In a sentence.
        why: String,
    },
    /// The table says less than what is on record: it was made anew, or restored from a backup.
    SetBack {
        /// What it says; 0 where it says nothing.
        epoch: u64,
        /// The highest epoch that this engine knows of.
        known: u64,
    },
}

/// What was found when the lease was acquired.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaseTaken {
    /// Who had it before, for people.
    pub after: Option<String>,
    /// The permission that it had.
    pub permission: Option<LeasePermission>,
    /// The table had been set back to this epoch, with a higher one on record.
    pub set_back_to: Option<u64>,
}

/// What has happened to the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseChange {
    /// It is this engine's from here on.
    Acquired {
        /// Of this acquisition.
        epoch: u64,
        /// What was found.
        taken: LeaseTaken,
    },
    /// It is not any more.
    Lost {
        /// Of the acquisition that is over.
        epoch: u64,
        /// Why.
        why: String,
    },
}

/// What a snapshot shows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseView {
    /// Where it is kept: the table and the key.
    pub place: String,
    /// How this engine stands to it.
    #[serde(flatten)]
    pub standing: LeaseStanding,
    /// What fails at the table at the moment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trouble: Option<Failure>,
}

impl LeaseItem {
    /// Whether a person has disarmed its owner.
    pub fn is_disarmed_by_person(&self) -> bool {
        !self.permission.armed && self.permission.by.is_some()
    }
}

impl LeaseStanding {
    /// The epoch that is held by this engine.
    pub fn held_epoch(&self) -> Option<u64> {
        match self {
            Self::Held { epoch, .. } => Some(*epoch),
            _ => None,
        }
    }

    /// When its holder was last known to have renewed it.
    pub fn renewed_at(&self) -> Option<Timestamp> {
        match self {
            Self::Held { renewed_at, .. } | Self::Elsewhere { renewed_at, .. } => Some(*renewed_at),
            Self::Nobody { .. } | Self::SetBack { .. } => None,
        }
    }

    /// In a few words, without ages: `held, epoch 7`, `held by bastion-2 (pid 812), epoch 7`.
    pub fn words(&self) -> String {
        match self {
            Self::Held { epoch, .. } => format!("held, epoch {epoch}"),
            Self::Elsewhere { holder, epoch, .. } => format!("held by {holder}, epoch {epoch}"),
            Self::Nobody { why } => why.clone(),
            Self::SetBack { epoch: 0, known } => {
                format!("the table has no lease any more, and epoch {known} is on record: was it made anew?")
            }
            Self::SetBack { epoch, known } => {
                format!("the table says epoch {epoch}, and {known} is on record: was it restored from a backup?")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_quiet_a_holder_at_half_speed_has_been_waited_for() {
        for (ttl, heartbeat) in [(40, 10), (22, 4), (60, 15), (600, 60)] {
            let terms = LeaseSettings {
                table: "t".into(),
                key: "k".into(),
                ttl: Duration::from_secs(ttl),
                heartbeat: Duration::from_secs(heartbeat),
            };
            let last_arrival = terms.ttl.saturating_sub(LEASE_RESERVE) + MUTATION_LIMIT;
            assert!(terms.ttl + terms.quiet() >= last_arrival * 2, "{ttl}");
            assert!(terms.quiet() >= MUTATION_LIMIT, "{ttl}");
        }
    }
}
