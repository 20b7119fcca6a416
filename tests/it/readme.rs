//! The README tells the truth: every kind and every field that can be in a journal stands there and nothing else does, and
//! so do the fields of every record and the Rust that is needed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::samples;

const README: &str = include_str!("../../README.md");

/// Fields whose text is one of a closed set of words: those words are documented too.
const WORDS: [&str; 12] = [
    "kind",
    "verdict",
    "gate",
    "cause",
    "outcome",
    "result",
    "command",
    "call",
    "direction",
    "comparison",
    "strategy",
    "step",
];

/// What stands in backticks in each row of a table, by its first cell's.
fn rows(document: &str, heading: &str) -> BTreeMap<String, BTreeSet<String>> {
    let (_, table) = document.split_once(heading).unwrap_or_else(|| panic!("`{heading}` is not there"));
    let lines = table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let ticked = |line: &str| line.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let row = |line: &str| {
        let names = ticked(line);
        Some((names.first()?.clone(), names.into_iter().collect()))
    };
    // Behind the heads of the columns and the line below them.
    lines.skip(2).filter_map(row).collect()
}

/// Every field within a value and every closed word, with what they belong to.
fn inner(of: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| inner(of, item, found)),
        // Keys that people have chosen.
        Value::Object(_) if of == "tags" => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                found.push((of.to_owned(), name.clone()));
                words(name, value, found);
                inner(name, value, found);
            }
        }
        _ => {}
    }
}

fn words(field: &str, value: &Value, found: &mut Vec<(String, String)>) {
    if let Some(word) = value.as_str().filter(|_| WORDS.contains(&field)) {
        found.push((field.to_owned(), word.to_owned()));
    }
}

#[test]
fn every_kind_of_record_and_every_field_is_documented() {
    let (mut of_kinds, mut of_fields) = (Vec::new(), Vec::new());
    for event in samples::all() {
        let record = serde_json::to_value(&event).unwrap();
        let kind = record["kind"].as_str().unwrap();
        of_kinds.push((kind.to_owned(), kind.to_owned()));
        for (name, value) in record["data"].as_object().into_iter().flatten() {
            of_kinds.push((kind.to_owned(), name.clone()));
            words(name, value, &mut of_fields);
            inner(name, value, &mut of_fields);
        }
    }
    assert_table("## Kinds of records", of_kinds);
    assert_table("## Fields within fields", of_fields);
}

/// The rows of a table and what records have in truth are the same.
fn assert_table(heading: &str, found: Vec<(String, String)>) {
    let mut truth: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (of, name) in found {
        // The row's own name opens it.
        truth.entry(of.clone()).or_insert_with(|| BTreeSet::from([of])).insert(name);
    }
    let lines = |table: &BTreeMap<String, BTreeSet<String>>| -> BTreeSet<String> {
        table.iter().flat_map(|(of, names)| names.iter().map(move |name| format!("`{name}` of `{of}`"))).collect()
    };
    let (told, true_lines) = (lines(&rows(README, heading)), lines(&truth));
    let missing: Vec<&String> = true_lines.difference(&told).collect();
    let stale: Vec<&String> = told.difference(&true_lines).collect();
    assert!(missing.is_empty() && stale.is_empty(), "{heading}: not told {missing:?}; told, and not so {stale:?}");
}

#[test]
fn the_readme_names_the_fields_of_every_record() {
    let told: Vec<String> = rows(README, "## The journal").into_keys().collect();
    assert_eq!(told, ["at", "data", "hash", "kind", "prev", "seq"]);
}

#[test]
fn the_readme_names_the_rust_that_is_needed() {
    let manifest = include_str!("../../Cargo.toml");
    let (_, rest) = manifest.split_once("rust-version = \"").unwrap();
    let version = rest.split('"').next().unwrap();
    assert!(README.contains(&format!("Rust {version} or later")));
}
