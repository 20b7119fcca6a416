//! What an instance of an Aurora cluster has that is its own and not the cluster's. A reader that is made to take over
//! the writes must have it too: monitoring, certificates and tags that were only the old writer's would be gone with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The settings of one instance, as `DescribeDBInstances` tells them and `CreateDBInstance` takes them. What is absent was
/// not told, and RDS's default is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberSettings {
    /// `DBParameterGroupName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_group: Option<String>,
    /// Performance Insights, where it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_insights: Option<PerformanceInsights>,
    /// Enhanced monitoring, where it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<Monitoring>,
    /// `CACertificateIdentifier`: who signs the certificate that clients verify.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_certificate: Option<String>,
    /// `AutoMinorVersionUpgrade`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minor_upgrades: Option<bool>,
    /// `PubliclyAccessible`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// `CopyTagsToSnapshot`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_tags: Option<bool>,
    /// Key and value. Those that AWS sets itself (`aws:…`) are not among them: nobody else may.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Performance Insights of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerformanceInsights {
    /// How long it is kept; 7 is free of charge.
    pub retention_days: Option<u32>,
    /// The key that it is encrypted with; AWS's own where it is absent.
    pub kms_key: Option<String>,
}

/// Enhanced monitoring of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitoring {
    /// From 1 to 60.
    pub interval_secs: u32,
    /// The ARN of the role that it writes its log with.
    pub role: String,
}
