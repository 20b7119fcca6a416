//! What is tried with hostile bytes: one function per way into the program, which panics when a promise is broken.
//!
//! They are called from two places: by cargo-fuzz (`fuzz/fuzz_targets`), and on the stable toolchain by
//! `tests/it/fuzz.rs`, which replays the corpus and mutates it with a seed.

pub mod cbor;
pub mod cloudwatch_answer;
pub mod command_line;
pub mod config;
pub mod control;
pub mod form;
pub mod hygiene;
pub mod journal;
pub mod keys;
pub mod memory_disk;
pub mod policy;
pub mod rds_answer;
pub mod request;
pub mod scenario;
pub mod sdk;
pub mod xml;

/// A way in: takes any bytes.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of its folder in `fuzz/corpus`.
pub const ALL: [(&str, Target); 13] = [
    ("cbor", cbor::run),
    ("cloudwatch_answer", cloudwatch_answer::run),
    ("command_line", command_line::run),
    ("config", config::run),
    ("control", control::run),
    ("form", form::run),
    ("journal", journal::run),
    ("keys", keys::run),
    ("policy", policy::run),
    ("rds_answer", rds_answer::run),
    ("request", request::run),
    ("scenario", scenario::run),
    ("xml", xml::run),
];
