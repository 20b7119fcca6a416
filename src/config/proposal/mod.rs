//! A configuration for a database as it was found, with what there is to know of each choice as comments. Pure: what the
//! account shows is handed in, and the text can be read back by [`parse`](super::parse) as it is.

mod classes;
mod ladder;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::model::class::InstanceClass;
use crate::model::cluster::ClusterKind;
use crate::model::database::DatabaseState;
use crate::model::ladder::Ladder;
use crate::model::policy::Strategy;
use crate::model::settings::AwsSettings;
use crate::model::text::{clean, counted};
use classes::{figures, others, prices};

pub use ladder::ladder;

/// Longest word of AWS's that is quoted.
const SHOWN_CHARS: usize = 100;

/// What a configuration is proposed for.
#[derive(Debug)]
pub struct Found<'a> {
    /// When.
    pub at: Timestamp,
    /// Account and region as pins, and what else it took to get there.
    pub aws: &'a AwsSettings,
    /// The database.
    pub state: &'a DatabaseState,
    /// The classes that AWS offers for it as it is.
    pub offered: &'a BTreeSet<InstanceClass>,
}

/// The strategy that is for a database of this kind.
pub fn strategy(state: &DatabaseState) -> Strategy {
    match state.cluster.as_ref().map(|cluster| cluster.kind) {
        None => Strategy::InPlace,
        Some(ClusterKind::Aurora) => Strategy::ReaderFailover,
        Some(ClusterKind::MultiAz) => Strategy::ClusterModify,
    }
}

/// The whole text.
pub fn text(found: &Found<'_>, ladder: &Ladder) -> String {
    let Found { at, aws, state, offered } = found;
    let mut text = format!(
        "# upshift's configuration for {}, written by `upshift init` at {at:.0}.\n\
         # What is not here has its default: config.toml.example has every setting. `upshift doctor` tells whether it\n\
         # will work here.\n\n[aws]\n\
         # Credentials come from the standard AWS chain; none belongs in this file. With those of another account the\n\
         # engine does nothing.\n",
        state.name
    );
    let settings = [
        ("account_id", &aws.account_id),
        ("region", &aws.region),
        ("profile", &aws.profile),
        ("endpoint_url", &aws.endpoint_url),
    ];
    for (key, value) in settings {
        if let Some(value) = value {
            line(&mut text, &format!("{key} = {}", quoted(value)));
        }
    }
    line(&mut text, "");
    line(&mut text, "[[database]]");
    line(&mut text, &format!("# {}.", described(state)));
    line(&mut text, &format!("id = {}", quoted(state.name.as_str())));
    rungs(&mut text, found, ladder);
    others(&mut text, state, offered, ladder);
    how(&mut text, state);
    rules(&mut text, state);
    server(&mut text, state);
    text
}

/// The ladder, each rung with its figures.
fn rungs(text: &mut String, found: &Found<'_>, ladder: &Ladder) {
    let Found { state, offered, .. } = found;
    line(
        text,
        "# The classes it may have, smallest first; the engine moves one rung at a time. What AWS offers for it now:",
    );
    line(text, "ladder = [");
    for rung in ladder.rungs() {
        let here = if *rung == state.class { "; it has this one" } else { "" };
        let gone =
            if offered.contains(rung) { "" } else { "; AWS does not offer it any more: there is no way back to it" };
        line(text, &format!("  {:<19}# {}{here}{gone}", format!("{},", quoted(rung.as_str())), figures(rung, state)));
    }
    line(text, "]");
    line(text, &format!("# Prices: {}.", prices(found)));
}

