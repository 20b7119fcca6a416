//! `upshift drill` by the built binary: on the model, on real servers to the end and broken off, and where it refuses.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Process, code_and_words, upshift};

/// What is claimed of every drill, with clients or without.
const CLAIMS: [&str; 6] = [
    "The journal's chain is whole",
    "The alarm fired",
    "The load went beyond the threshold",
    "The engine decided by itself: 2 of 2",
    "Scaled up, and verified: a1: db.m5.large",
    "Scaled down, and verified: a2: db.t4g.small",
];

fn passed<'a>(table: &'a str, claim: &str) -> &'a str {
    let row = table.lines().find(|line| line.contains(claim)).unwrap_or_else(|| panic!("{claim}:\n{table}"));
    assert!(row.starts_with("passed "), "{row}");
    row
}

fn drill(state: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(state.join("drill.json")).unwrap()).unwrap()
}

fn page(state: &Path) -> String {
    assert!(fs::read_to_string(state.join("report.md")).unwrap().contains("The alarm fired"));
    fs::read_to_string(state.join("report.html")).unwrap()
}

/// Servers that this process has left behind.
fn servers_of(process: u32) -> Vec<String> {
    let name = format!("upshift-sim-{process}-");
    let running = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let words = fs::read(entry.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&words).into_owned()).filter(|words| words.contains(&name))
    });
    let folders = fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    let folders = folders.map(|entry| entry.file_name().to_string_lossy().into_owned());
    running.chain(folders.filter(|folder| folder.starts_with(&name))).collect()
}

#[test]
fn a_drill_on_the_model_shows_everything_but_what_only_clients_can_tell() {
    let state = TempDir::new().unwrap();
    let output = upshift(state.path(), &["drill", "--sim", "--state-dir", "."]);
    let (code, said) = code_and_words(&output);
    assert_eq!(code, 0, "{said}");
    let table = String::from_utf8(output.stdout).unwrap();
    for claim in CLAIMS {
        passed(&table, claim);
    }
    assert!(table.contains("not measured  No acknowledged write was lost: no canary ran"), "{table}");
    let drill = drill(state.path());
    assert!(drill["availability"].is_null() && drill["load"].is_null() && drill["alarms"][0].is_object(), "{drill}");
    assert!(page(state.path()).contains("No canary ran"));
}

#[test]
fn a_drill_on_real_servers_moves_up_and_back_and_loses_nothing() {
    let state = TempDir::new().unwrap();
    let words = ["drill", "--sim", "--postgres", "--speed", "120", "--state-dir", "."];
    let output = upshift(state.path(), &words);
    let (code, said) = code_and_words(&output);
    let table = String::from_utf8(output.stdout).unwrap();
    assert_eq!(code, 0, "{said}\n{table}");
    for claim in CLAIMS {
        passed(&table, claim);
    }
    let drill = drill(state.path());
    let integrity = &drill["availability"]["integrity"];
    let lost = passed(&table, "No acknowledged write was lost");
    assert!(lost.contains(&format!("0 of {} lost, 0 phantom, 0 twice", integrity["acknowledged"])), "{lost}");
    assert!(integrity["acknowledged"].as_u64().unwrap() > 1_000, "{integrity}");
    assert_eq!(
        integrity["writers"].as_array().unwrap().len(),
        3,
        "up and back, each time another machine: {integrity}"
    );
    assert!(drill["load"]["acknowledged"].as_u64().unwrap() > 3_000, "{}", drill["load"]["failures"]);
    // Dates are of the simulation's clock, as those of the journal: the cuts are within the actions.
    let (from, until) = (drill["from"].as_str().unwrap(), drill["until"].as_str().unwrap());
    for path in drill["availability"]["paths"].as_array().unwrap() {
        let outages = path["outages"].as_array().unwrap();
        assert!(!outages.is_empty(), "{path}");
        assert!(outages.iter().all(|cut| (from..until).contains(&cut["from"].as_str().unwrap())), "{outages:?}");
    }
    assert!(page(state.path()).contains("one of their seconds is 120 s"));
}

