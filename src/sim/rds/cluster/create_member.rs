//! `CreateDBInstance` of a reader of an Aurora cluster. A standalone instance is refused here, and so is everything that
//! the reader would be told to be and would not.

use jiff::Timestamp;

use super::make::{NewMember, USUAL_TIER, zone};
use super::modify_member::checked_tier;
use super::state::Cluster;
use super::{find, invalid_state};
use crate::model::cluster::ClusterKind;
use crate::model::member_settings::{MemberSettings, Monitoring, PerformanceInsights};
use crate::sim::rds::fleet::Fleet;
use crate::sim::rds::instance::{Instance, Role, is_identifier};
use crate::sim::rds::{only, orderable, shape};
use crate::sim::scenario::MOST_MEMBERS;
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

/// The parameters that mean something here, and behind them those that mean nothing in this world: it has no network,
/// no minor upgrades and no monitoring but its own.
const SIMULATED: [&str; 21] = [
    "Action",
    "Version",
    "DBInstanceIdentifier",
    "DBInstanceClass",
    "DBClusterIdentifier",
    "Engine",
    "EngineVersion",
    "AvailabilityZone",
    "PromotionTier",
    "Tags",
    "PubliclyAccessible",
    "AutoMinorVersionUpgrade",
    "CACertificateIdentifier",
    "CopyTagsToSnapshot",
    "DBParameterGroupName",
    "DBSubnetGroupName",
    "EnablePerformanceInsights",
    "PerformanceInsightsRetentionPeriod",
    "PerformanceInsightsKMSKeyId",
    "MonitoringInterval",
    "MonitoringRoleArn",
];

/// What is asked for.
struct Asked<'a> {
    id: &'a str,
    class: &'a str,
    engine: &'a str,
    version: Option<&'a str>,
    tier: u32,
}

/// Checks, and begins to create the reader.
pub(in crate::sim::rds) fn create_member(
    fleet: &mut Fleet,
    now: Timestamp,
    params: &Params,
    xml: &mut Xml,
) -> Result<(), ApiError> {
    only(params, "CreateDBInstance", &SIMULATED)?;
    let asked = Asked {
        id: params.required("DBInstanceIdentifier")?,
        class: params.required("DBInstanceClass")?,
        engine: params.required("Engine")?,
        version: params.get("EngineVersion"),
        tier: checked_tier(params)?.unwrap_or(USUAL_TIER),
    };
    let Some(cluster) = params.get("DBClusterIdentifier") else {
        let message =
            "CreateDBInstance without DBClusterIdentifier, a standalone instance, is not part of this simulation";
        return Err(ApiError::sender("InvalidParameterValue", message));
    };
    check_name(fleet, asked.id)?;
    let cluster = find(fleet, cluster)?.clone();
    check(fleet, &cluster, &asked)?;
    let zone = match params.get("AvailabilityZone") {
        Some(zone) => checked_zone(fleet, zone)?,
        None => fleet.emptiest_zone(&cluster),
    };
    let id = asked.id.to_ascii_lowercase();
    let new = NewMember {
        class: asked.class.to_owned(),
        tier: asked.tier,
        zone,
        tags: params.tags(),
        role: Role::Reader,
        id,
    };
    let settings = settings(params)?;
    if let Some(instance) = fleet.add_reader(now, &cluster, new) {
        instance.settings = settings;
        xml.nest("DBInstance", |xml| shape::instance(instance, now, xml));
    }
    Ok(())
}

