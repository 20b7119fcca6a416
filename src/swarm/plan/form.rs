//! What the databases of a day are: instances or clusters, and how they are moved.

use crate::model::policy::Strategy;
use crate::sim::world::RECORDS_PER_ROW;
use crate::swarm::faults::Fault;

/// What the databases of a day are, and so how they are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::swarm) enum Form {
    /// Instances that are changed in place.
    InPlace,
    /// Instances that copies take over: every fifth day.
    Copies,
    /// Aurora clusters: every tenth day.
    Readers,
    /// Multi-AZ DB clusters: every twentieth day.
    MultiAz,
}

impl Form {
    /// Of a seed.
    pub(in crate::swarm) fn of(seed: u64) -> Self {
        match seed % 20 {
            3 | 14 => Self::Readers,
            18 => Self::MultiAz,
            rest if rest % 5 == 2 => Self::Copies,
            _ => Self::InPlace,
        }
    }

    /// What goes wrong with them alone.
    pub(super) fn faults(self) -> &'static [Fault] {
        match self {
            Self::Copies => &Fault::OF_DEPLOYMENTS,
            Self::Readers => &Fault::OF_CLUSTERS,
            Self::InPlace | Self::MultiAz => &[],
        }
    }

    /// Its actions leave machines behind.
    pub(super) fn leaves_machines(self) -> bool {
        matches!(self, Self::Copies | Self::Readers)
    }

    /// Their identity and their load are those of a cluster, whichever machines are its members.
    pub(in crate::swarm) fn is_cluster(self) -> bool {
        matches!(self, Self::Readers | Self::MultiAz)
    }

    /// How they are moved.
    pub(super) fn strategy(self) -> Strategy {
        match self {
            Self::InPlace => Strategy::InPlace,
            Self::Copies => Strategy::BlueGreen,
            Self::Readers => Strategy::ReaderFailover,
            Self::MultiAz => Strategy::ClusterModify,
        }
    }

    /// The rungs, and of a third of the days a third one: only there can a step be skipped.
    pub(super) fn ladder(self, has_third: bool) -> &'static [&'static str] {
        let all: &'static [&'static str; 3] = match self {
            Self::InPlace | Self::Copies => &["db.t4g.small", "db.m5.large", "db.m5.xlarge"],
            Self::Readers => &["db.t4g.medium", "db.t4g.large", "db.r6g.large"],
            Self::MultiAz => &["db.m6gd.large", "db.m6gd.xlarge", "db.m6gd.2xlarge"],
        };
        if has_third { all } else { all.split_at(2).0 }
    }

    /// What a database of the scenario begins with.
    pub(super) fn header(self, name: &str, odd: bool) -> String {
        match self {
            Self::InPlace | Self::Copies => format!("[[instance]]\nmulti_az = {odd}\n"),
            Self::MultiAz => "[[cluster]]\nkind = \"multi_az\"\n".to_owned(),
            // Application Auto Scaling adds and takes away readers of those that have one, by what clients ask of them.
            Self::Readers if odd => "[[cluster]]\nkind = \"aurora\"\n".to_owned(),
            Self::Readers => format!(
                "[[cluster]]\nkind = \"aurora\"\nmembers = [{{ id = \"{name}-one\" }}, {{ id = \"{name}-two\", tier = 2 }}]\n\
                 scaling = {{ min = 1, max = 3, connections = 40 }}\n"
            ),
        }
    }

    /// Rows for a write that is counted: Aurora counts log records, of which each row has several.
    pub(in crate::swarm) fn rows_per_write(self) -> f64 {
        if self == Self::Readers { 1.0 / RECORDS_PER_ROW } else { 1.0 }
    }
}
