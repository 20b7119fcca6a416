//! Another configuration while the engine runs: whole or not at all, and nothing that is under way feels it.

use super::*;
use crate::engine::fixtures::policy;
use crate::engine::input::NewSettings;

fn reload(engine: &mut Engine, now: Timestamp, change: impl FnOnce(&mut Settings)) -> Step {
    let mut settings = engine.settings().clone();
    change(&mut settings);
    let policy_digests =
        settings.databases.iter().map(|policy| (policy.database.clone(), "another".to_owned())).collect();
    let new = NewSettings { settings, digest: "new".to_owned(), policy_digests };
    engine.step(now, Input::Reload(Ok(Box::new(new))))
}

#[track_caller]
fn assert_refused(engine: &mut Engine, now: Timestamp, expected: &str, change: impl FnOnce(&mut Settings)) {
    let before = engine.settings().clone();
    let arming = engine.arming().clone();
    let step = reload(engine, now, change);
    let Some(Answer::Refused { sentence }) = &step.answer else { panic!("{:?}", step.answer) };
    assert!(sentence.contains(expected), "{sentence}");
    assert!(
        matches!(step.effects.as_slice(), [Effect::Record(Event::ConfigRefused { why })] if why == sentence),
        "{:?}",
        step.effects
    );
    assert_eq!((engine.settings(), engine.arming()), (&before, &arming));
    assert!(engine.configuration().refused.as_ref().is_some_and(|refused| refused.at == now));
}

#[test]
fn the_engine_decides_by_what_was_taken_and_stays_armed_and_held_as_it_was() {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &HIGH));
    arm(&mut engine, at(5));
    let hold = Command::Hold {
        database: policy().database,
        direction: None,
        duration: std::time::Duration::from_hours(1),
        reason: "a sale".into(),
    };
    order(&mut engine, at(5), hold);
    let (arming, revision) = (engine.arming().clone(), engine.revision());
    let step = reload(&mut engine, at(6), |settings| {
        settings.databases[0].up[0].threshold = 9_000.0;
        let mut second = policy();
        second.database = DatabaseName::new("orders");
        settings.databases.push(second);
    });
    let Some(Answer::Done { sentence, .. }) = &step.answer else { panic!("{:?}", step.answer) };
    assert_eq!(sentence, "configuration new in force: orders added, checkpoints (up)");
    assert_eq!(engine.arming(), &arming);
    assert!(engine.revision() > revision, "an order that was given in sight of the old policy is given again");
    let step = engine.step(at(7), look(at(7), state("db.t4g.small", "available"), &HIGH));
    let decided = decision(&step).expect("the first evaluation by another policy is on record");
    assert_eq!((decided.policy_digest.as_str(), decided.verdict.clone()), ("another", Verdict::Hold));
    let view = &engine.databases(at(7), &engine.next_wake(at(7)));
    assert_eq!(view[0].holds.len(), 1);
    assert_eq!(view[1].name().as_str(), "orders");
}

#[test]
fn what_only_a_restart_can_change_refuses_all_of_it_by_name() {
    let mut engine = engine();
    arm_at_five(&mut engine);
    assert_refused(
        &mut engine,
        at(6),
        "[aws], [control] cannot change while the engine runs: restart it",
        |settings| {
            settings.aws.region = Some("eu-west-1".into());
            settings.control.group = Some("dba".into());
            settings.databases[0].max_actions_per_day = 1;
        },
    );
    assert_refused(&mut engine, at(7), "the strategy of checkpoints", |settings| {
        settings.databases[0].strategy = crate::model::policy::Strategy::ReaderFailover;
    });
    let step = engine.step(at(8), Input::Reload(Err("config.toml:3:1 is half a file".into())));
    assert!(matches!(step.answer, Some(Answer::Refused { .. })));
    assert!(engine.configuration().refusal().is_some_and(|words| words.contains("half a file")));
    // And a good one ends it.
    reload(&mut engine, at(9), |settings| settings.engine.max_actions_in_flight = 2);
    assert_eq!(engine.configuration().refusal(), None);
}

#[test]
fn what_is_under_way_goes_on_by_what_it_began_with() {
    let mut engine = engine();
    arm_at_five(&mut engine);
    let step = engine.step(at(6), look(at(6), state("db.t4g.small", "available"), &HIGH));
    assert_eq!(sends(&step), 1);
    for (expected, change) in [
        (
            "checkpoints is not in it any more, and a1 is under way",
            (|all| all.databases[0].database = DatabaseName::new("b")) as fn(&mut Settings),
        ),
        ("has no db.m5.large any more", |all| {
            let rungs = ["db.t4g.small", "db.m5.xlarge"].map(InstanceClass::observed);
            all.databases[0].ladder = crate::model::ladder::Ladder::new(rungs.to_vec()).unwrap();
        }),
        ("a1 is under way on checkpoints by the strategy", |all| all.databases[0].stuck_after *= 2),
    ] {
        assert_refused(&mut engine, at(7), expected, change);
    }
    let step = reload(&mut engine, at(7), |all| all.databases[0].up[0].threshold = 9_000.0);
    assert!(matches!(step.answer, Some(Answer::Done { .. })) && sends(&step) == 0, "{:?}", step.answer);
    assert!(engine.databases(at(7), &engine.next_wake(at(7)))[0].active_run().is_some());
}

#[test]
fn without_a_journal_nothing_is_taken() {
    let mut engine = engine();
    engine.step(at(5), Input::JournalBroken("disk full".into()));
    assert_refused(&mut engine, at(6), "the journal takes no records: disk full", |all| {
        all.databases[0].max_actions_per_day = 1;
    });
}

fn arm_at_five(engine: &mut Engine) {
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &LOW));
    arm(engine, at(5));
}
