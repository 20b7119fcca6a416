//! Which room may name which: the table below is the specification, and the code is held to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Room, and the rooms it may name besides itself.
const MAY_NAME: [(&str, &[&str]); 22] = [
    ("clock", &[]),
    ("model", &[]),
    ("diagnostics", &["model"]),
    ("config", &["model", "diagnostics", "workload"]),
    ("playbook", &["model"]),
    ("engine", &["model", "playbook", "setup"]),
    ("aws", &["model", "clock"]),
    ("journal", &["model"]),
    ("lease", &["model", "clock", "aws"]),
    ("report", &["model", "journal"]),
    ("setup", &["model"]),
    ("control", &["model", "clock"]),
    ("sim", &["model", "clock", "diagnostics"]),
    ("controller", &["model", "clock", "aws", "control", "engine", "journal", "lease", "workload"]),
    ("notify", &["model", "clock", "aws"]),
    ("metrics", &["model", "clock", "aws", "control"]),
    ("swarm", &["model", "clock", "aws", "config", "control", "controller", "journal", "lease", "sim"]),
    ("workload", &["model", "clock"]),
    ("console", &["model", "clock", "control"]),
    ("cli", &["model"]),
    ("commands", ANY),
    ("main", &["cli", "commands"]),
];

/// Files of test code that may name one room more: the fixtures show the built-in policy.
const IN_TESTS: [(&str, &str); 1] = [("src/console/fixtures.rs", "config")];

/// The top floor wires everything together.
const ANY: &[&str] = &[
    "aws",
    "cli",
    "clock",
    "config",
    "console",
    "control",
    "controller",
    "diagnostics",
    "engine",
    "journal",
    "lease",
    "metrics",
    "model",
    "notify",
    "playbook",
    "report",
    "setup",
    "sim",
    "swarm",
    "workload",
];

#[test]
fn every_room_names_only_what_the_table_allows() {
    let mut breaches = Vec::new();
    let table: BTreeMap<&str, BTreeSet<&str>> =
        MAY_NAME.iter().map(|(room, may)| (*room, may.iter().copied().collect())).collect();
    for file in rust_files(Path::new("src")) {
        let room = room_of(&file);
        if room == "lib" {
            continue;
        }
        let Some(may) = table.get(room.as_str()) else {
            breaches.push(format!("{}: room `{room}` is not in the table", file.display()));
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        for named in rooms_named(&text) {
            let in_test = IN_TESTS.iter().any(|(path, room)| file == Path::new(path) && named == *room);
            if named != room && !may.contains(named.as_str()) && !in_test {
                breaches.push(format!("{}: `{room}` names `{named}`", file.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "the architecture is breached:\n{}", breaches.join("\n"));
}

/// A guard that could be taken away in the product would be none.
#[test]
fn only_the_room_that_proves_the_guards_takes_one_away() {
    let mut breaches = Vec::new();
    for file in rust_files(Path::new("src")) {
        let text = without_comments_and_strings(&fs::read_to_string(&file).unwrap());
        let room = room_of(&file);
        if text.contains("Guards::without") && room != "swarm" && !file.ends_with("model/guard.rs") {
            breaches.push(file.display().to_string());
        }
    }
    assert!(breaches.is_empty(), "a guard is taken away in {}", breaches.join(", "));
}

#[test]
fn a_planted_breach_is_seen_and_words_are_not() {
    let planted = "use crate::{model::Word, aws::Aws};\nlet a = crate::engine::step();";
    assert_eq!(rooms_named(planted), set(&["aws", "engine", "model"]));
    let words = "// crate::aws is not named here\nlet text = \"crate::sim\"; /* crate::engine */ /// crate::console\n";
    assert_eq!(rooms_named(words), set(&[]));
    assert_eq!(rooms_named("use upshift::sim::World; super::super::aws();"), set(&["sim", "super::super"]));
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// First path segments behind `crate::` and `upshift::`, those in braces too; `super::super` by its own name, since it
/// could climb out of a room unseen.
fn rooms_named(text: &str) -> BTreeSet<String> {
    let code = without_comments_and_strings(text);
    let mut named = BTreeSet::new();
    for start in ["crate::", "upshift::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            named.extend(segments(&code[at + start.len()..]));
        }
    }
    if code.contains("super::super") {
        named.insert("super::super".to_owned());
    }
    named
}

fn segments(rest: &str) -> Vec<String> {
    let word =
        |text: &str| -> String { text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    if !rest.starts_with('{') {
        return vec![word(rest)];
    }
    let (mut depth, mut names, mut item) = (0, Vec::new(), String::new());
    for c in rest.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (c == ',' && depth == 1) {
            names.push(word(&item));
            item.clear();
        } else if !(c == '{' && depth == 1) {
            item.push(c);
        }
        if depth == 0 {
            break;
        }
    }
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

fn without_comments_and_strings(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if c == '"' {
            end_of_string(rest)
        } else {
            code.push(c);
            c.len_utf8()
        };
        rest = &rest[skip..];
    }
    code
}

fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

fn room_of(file: &Path) -> String {
    let first = file.components().nth(1).map(|first| first.as_os_str().to_string_lossy().into_owned());
    first.unwrap_or_default().trim_end_matches(".rs").to_owned()
}

/// Every Rust file below a folder, sorted.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            // What a build leaves is not of ours.
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