#[test]
fn a_drill_that_is_broken_off_stops_the_load_and_says_how_the_database_is_left() {
    let state = TempDir::new().unwrap();
    let words = ["drill", "--sim", "--postgres", "--speed", "120", "--state-dir", "."];
    let mut process = Process::talking(state.path(), &words);
    process.until("surge: clients write 600/s");
    let pid = process.id();
    let (code, said) = process.interrupt();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("error: ended by SIGINT: the load is stopped"), "{said}");
    assert!(said.contains("checkpoints was simulated, and is gone with this process"), "{said}");
    let drill = drill(state.path());
    assert!(drill["load"]["acknowledged"].as_u64().unwrap() > 0, "{drill}");
    assert_eq!(drill["availability"]["integrity"]["lost"], 0, "{drill}");
    assert!(fs::exists(state.path().join("report.html")).unwrap());
    let left = || servers_of(pid);
    assert!(!left().iter().any(|name| name.starts_with("upshift-sim-")), "{:?}", left());
    let is_over = crate::postgres::deadline();
    while !left().is_empty() {
        assert!(!is_over(), "still there: {:?}", left());
    }
}

#[test]
fn a_wrong_word_is_said_before_anything_starts() {
    let state = TempDir::new().unwrap();
    let config = "[[database]]\nid = \"orders\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n";
    fs::write(state.path().join("config.toml"), config).unwrap();
    let cases: [(&[&str], &str); 5] = [
        (&["nope", "--sim"], "error: no database nope in"),
        (&["--sim", "--strategy", "fast"], "error: no strategy fast\nhelp: there is in_place, blue_green"),
        (&["--sim", "nope"], "error: no scenario `nope`"),
        (&["nope"], "error: no database nope in config.toml\nhelp: there is orders"),
        (
            &["orders"],
            "error: orders has no [database.postgres] in config.toml: that is how the drill's clients get in",
        ),
    ];
    for (words, sentence) in cases {
        let output = upshift(state.path(), &[&["drill", "--state-dir", "state"], words].concat());
        let (code, said) = code_and_words(&output);
        assert!(code == 2 && said.contains(sentence), "{words:?}: {code}: {said}");
        assert!(output.stdout.is_empty() && !fs::exists(state.path().join("state")).unwrap(), "{words:?}: {said}");
    }
}

/// What is said of a drill on a real account, here that of a simulation that others run, without a terminal.
fn on_an_account(tags: &str, more: &[&str]) -> String {
    let state = TempDir::new().unwrap();
    let scenario = format!("name = \"shop\"\n[[instance]]\nid = \"orders\"\nclass = \"db.t4g.small\"\ntags = {tags}\n");
    fs::write(state.path().join("shop.toml"), scenario).unwrap();
    let words = ["sim", "--scenario", "shop.toml"];
    let mut sim = Process::start(state.path(), &words, |child| Box::new(child.stdout.take().unwrap()));
    sim.until("endpoint");
    let ready: Value = serde_json::from_str(sim.said.last().unwrap()).unwrap();
    let config = format!(
        "[aws]\nendpoint_url = {}\n[[database]]\nid = \"orders\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n\
         [database.postgres]\ndsn = \"postgresql://upshift@127.0.0.1:1/postgres\"\n",
        ready["endpoint"]
    );
    fs::write(state.path().join("config.toml"), config).unwrap();
    let (code, said) = Process::talking(state.path(), &[&["drill", "--state-dir", "state"], more].concat()).end();
    assert_eq!(code, 2, "{said}");
    said
}

#[test]
fn nobody_drills_on_a_real_account_by_accident() {
    let typed = "a drill on AWS wants the database's name typed, at a terminal";
    let tagged = "error: orders is tagged Environment=Prod: nobody drills on production by accident; --force does it";
    let said = on_an_account("{ Environment = \"Prod\" }", &[]);
    assert!(said.contains(tagged), "{said}");
    let said = on_an_account("{ Environment = \"Prod\" }", &["--force"]);
    assert!(said.contains(typed) && !said.contains("tagged"), "{said}");
    let said = on_an_account("{ environment = \"test\" }", &[]);
    assert!(said.contains(typed), "{said}");
}
