//! What a client was told of clusters: two answers make one picture, and the same is made of them here as the engine must.

use std::collections::BTreeMap;

use super::served::{Served, between};

/// One cluster as an answer of `DescribeDBClusters` described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::swarm) struct ServedCluster {
    status: Option<String>,
    resource_id: Option<String>,
    is_aurora: bool,
    writer: Option<String>,
    class: Option<String>,
    pending: bool,
    members: Vec<String>,
}

/// The clusters of an answer, by name. Bytes that are no such answer hold none.
pub(in crate::swarm) fn clusters(body: &[u8]) -> BTreeMap<String, ServedCluster> {
    let text = String::from_utf8_lossy(body);
    let mut found = BTreeMap::new();
    for part in text.split("<DBCluster>").skip(1) {
        let own = part.split("<DBClusterMembers>").next().unwrap_or_default();
        let rest = part.split("</DBClusterMembers>").nth(1).unwrap_or_default();
        let field = |name: &str| {
            let (start, end) = (format!("<{name}>"), format!("</{name}>"));
            let value = between(own, &start, &end).or_else(|| between(rest, &start, &end));
            value.map(str::to_owned).filter(|text| !text.is_empty())
        };
        let Some(name) = field("DBClusterIdentifier") else { continue };
        let members: Vec<&str> = part.split("<DBClusterMember>").skip(1).collect();
        let named =
            |member: &&str| between(member, "<DBInstanceIdentifier>", "</DBInstanceIdentifier>").map(str::to_owned);
        let writes = |member: &&&str| member.contains("<IsClusterWriter>true</IsClusterWriter>");
        let cluster = ServedCluster {
            status: field("Status"),
            resource_id: field("DbClusterResourceId"),
            is_aurora: field("Engine").is_some_and(|engine| engine.starts_with("aurora")),
            class: field("DBClusterInstanceClass"),
            pending: between(part, "<PendingModifiedValues>", "</PendingModifiedValues>")
                .is_some_and(|it| !it.is_empty()),
            writer: members.iter().find(writes).and_then(&named),
            members: members.iter().filter_map(named).collect(),
        };
        found.insert(name, cluster);
    }
    found
}

impl ServedCluster {
    /// The names of its instances.
    pub(in crate::swarm) fn members(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(String::as_str)
    }

    /// The picture of the cluster, with what was told of its instances.
    pub(in crate::swarm) fn with(&self, instances: &BTreeMap<String, Served>) -> Option<Served> {
        let writer = instances.get(self.writer.as_ref()?)?;
        let busy = self.status.clone().filter(|status| status != "available");
        let members = self.members.iter().filter_map(|member| instances.get(member));
        let is_mixed = |member: &Served| self.class.is_some() && member.class != self.class;
        let of_members =
            if self.is_aurora { writer.pending } else { members.into_iter().any(|it| it.pending || is_mixed(it)) };
        let any_pending = self.pending || of_members;
        Some(Served {
            status: if self.is_aurora { busy.or_else(|| writer.status.clone()) } else { self.status.clone() },
            resource_id: if self.is_aurora { writer.resource_id.clone() } else { self.resource_id.clone() },
            pending: any_pending,
            ..writer.clone()
        })
    }
}
