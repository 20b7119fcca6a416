//! The configuration from outside: every fixture in `tests/config`, the invalid ones with their rendering beside them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use upshift::config::{self, Diagnostics};
use upshift::model::notify::NotifySettings;
use upshift::model::readers::ReaderMetric;
use upshift::model::server::PasswordSource;
use upshift::model::settings::Settings;

fn fixtures(kind: &str) -> Vec<(String, Result<Settings, Diagnostics>)> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(kind);
    let mut paths: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let parse = |path: &PathBuf| config::parse(&fs::read_to_string(path).unwrap(), "config.toml");
    paths.iter().map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), parse(path))).collect()
}

#[test]
fn every_valid_fixture_is_taken() {
    let fixtures = fixtures("valid");
    assert!(fixtures.len() >= 3);
    for (name, result) in fixtures {
        let settings = result.unwrap_or_else(|problems| panic!("{name}:\n{problems}"));
        match name.as_str() {
            "full" => {
                let database = &settings.databases[0];
                assert_eq!(settings.engine.evaluate_every, Duration::from_secs(30));
                assert_eq!(database.cooldown_down, Duration::from_mins(90));
                assert_eq!(database.up[0].to_string(), "rows > 1000 in 2 of 3");
                assert_eq!(database.up[1].to_string(), "free_memory < 100000000 in 1 of 1");
                assert_eq!(database.signals.last().unwrap().period_secs, 300);
                assert_eq!((database.signals.len(), settings.databases.len()), (6, 2));
            }
            "direct" => {
                let [database, billing] = &settings.databases[..] else { panic!("two of them") };
                let access = database.postgres.as_ref().unwrap();
                assert_eq!(access.max_transaction_age, Duration::from_secs(90));
                assert_eq!(access.password, PasswordSource::File { path: "/etc/upshift/password".to_owned() });
                assert_eq!(billing.postgres.as_ref().unwrap().password, PasswordSource::Environment);
                let writes = &database.signals[0];
                assert!(writes.is_direct() && writes.period_secs == 10 && writes.unit == "rows/s");
                // What is told in minutes looks at as many of its shorter periods as are in them.
                assert_eq!(database.up[0].to_string(), "writes > 500 in 12 of 18");
                assert_eq!(database.down[1].to_string(), "writes < 225 in 330 of 360");
                assert_eq!(database.delay_of(&writes.name), Duration::from_secs(10));
                assert_eq!(billing.delay_of(&writes.name), Duration::from_mins(2));
            }
            "lease" => {
                let lease = settings.lease.unwrap();
                assert_eq!((lease.table.as_str(), lease.key.as_str()), ("fleet.leases", "orders"));
                assert_eq!((lease.ttl, lease.heartbeat), (Duration::from_secs(25), Duration::from_secs(5)));
                assert_eq!(lease.quiet(), Duration::from_secs(15));
            }
            "pooler" => {
                let [held, usual] = [0, 1].map(|at| settings.databases[at].pooler.clone().unwrap());
                assert_eq!((held.database.as_str(), usual.database.as_str()), ("app", "billing"));
                assert_eq!(
                    (held.max_pause, held.pause_within),
                    (Duration::from_secs(90), Duration::from_millis(2_500))
                );
                assert_eq!((usual.max_pause, usual.pause_within), (Duration::from_mins(1), Duration::from_secs(5)));
            }
            "readers" => {
                let [orders, billing] = [0, 1].map(|at| settings.databases[at].readers.clone().unwrap());
                assert_eq!((orders.min, orders.max, orders.metric), (2, 5, ReaderMetric::Cpu));
                assert_eq!(
                    (orders.scale_in_cooldown, orders.scale_out_cooldown),
                    (Duration::from_mins(10), Duration::ZERO)
                );
                assert_eq!((billing.min, billing.metric), (1, ReaderMetric::Connections));
                assert_eq!(billing.scale_out_cooldown, Duration::from_mins(5));
            }
            "alarms" => {
                let alarms = settings.alarms.as_ref().unwrap();
                assert_eq!((alarms.prefix.as_str(), alarms.connections_percent), ("prod/upshift-", 70));
                assert_eq!((alarms.topics.alarm.len(), alarms.topics.ok.len(), alarms.follow), (2, 0, false));
                let database = &settings.databases[0];
                assert_eq!(database.up[0].to_string(), "alarm checkpoints-commit-latency is in ALARM");
                assert_eq!(database.alarms().collect::<Vec<_>>(), ["checkpoints-commit-latency"]);
                assert!(database.signal(&database.up[0].signal).is_some());
            }
            "notify" => {
                let topic = settings.notify.topic.as_deref().unwrap();
                assert_eq!(NotifySettings::region_of(topic), Some("us-gov-west-1"));
                assert_eq!(settings.notify.command, ["/usr/local/bin/tell", "--to", "the ops room"]);
            }
            "up_only" => assert_eq!(settings.databases[0].down[0].to_string(), "writes < 45 in 10 of 10"),
            _ => {}
        }
    }
}

#[test]
fn every_invalid_fixture_is_refused_with_all_its_problems() {
    let fixtures = fixtures("invalid");
    assert!(fixtures.len() >= 13);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../config/invalid");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, result) in fixtures {
            insta::assert_snapshot!(name, result.unwrap_err().render(false));
        }
    });
}

/// What is written where it must not be is not repeated.
#[test]
fn a_secret_in_the_wrong_place_is_not_shown() {
    for (name, result) in fixtures("invalid") {
        let shown = result.unwrap_err().render(false);
        assert!(!shown.contains("hunter2"), "{name}: {shown}");
    }
}

#[test]
fn colour_changes_the_escapes_and_nothing_else() {
    let problems = config::parse("[aws]\nregoin = 1\n", "config.toml").unwrap_err();
    assert!(!problems.render(false).contains('\x1b'));
    let coloured = problems.render(true);
    assert!(coloured.contains("\x1b["));
    assert!(coloured.contains("config.toml:2:1"));
}

/// The example with every setting in force: one is commented out by `#` alone, prose by `# `.
fn whole_example() -> String {
    let uncomment = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => rest.to_owned(),
        _ => line.to_owned(),
    };
    config::example().lines().map(uncomment).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// A hand that slips anywhere in a good file gets settings or problems that can be shown, never a panic.
    #[test]
    fn no_text_brings_it_down(cut in any::<prop::sample::Index>(), length in 0_usize..40, put in "[\\PC\n\t\u{1b}]{0,12}") {
        let good = whole_example();
        prop_assert!(config::parse(&good, "config.toml").is_ok());
        let mut text: Vec<char> = good.chars().collect();
        let start = cut.index(text.len());
        let end = (start + length).min(text.len());
        text.splice(start..end, put.chars());
        let text: String = text.into_iter().collect();
        for text in [text, put] {
            if let Err(problems) = config::parse(&text, "config.toml") {
                prop_assert!(!problems.list().is_empty());
                prop_assert!(problems.render(false).contains("config.toml:"));
            }
        }
    }
}
