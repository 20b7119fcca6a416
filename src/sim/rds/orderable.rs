//! `DescribeOrderableDBInstanceOptions`, and the check of a class that `ModifyDBInstance` makes.

use super::cluster::Cluster;
use super::fleet::Fleet;
use super::instance::Instance;
use super::offer::offers;
use super::page::page;
use crate::model::class::InstanceClass;
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

/// The most that one PostgreSQL instance can have.
pub(super) const MAX_STORAGE_GIB: u32 = 65_536;

/// The versions on offer; those of the scenario's instances are added.
const VERSIONS: [&str; 9] = ["13.20", "14.15", "14.17", "15.10", "15.12", "16.4", "16.8", "17.2", "17.4"];
const STORAGE_TYPES: [&str; 4] = ["gp2", "gp3", "io1", "io2"];
const AURORA: &str = "aurora-postgresql";
/// The shared volume of an Aurora cluster.
const AURORA_STORAGE_TYPES: [&str; 1] = ["aurora"];
const ENGINES: [&str; 8] =
    ["postgres", "mysql", "mariadb", "aurora-postgresql", "aurora-mysql", "oracle-ee", "oracle-se2", "sqlserver-se"];
const LICENSE: &str = "postgresql-license";

/// Combinations of class, version and storage type of PostgreSQL and Aurora PostgreSQL, in pages of 20 to 1000.
pub(super) fn describe(fleet: &Fleet, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
    let engine = params.required("Engine")?;
    if !ENGINES.contains(&engine) {
        return Err(ApiError::sender("InvalidParameterValue", format!("Invalid DB engine: {engine}")));
    }
    let vpc = params.flag("Vpc")?;
    let is = |name: &str, value: &str| params.get(name).is_none_or(|asked| asked == value);
    let storage_types: &[&str] = match engine {
        "postgres" => &STORAGE_TYPES,
        AURORA => &AURORA_STORAGE_TYPES,
        _ => &[],
    };
    let none = vpc == Some(false) || !is("LicenseModel", LICENSE);
    let mut options = Vec::new();
    for version in versions(fleet).iter().filter(|version| !none && is("EngineVersion", version)) {
        for class in InstanceClass::all_known().filter(|class| is("DBInstanceClass", class)) {
            let is_offered = offers(engine, &class, false) || offers(engine, &class, true);
            if is_offered && is_orderable(fleet, &class, version) {
                let key = |storage: &&str| {
                    (format!("{class} {version} {storage}"), (class.clone(), *version, (*storage).to_owned()))
                };
                options.extend(storage_types.iter().map(key));
            }
        }
    }
    options.sort();
    let page = page(params, 20..=1000, options.into_iter())?;
    xml.nest("OrderableDBInstanceOptions", |xml| {
        for (class, version, storage_type) in &page.items {
            xml.nest("OrderableDBInstanceOption", |xml| {
                xml.text("Engine", engine);
                xml.text("EngineVersion", version);
                xml.text("DBInstanceClass", class);
                option(&fleet.region, class, storage_type, xml);
            });
        }
    });
    xml.optional("Marker", page.marker);
    Ok(())
}

/// Whether an instance could have that class.
pub(super) fn check_class(fleet: &Fleet, target: &Instance, class: &str) -> Result<(), ApiError> {
    check_offer(fleet, &target.engine, &target.engine_version, class, target.membership.is_some())
}

/// Whether the members of a cluster could have that class.
pub(super) fn check_cluster_class(fleet: &Fleet, cluster: &Cluster, class: &str) -> Result<(), ApiError> {
    check_offer(fleet, cluster.kind.engine(), &cluster.engine_version, class, true)
}

fn check_offer(fleet: &Fleet, engine: &str, version: &str, class: &str, in_cluster: bool) -> Result<(), ApiError> {
    if InstanceClass::known(class).is_none() {
        return Err(ApiError::sender("InvalidParameterValue", format!("Invalid DB Instance class: {class}")));
    }
    if offers(engine, class, in_cluster) && is_orderable(fleet, class, version) {
        return Ok(());
    }
    let message = format!(
        "RDS does not support creating a DB instance with the following combination: DBInstanceClass={class}, \
         Engine={engine}, EngineVersion={version}, LicenseModel={LICENSE}. For supported combinations of instance class \
         and database engine version, see the documentation."
    );
    Err(ApiError::sender("InvalidParameterCombination", message))
}

fn versions(fleet: &Fleet) -> Vec<&str> {
    let mut versions: Vec<&str> = VERSIONS.to_vec();
    versions.extend(fleet.instances().map(|instance| instance.engine_version.as_str()));
    versions.sort_unstable();
    versions.dedup();
    versions
}

/// The eighth generation needs recent minor versions; all other classes known here run every version on offer.
fn is_orderable(fleet: &Fleet, class: &str, version: &str) -> bool {
    let newest_generation = class.starts_with("db.m8g.") || class.starts_with("db.r8g.");
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let recent = match major {
        14 => minor >= 9,
        15 => minor >= 4,
        16 | 17 => minor >= 1,
        other => other > 17,
    };
    !fleet.not_orderable.contains(class) && (recent || !newest_generation)
}

/// What there is to say of a combination beside its names.
fn option(region: &str, class: &str, storage_type: &str, xml: &mut Xml) {
    let is_shared = AURORA_STORAGE_TYPES.contains(&storage_type);
    xml.text("LicenseModel", LICENSE);
    xml.nest("AvailabilityZones", |xml| {
        for zone in ["a", "b", "c"] {
            xml.nest("AvailabilityZone", |xml| xml.text("Name", format!("{region}{zone}")));
        }
    });
    xml.text("MultiAZCapable", !is_shared);
    xml.text("ReadReplicaCapable", !is_shared);
    xml.text("Vpc", true);
    xml.text("SupportsStorageEncryption", true);
    xml.text("StorageType", storage_type);
    xml.text("SupportsIops", matches!(storage_type, "io1" | "io2" | "gp3"));
    xml.text("SupportsStorageThroughput", storage_type == "gp3");
    xml.text("SupportsEnhancedMonitoring", true);
    xml.text("SupportsIAMDatabaseAuthentication", true);
    xml.text("SupportsPerformanceInsights", true);
    if !is_shared {
        xml.text("MinStorageSize", if storage_type.starts_with("io") { 100 } else { 20 });
        xml.text("MaxStorageSize", MAX_STORAGE_GIB);
    }
    xml.text("SupportsStorageAutoscaling", !is_shared);
    xml.text("SupportsKerberosAuthentication", true);
    xml.text("OutpostCapable", false);
    xml.text("SupportsGlobalDatabases", false);
    xml.nest("SupportedNetworkTypes", |xml| xml.text("member", "IPV4"));
    let in_clusters = is_shared || (offers("postgres", class, true) && storage_type != "gp2");
    xml.text("SupportsClusters", in_clusters);
    xml.text("SupportsDedicatedLogVolume", !is_shared && !class.contains(".t"));
}
