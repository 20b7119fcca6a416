//! Style that a compiler does not see: heads, lengths, marks of unfinished work.

use std::fs;
use std::path::Path;

use crate::architecture::rust_files;

const LONGEST_FILE: usize = 600;

#[test]
fn every_file_says_what_it_is_and_is_short_and_finished() {
    let mut findings = Vec::new();
    for folder in ["src", "tests", "benches", "fuzz"] {
        if Path::new(folder).is_dir() {
            for file in rust_files(Path::new(folder)) {
                let text = fs::read_to_string(&file).unwrap();
                findings.extend(look(&text).into_iter().map(|what| format!("{}: {what}", file.display())));
            }
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn planted_untidiness_is_found() {
    assert_eq!(look("//! Head.\nfn a() {}\n"), Vec::<String>::new());
    assert_eq!(look("fn a() {}\n").len(), 1);
    assert_eq!(look(&format!("//! Head.\n{}", "\n".repeat(LONGEST_FILE))).len(), 1);
    assert_eq!(look(&format!("//! Head.\n// {}{}: later\n", "FIX", "ME")).len(), 1);
}

fn look(text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    if !text.starts_with("//!") {
        findings.push("no `//!` head".to_owned());
    }
    let lines = text.lines().count();
    if lines > LONGEST_FILE {
        findings.push(format!("{lines} lines, more than {LONGEST_FILE}"));
    }
    // Put together here, so that this file does not find itself.
    for mark in [["FIX", "ME"], ["TO", "DO"], ["XX", "X"], ["HA", "CK"]].map(|halves| halves.concat()) {
        if text.split(|c: char| !c.is_alphanumeric()).any(|word| word == mark) {
            findings.push(format!("`{mark}`"));
        }
    }
    findings
}
