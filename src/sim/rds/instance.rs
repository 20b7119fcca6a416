//! One DB instance: what the control plane knows of it, and when it was down.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::cluster::ClusterKind;
use crate::model::member_settings::{MemberSettings, PerformanceInsights};
use crate::model::window::Window;
use crate::sim::rng::Rng;
use crate::sim::scenario::InstanceSpec;

/// The port of PostgreSQL.
pub(in crate::sim) const POSTGRES_PORT: u16 = 5432;

/// A DB instance of the simulated account.
#[derive(Debug, Clone)]
pub struct Instance {
    /// The `DBInstanceIdentifier`, lower case.
    pub id: String,
    /// The `DbiResourceId`.
    pub resource_id: String,
    /// Its ARN.
    pub arn: String,
    /// Host name of the endpoint.
    pub host: String,
    /// Port of the endpoint.
    pub port: u16,
    /// The class it has.
    pub class: String,
    /// The `DBInstanceStatus`.
    pub status: String,
    /// What was asked for and is not yet so: what the change under way brings, else what waits for the window.
    pub pending: Pending,
    /// What was asked for the window while another change was about to begin: it is not swept along with that one.
    pub deferred: Pending,
    /// `postgres`, or `aurora-postgresql`.
    pub engine: String,
    /// Such as `16.8`.
    pub engine_version: String,
    /// A standby exists.
    pub multi_az: bool,
    /// Zone of the primary.
    pub zone: String,
    /// Zone of the standby, or the one that a standby would get.
    pub other_zone: String,
    /// Such as `gp3`.
    pub storage_type: String,
    /// Allocated storage in GiB.
    pub storage_gib: u32,
    /// Days.
    pub backup_retention_days: u32,
    /// When deferred changes are made.
    pub window: Window,
    /// Whether its parameter group waits for a restart: `in-sync`, `pending-reboot`.
    pub parameter_apply_status: String,
    /// Secrets Manager manages the master password.
    pub manages_password: bool,
    /// The capacity reservation that it uses.
    pub capacity_reservation: Option<String>,
    /// Key and value.
    pub tags: BTreeMap<String, String>,
    /// When it was created.
    pub created: Timestamp,
    /// Down from, and until when; open while it lasts. Oldest first.
    pub outages: Vec<(Timestamp, Option<Timestamp>)>,
    /// How far it is behind the machine that it follows, at the end of the last minute; zero where it follows none.
    pub behind: SignedDuration,
    /// What it is to the clients.
    pub role: Role,
    /// The cluster that it is a member of.
    pub membership: Option<Membership>,
    /// What it has of its own where it is a member of a cluster, but for its tags and its parameter group.
    pub settings: MemberSettings,
    /// It cannot be deleted.
    pub deletion_protection: bool,
    /// The change being made, from acceptance until the instance has settled.
    pub change: Change,
}

/// What an instance is to the clients of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// It serves those who ask for it by its name.
    Production,
    /// The green copy of another, by that one's name: it applies what that one writes and serves nobody.
    Copy {
        /// The identifier of the original.
        of: String,
    },
    /// A copy has taken over its name: it takes no writes and nobody asks for it.
    Replaced,
    /// The member of a cluster that takes the writes.
    Writer,
    /// A member of a cluster that can be read, and can take over.
    Reader,
}

/// An instance's place in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The `DBClusterIdentifier`.
    pub cluster: String,
    /// The kind of that cluster.
    pub kind: ClusterKind,
    /// The `PromotionTier`: of the members that can take over the one with the lowest number does.
    pub promotion_tier: u32,
}

/// `PendingModifiedValues`, as far as they are simulated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending {
    /// Another name.
    pub id: Option<String>,
    /// Another class.
    pub class: Option<String>,
    /// More storage, in GiB.
    pub storage_gib: Option<u32>,
    /// Another retention of backups, in days.
    pub backup_retention_days: Option<u32>,
    /// With or without a standby.
    pub multi_az: Option<bool>,
}

/// How far a change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// None under way; something may be pending for the maintenance window.
    Idle,
    /// To begin within seconds; the status does not show it yet.
    Accepted,
    /// Under way.
    Running,
}

impl Pending {
    /// Nothing is pending.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes over every value that `newer` names.
    pub fn merge(&mut self, newer: &Self) {
        let Self { id, class, storage_gib, backup_retention_days, multi_az } = newer.clone();
        self.id = id.or(self.id.take());
        self.class = class.or(self.class.take());
        self.storage_gib = storage_gib.or(self.storage_gib);
        self.backup_retention_days = backup_retention_days.or(self.backup_retention_days);
        self.multi_az = multi_az.or(self.multi_az);
    }

    /// Forgets every value that `other` names too.
    pub fn take_back(&mut self, other: &Self) {
        self.id.take_if(|_| other.id.is_some());
        self.class.take_if(|_| other.class.is_some());
        self.storage_gib.take_if(|_| other.storage_gib.is_some());
        self.backup_retention_days.take_if(|_| other.backup_retention_days.is_some());
        self.multi_az.take_if(|_| other.multi_az.is_some());
    }
}

