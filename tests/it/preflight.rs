//! `upshift preflight`, and what it sees, on simulated databases that each have something in the way.

use std::fs;

use tempfile::TempDir;
use upshift::model::call::MutatingCall;
use upshift::model::class::InstanceClass;
use upshift::model::database::DatabaseName;

use crate::process::{code_and_words, upshift};
use crate::sim_account::Account;

const POLICY: &str = "[[database]]\nid = \"orders\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n";

/// The exit code, the table and what was said besides.
fn preflight(instance: &str, policy: &str, more: &str) -> (i32, String, String) {
    let directory = TempDir::new().unwrap();
    let scenario = format!(
        "name = \"orders\"\n{more}\n[[instance]]\nid = \"orders\"\nclass = \"db.t4g.small\"\n{instance}\n\
         [[demand]]\nat = \"0s\"\nwrites = 100\n"
    );
    fs::write(directory.path().join("scenario.toml"), scenario).unwrap();
    fs::write(directory.path().join("config.toml"), format!("{POLICY}{policy}")).unwrap();
    let run = upshift(directory.path(), &["preflight", "orders", "--sim", "scenario.toml", "--config", "config.toml"]);
    let (code, words) = code_and_words(&run);
    (code, String::from_utf8_lossy(&run.stdout).into_owned(), words)
}

#[test]
fn what_is_in_the_way_of_a_copy_is_closed_to_everybody() {
    let (code, table, words) =
        preflight("backup_retention_days = 0\nmanage_master_user_password = true", "strategy = \"blue_green\"\n", "");
    assert_eq!(code, 1, "{table}{words}");
    for line in ["CLOSED                 backups on", "CLOSED                 password not managed"] {
        assert!(table.contains(line), "{line}: {table}");
    }
    assert!(words.contains("orders cannot go to db.m5.large now"), "{words}");
    let (code, table, _) = preflight("backup_retention_days = 0\nmanage_master_user_password = true", "", "");
    assert_eq!((code, table.contains("CLOSED")), (0, false), "in place it matters to nobody: {table}");
}

#[test]
fn what_only_keeps_the_engine_from_it_is_no_failure() {
    let (code, table, _) = preflight("parameter_apply_status = \"pending-reboot\"", "", "");
    assert_eq!(code, 0, "{table}");
    assert!(table.contains("closed for the engine  parameters in sync"), "{table}");
    assert!(table.contains("default.postgres16 is pending-reboot"), "{table}");
    let soon = "start = \"2026-01-05T02:55:00Z\"";
    let (code, table, _) = preflight("", "", soon);
    assert_eq!(code, 0, "{table}");
    assert!(table.contains("backup 03:00-03:30 UTC (opens at 2026-01-05T03:30:00Z)"), "{table}");
    let (_, table, _) = preflight("", "clear_of_windows = \"0s\"\n", soon);
    assert!(table.contains("open                   no window near"), "{table}");
}

/// Once the copy is there nothing can be registered any more, and the clients of the proxy would stay with the old machine.
#[test]
fn a_copy_of_a_database_behind_a_proxy_wants_it_registered() {
    let behind = |proxy: &str| format!("strategy = \"blue_green\"\nproxy = \"{proxy}\"\n");
    let (code, table, _) = preflight("proxy = true", &behind("orders-proxy"), "");
    assert_eq!(code, 0, "{table}");
    assert!(
        table.contains("open                   proxy registered     ") && table.contains("behind orders-proxy"),
        "{table}"
    );
    for (instance, proxy) in [("", "orders-proxy"), ("proxy = true", "another-proxy")] {
        let (code, table, _) = preflight(instance, &behind(proxy), "");
        assert_eq!(code, 1, "{table}");
        assert!(table.contains(&format!("{proxy} does not know it, or does not exist")), "{table}");
    }
    let (code, table, _) = preflight("", "proxy = \"orders-proxy\"\n", "");
    assert_eq!((code, table.contains("proxy registered")), (0, false), "in place the endpoint stays: {table}");
}

#[test]
fn the_table_of_a_cluster_names_the_strategies_that_are_for_it() {
    let directory = TempDir::new().unwrap();
    for (scenario, id, fits, other) in [
        ("aurora", "orders-aurora", "> reader_failover: ready in", "cluster_modify: not the right cluster"),
        ("cluster", "orders-cluster", "> cluster_modify: ready in", "reader_failover: not the right cluster"),
    ] {
        let run = upshift(directory.path(), &["preflight", id, "--sim", scenario]);
        let (code, words) = code_and_words(&run);
        let table = String::from_utf8_lossy(&run.stdout);
        assert_eq!(code, 0, "{table}{words}");
        for line in [fits, other, "in_place: part of something else: a"] {
            assert!(table.contains(line), "{line}: {table}");
        }
    }
}

#[test]
fn it_reads_as_data_and_says_what_it_does_not_know() {
    let directory = TempDir::new().unwrap();
    let (code, words) = code_and_words(&upshift(directory.path(), &["preflight", "shop", "--sim"]));
    assert_eq!(code, 2, "{words}");
    assert!(words.contains("no database shop") && words.contains("there is checkpoints"), "{words}");
    let (code, words) =
        code_and_words(&upshift(directory.path(), &["preflight", "checkpoints", "--sim", "--to", "db.r9.huge"]));
    assert_eq!(code, 2, "{words}");
    assert!(words.contains("its rungs are db.t4g.small, db.m5.large"), "{words}");
    let run = upshift(directory.path(), &["preflight", "checkpoints", "--sim", "--json"]);
    let table: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!((table["to"].as_str(), table["strategy"].as_str()), (Some("db.m5.large"), Some("in_place")));
    assert!(table["gates"].as_array().unwrap().iter().any(|gate| gate["gate"] == "no_other_deployment"));
}

/// A class change that does not name the reservation gives it up, and is charged as it was not before.
#[tokio::test(start_paused = true)]
async fn a_capacity_reservation_is_passed_on() {
    let account = Account::of(
        "name = \"orders\"\n[[instance]]\nid = \"orders\"\nclass = \"db.t4g.small\"\n\
         capacity_reservation = \"cr-0123\"\n[[demand]]\nat = \"0s\"\nwrites = 100\n",
    );
    let aws = account.adapter().await;
    let orders = DatabaseName::new("orders");
    let reservation = || async {
        let found = aws.instances(std::slice::from_ref(&orders)).await.unwrap();
        found[&orders].as_ref().unwrap().facts.capacity_reservation.clone()
    };
    let modify = |class: &str, capacity_reservation: Option<String>| MutatingCall::ModifyDbInstanceClass {
        database: orders.clone(),
        class: InstanceClass::observed(class),
        capacity_reservation,
    };
    let kept = reservation().await;
    aws.send(&modify("db.m5.large", kept)).await;
    assert_eq!(reservation().await.as_deref(), Some("cr-0123"));
    account.pass(jiff::SignedDuration::from_mins(40)).await;
    aws.send(&modify("db.t4g.small", None)).await;
    assert_eq!(reservation().await, None);
}
