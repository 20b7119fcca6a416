//! `--auto` as a script sees it: exit code 0 says that it ended healthy, and nothing else does.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use upshift::journal::Journal;
use upshift::model::event::Event;
use upshift::model::operator::Operator;

use crate::process::{Process, code_and_words, upshift};

const ONE: &str = "[[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n";

fn directory(file: &str, text: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join(file), text).unwrap();
    directory
}

#[track_caller]
fn assert_unhealthy(state: &Path, words: &[&str], expected: &[&str], absent: &[&str]) {
    let (code, said) = code_and_words(&upshift(state, words));
    assert_eq!(code, 1, "{said}");
    for expected in expected {
        assert!(said.contains(expected), "`{expected}` is not in:\n{said}");
    }
    for absent in absent {
        assert!(!said.contains(absent), "`{absent}` is in:\n{said}");
    }
}

#[test]
fn credentials_of_another_account_are_said_and_never_armed() {
    let state = directory("config.toml", &format!("[aws]\naccount_id = \"999999999999\"\n{ONE}"));
    let words = ["--auto", "--sim", "--config", "config.toml", "--speed", "100", "--for", "5m"];
    assert_unhealthy(
        state.path(),
        &words,
        &[
            "not armed yet: waiting for AWS to confirm the account: the credentials belong to account 111122223333",
            "error: not healthy at the end: AWS has not confirmed the account; never armed; the credentials belong to",
        ],
        &["ARMED"],
    );
}

#[test]
fn an_endpoint_that_refuses_is_said_and_is_no_healthy_end() {
    let state = directory("config.toml", &format!("[aws]\nendpoint_url = \"http://127.0.0.1:1\"\n{ONE}"));
    let mut engine = Process::talking(state.path(), &["--auto", "--state-dir", "state"]);
    engine.until("not armed yet: waiting for AWS to confirm the account: no answer yet");
    engine.until(
        "waiting for AWS to confirm the account: GetCallerIdentity: cannot reach AWS, connection refused; check",
    );
    let (code, said) = engine.terminate();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("error: not healthy at the end: AWS has not confirmed the account; never armed; "), "{said}");
    let reads =
        "DescribeDBInstances, DescribeEvents, GetCallerIdentity, GetMetricData: cannot reach AWS, connection refused";
    assert!(said.contains(reads), "{said}");
    for dump in ["ConnectorError", "io error", "Some(", "{ "] {
        assert!(!said.contains(dump), "`{dump}` is in:\n{said}");
    }
}

#[test]
fn a_profile_that_is_not_logged_in_is_said_without_the_inside_of_the_sdk() {
    let state = directory("config.toml", &format!("[aws]\nregion = \"us-east-1\"\nprofile = \"sso\"\n{ONE}"));
    fs::create_dir(state.path().join(".aws")).unwrap();
    let profile = "[profile sso]\nsso_session = my\nsso_account_id = 111122223333\nsso_role_name = x\n\
                   [sso-session my]\nsso_region = us-east-1\nsso_start_url = https://x.awsapps.com/start\n";
    fs::write(state.path().join(".aws/config"), profile).unwrap();
    let expected = "not armed yet: waiting for AWS to confirm the account: GetCallerIdentity: the AWS credentials could not \
                    be loaded; log in again, or check the profile (failed to load the cached SSO token)";
    let words = ["--auto", "--config", "config.toml", "--for", "3s"];
    assert_unhealthy(state.path(), &words, &[expected], &["ProviderError", "Some(", "source:", "{ "]);
    for log in fs::read_dir(state.path().join("log")).unwrap() {
        let log = fs::read_to_string(log.unwrap().path()).unwrap();
        assert!(log.contains(expected) && !log.contains("ProviderError"), "{log}");
    }
}

#[test]
fn a_database_that_does_not_exist_is_said_with_the_arming() {
    let state = directory("config.toml", &ONE.replace("checkpoints", "nothing"));
    let words = ["--auto", "--sim", "--config", "config.toml", "--speed", "300", "--for", "10m"];
    assert_unhealthy(
        state.path(),
        &words,
        &[
            "ARMED from the start by --auto, but it cannot act on everything: no database named nothing",
            "error: not healthy at the end: no database named nothing",
        ],
        &["the engine acts by its policy\n"],
    );
}

