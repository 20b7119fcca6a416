//! The functions that are fuzzed, by the same files that `tests/it/fuzz.rs` includes.

#[path = "../targets/mod.rs"]
pub mod targets;
