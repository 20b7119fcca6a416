//! `upshift init`: what it writes is read by everything that reads a configuration, and nothing is written by halves.

use std::fs;
use std::path::Path;
use std::process::Output;

use tempfile::TempDir;
use upshift::config;
use upshift::model::class::InstanceClass;
use upshift::sim::scenario::Scenario;

use crate::process::{code_and_words, upshift};

/// On a scenario of its own, with more words on the command line.
fn init(directory: &Path, scenario: &str, words: &[&str]) -> Output {
    fs::write(directory.join("scenario.toml"), scenario).unwrap();
    let all: Vec<&str> = ["init", "--sim", "scenario.toml"].into_iter().chain(words.iter().copied()).collect();
    upshift(directory, &all)
}

fn instance(id: &str, more: &str) -> String {
    format!("[[instance]]\nid = \"{id}\"\nclass = \"db.t4g.small\"\n{more}\n")
}

fn scenario(databases: &str) -> String {
    format!("name = \"shop\"\n{databases}[[demand]]\nat = \"0s\"\nwrites = 100\n")
}

fn ladder(directory: &Path) -> Vec<String> {
    let text = fs::read_to_string(directory.join("config.toml")).unwrap();
    let settings = config::parse(&text, "config.toml").unwrap();
    settings.databases[0].ladder.rungs().iter().map(InstanceClass::to_string).collect()
}

#[test]
fn of_every_built_in_scenario_it_writes_what_doctor_and_preflight_take() {
    for name in Scenario::builtin_names() {
        let scenario = Scenario::builtin(name).unwrap().unwrap();
        let instances = scenario.instances.iter().map(|instance| &instance.id);
        for id in instances.chain(scenario.clusters.iter().map(|cluster| &cluster.id)) {
            let directory = TempDir::new().unwrap();
            let (code, words) = code_and_words(&upshift(directory.path(), &["init", "--sim", name, "--database", id]));
            assert_eq!(code, 0, "{name} {id}: {words}");
            let text = fs::read_to_string(directory.path().join("config.toml")).unwrap();
            let settings = config::parse(&text, "config.toml").unwrap_or_else(|wrong| panic!("{name} {id}: {wrong}"));
            assert_eq!(settings.aws.account_id.as_deref(), Some(scenario.account.as_str()));
            assert_eq!(settings.aws.region.as_deref(), Some(scenario.region.as_str()));
            let doctor = ["doctor", "--sim", name, "--config", "config.toml", "--json"];
            let run = upshift(directory.path(), &doctor);
            let found = String::from_utf8_lossy(&run.stdout).into_owned();
            assert_eq!(run.status.code(), Some(0), "{name} {id}: {found}");
            assert!(!found.contains("\"result\":\"warning\""), "{name} {id}: {found}");
            let run = upshift(directory.path(), &["preflight", id, "--sim", name, "--config", "config.toml"]);
            let (code, words) = code_and_words(&run);
            // The way down may be closed by the load of the moment; the configuration is taken all the same.
            assert!(code == 0 || words.contains("cannot go to"), "{name} {id}: {words}");
        }
    }
}

#[test]
fn of_several_it_wants_one_named_and_writes_nothing() {
    let directory = TempDir::new().unwrap();
    let two = scenario(&format!("{}{}", instance("orders", ""), instance("billing", "")));
    let (code, words) = code_and_words(&init(directory.path(), &two, &[]));
    assert_eq!(code, 2, "{words}");
    assert!(words.contains("--database NAME; there is billing, orders"), "{words}");
    let (code, words) = code_and_words(&init(directory.path(), &two, &["--database", "shop"]));
    assert_eq!(code, 2, "{words}");
    assert!(words.contains("no PostgreSQL database shop"), "{words}");
    assert!(!directory.path().join("config.toml").exists());
    let (code, words) = code_and_words(&init(directory.path(), &two, &["--database", "Billing"]));
    assert_eq!(code, 0, "{words}");
    assert!(words.contains("config.toml: billing, in_place, ladder db.t4g.small - db.t4g.medium"), "{words}");
    assert!(words.contains("upshift doctor --sim scenario.toml --config config.toml"), "{words}");
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_that_is_wanted() {
    let directory = TempDir::new().unwrap();
    let one = scenario(&instance("orders", ""));
    fs::write(directory.path().join("config.toml"), "mine").unwrap();
    let (code, words) = code_and_words(&init(directory.path(), &one, &[]));
    assert_eq!(code, 1, "{words}");
    assert!(words.contains("config.toml is there already") && words.contains("--force"), "{words}");
    assert_eq!(fs::read_to_string(directory.path().join("config.toml")).unwrap(), "mine");
    let (code, words) = code_and_words(&init(directory.path(), &one, &["--force"]));
    assert_eq!(code, 0, "{words}");
    assert_eq!(ladder(directory.path()), ["db.t4g.small", "db.t4g.medium", "db.t4g.large"]);
    let (code, words) = code_and_words(&init(directory.path(), &one, &["--out", "no/such/place.toml"]));
    assert_eq!(code, 1, "{words}");
    assert!(words.contains("nothing was written: no/such/place.toml cannot be made"), "{words}");
    let files = fs::read_dir(&directory).unwrap().count();
    assert_eq!(files, 2, "the scenario and the configuration");
}

#[test]
fn a_class_that_is_not_offered_is_no_rung() {
    let directory = TempDir::new().unwrap();
    let gone = "[capacity.\"db.t4g.medium\"]\norderable = false\n";
    let one = scenario(&instance("orders", "")) + gone;
    let (code, words) = code_and_words(&init(directory.path(), &one, &[]));
    assert_eq!(code, 0, "{words}");
    assert_eq!(ladder(directory.path()), ["db.t4g.small", "db.t4g.large", "db.t4g.xlarge"]);
}

#[test]
fn a_call_that_fails_on_the_way_leaves_no_half_of_a_file() {
    for (operation, error, says) in [
        ("GetCallerIdentity", "AccessDenied", "add sts:GetCallerIdentity to the role"),
        ("DescribeDBInstances", "AccessDenied", "add rds:DescribeDBInstances to the role"),
        ("DescribeDBClusters", "AccessDenied", "add rds:DescribeDBClusters to the role"),
        ("DescribeOrderableDBInstanceOptions", "Throttling", "AWS asks for fewer calls"),
    ] {
        let directory = TempDir::new().unwrap();
        let fault = format!("[[fault]]\nat = \"0s\"\nfor = \"1h\"\nerror = \"{error}\"\naction = \"{operation}\"\n");
        let (code, words) = code_and_words(&init(directory.path(), &(scenario(&instance("orders", "")) + &fault), &[]));
        assert_eq!(code, 1, "{words}");
        assert!(words.contains("nothing was written: ") && words.contains(says), "{words}");
        assert_eq!(words.trim().lines().count(), 1, "{words}");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "the scenario alone");
    }
}
