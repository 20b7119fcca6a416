//! `upshift report`: the built binary on journals of simulated runs, whole, damaged, huge and empty.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use quick_xml::Reader;
use quick_xml::events::Event as Xml;
use serde_json::Value;
use tempfile::TempDir;
use upshift::journal::Journal;
use upshift::model::availability::{Availability, ClientOutage, ClientPath, Integrity, Latency, PathResult, Second};
use upshift::model::database::DatabaseName;
use upshift::model::drill::{AcceptanceRow, AlarmChange, Drill, JournalPlace, Passed};
use upshift::model::event::Event;
use upshift::model::load_run::{LoadRun, LoadSecond};

use crate::process::{code_and_words, first_segment, upshift};
use crate::samples;

/// The journal of a database that went up and down, played once.
static PLAYED: LazyLock<String> = LazyLock::new(|| {
    let state = TempDir::new().unwrap();
    let words = ["--auto", "--sim", "blue-green", "--speed", "1000", "--for", "4h", "--state-dir", "."];
    let (code, said) = code_and_words(&upshift(state.path(), &words));
    assert_eq!(code, 0, "{said}");
    fs::read_to_string(first_segment(state.path())).unwrap()
});

/// A state directory with it.
fn played() -> TempDir {
    let state = TempDir::new().unwrap();
    fs::write(first_segment(state.path()), &*PLAYED).unwrap();
    state
}

/// Runs it, wants success, and reads the file that it names.
fn report(state: &Path, words: &[&str]) -> (PathBuf, String) {
    let output = upshift(state, &[&["report"], words].concat());
    let (code, said) = code_and_words(&output);
    assert_eq!(code, 0, "{said}");
    let path = state.join(String::from_utf8(output.stdout).unwrap().trim_end());
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

/// Wants it to fail, and gives what it said.
fn refused(state: &Path, words: &[&str]) -> String {
    let (code, said) = code_and_words(&upshift(state, &[&["report"], words].concat()));
    assert_eq!(code, 1, "{said}");
    said
}

/// The words of a page that is well-formed and names nothing outside of itself.
fn words_of(page: &str) -> String {
    let mut reader = Reader::from_str(page);
    reader.config_mut().check_end_names = true;
    let (mut words, mut open) = (String::new(), 0);
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("not well-formed: {error}")) {
            Xml::Start(tag) => {
                inert(tag.name().as_ref(), tag.attributes());
                open += 1;
            }
            Xml::Empty(tag) => inert(tag.name().as_ref(), tag.attributes()),
            Xml::End(_) => open -= 1,
            Xml::Text(text) => words.push_str(&text),
            Xml::GeneralRef(name) => words.push(match &*name {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                "#39" => '\'',
                other => panic!("&{other}; is not of XML"),
            }),
            Xml::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, 0);
    for outside in ["@import", "url(", "://"] {
        assert!(!page.contains(outside), "{outside}");
    }
    words
}

/// No script, nothing that loads anything, nothing that runs.
fn inert(tag: &str, attributes: quick_xml::events::attributes::Attributes<'_>) {
    assert!(!["script", "link", "img", "iframe", "object", "embed", "image", "use", "base"].contains(&tag), "{tag}");
    for attribute in attributes {
        let attribute = attribute.unwrap();
        let name: &str = attribute.key.as_ref();
        assert!(!name.starts_with("on") && !["src", "href", "xlink:href", "style"].contains(&name), "{name}");
    }
}

