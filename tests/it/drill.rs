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

fn assert_nothing_is_left_of(process: u32) {
    let left = || servers_of(process);
    assert!(!left().iter().any(|name| name.starts_with("upshift-sim-")), "{:?}", left());
    let is_over = crate::postgres::deadline();
    while !left().is_empty() {
        assert!(!is_over(), "still there: {:?}", left());
    }
}

/// The numbers of the servers of a process.
fn processes_of(process: u32) -> Vec<String> {
    let name = format!("upshift-sim-{process}-");
    let all = fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
        fs::read(entry.path().join("cmdline")).is_ok_and(|words| String::from_utf8_lossy(&words).contains(&name))
    });
    all.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Who was armed and disarmed, by the journal.
fn permissions(state: &Path) -> Vec<String> {
    let journal = fs::read_to_string(crate::process::first_segment(state)).unwrap();
    let events = journal.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line["kind"].as_str()?.to_owned())
    });
    events.filter(|event| event == "armed" || event == "disarmed").collect()
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
    assert!(said.ends_with("the engine is disarmed again\n"), "{said}");
    assert_eq!(permissions(state.path()), ["armed", "disarmed"]);
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
    assert!(said.ends_with("the engine is disarmed again"), "{said}");
    assert_eq!(permissions(state.path()), ["armed", "disarmed"]);
    assert_nothing_is_left_of(pid);
}

#[test]
fn a_signal_while_servers_are_made_ends_in_order_and_leaves_nothing() {
    for words in [
        &["drill", "--sim", "--postgres", "--state-dir", "."][..],
        &["sim", "--scenario", "drill", "--postgres"],
        &["--auto", "--sim", "drill", "--postgres", "--state-dir", "."],
    ] {
        let state = TempDir::new().unwrap();
        let process = Process::talking(state.path(), words);
        let pid = process.id();
        let is_over = crate::postgres::deadline();
        // The folder of the first server is there: it is being made.
        while !servers_of(pid).iter().any(|name| name.contains("initdb")) {
            assert!(!is_over(), "no server is made: {:?}", servers_of(pid));
        }
        let (code, said) = process.interrupt();
        assert_eq!(code, i32::from(words[0] != "sim"), "{words:?}: {said}");
        let sentence = match words[0] {
            "sim" => "",
            "drill" => "error: ended by SIGINT: nothing had been begun",
            _ => "error: ended by SIGINT before the simulation was ready",
        };
        assert!(said.contains(sentence), "{words:?}: {said}");
        assert_nothing_is_left_of(pid);
    }
}

#[test]
fn a_second_signal_does_not_wait_for_what_nobody_answers() {
    let state = TempDir::new().unwrap();
    let words = ["drill", "--sim", "--postgres", "--speed", "120", "--state-dir", "."];
    let mut process = Process::talking(state.path(), &words);
    process.until("calm: clients write 60/s");
    let pid = process.id();
    // It takes no new sessions any more: the check would wait for half a minute.
    for server in processes_of(pid) {
        assert!(std::process::Command::new("kill").args(["-STOP", &server]).status().unwrap().success());
    }
    process.tell("-INT");
    process.until("one more signal does not wait for that");
    let (code, said) = process.interrupt();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("ended by SIGINT, and not waited for: whether what clients had acknowledged"), "{said}");
    assert!(said.ends_with("the engine is disarmed again"), "{said}");
    assert!(drill(state.path())["availability"].is_null());
    assert_nothing_is_left_of(pid);
}

#[test]
fn an_engine_that_was_armed_before_stays_so() {
    let state = TempDir::new().unwrap();
    let words = ["--auto", "--sim", "drill", "--speed", "600", "--for", "5m", "--state-dir", "."];
    let (code, said) = code_and_words(&upshift(state.path(), &words));
    assert_eq!(code, 0, "{said}");
    // Its machine is another one than the journal's, which is held: it breaks off.
    let words = ["drill", "--sim", "--patience", "5m", "--state-dir", "."];
    let (code, said) = code_and_words(&upshift(state.path(), &words));
    assert!(code == 1 && said.contains("the engine stays armed, as it was before the drill"), "{said}");
    assert_eq!(permissions(state.path()), ["armed"]);
}

#[test]
fn what_is_in_the_way_is_said_before_anybody_is_armed_or_writes() {
    let state = TempDir::new().unwrap();
    let scenario = "name = \"shop\"\nstrategy = \"blue_green\"\n[[instance]]\nid = \"orders\"\n\
                    class = \"db.t4g.small\"\nbackup_retention_days = 0\n";
    fs::write(state.path().join("shop.toml"), scenario).unwrap();
    let (code, said) = code_and_words(&upshift(state.path(), &["drill", "--sim", "shop.toml", "--state-dir", "."]));
    assert!(code == 1 && said.contains("error: pre-flight: orders cannot be moved up: "), "{code}: {said}");
    assert!(permissions(state.path()).is_empty() && !said.contains("calm"), "{said}");
    assert!(!fs::exists(state.path().join("drill.json")).unwrap());
}

#[test]
fn a_wrong_word_is_said_before_anything_starts() {
    let state = TempDir::new().unwrap();
    let config = "[[database]]\nid = \"orders\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n";
    fs::write(state.path().join("config.toml"), config).unwrap();
    let cases: [(&[&str], &str); 7] = [
        (&["--sim", "--writes", "700"], "error: --writes: nobody writes to a modelled database"),
        (&["--sim", "--connections", "7"], "error: --connections: nobody writes to a modelled database"),
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
