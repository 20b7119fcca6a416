//! Whatever texts a snapshot holds and whatever is typed, nothing raw reaches the screen.

use std::fmt::Write as _;

use super::driven;
use crate::console::fixtures::{snapshot, trouble};
use crate::model::snapshot::Snapshot;

/// What a hostile AWS, configuration, colleague or engine could make of every text in a snapshot.
const HOSTILE: &str =
    "\u{301}\u{1b}[31m\u{9b}2J\u{202e}x\u{2066}\u{200b}e\u{301}\u{301}\u{301}\u{301}\u{fe0f}\u{7f}\r\n\u{2028}";

/// Every string that can be replaced is: those that are words of the protocol stay.
fn hostile(snapshot: &Snapshot) -> Snapshot {
    let mut json = serde_json::to_value(snapshot).unwrap();
    let mut places = Vec::new();
    places_of_strings(&json, &mut String::new(), &mut places);
    let replaced = places.iter().filter(|place| {
        let was = std::mem::replace(json.pointer_mut(place).unwrap(), HOSTILE.into());
        let fits = serde_json::from_value::<Snapshot>(json.clone()).is_ok();
        if !fits {
            *json.pointer_mut(place).unwrap() = was;
        }
        fits
    });
    assert!(replaced.count() > 30);
    serde_json::from_value(json).unwrap()
}

fn places_of_strings(value: &serde_json::Value, path: &mut String, places: &mut Vec<String>) {
    let at = path.len();
    match value {
        serde_json::Value::String(_) => places.push(path.clone()),
        serde_json::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                write!(path, "/{index}").unwrap();
                places_of_strings(item, path, places);
                path.truncate(at);
            }
        }
        serde_json::Value::Object(fields) => {
            for (name, field) in fields {
                write!(path, "/{}", name.replace('~', "~0").replace('/', "~1")).unwrap();
                places_of_strings(field, path, places);
                path.truncate(at);
            }
        }
        _ => {}
    }
}

#[test]
fn no_text_of_a_snapshot_and_no_key_reaches_the_screen_raw() {
    let mut broken = hostile(&snapshot());
    broken.journal.broken = Some(HOSTILE.to_owned());
    for snapshot in [hostile(&snapshot()), hostile(&trouble()), broken] {
        for opening in ["", "a", "u", "d", "o", "H", "R", "?", "/", "f", "n"] {
            for line in driven(&snapshot, &format!("{opening}{HOSTILE}")).screen {
                let hostile = |c: char| c.is_control() || "\u{202e}\u{2066}\u{200b}\u{2028}\u{fe0f}".contains(c);
                assert!(
                    !line.contains(hostile) && !line.contains("\u{301}\u{301}\u{301}"),
                    "{line:?} after {opening:?}"
                );
            }
        }
    }
}

/// The fuzzer's picture is the fixture's: when the words of the model change, this says what it must be now.
#[test]
fn the_snapshot_that_keys_are_tried_on_is_of_this_version() {
    let kept = include_str!("../../../fuzz/targets/snapshot.json").trim_end();
    let wanted = serde_json::to_string(&trouble()).unwrap();
    let fresh = concat!(env!("CARGO_MANIFEST_DIR"), "/target/snapshot.json");
    if kept != wanted {
        std::fs::write(fresh, format!("{wanted}\n")).unwrap();
        panic!("fuzz/targets/snapshot.json is of an older version: look at target/snapshot.json and put it there");
    }
}
