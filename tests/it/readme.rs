//! The README tells the truth about the journal: every kind and every field that can be in it stands there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::samples;

const README: &str = include_str!("../../README.md");

/// Fields whose text is one of a closed set of words: those words are documented too.
const WORDS: [&str; 11] =
    ["kind", "verdict", "gate", "cause", "outcome", "result", "command", "call", "direction", "comparison", "strategy"];

/// What stands in backticks in each row of a table, by its first cell's.
fn rows(heading: &str) -> BTreeMap<String, BTreeSet<String>> {
    let (_, table) = README.split_once(heading).unwrap_or_else(|| panic!("`{heading}` is not in the README"));
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
    let (kinds, parts) = (rows("### Kinds of records"), rows("### Fields within fields"));
    let mut missing = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for event in samples::all() {
        let record = serde_json::to_value(&event).unwrap();
        let kind = record["kind"].as_str().unwrap().to_owned();
        seen.insert(kind.clone());
        let Some(row) = kinds.get(&kind) else {
            missing.insert(format!("the kind `{kind}`"));
            continue;
        };
        for (name, value) in record["data"].as_object().into_iter().flatten() {
            if !row.contains(name) {
                missing.insert(format!("`{name}` of `{kind}`"));
            }
            let mut found = Vec::new();
            words(name, value, &mut found);
            inner(name, value, &mut found);
            for (of, name) in found {
                if !parts.get(&of).is_some_and(|row| row.contains(&name)) {
                    missing.insert(format!("`{name}` in `{of}`"));
                }
            }
        }
    }
    let stale: Vec<&String> = kinds.keys().filter(|kind| !seen.contains(*kind)).collect();
    assert!(stale.is_empty(), "in the README, but no kind: {stale:?}");
    let missing: Vec<String> = missing.into_iter().collect();
    assert!(missing.is_empty(), "not in the README:\n{}", missing.join("\n"));
}
