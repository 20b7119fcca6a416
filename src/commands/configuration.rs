//! The configuration of a run: of a file, or built in for a simulation.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::CommandError;
use crate::config;
use crate::model::class::InstanceClass;
use crate::model::cluster::ClusterKind;
use crate::model::database::DatabaseName;
use crate::model::policy::{Policy, Strategy};
use crate::model::settings::Settings;
use crate::sim::scenario::Scenario;

/// Where the configuration is, where nothing says so and there is no simulation.
pub(super) const DEFAULT: &str = "config.toml";

/// The configuration, and what to call it. Problems are rendered for the terminal that stderr may be.
///
/// # Errors
/// When it cannot be read, or is wrong.
pub(super) fn settings(config: Option<&Path>, scenario: Option<&Scenario>) -> Result<(Settings, String), CommandError> {
    read(config, scenario, std::io::stderr().is_terminal())
}

/// The same, with problems without colours.
///
/// # Errors
/// As those of [`settings`].
pub(super) fn plain_settings(
    config: Option<&Path>,
    scenario: Option<&Scenario>,
) -> Result<(Settings, String), CommandError> {
    read(config, scenario, false)
}

fn read(
    config: Option<&Path>,
    scenario: Option<&Scenario>,
    in_color: bool,
) -> Result<(Settings, String), CommandError> {
    let path = match (config, scenario) {
        (Some(path), _) => path.to_owned(),
        (None, Some(scenario)) => return Ok(builtin_settings(scenario)),
        (None, None) => PathBuf::from(DEFAULT),
    };
    let bytes = std::fs::read(&path).map_err(|error| {
        CommandError::Usage(format!(
            "no configuration can be read from {}: {error}\nhelp: `upshift init` writes one from your account; or try it without AWS: upshift --sim",
            path.display()
        ))
    })?;
    let origin = path.display().to_string();
    match config::parse_bytes(&bytes, &origin) {
        Ok(settings) => Ok((settings, origin)),
        Err(problems) => Err(CommandError::Configuration(problems.render(in_color))),
    }
}

/// The built-in policy for every database of a scenario.
fn builtin_settings(scenario: &Scenario) -> (Settings, String) {
    let instances = scenario.instances.iter().map(|instance| (&instance.id, &instance.class, scenario.strategy));
    let clusters = scenario.clusters.iter().map(|cluster| (&cluster.id, &cluster.class, strategy_of(cluster.kind)));
    let all = instances.chain(clusters).map(|(id, class, strategy)| {
        // RDS keeps identifiers in small letters.
        (DatabaseName::new(id.to_ascii_lowercase()), InstanceClass::observed(class), strategy)
    });
    let settings = config::for_databases(all);
    let one = |policy: &Policy| {
        let rungs: Vec<&str> = policy.ladder.rungs().iter().map(InstanceClass::as_str).collect();
        format!("{} ({}, {})", policy.database, rungs.join(" - "), policy.strategy.as_str())
    };
    let databases: Vec<String> = settings.databases.iter().map(one).collect();
    let words = format!("the built-in policy for {}", databases.join(", "));
    (settings, words)
}

/// A cluster is moved by the one strategy that is for its kind.
fn strategy_of(kind: ClusterKind) -> Strategy {
    match kind {
        ClusterKind::Aurora => Strategy::ReaderFailover,
        ClusterKind::MultiAz => Strategy::ClusterModify,
    }
}

/// SHA-256 over the JSON of a value, first 12 hex digits.
pub(super) fn digest<T: serde::Serialize>(value: &T) -> String {
    // Settings and policies are plain data with string keys: they always serialise.
    let json = serde_json::to_vec(value).unwrap_or_default();
    let number = Sha256::digest(&json).iter().take(6).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:012x}")
}