/// The strategy, and what it costs clients.
fn how(text: &mut String, state: &DatabaseState) {
    let strategy = strategy(state);
    line(text, "# How the class is changed.");
    match strategy {
        Strategy::ReaderFailover => {
            line(
                text,
                "# reader_failover: a reader on the new class takes over the writes, an outage of less than a minute.",
            );
        }
        Strategy::ClusterModify => {
            line(text, "# cluster_modify: RDS changes the instances one by one and fails over, typically within 35 s.");
        }
        Strategy::InPlace | Strategy::BlueGreen => {
            let lasts = if state.multi_az { "one to two minutes" } else { "minutes" };
            line(text, &format!("# in_place: one change of the instance itself, an outage of {lasts}."));
            line(
                text,
                "# blue_green: a copy takes over the name, an outage of seconds after a quarter of an hour or more.",
            );
            line(text, &format!("# {}.", copyable(state)));
        }
    }
    line(text, &format!("strategy = {}", quoted(strategy.as_str())));
}

/// Whether a copy could be made of it now.
fn copyable(state: &DatabaseState) -> String {
    let facts = &state.facts;
    let mut missing = Vec::new();
    if facts.backup_retention_days.is_none_or(|days| days == 0) {
        missing.push("automated backups on".to_owned());
    }
    if facts.manages_password {
        missing.push("a master password that Secrets Manager does not manage".to_owned());
    }
    if let Some(source) = &facts.replica_of {
        missing.push(format!("an instance that is no replica of {}", clean(source, SHOWN_CHARS)));
    }
    if missing.is_empty() {
        "A copy of this one could be made".to_owned()
    } else {
        format!("For a copy it wants {}", missing.join(" and "))
    }
}

/// When it moves: the defaults, shown to be changed.
fn rules(text: &mut String, state: &DatabaseState) {
    line(text, "");
    line(
        text,
        "# When it moves. The engine wants up when one up rule holds, and down when all down rules hold; without any,",
    );
    line(
        text,
        "# it is up over 500 writes/s and down under 225. Look at its graph first, and set what is too much for it.",
    );
    if state.is_aurora() {
        line(text, "# WriteIOPS of Aurora counts log records, several for each row: 500 is soon reached.");
    } else if let Some(listing) = state.class.listing() {
        let iops = listing.baseline_iops;
        line(
            text,
            &format!(
                "# {} sustains {iops} disk operations a second: a threshold above that is never reached.",
                state.class
            ),
        );
    }
    line(text, "#[[database.up]]\n#signal = \"writes\"\n#above = 500\n#datapoints = 2\n#periods = 3");
}

/// The way to the server, for who wants it.
fn server(text: &mut String, state: &DatabaseState) {
    let endpoint = state.endpoint.as_deref().unwrap_or("HOST:5432");
    let dsn = format!("postgresql://upshift@{}/postgres", clean(endpoint, SHOWN_CHARS));
    line(text, "");
    line(
        text,
        "# The server itself, so that changes are verified by a session and long transactions are seen. A role that may",
    );
    line(text, "# log in is enough; ca_file: the regional bundle of authorities that AWS publishes.");
    line(text, "#[database.postgres]");
    line(text, &format!("#dsn = {}", quoted(&dsn)));
    line(text, "#password = \"iam\"\n#ca_file = \"/etc/upshift/rds-ca.pem\"");
}

fn described(state: &DatabaseState) -> String {
    let what = match &state.cluster {
        Some(cluster) => format!("{} of {}", cluster.kind, counted(cluster.members.len(), "instance")),
        None if state.multi_az => "a Multi-AZ instance".to_owned(),
        None => "a Single-AZ instance".to_owned(),
    };
    let volume = state.storage_gib.zip(state.storage_type.as_deref());
    let volume = volume.map_or_else(String::new, |(gib, kind)| format!(", {gib} GiB {kind}"));
    let zone = state.availability_zone.as_deref().map_or_else(String::new, |zone| format!(", in {zone}"));
    let DatabaseState { engine, engine_version, class, status, .. } = state;
    clean(&format!("When this was written: {what}, {engine} {engine_version} on {class}{volume}{zone}, {status}"), 300)
}

/// A text as TOML has it; what is not visible was taken out where it came in.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn line(text: &mut String, words: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{words}");
}