fn json(state: &Path, words: &[&str]) -> Value {
    let output = upshift(state, &[&["report", "--format", "json", "--out", "-"], words].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", code_and_words(&output).1))
}

#[test]
fn a_move_is_reported_with_everything_that_shows_it() {
    let state = played();
    let (path, page) = report(state.path(), &["--action", "a1"]);
    assert_eq!(path.file_name().unwrap(), "upshift-report-orders-a1.html");
    let words = words_of(&page);
    let evidence = json(state.path(), &["--action", "a1"]);
    assert_eq!(evidence["version"], 1);
    let head = evidence["journal"]["head"].as_str().unwrap();
    let verified = upshift(state.path(), &["journal", "verify"]);
    assert!(String::from_utf8_lossy(&verified.stdout).contains(head));
    let action = &evidence["actions"][0];
    let request = action["calls"][0]["request_id"].as_str().unwrap();
    let digest = action["decision"]["decision"]["policy_digest"].as_str().unwrap();
    let event = action["rds_events"][0]["message"].as_str().unwrap();
    let claims = evidence["acceptance"].as_array().unwrap().iter().map(|row| row["claim"].as_str().unwrap());
    let told = ["SIMULATION", "Yes, every hash holds", "writes > 500 in 2 of 3", "no canary ran", "in 10 of 10"];
    for expected in claims.chain(told).chain([head, request, digest, event]) {
        assert!(words.contains(expected), "{expected} is not there");
    }
    // Each plot: the signal, its thresholds, the class, the timeline.
    assert!(page.matches("<figure>").count() == 3, "{}", page.matches("<figure>").count());
    assert!(page.matches("class=\"threshold s-up\"").count() == 2 && page.contains("class=\"line s-data\""));
    let (_, text) = report(state.path(), &["--action", "a1", "--format", "md"]);
    assert!(text.contains(head) && text.contains("| Scaled up, and verified | ✔ passed |"));
}

#[test]
fn the_last_action_and_a_time_are_reported_and_a_file_is_not_written_over() {
    let state = played();
    let last = json(state.path(), &[]);
    assert_eq!(last["actions"][0]["intent"]["action"], "a2");
    assert_eq!(
        last,
        json(state.path(), &["--last"])
            .as_object()
            .map(|all| {
                let mut all = all.clone();
                all.insert("written_at".to_owned(), last["written_at"].clone());
                Value::Object(all)
            })
            .unwrap()
    );
    let all = json(state.path(), &["--from", "2026-01-05", "--to", "2026-01-05T12:30"]);
    assert_eq!(all["actions"].as_array().unwrap().len(), 2);
    let (path, _) = report(state.path(), &[]);
    fs::write(&path, "mine").unwrap();
    assert!(refused(state.path(), &[]).contains("--force replaces it"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    report(state.path(), &["--force"]);
    assert_ne!(fs::read_to_string(&path).unwrap(), "mine");
    let left: Vec<_> = fs::read_dir(state.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{left:?}");
    let span = refused(state.path(), &["--from", "2027-01-01"]);
    assert!(span.contains("nothing was recorded in that time"), "{span}");
    assert!(refused(state.path(), &["--action", "a7"]).contains("the last ones are a1, a2"));
}

#[test]
fn of_a_damaged_journal_the_good_part_is_reported_in_red() {
    let state = played();
    let segment = first_segment(state.path());
    let text = fs::read_to_string(&segment).unwrap();
    // The end of the first action holds, what comes after it does not.
    let end = text.lines().position(|line| line.contains("\"kind\":\"action_ended\"")).unwrap();
    let damaged: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(index, line)| if index == end + 3 { line.replace("2026", "2027") } else { line.to_owned() })
        .collect();
    fs::write(&segment, damaged.join("\n") + "\n").unwrap();
    let said = refused(state.path(), &["--out", "part.html"]);
    assert!(said.contains("shows a part only") && said.contains("is damaged"), "{said}");
    let page = fs::read_to_string(state.path().join("part.html")).unwrap();
    let words = words_of(&page);
    assert!(words.contains("THE JOURNAL IS DAMAGED") && words.contains("NO, the journal is damaged"));
    assert!(page.contains("class=\"banner broken\""));
    assert!(words.contains(&format!("{} records hold, then", end + 3)), "{}", end + 3);
}

#[test]
fn a_journal_with_nothing_in_it_is_said_to_be_one() {
    let state = TempDir::new().unwrap();
    assert!(refused(state.path(), &[]).contains("no records in"));
    fs::write(first_segment(state.path()), "not a record\n").unwrap();
    let said = refused(state.path(), &[]);
    assert!(said.contains("line 1 (record 1) is damaged"), "{said}");
    let (code, said) = code_and_words(&upshift(state.path(), &["report", "--from", "yesterday"]));
    assert!(code == 2 && said.contains("must be a moment"), "{said}");
}

#[test]
fn what_a_drill_measured_is_beside_the_journal() {
    let state = played();
    let moved = json(state.path(), &["--from", "2026-01-05", "--to", "2026-01-06"]);
    let moment = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
    let (from, until) = (moment(&moved["from"]), moment(&moved["until"]));
    let cut = moment(&moved["actions"][0]["outage"]["span"][0]);
    let drill = drill(from, until, cut);
    fs::write(state.path().join("drill.json"), serde_json::to_string(&drill).unwrap()).unwrap();
    let (path, page) = report(state.path(), &["--drill", "drill.json"]);
    assert!(path.file_name().unwrap().to_string_lossy().starts_with("upshift-report-20260105T"));
    let words = words_of(&page);
    for expected in [
        "writes-high is ALARM: two datapoints",
        "430 ms at most",
        "0 of 4000 lost",
        "acknowledged to clients",
        "The cut around",
        "As fast as was hoped",
    ] {
        assert!(words.contains(expected), "{expected}");
    }
    assert!(page.matches("class=\"outage\"").count() >= 2 && page.contains("class=\"line s-clients\""));
    let evidence = json(state.path(), &["--drill", "drill.json"]);
    let of = |claim: &str| {
        let rows = evidence["acceptance"].as_array().unwrap();
        rows.iter().filter(|row| row["claim"] == claim).map(|row| row["passed"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("As fast as was hoped"), ["failed"]);
    assert_eq!(of("No acknowledged write was lost"), ["passed"]);
    assert_eq!(of("The alarm fired"), ["not_measured"], "the drill's own row takes the place of the report's");
    // Of another run, whatever it was like.
    let other = Some(JournalPlace { seq: 2, hash: "0123456789abcdef".repeat(4) });
    let other = Drill { journal: other, ..drill.clone() };
    fs::write(state.path().join("drill.json"), serde_json::to_string(&other).unwrap()).unwrap();
    let (code, said) = code_and_words(&upshift(state.path(), &["report", "--drill", "drill.json"]));
    assert!(code == 2 && said.contains("drill.json: it is of another journal"), "{said}");
    // Of this one, and of when it was shorter.
    let journal = fs::read_to_string(first_segment(state.path())).unwrap();
    let record: Value = serde_json::from_str(journal.lines().nth(1).unwrap()).unwrap();
    let own = Some(JournalPlace { seq: 2, hash: record["hash"].as_str().unwrap().to_owned() });
    let own = Drill { journal: own, ..drill };
    fs::write(state.path().join("drill.json"), serde_json::to_string(&own).unwrap()).unwrap();
    json(state.path(), &["--drill", "drill.json"]);
    fs::write(state.path().join("drill.json"), "{}").unwrap();
    let (code, said) = code_and_words(&upshift(state.path(), &["report", "--drill", "drill.json"]));
    assert!(code == 2 && said.contains("drill.json"), "{said}");
}

/// A drill over the whole time, with one cut of 430 ms.
fn drill(from: Timestamp, until: Timestamp, cut: Timestamp) -> Drill {
    let later = |secs: i64| from + SignedDuration::from_secs(secs);
    let secs = until.duration_since(from).as_secs();
    let path = |path| {
        let second = |at| Second { at, acknowledged: 50, failed: 0, p50_millis: Some(2.0), max_millis: Some(4.5) };
        PathResult {
            path,
            every_millis: 20,
            attempts: 5_000,
            acknowledged: 4_000,
            refused: 1,
            unknown: 0,
            late: 0,
            outages: vec![ClientOutage {
                from: cut,
                until: Some(cut + SignedDuration::from_millis(430)),
                millis: 430,
                error_millis: 20,
                until_error_millis: 21,
            }],
            latency: Latency::default(),
            seconds: (0..secs).map(later).filter(|at| at.duration_since(cut).abs().as_secs() > 1).map(second).collect(),
        }
    };
    let integrity = Integrity {
        acknowledged: 4_000,
        lost: 0,
        phantom: 0,
        duplicated: 0,
        split_brain: 0,
        writers: vec!["db-1".to_owned(), "db-2".to_owned()],
    };
    let paths = vec![path(ClientPath::Persistent), path(ClientPath::Fresh)];
    let row = |claim: &str, passed| {
        let (claim, figure, source) = (claim.to_owned(), "a figure".to_owned(), "drill".to_owned());
        AcceptanceRow { claim, passed, figure, source }
    };
    let (alarm, state, reason) = ("writes-high".to_owned(), "ALARM".to_owned(), "two datapoints".to_owned());
    Drill {
        from,
        until,
        database: DatabaseName::new("orders"),
        speed: 1.0,
        surge: None,
        availability: Some(Availability {
            from,
            until,
            every_millis: 20,
            paths,
            integrity: Some(integrity),
            unchecked: None,
        }),
        load: Some(load(from, until)),
        alarms: vec![AlarmChange { at: later(500), alarm, state, reason, told: vec![] }],
        acceptance: vec![row("As fast as was hoped", Passed::Failed), row("The alarm fired", Passed::NotMeasured)],
        journal: None,
    }
}

/// Six hundred writes a second from minute ten to two hours.
fn load(from: Timestamp, until: Timestamp) -> LoadRun {
    let later = |secs: i64| from + SignedDuration::from_secs(secs);
    let wrote = |at| LoadSecond { at, scheduled: 600, acknowledged: 599, failed: 0, max_millis: Some(9.0) };
    LoadRun {
        from,
        until,
        target_writes_per_sec: 600.0,
        connections: 4,
        table: "upshift_load.writes".to_owned(),
        inserted: 5_990,
        updated: 0,
        deleted: 0,
        scheduled: 6_000,
        acknowledged: 5_990,
        failed: 10,
        not_begun: 0,
        failures: vec![],
        achieved_writes_per_sec: 599.0,
        latency: Latency::default(),
        seconds: (600..7_200).map(later).map(wrote).collect(),
    }
}

/// Every kind and form of record, over and over: nothing is left out silently, and the page stays readable.
#[test]
fn a_hundred_thousand_records_are_one_page() {
    let state = TempDir::new().unwrap();
    let begin: Timestamp = "2026-01-05T08:00:00Z".parse().unwrap();
    let (mut journal, _) = Journal::open(state.path(), begin).unwrap();
    let all: Vec<Event> = samples::all();
    for (index, event) in all.iter().cycle().take(100_000).enumerate() {
        journal.append(begin + SignedDuration::from_secs(index as i64 * 20), event.clone()).unwrap();
    }
    journal.sync().unwrap();
    drop(journal);
    let (_, page) = report(state.path(), &["--from", "2026-01-05"]);
    assert!(page.len() < 20_000_000, "{} bytes", page.len());
    let words = words_of(&page);
    assert!(words.contains("100000 records hold") && words.contains("the first 1500 are shown"));
}
