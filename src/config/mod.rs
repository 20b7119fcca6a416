//! `config.toml`: text in, validated settings out, or every problem with its place. Reads no file.

mod database;
mod problem;
mod reader;
mod rules;

use std::time::Duration;

use crate::model::settings::{AwsSettings, EngineSettings, Settings};
pub use problem::{Problem, Problems};
use reader::Reader;

/// The commented example that ships with the program.
pub const EXAMPLE: &str = include_str!("../../config.toml.example");

/// What `--sim` runs by when no configuration is given: the case of the README.
const CHECKPOINTS: &str = "[[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n";

/// Validates a configuration. `origin` names it in messages.
///
/// # Errors
/// Every problem that could be found, not only the first.
pub fn parse(text: &str, origin: &str) -> Result<Settings, Problems> {
    let mut problems = Problems::new(text, origin);
    let table = match toml::de::DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            problems.add(span, error.message().to_owned(), "not TOML from here on".to_owned(), None);
            return Err(problems);
        }
    };
    let end = text.len();
    let mut root = Reader::new(table.get_ref(), table.span(), "the configuration", &mut problems);
    root.only(&["aws", "engine", "database"]);
    let aws = root.table("aws").map(|section| aws(section, &mut problems)).unwrap_or_default();
    let mut root = Reader::new(table.get_ref(), table.span(), "the configuration", &mut problems);
    let engine = root.table("engine");
    let tables = root.tables("database");
    let evaluate_every = engine.map(|section| engine_section(section, &mut problems));
    if tables.is_empty() {
        let help = "add one: [[database]], id = \"…\", ladder = [\"…\", \"…\"]";
        problems.add(end..end, "no database is configured".to_owned(), "here".to_owned(), Some(help.to_owned()));
    }
    let databases = database::policies(&tables, &mut problems);
    let engine = EngineSettings { evaluate_every: evaluate_every.unwrap_or(EVALUATE_EVERY) };
    if problems.is_empty() { Ok(Settings { aws, engine, databases }) } else { Err(problems) }
}

/// The built-in configuration of `--sim`.
///
/// # Panics
/// Never: a test parses it.
#[expect(clippy::expect_used, reason = "the text is a constant, and a test parses it")]
pub fn checkpoints() -> Settings {
    parse(CHECKPOINTS, "the built-in configuration").expect("the built-in configuration is valid")
}

/// RDS publishes once a minute; four looks a minute see a datapoint soon after it appears.
const EVALUATE_EVERY: Duration = Duration::from_secs(15);

fn aws(section: reader::Section<'_>, problems: &mut Problems) -> AwsSettings {
    let mut reader = Reader::new(section.table, section.span, "[aws]", problems);
    reader.only(&["region", "profile", "account_id", "endpoint_url"]);
    let account_id = reader.text("account_id").and_then(|(id, span)| {
        let digits = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            let (title, label) = (format!("`{id}` is no AWS account"), "12 digits in quotes".to_owned());
            reader.problems.add(span, title, label, None);
        }
        digits.then_some(id)
    });
    let mut text = |key| reader.text(key).map(|(text, _)| text);
    AwsSettings { region: text("region"), profile: text("profile"), account_id, endpoint_url: text("endpoint_url") }
}

fn engine_section(section: reader::Section<'_>, problems: &mut Problems) -> Duration {
    let mut reader = Reader::new(section.table, section.span, "[engine]", problems);
    reader.only(&["evaluate_every"]);
    reader.duration("evaluate_every", Duration::from_secs(5)..=Duration::from_mins(10)).unwrap_or(EVALUATE_EVERY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        parse(text, "config.toml").map(|settings| format!("{settings:?}")).unwrap_err().render(false)
    }

    #[test]
    fn the_built_in_case_has_the_documented_defaults() {
        let settings = checkpoints();
        let policy = &settings.databases[0];
        assert_eq!(policy.up[0].to_string(), "writes > 500 in 2 of 3");
        assert_eq!(policy.up[1].to_string(), "writes > 750 in 2 of 2");
        assert_eq!(policy.down[0].to_string(), "writes < 225 in 10 of 10");
        assert_eq!(policy.down[1].to_string(), "writes < 225 in 55 of 60");
        assert_eq!(policy.cooldown_down, Duration::from_hours(1));
    }

    #[test]
    fn the_example_holds_as_it_is_and_with_every_setting_on() {
        parse(EXAMPLE, "example").map_err(|problems| problems.render(false)).unwrap();
        let uncommented: Vec<&str> =
            EXAMPLE.lines().map(|line| line.strip_prefix("#:").map_or(line, str::trim_start)).collect();
        let all = uncommented.join("\n");
        parse(&all, "example").map_err(|problems| problems.render(false)).unwrap();
        for key in database::KEYS.iter().chain(&["region", "profile", "account_id", "endpoint_url", "evaluate_every"]) {
            assert!(all.contains(key), "the example does not show `{key}`");
        }
    }

    #[test]
    fn every_problem_is_said_at_once_with_its_place() {
        let text = r#"
[aws]
regoin = "us-east-1"
account_id = "12"

[[database]]
id = "a"
ladder = ["db.t4g.small"]
stale_after = "0s"

[[database]]
id = "a"
ladder = ["db.t4g.small", "db.m5.larg"]
max_actions_per_day = "four"

[[database.up]]
signal = "writes"
above = 500
datapoints = 4
periods = 3

[[database.down]]
signal = "wirtes"
below = 200

[[database.down]]
signal = "writes"
below = 600
"#;
        let said = problems(text);
        for expected in [
            "unknown key `regoin`",
            "did you mean `region`?",
            "`12` is no AWS account",
            "a ladder needs at least two",
            "`stale_after`",
            "two databases with the id `a`",
            "unknown class `db.m5.larg`",
            "did you mean `db.m5.large`?",
            "`max_actions_per_day`",
            "4 of 3",
            "unknown signal `wirtes`",
            "config.toml:3:1",
            "600 is not below",
        ] {
            assert!(said.contains(expected), "`{expected}` is not in:\n{said}");
        }
    }

    #[test]
    fn broken_toml_is_shown_where_it_breaks() {
        let said = problems("[aws\nregion = 1");
        assert!(said.contains("config.toml:1:"), "{said}");
        assert!(problems("").contains("no database"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]a-z=\"#\\n .0-9{},é]{0,80}") {
            drop(parse(&text, "x").map_err(|problems| problems.render(false)));
        }
    }
}
