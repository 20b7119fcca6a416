//! `config.toml`: text in, validated settings out, or every problem with its place.
//!
//! Pure: no file is read here. The text is parsed into TOML's spanned tree and walked by hand, so that one reading
//! names all problems instead of the first.

mod alarms;
mod aws;
mod builtin;
mod class;
mod control;
mod copy;
mod database;
mod direct_signal;
mod engine;
mod lease;
mod notify;
mod old_machine;
mod pooler;
mod postgres;
mod prices;
pub mod proposal;
mod readers;
mod rule;
mod section;
mod signal;

pub use crate::diagnostics::{Diagnostic, Diagnostics};
pub use builtin::{checkpoints, for_databases};

use std::ops::Range;

use toml::de::DeTable;

use crate::diagnostics::{Certainty, syntax_problems};
use crate::model::settings::Settings;
use section::Section;

const KEYS: [&str; 7] = ["aws", "engine", "control", "lease", "notify", "alarms", "database"];

/// Reads a configuration. `origin` is the name that problems give the text, such as `config.toml`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text. After a syntax error, problems of other lines are given
/// too, but nothing is called missing, and no key behind it unknown: that may follow from what could not be read.
pub fn parse(text: &str, origin: &str) -> Result<Settings, Diagnostics> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    let mut found = Vec::new();
    let settings = walk(tree.get_ref(), text, &mut found);
    let secrets: Vec<Range<usize>> =
        found.iter().filter(|problem| problem.is_hidden).map(|problem| problem.span.clone()).collect();
    if !errors.is_empty() {
        let syntax = syntax_problems(&errors, text);
        let lines: Vec<Range<usize>> = syntax.iter().map(|problem| lines_of(text, &problem.span)).collect();
        let first = lines.iter().map(|line| line.start).min().unwrap_or(text.len());
        // What cannot be read may be the header of a table: then everything behind it stands in the wrong one.
        let is_certain = |problem: &Diagnostic| match problem.certainty {
            Certainty::Certain => true,
            Certainty::IfReadable => problem.span.start < first,
            Certainty::IfWhole => false,
        };
        found.retain(|problem| is_certain(problem) && lines.iter().all(|line| !overlap(line, &problem.span)));
        found.extend(syntax);
    }
    if found.is_empty() { Ok(settings) } else { Err(Diagnostics::new(text, origin, found).hiding(&secrets)) }
}

/// Reads a configuration from the bytes of a file.
///
/// # Errors
/// As [`parse`], and the place of the first byte that is no UTF-8.
pub fn parse_bytes(bytes: &[u8], origin: &str) -> Result<Settings, Diagnostics> {
    let error = match str::from_utf8(bytes) {
        Ok(text) => return parse(text, origin),
        Err(error) => error,
    };
    // Up to the bad byte the shown text is the file's own, so that the place is the same in both.
    let text = String::from_utf8_lossy(bytes);
    let at = error.valid_up_to();
    let label = bytes.get(at).map_or_else(String::new, |byte| format!("the byte 0x{byte:02x} stands here"));
    let place = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
    let problem =
        Diagnostic::new(place, "this is not UTF-8", label).help("save the file as UTF-8, as every TOML file is");
    Err(Diagnostics::new(&text, origin, vec![problem]))
}

/// The commented example, with every key and its default.
pub fn example() -> &'static str {
    include_str!("../../config.toml.example")
}

