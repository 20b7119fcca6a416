//! What `upshift doctor` says of permissions, against what `upshift export iam` gives: every exported action has a line, and
//! one that is taken out of the document is missed by its name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{code_and_words, upshift};

const IN_PLACE: &str = include_str!("../../src/sim/scenarios/checkpoints.toml");
const COPIES: &str = include_str!("../../src/sim/scenarios/blue-green.toml");
const AURORA: &str = include_str!("../../src/sim/scenarios/aurora.toml");
const CLUSTER: &str = include_str!("../../src/sim/scenarios/cluster.toml");

/// A name, a scenario, and a configuration of its database with everything that it can have.
const WORLDS: [(&str, &str, &str); 4] = [
    (
        "in place, with alarms, a drill, Performance Insights and tokens",
        IN_PLACE,
        "[alarms]\n[[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n\
         [database.postgres]\ndsn = \"postgresql://upshift@localhost:1/postgres?sslmode=verify-full\"\n\
         password = \"iam\"\nca_file = \"/nowhere/ca.pem\"\n\
         [[database.signal]]\nname = \"rows\"\nunit = \"rows/s\"\n\
         expression = \"DB_PERF_INSIGHTS('RDS', '{resource_id}', 'db.SQL.tup_inserted.avg')\"\n",
    ),
    (
        "copies, behind a proxy",
        COPIES,
        "[[database]]\nid = \"orders\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\nstrategy = \"blue_green\"\n\
         proxy = \"orders-proxy\"\n[database.blue_green]\nfast_lane = \"in_place\"\n",
    ),
    (
        "readers, scaled",
        AURORA,
        "[alarms]\n[[database]]\nid = \"orders-aurora\"\nladder = [\"db.t4g.medium\", \"db.t4g.large\"]\n\
         strategy = \"reader_failover\"\n[database.readers]\nmin = 1\nmax = 4\ntarget = 100\n",
    ),
    (
        "whole clusters",
        CLUSTER,
        "[[database]]\nid = \"orders-cluster\"\nladder = [\"db.m6gd.large\", \"db.m6gd.xlarge\"]\n\
         strategy = \"cluster_modify\"\n",
    ),
];

/// What is not asked, and why: so it is said.
const NOT_ASKED: [(&str, &str); 2] = [
    ("iam:SimulatePrincipalPolicy", "shown by the answers to the others"),
    ("iam:PassRole", "not needed: enhanced monitoring is off"),
];

struct World {
    directory: TempDir,
    document: Value,
}

impl World {
    fn of((_, scenario, config): (&str, &str, &str)) -> Self {
        let directory = TempDir::new().unwrap();
        let (tags, place) = ("tags = { autoscale = \"allowed\" }\n", "deletion_protection = false\n");
        // A cluster's tags are those of its members, too.
        let tagged =
            if scenario.contains(tags) { scenario.into() } else { scenario.replace(place, &format!("{place}{tags}")) };
        assert!(tagged.contains(tags));
        let proxied = if config.contains("orders-proxy") {
            tagged.replace(tags, &format!("{tags}proxy = true\n"))
        } else {
            tagged
        };
        fs::write(directory.path().join("scenario.toml"), proxied).unwrap();
        let pins = "[aws]\naccount_id = \"111122223333\"\nregion = \"us-east-1\"\n";
        fs::write(directory.path().join("config.toml"), format!("{pins}{config}")).unwrap();
        let run =
            upshift(directory.path(), &["export", "iam", "--config", "config.toml", "--tag", "autoscale=allowed"]);
        let document = serde_json::from_slice(&run.stdout).unwrap_or_else(|_| panic!("{}", code_and_words(&run).1));
        Self { directory, document }
    }

