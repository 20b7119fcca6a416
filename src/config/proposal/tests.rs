//! What is proposed for what is found.

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