impl Instance {
    /// Everything that is pending, as RDS shows it.
    pub fn all_pending(&self) -> Pending {
        let mut all = self.pending.clone();
        all.merge(&self.deferred);
        all
    }

    /// The instance that a scenario describes, created a month before `now`.
    pub fn new(spec: &InstanceSpec, account: &str, region: &str, seed: u64, now: Timestamp) -> Option<Self> {
        let id = spec.id.to_ascii_lowercase();
        let mut rng = Rng::of(seed, &format!("instance {id}"), 0);
        let zone = spec.az.clone().unwrap_or_else(|| format!("{region}a"));
        let other_zone = if zone.ends_with('b') { format!("{region}c") } else { format!("{region}b") };
        let month = SignedDuration::from_hours(30 * 24);
        Some(Self {
            resource_id: format!("db-{}", rng.alphanumeric(26).to_ascii_uppercase()),
            arn: format!("arn:aws:rds:{region}:{account}:db:{id}"),
            host: format!("{id}.c{}.{region}.rds.amazonaws.com", rng.alphanumeric(11)),
            port: POSTGRES_PORT,
            class: spec.class.clone(),
            status: "available".to_owned(),
            pending: Pending::default(),
            deferred: Pending::default(),
            engine: spec.engine.clone(),
            engine_version: spec.engine_version.clone(),
            multi_az: spec.multi_az,
            zone,
            other_zone,
            storage_type: spec.storage_type.clone(),
            storage_gib: spec.storage_gib,
            backup_retention_days: spec.backup_retention_days,
            window: Window::weekly(&spec.maintenance_window)?,
            parameter_apply_status: spec.parameter_apply_status.clone(),
            manages_password: spec.manage_master_user_password,
            capacity_reservation: spec.capacity_reservation.clone(),
            tags: spec.tags.clone(),
            created: now.saturating_sub(month).unwrap_or(now),
            outages: Vec::new(),
            behind: SignedDuration::ZERO,
            role: Role::Production,
            membership: None,
            settings: of_long_ago(),
            deletion_protection: spec.deletion_protection,
            change: Change::Idle,
            id,
        })
    }

    /// Whether it is a member of that cluster.
    pub fn is_member_of(&self, cluster: &str) -> bool {
        self.membership.as_ref().is_some_and(|membership| membership.cluster == cluster)
    }

    /// Whether the database accepted connections at that instant. Known for the last hours only.
    pub fn is_up_at(&self, at: Timestamp) -> bool {
        !self.outages.iter().any(|(from, until)| *from <= at && until.is_none_or(|until| at < until))
    }

    /// Forgets outages that ended before `before`.
    pub fn forget_outages(&mut self, before: Timestamp) {
        self.outages.retain(|(_, until)| until.is_none_or(|until| until >= before));
    }

    /// The database goes down, if it is not down already.
    pub fn goes_down(&mut self, at: Timestamp) {
        if self.outages.last().is_none_or(|(_, until)| until.is_some()) {
            self.outages.push((at, None));
        }
    }

    /// The database is back, with the parameters that waited for a restart.
    pub fn comes_up(&mut self, at: Timestamp) {
        if let Some((_, until @ None)) = self.outages.last_mut() {
            "in-sync".clone_into(&mut self.parameter_apply_status);
            *until = Some(at);
        }
    }
}

/// How instances are set that have been there for long.
fn of_long_ago() -> MemberSettings {
    MemberSettings {
        performance_insights: Some(PerformanceInsights { retention_days: Some(7), kms_key: None }),
        ca_certificate: Some("rds-ca-rsa2048-g1".to_owned()),
        minor_upgrades: Some(false),
        public: Some(false),
        copy_tags: Some(true),
        ..MemberSettings::default()
    }
}

/// Whether RDS would take that as a `DBInstanceIdentifier`: a letter, then letters, digits and single hyphens, at most
/// 63 characters, not ending with a hyphen.
pub fn is_identifier(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.starts_with(|char: char| char.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.ends_with('-')
        && !text.contains("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_follow_the_rules_of_rds() {
        for good in ["checkpoints", "A-1", "a"] {
            assert!(is_identifier(good), "{good}");
        }
        let long = "a".repeat(64);
        for wrong in ["", "1a", "a--b", "a-", "a_b", "ä", long.as_str()] {
            assert!(!is_identifier(wrong), "{wrong}");
        }
    }

    #[test]
    fn pending_values_add_up_and_the_newer_wins() {
        let mut pending = Pending { class: Some("db.m5.large".to_owned()), multi_az: Some(true), ..Pending::default() };
        pending.merge(&Pending { class: Some("db.m5.xlarge".to_owned()), ..Pending::default() });
        assert_eq!(pending.class.as_deref(), Some("db.m5.xlarge"));
        assert_eq!(pending.multi_az, Some(true));
    }
}