    /// Every action that the document allows.
    fn actions(&self) -> BTreeSet<String> {
        let allowing = self.document["Statement"].as_array().unwrap().iter().filter(|it| it["Effect"] == "Allow");
        allowing.flat_map(|it| it["Action"].as_array().unwrap()).map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    /// The lines on permissions, each with its result, of a caller who lacks one of the actions.
    fn lines(&self, removed: Option<&str>) -> Vec<(String, String)> {
        let mut document = self.document.clone();
        let statements = document["Statement"].as_array_mut().unwrap();
        for statement in statements.iter_mut().filter(|statement| statement["Effect"] == "Allow") {
            statement["Action"].as_array_mut().unwrap().retain(|action| action.as_str() != removed);
        }
        statements.retain(|statement| !statement["Action"].as_array().unwrap().is_empty());
        fs::write(self.directory.path().join("act.json"), document.to_string()).unwrap();
        lines(self.directory.path(), &["--sim", "scenario.toml", "--iam", "act.json"])
    }
}

fn lines(directory: &Path, where_: &[&str]) -> Vec<(String, String)> {
    let words = [&["doctor", "--json", "--config", "config.toml", "--state-dir", "state"], where_].concat();
    let run = upshift(directory, &words);
    let all: Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|_| panic!("{}", code_and_words(&run).1));
    let found = all["findings"].as_array().unwrap().iter();
    let of_permissions = found.filter(|it| it["check"] == "permission" || it["check"] == "permitted_to_act");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    of_permissions.map(|it| (text(&it["result"]), format!("{} | {}", text(&it["seen"]), text(&it["remedy"])))).collect()
}

#[test]
fn every_exported_action_has_a_line_or_a_reason_why_it_has_none() {
    let mut all = BTreeSet::new();
    for of in WORLDS {
        let world = World::of(of);
        let lines = world.lines(None);
        for action in world.actions() {
            let is_it = |line: &&(String, String)| line.1.split(' ').next() == Some(action.as_str());
            let line = lines.iter().find(is_it).unwrap_or_else(|| panic!("{}: no line for {action}: {lines:#?}", of.0));
            assert_eq!(line.0, "ok", "{}: {line:?}", of.0);
            if let Some((_, why)) = NOT_ASKED.iter().find(|(not, _)| *not == action) {
                assert!(line.1.contains(why), "{}: {line:?}", of.0);
            }
            all.insert(action);
        }
        assert!(lines.iter().all(|(result, _)| result == "ok"), "{}: {lines:#?}", of.0);
    }
    assert!(all.len() > 35, "all that can be exported is in one of them: {all:?}");
}

#[test]
fn an_action_that_is_taken_away_is_missed_by_its_name() {
    for of in WORLDS {
        let world = World::of(of);
        for action in world.actions().iter().filter(|action| *action != "iam:PassRole") {
            let lines = world.lines(Some(action));
            let is_missed = |(result, words): &(String, String)| result != "ok" && words.contains(action.as_str());
            assert!(lines.iter().any(is_missed), "{}: nobody misses {action}: {lines:#?}", of.0);
        }
    }
}

/// The tag of a cluster is its own: what has it is asked by it, and where it is missing it is named.
#[test]
fn a_cluster_without_its_tag_is_told_to_get_it() {
    let mut world = World::of(WORLDS[2]);
    let run =
        upshift(world.directory.path(), &["export", "iam", "--config", "config.toml", "--tag", "upshift=allowed"]);
    world.document = serde_json::from_slice(&run.stdout).unwrap();
    let lines = world.lines(None);
    let says = |words: &str| lines.iter().any(|line| line.0 == "fails" && line.1.contains(words));
    assert!(
        says("rds:FailoverDBCluster on cluster:orders-aurora is permitted only with the tag upshift"),
        "{lines:#?}"
    );
    assert!(says("give the cluster orders-aurora the tag upshift"), "{lines:#?}");
    assert!(says("give the writer orders-aurora-1 the tag upshift"), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.0 != "ok" && line.1.contains("add ")), "{lines:#?}");
}

/// The role that Application Auto Scaling works by is made once: where it is there nobody needs to be allowed to.
#[test]
fn a_role_that_is_there_is_not_asked_for() {
    let world = World::of(WORLDS[2]);
    let lines = world.lines(Some("iam:CreateServiceLinkedRole"));
    let line = lines.iter().find(|line| line.1.contains("iam:CreateServiceLinkedRole")).unwrap();
    assert!(line.0 == "warning" && line.1.contains("unless the account has that role already"), "{line:?}");
}
