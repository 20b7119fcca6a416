//! A configuration for a database as it was found, with what there is to know of each choice as comments. Pure: what the
//! account shows is handed in, and the text can be read back by [`parse`](super::parse) as it is.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::model::class::{InstanceClass, PRICES_AS_OF, PRICES_REGION};
use crate::model::cluster::ClusterKind;
use crate::model::database::DatabaseState;
use crate::model::ladder::Ladder;
use crate::model::policy::Strategy;
use crate::model::settings::AwsSettings;
use crate::model::text::{clean, counted};

/// Rungs above the class that it has: a person adds more.
const RUNGS_ABOVE: usize = 2;
/// Lines of the table of other classes.
const OTHERS: usize = 16;
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

/// A ladder of classes that are offered, from the one that the database has: up in its family, or else to the next larger
/// class; where there is none, from a smaller one.
///
/// # Errors
/// Why there is none, in a sentence.
pub fn ladder(state: &DatabaseState, offered: &BTreeSet<InstanceClass>) -> Result<Ladder, String> {
    let DatabaseState { name, class, engine, engine_version, .. } = state;
    if class.hardware().is_none() {
        return Err(format!("{name} has the class {class}, which upshift does not know and could not come back to"));
    }
    let mut rungs = vec![class.clone()];
    let larger = |from: &InstanceClass| family(from, InstanceClass::next_larger).find(|it| offered.contains(it));
    while let Some(next) = rungs.last().and_then(larger).filter(|_| rungs.len() <= RUNGS_ABOVE) {
        rungs.push(next);
    }
    if rungs.len() == 1 {
        let others = known(offered).filter(|other| other != class);
        rungs.extend(others.filter(|other| is_larger(other, class)).min_by_key(size));
    }
    if rungs.len() == 1 {
        let smaller = family(class, InstanceClass::next_smaller).find(|it| offered.contains(it));
        let elsewhere = || known(offered).filter(|other| is_larger(class, other)).max_by_key(size);
        rungs.extend(smaller.or_else(elsewhere));
        rungs.reverse();
    }
    let none = || format!("AWS offers no other class for {name} ({engine} {engine_version}) that upshift knows");
    Ladder::new(rungs).ok_or_else(none)
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

/// Which prices these are, and what is not known.
fn prices(found: &Found<'_>) -> String {
    if found.state.cluster.is_some() {
        return "those of clusters are not bundled; yours can stand under [database.prices]".to_owned();
    }
    let elsewhere = found.aws.region.as_deref().is_some_and(|region| region != PRICES_REGION);
    let other = if elsewhere { ", and yours are others: put them under [database.prices]" } else { "" };
    format!("on demand in {PRICES_REGION}, {PRICES_AS_OF}, without storage{other}")
}

/// Other classes that could stand on the ladder: of the family, those whose price is known, and of a
/// cluster those of other families that are not much larger.
fn others(text: &mut String, state: &DatabaseState, offered: &BTreeSet<InstanceClass>, ladder: &Ladder) {
    let family_of = |class: &InstanceClass| class.as_str().rsplit_once('.').map(|(family, _)| family.to_owned());
    let top = ladder.rungs().last().and_then(InstanceClass::hardware).map_or(0, |hardware| hardware.memory_gib);
    // Of clusters no price is known, and their families are few.
    let of_cluster = |class: &InstanceClass| {
        state.cluster.is_some() && class.hardware().is_some_and(|hardware| hardware.memory_gib <= top * 2)
    };
    let is_near = |class: &InstanceClass| {
        family_of(class) == family_of(&state.class) || class.listing().is_some() || of_cluster(class)
    };
    let mut others: Vec<InstanceClass> =
        known(offered).filter(|class| is_near(class) && ladder.position(class).is_none()).collect();
    others.sort_by_key(|class| (size(class), class.clone()));
    others.truncate(OTHERS);
    if others.is_empty() {
        return;
    }
    line(text, "# It could also have:");
    for class in others {
        line(text, &format!("#   {:<17} {}", class.as_str(), figures(&class, state)));
    }
}

/// CPUs, memory, disk, connections and price; what is not known is not guessed.
fn figures(class: &InstanceClass, state: &DatabaseState) -> String {
    let mut parts = Vec::new();
    if let Some(hardware) = class.hardware() {
        parts.push(format!("{} vCPU, {} GiB", hardware.vcpus, hardware.memory_gib));
    }
    let listing = class.listing();
    if !state.is_aurora() {
        // The volume of an Aurora cluster is limited by nothing that a class has.
        parts.push(match listing {
            Some(listing) => format!("EBS {} IOPS", listing.baseline_iops),
            None => "EBS unknown".to_owned(),
        });
    }
    if let Some(most) = class.default_max_connections() {
        parts.push(format!("max_connections {most}"));
    }
    parts.push(match listing.filter(|_| state.cluster.is_none()) {
        Some(listing) => format!("${:.3}/h", listing.price_usd_per_hour * state.billed_instances()),
        None => "price unknown".to_owned(),
    });
    parts.join(", ")
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

fn known(offered: &BTreeSet<InstanceClass>) -> impl Iterator<Item = InstanceClass> + '_ {
    offered.iter().filter_map(|class| InstanceClass::known(class.as_str()))
}

/// The other sizes of a class's family in one direction, nearest first.
fn family(
    from: &InstanceClass,
    step: fn(&InstanceClass) -> Option<InstanceClass>,
) -> impl Iterator<Item = InstanceClass> {
    std::iter::successors(step(from), step)
}

/// Memory first, as the ladder is ordered.
fn size(class: &InstanceClass) -> Option<(u32, u32)> {
    class.hardware().map(|hardware| (hardware.memory_gib, hardware.vcpus))
}

/// More memory, and no CPU less.
fn is_larger(class: &InstanceClass, than: &InstanceClass) -> bool {
    let both = class.hardware().zip(than.hardware());
    both.is_some_and(|(class, than)| class.memory_gib > than.memory_gib && class.vcpus >= than.vcpus)
}

/// A text as TOML has it; what is not visible was taken out where it came in.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn line(text: &mut String, words: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{words}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::model::database::sample_state;

    fn classes(names: &[&str]) -> BTreeSet<InstanceClass> {
        names.iter().map(|name| InstanceClass::observed(*name)).collect()
    }

    fn rungs_of(class: &str, offered: &[&str]) -> Result<Vec<String>, String> {
        let ladder = ladder(&sample_state(class, "available"), &classes(offered))?;
        Ok(ladder.rungs().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_ladder_goes_up_in_the_family_past_what_is_not_offered() {
        let all = ["db.t4g.small", "db.t4g.medium", "db.t4g.xlarge", "db.t4g.2xlarge", "db.m5.large", "db.q9.large"];
        assert_eq!(rungs_of("db.t4g.small", &all).unwrap(), ["db.t4g.small", "db.t4g.medium", "db.t4g.xlarge"]);
        assert_eq!(rungs_of("db.t4g.2xlarge", &all).unwrap(), ["db.t4g.xlarge", "db.t4g.2xlarge"]);
        // The class that it has is on it, offered or not.
        assert_eq!(rungs_of("db.m5.large", &["db.r5.large"]).unwrap(), ["db.m5.large", "db.r5.large"]);
        assert_eq!(rungs_of("db.r5.large", &["db.m5.large"]).unwrap(), ["db.m5.large", "db.r5.large"]);
        assert!(rungs_of("db.m5.large", &["db.m5.large", "db.q9.large"]).unwrap_err().contains("no other class"));
        assert!(rungs_of("db.serverless", &all).unwrap_err().contains("db.serverless"));
    }

    #[test]
    fn the_text_is_a_configuration_of_what_was_found() {
        let aws = AwsSettings {
            region: Some("eu-central-1".to_owned()),
            account_id: Some("111122223333".to_owned()),
            ..AwsSettings::default()
        };
        let mut state = sample_state("db.t4g.small", "available");
        state.endpoint = Some("checkpoints.example.eu-central-1.rds.amazonaws.com:5432".to_owned());
        state.facts.manages_password = true;
        let offered = classes(&["db.t4g.small", "db.t4g.medium", "db.m5.large", "db.m6g.large"]);
        let found = Found { at: Timestamp::UNIX_EPOCH, aws: &aws, state: &state, offered: &offered };
        let text = text(&found, &ladder(&state, &offered).unwrap());
        insta::assert_snapshot!(text);
        let settings = parse(&text, "config.toml").unwrap();
        assert_eq!(settings.aws, aws);
        assert_eq!(settings.databases[0].strategy, Strategy::InPlace);
        // With what it shows as comments it is one, too.
        let uncomment = |line: &str| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => rest.to_owned(),
            _ => line.to_owned(),
        };
        let all: Vec<String> = text.lines().map(uncomment).collect();
        let settings = parse(&all.join("\n"), "config.toml").unwrap();
        assert!(settings.databases[0].postgres.is_some());
        assert!(text.lines().all(|line| line.chars().count() <= 120));
    }
}
