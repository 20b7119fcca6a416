//! `config.toml`: text in, validated settings out, or every problem with its place.
//!
//! Pure: no file is read here. The text is parsed into TOML's spanned tree and walked by hand, so that one reading
//! names all problems instead of the first.

mod aws;
mod database;
mod engine;
mod nearest;
mod problem;
mod rule;
mod section;
mod signal;

pub use problem::{Problem, Problems};

use std::ops::Range;

use toml::de::DeTable;

use crate::model::settings::Settings;
use section::Section;

const KEYS: [&str; 3] = ["aws", "engine", "database"];

/// Reads a configuration. `origin` is the name that problems give the text, such as `config.toml`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text. After a syntax error, problems of other lines are given
/// too, but nothing is called missing: it may be what could not be read.
pub fn parse(text: &str, origin: &str) -> Result<Settings, Problems> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    let mut found = Vec::new();
    let settings = walk(tree.get_ref(), text, &mut found);
    if !errors.is_empty() {
        let syntax: Vec<Problem> = errors
            .iter()
            .map(|error| {
                let span = error.span().unwrap_or(text.len()..text.len());
                Problem::new(span, "this is not TOML", error.message().replace('\n', ", "))
            })
            .collect();
        let lines: Vec<Range<usize>> = syntax.iter().map(|problem| lines_of(text, &problem.span)).collect();
        found.retain(|problem| !problem.missing && lines.iter().all(|line| !overlap(line, &problem.span)));
        found.extend(syntax);
    }
    if found.is_empty() { Ok(settings) } else { Err(Problems::new(text, origin, found)) }
}

/// The commented example, with every key and its default.
pub fn example() -> &'static str {
    include_str!("../../config.toml.example")
}

/// The configuration of the simulation's database `checkpoints`.
///
/// # Panics
/// Never: the text is part of the program, and a test parses it.
#[expect(clippy::expect_used, reason = "the text is part of the program, and a test parses it")]
pub fn checkpoints() -> Settings {
    parse(include_str!("checkpoints.toml"), "checkpoints.toml").expect("the built-in configuration is valid")
}

fn walk(tree: &DeTable<'_>, text: &str, problems: &mut Vec<Problem>) -> Settings {
    let root = Section::open("the top level", text.len()..text.len(), tree, &KEYS, problems);
    Settings {
        aws: aws::read(&root, problems),
        engine: engine::read(&root, problems),
        databases: database::read_all(&root, problems),
    }
}

fn lines_of(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let end = text.get(span.end..).and_then(|after| after.find('\n')).map_or(text.len(), |length| span.end + length);
    start..end
}

fn overlap(line: &Range<usize>, span: &Range<usize>) -> bool {
    span.start < line.end && span.end > line.start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_names_every_key_and_is_valid_with_and_without_its_commented_settings() {
        parse(example(), "config.toml.example").unwrap();
        // A setting is commented out by `#` alone, prose by `# `.
        let uncomment = |line: &str| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => rest.to_owned(),
            _ => line.to_owned(),
        };
        let all: Vec<String> = example().lines().map(uncomment).collect();
        let settings = parse(&all.join("\n"), "config.toml.example").unwrap();
        assert!(settings.aws.account_id.is_some());
        let says = |key: &str| {
            all.iter().any(|line| {
                line.trim_start_matches('[').starts_with(key)
                    || line.contains(&format!(".{key}]"))
                    || line.contains(&format!("{{ {key} ="))
                    || line.contains(&format!(", {key} ="))
            })
        };
        let keys = [&KEYS[..], &aws::KEYS, &engine::KEYS, &database::KEYS, &database::COOLDOWN_KEYS]
            .into_iter()
            .chain([&signal::KEYS[..], &rule::KEYS])
            .flatten();
        for key in keys {
            assert!(says(key), "the example does not name `{key}`");
        }
    }

    #[test]
    fn the_example_shows_the_true_defaults() {
        let shown = parse(example(), "example").unwrap();
        let database = &shown.databases[0];
        let rungs: Vec<String> = database.ladder.rungs().iter().map(|class| format!("\"{class}\"")).collect();
        let short = format!("[[database]]\nid = \"{}\"\nladder = [{}]\n", database.database, rungs.join(", "));
        assert_eq!(parse(&short, "short").unwrap().databases, shown.databases);
    }

    #[test]
    fn the_simulation_has_the_rules_of_the_first_case() {
        let settings = checkpoints();
        let policy = &settings.databases[0];
        assert_eq!(policy.database.as_str(), "checkpoints");
        let words = |rules: &[crate::model::policy::Rule]| rules.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(words(&policy.up), ["writes > 500 in 2 of 3", "writes > 750 in 2 of 2"]);
        assert_eq!(words(&policy.down), ["writes < 225 in 10 of 10", "writes < 225 in 55 of 60"]);
        assert_eq!((policy.cooldown_up.as_secs(), policy.cooldown_down.as_secs()), (900, 3600));
    }
}