#[test]
fn a_signal_that_has_no_datapoint_is_no_healthy_end() {
    let typo = format!("{ONE}[[database.signal]]\nname = \"writes\"\nmetric = \"WriteIOPSS\"\n");
    let state = directory("config.toml", &typo);
    let words = ["--auto", "--sim", "--config", "config.toml", "--speed", "300", "--for", "10m"];
    let said =
        "not healthy at the end: checkpoints: CloudWatch has no datapoint of the signal `writes`; check its `metric`";
    assert_unhealthy(state.path(), &words, &[said], &[]);
}

#[test]
fn an_action_that_ended_held_is_no_healthy_end() {
    let fault = "[[fault]]\nat = \"0s\"\nfor = \"12h\"\nclass_change = \"stuck\"\n";
    let text = include_str!("../../src/sim/scenarios/checkpoints.toml");
    let state = directory("stuck.toml", &format!("{text}\n{fault}"));
    let words = ["--auto", "--sim", "stuck.toml", "--speed", "1000", "--for", "2h"];
    assert_unhealthy(
        state.path(),
        &words,
        &["error: not healthy at the end: checkpoints is held until a person releases it: a1: "],
        &[],
    );
}

#[test]
fn an_unclean_end_waits_for_a_person_and_says_so() {
    let state = TempDir::new().unwrap();
    let words = ["--auto", "--sim", "quiet", "--state-dir", "."];
    let mut first = Process::talking(state.path(), &words);
    first.until("ARMED from the start by --auto: the engine acts by its policy");
    first.kill();
    let words = ["--auto", "--sim", "quiet", "--speed", "300", "--for", "5m"];
    let disarmed = "the last run ended without a word";
    let expected = ["DISARMED since", "a person does", &format!("not healthy at the end: disarmed: {disarmed}")];
    assert_unhealthy(state.path(), &words, &expected, &["not armed yet"]);
}

#[test]
fn what_a_person_disarmed_stays_so_and_is_healthy() {
    let state = TempDir::new().unwrap();
    let at = "2026-01-05T08:00:00Z".parse().unwrap();
    let ada = Operator { user: "ada".into(), ssh_client: None, peer: None };
    let (mut journal, _) = Journal::open(state.path(), at).unwrap();
    journal.append(at, Event::Disarmed { by: Some(ada), why: "by ada".into() }).unwrap();
    journal.sync().unwrap();
    drop(journal);
    let (code, said) =
        code_and_words(&upshift(state.path(), &["--auto", "--sim", "quiet", "--speed", "300", "--for", "10m"]));
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("DISARMED since") && said.contains("by ada"), "{said}");
}

#[test]
fn every_scenario_gets_the_built_in_policy_for_its_databases() {
    let state = TempDir::new().unwrap();
    let words = ["--auto", "--sim", "multi-az", "--speed", "1000", "--for", "40m"];
    let (code, said) = code_and_words(&upshift(state.path(), &words));
    assert_eq!(code, 0, "{said}");
    let used = "configuration: the built-in policy for orders (db.t4g.medium - db.t4g.large, \
                in_place), catalogue (db.m6g.large - db.m6g.xlarge, in_place)";
    assert!(said.contains(used), "{said}");
    assert!(said.contains("verified, class db.t4g.large"), "{said}");
}

#[test]
fn a_scenario_of_another_region_is_asked_in_its_own() {
    let scenario = "name = \"frankfurt\"\nregion = \"eu-central-1\"\n[[instance]]\nid = \"Orders\"\nclass = \"db.m5.large\"\n\
                    [[demand]]\nat = \"0s\"\nwrites = 100\n";
    let state = directory("frankfurt.toml", scenario);
    let words = ["--auto", "--sim", "frankfurt.toml", "--speed", "300", "--for", "10m"];
    let (code, said) = code_and_words(&upshift(state.path(), &words));
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("AWS account 111122223333 in eu-central-1"), "{said}");
}
