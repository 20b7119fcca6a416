//! The text of a `config.toml`: settings, or problems that can be shown.

use upshift::config;
use upshift::model::settings::Settings;

use super::hygiene;

/// Takes what a file could hold.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match config::parse(text, "config.toml") {
        Ok(settings) => must_make_sense(&settings),
        Err(problems) => {
            assert!(!problems.list().is_empty());
            let rendered = problems.render(false);
            assert!(rendered.contains("config.toml:"), "no place in: {rendered}");
            hygiene::lines_must_be_clean("a problem", &rendered);
            assert_eq!(without_colors(&problems.render(true)), without_colors(&rendered));
        }
    }
}

/// What the engine relies on.
fn must_make_sense(settings: &Settings) {
    assert!(!settings.databases.is_empty());
    for policy in &settings.databases {
        hygiene::must_be_clean("a database's name", policy.database.as_str());
        assert!(policy.ladder.rungs().len() >= 2, "{:?}", policy.ladder);
        assert!(!policy.up.is_empty());
        for rule in policy.up.iter().chain(&policy.down) {
            assert!(rule.threshold.is_finite() && rule.threshold >= 0.0, "{rule}");
            assert!((1..=rule.periods).contains(&rule.datapoints), "{rule}");
            assert!(policy.signal(&rule.signal).is_some(), "{rule} is about a signal that is not read");
            hygiene::must_be_clean("a rule", &rule.to_string());
        }
        for spec in &policy.signals {
            hygiene::must_be_clean("a unit", &spec.unit);
        }
    }
    let json = serde_json::to_string(settings).expect("settings serialise: their digest is in the journal");
    assert_eq!(&serde_json::from_str::<Settings>(&json).expect("and come back"), settings);
}

/// Without `ESC [ … m`.
fn without_colors(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (codes, rest) = part.split_once('m').expect("an escape is a colour");
        assert!(codes.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "an escape is a colour: {codes:?}");
        out.push_str(rest);
    }
    out
}