fn walk(tree: &DeTable<'_>, text: &str, problems: &mut Vec<Diagnostic>) -> Settings {
    let root = Section::open("the top level", text.len()..text.len(), tree, &KEYS, problems);
    let aws = aws::read(&root, problems);
    Settings {
        engine: engine::read(&root, problems),
        control: control::read(&root, problems),
        lease: lease::read(&root, problems),
        notify: notify::read(&root, problems),
        alarms: alarms::read(&root, &aws, problems),
        aws,
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
    fn every_slip_of_the_hand_is_told_what_would_be_right() {
        for (slip, remedy) in [
            ("id = \"checkpoints\n", "close the text with \""),
            ("id = 'checkpoints\n", "close the text with '"),
            ("id checkpoints\n", "write key = value"),
            ("id\n", "write key = value"),
            ("id: 3\n", "write key = value"),
            ("id = 2026-13-45\n", "put a text in quotes"),
            ("id = checkpoints\n", "put the text in quotes: \"checkpoints\""),
            ("id = 15m\n", "put the text in quotes: \"15m\""),
            ("id =\n", "write a value behind the ="),
            ("ladder = [\"a\", \"b\"\n", "close the list with ]"),
            ("ladder = [\"a\" \"b\"]\n", "put a comma between the items"),
            ("[engine\n", "close the name with ]"),
            ("[[database]\n", "close the name with ]]"),
            ("cooldown = { up = 1\n", "close it with }"),
            ("above = 01\n", "without the zero"),
            ("id = \"a\" \"b\"\n", "on a new line"),
            ("id = \"a\\q\"\n", "for a backslash"),
            ("id = True\n", "in small letters"),
            ("id = 1\nid = 2\n", "keep one of the two"),
            ("= 3\n", "write a key before the ="),
        ] {
            let problems = parse(slip, "config.toml").unwrap_err();
            let rendered = problems.render(false);
            assert!(rendered.contains(remedy), "{slip:?}: {rendered}");
            let syntax = problems.list().iter().filter(|problem| problem.title == "this is not TOML");
            assert!(syntax.into_iter().all(|problem| problem.help.is_some()), "{slip:?}: {rendered}");
        }
    }

    #[test]
    fn what_follows_from_a_syntax_error_is_not_told() {
        let text = "[aws]\nregin = \"eu-west-1\"\n[engine\nevaluate_every = \"15s\"\n[[database]]\nid = \"a\"\n";
        let problems = parse(text, "config.toml").unwrap_err();
        let titles: Vec<&str> = problems.list().iter().map(|problem| problem.title.as_str()).collect();
        assert_eq!(titles, ["unknown key `regin`", "this is not TOML"], "{problems}");
    }

    #[test]
    fn a_default_signal_that_is_read_from_elsewhere_keeps_its_unit() {
        let text = "[[database]]\nid = \"a\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n\
                    [[database.signal]]\nname = \"writes\"\nmetric = \"WriteIOPS\"\nstatistic = \"Maximum\"\n";
        let unit = |text: &str| parse(text, "config.toml").unwrap().databases[0].signals[0].unit.clone();
        assert_eq!(unit(text), "writes/s");
        assert_eq!(unit(&format!("{text}unit = \"rows/s\"\n")), "rows/s");
    }

    #[test]
    fn prices_are_of_known_classes() {
        let text = "[[database]]\nid = \"a\"\nladder = [\"db.r6g.large\", \"db.m5.2xlarge\"]\n[database.prices]\n\
                    \"db.r6g.large\" = 0.225\n";
        let settings = parse(text, "config.toml").unwrap();
        let state = crate::model::database::sample_state("db.r6g.large", "available");
        let price = |class: &str| {
            let class = crate::model::class::InstanceClass::observed(class);
            settings.databases[0].price(&state, &class).map(|price| price.usd_per_hour)
        };
        assert_eq!(
            [price("db.r6g.large"), price("db.m5.large"), price("db.r5.large")],
            [Some(0.225), Some(0.178), None]
        );
        let wrong = parse(&format!("{text}\"db.r6g.lagre\" = 1\n\"db.m5.large\" = \"x\"\n"), "c").unwrap_err();
        let wrong = wrong.render(false);
        assert!(wrong.contains("did you mean `db.r6g.large`") && wrong.contains("a number without quotes"), "{wrong}");
    }

    #[test]
    fn a_byte_that_is_no_utf_8_is_named_with_its_place() {
        let bytes = b"[[database]]\nid = \"check\xffpoints\"\n";
        let rendered = parse_bytes(bytes, "config.toml").unwrap_err().render(false);
        assert!(rendered.contains("config.toml:2:12"), "{rendered}");
        assert!(rendered.contains("0xff") && rendered.contains("as UTF-8"), "{rendered}");
        assert!(parse_bytes(example().as_bytes(), "config.toml").is_ok());
    }

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
            .chain([
                &signal::KEYS[..],
                &rule::KEYS,
                &copy::BLUE_GREEN_KEYS,
                &copy::READER_KEYS,
                &postgres::KEYS,
                &pooler::KEYS,
                &readers::KEYS,
                &alarms::KEYS,
                &lease::KEYS,
                &alarms::TOPIC_KEYS,
                &control::KEYS,
                &notify::KEYS,
            ])
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
}