/// What is asked for, and RDS's defaults where nothing is.
fn settings(params: &Params) -> Result<MemberSettings, ApiError> {
    let text = |name: &str| params.get(name).map(str::to_owned);
    let insights = PerformanceInsights {
        retention_days: params.parsed("PerformanceInsightsRetentionPeriod", "an integer")?,
        kms_key: text("PerformanceInsightsKMSKeyId"),
    };
    let interval_secs: u32 = params.parsed("MonitoringInterval", "an integer")?.unwrap_or_default();
    let role = text("MonitoringRoleArn");
    if (interval_secs > 0) != role.is_some() {
        let message = "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.";
        return Err(ApiError::sender("InvalidParameterCombination", message));
    }
    let monitoring = role.map(|role| Monitoring { interval_secs, role });
    Ok(MemberSettings {
        performance_insights: params.flag("EnablePerformanceInsights")?.unwrap_or(false).then_some(insights),
        monitoring,
        ca_certificate: Some(text("CACertificateIdentifier").unwrap_or_else(|| "rds-ca-rsa2048-g1".to_owned())),
        minor_upgrades: params.flag("AutoMinorVersionUpgrade")?,
        public: params.flag("PubliclyAccessible")?,
        copy_tags: params.flag("CopyTagsToSnapshot")?,
        ..MemberSettings::default()
    })
}

fn check_name(fleet: &Fleet, id: &str) -> Result<(), ApiError> {
    if !is_identifier(id) {
        let message = format!(
            "The parameter DBInstanceIdentifier is not a valid identifier: {id}. Identifiers must begin with a letter; \
             must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two \
             consecutive hyphens."
        );
        return Err(ApiError::sender("InvalidParameterValue", message));
    }
    if fleet.instance(id).is_some() {
        return Err(ApiError::sender("DBInstanceAlreadyExists", "DB instance already exists"));
    }
    Ok(())
}

fn checked_zone(fleet: &Fleet, zone: &str) -> Result<String, ApiError> {
    let message = || format!("{zone} is not a valid availability zone.");
    let found = fleet.zones().into_iter().find(|known| known == zone);
    found.ok_or_else(|| ApiError::sender("InvalidParameterValue", message()))
}

fn check(fleet: &Fleet, cluster: &Cluster, asked: &Asked<'_>) -> Result<(), ApiError> {
    let refused = |message: String| Err(ApiError::sender("InvalidParameterCombination", message));
    let engine = cluster.kind.engine();
    if asked.engine != engine {
        return refused(format!(
            "The engine name requested for your DB instance ({}) doesn't match the engine name of your DB cluster \
             ({engine}).",
            asked.engine
        ));
    }
    if cluster.kind == ClusterKind::MultiAz {
        return refused(format!("DB instances cannot be added to the Multi-AZ DB cluster {}.", cluster.id));
    }
    if let Some(version) = asked.version.filter(|version| *version != cluster.engine_version) {
        return refused(format!(
            "The engine version that you requested for your DB instance ({version}) does not match the engine version \
             of your DB cluster ({}).",
            cluster.engine_version
        ));
    }
    orderable::check_cluster_class(fleet, cluster, asked.class)?;
    cluster.must_be_idle()?;
    if fleet.cluster_members(&cluster.id).count() >= MOST_MEMBERS {
        return Err(invalid_state(cluster, "The DB cluster has as many DB instances as it can have."));
    }
    Ok(())
}

impl Fleet {
    /// Begins to create a reader: from now on it is there, and serves nobody until it is available.
    pub(super) fn add_reader(&mut self, now: Timestamp, cluster: &Cluster, new: NewMember) -> Option<&mut Instance> {
        let id = new.id.clone();
        let resource = self.id_chars(26).to_ascii_uppercase();
        let mut instance = new.instance(cluster, &self.account, &self.region, 0, now)?;
        // One that was called so before was another machine.
        instance.resource_id = format!("db-{resource}");
        "creating".clone_into(&mut instance.status);
        instance.created = now;
        // Nothing is measured of it until it is available.
        instance.goes_down(now);
        self.instances.insert(id.clone(), instance);
        self.begin_creation(now, &cluster.id, &id);
        self.instances.get_mut(&id)
    }

    fn zones(&self) -> Vec<String> {
        (0..3).map(|index| zone(&self.region, index)).collect()
    }

    /// The zone of the region with the fewest members of a cluster.
    pub(super) fn emptiest_zone(&self, cluster: &Cluster) -> String {
        let count = |zone: &String| self.cluster_members(&cluster.id).filter(|member| member.zone == *zone).count();
        self.zones().into_iter().min_by_key(count).unwrap_or_default()
    }
}
