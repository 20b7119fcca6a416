//! The corpus in `fuzz/corpus`, and a bounded run of seeded mutations of it, through the very functions that cargo-fuzz
//! calls. For a longer run, or to repeat one: `UPSHIFT_FUZZ_RUNS=1000000 UPSHIFT_FUZZ_SEED=7 cargo test --test it fuzz`.

mod mutate;
#[path = "../../fuzz/targets/mod.rs"]
#[allow(unreachable_pub, dead_code, reason = "the fuzzing crate is the other user of these files")]
pub(crate) mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use mutate::{Mutator, Rng};
use targets::Target;

/// What is mutated from, unless said otherwise.
const SEED: u64 = 20_260_105;

/// One test per target, so that they run side by side: its name, and how many mutations it gets.
macro_rules! targets {
    ($($name:ident: $runs:literal,)*) => {
        $(#[test]
        fn $name() {
            replay_and_mutate(stringify!($name), targets::$name::run, $runs);
        })*

        /// With the number of mutations of each.
        const TRIED: &[&str] = &[$(stringify!($name)),*];
    };
}

targets! {
    cbor: 20_000,
    cloudwatch_answer: 2_000,
    command_line: 10_000,
    config: 2_000,
    control: 20_000,
    form: 20_000,
    journal: 5_000,
    keys: 60,
    policy: 20_000,
    rds_answer: 2_000,
    request: 5_000,
    scenario: 20_000,
    xml: 20_000,
}

#[test]
fn every_target_is_tried_and_has_a_corpus() {
    let all: Vec<&str> = targets::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(all, TRIED);
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    for name in all {
        assert!(root().join(format!("fuzz/fuzz_targets/{name}.rs")).is_file(), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
        assert!(corpus(name).len() >= 3, "{name}");
    }
}

fn replay_and_mutate(name: &str, target: Target, runs: u64) {
    let corpus = corpus(name);
    for (file, bytes) in &corpus {
        attempt(target, bytes, || format!("fuzz/corpus/{name}/{file}"));
    }
    let runs = number("UPSHIFT_FUZZ_RUNS").unwrap_or(runs);
    let seed = number("UPSHIFT_FUZZ_SEED").unwrap_or(SEED);
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|(_, bytes)| bytes).collect();
    let mutator = Mutator::new(&inputs);
    for run in 0..runs {
        let input = mutator.mutate(&mut Rng::new(seed.wrapping_add(run)));
        attempt(target, &input, || {
            let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}-{seed}-{run}"));
            let kept = fs::write(&path, &input).map_or_else(|error| error.to_string(), |()| path.display().to_string());
            format!("mutation {run} of seed {seed}: {:?}, kept in {kept}", String::from_utf8_lossy(&input))
        });
    }
}

/// Runs a target; if it panics, so does this, naming the input.
fn attempt(target: Target, input: &[u8], words: impl FnOnce() -> String) {
    let held = catch_unwind(AssertUnwindSafe(|| target(input))).is_ok();
    assert!(held, "the target fell over {}", words());
}

/// The committed inputs of a target with their file names, in order.
fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(root().join("fuzz/corpus").join(name)).unwrap();
    let mut inputs: Vec<(String, Vec<u8>)> = files
        .map(|file| file.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    inputs.sort();
    inputs
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[expect(clippy::disallowed_methods, reason = "a longer run is asked for from outside")]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
