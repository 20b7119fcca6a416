//! Answers that must not count: too early, pasted, or to a question about a world that has changed.

use super::*;
use crate::console::fixtures::{armed, old_machine, snapshot, trouble};
use crate::console::question::Question;
use crate::console::state::Mode;
use crate::model::class::InstanceClass;
use crate::model::command::{Answer, Command};
use crate::model::database::{DatabaseName, ResourceId};

fn question(state: &UiState) -> &Question {
    match &state.mode {
        Mode::Dialog(dialog) => &dialog.question,
        other => panic!("{other:?}"),
    }
}

fn refusal(state: &UiState) -> &str {
    match state.messages.as_slice() {
        [message] => match &message.answer {
            Answer::Refused { sentence } | Answer::Unknown { sentence } => sentence,
            Answer::Done { .. } => panic!("{message:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_enter_within_a_second_of_the_question_does_not_count_and_it_says_so() {
    let snapshot = Arc::new(snapshot());
    let mut state = UiState::default();
    assert_eq!(press_at(&mut state, &snapshot, "asale<enter>", 5_000), []);
    let at = |millis| text(&drawn_at(80, 24, &snapshot, &state, false, now(&snapshot, millis)));
    assert!(at(5_999).contains("too soon") && at(5_999).contains("wait a moment"), "{}", at(5_999));
    assert!(at(6_000).contains("Enter confirms"), "{}", at(6_000));
    assert_eq!(update::deadline(&state, now(&snapshot, 5_100)), Some(Duration::from_secs(6)), "a frame is due then");
    let sent = press_at(&mut state, &snapshot, "<enter>", 6_000);
    assert_eq!(sent, [ConsoleEffect::Send(Command::Arm { reason: "sale".into(), duration: None })]);
}

#[test]
fn a_paste_is_text_in_a_reason_and_nothing_elsewhere() {
    let snapshot = Arc::new(snapshot());
    let mut state = UiState::default();
    update::paste(&mut state, "uax\nq\n");
    assert_eq!(state.mode, Mode::Normal, "a paste gives no orders");
    press_at(&mut state, &snapshot, "u", 0);
    update::paste(&mut state, "big\nsale\u{1b}[2J\n");
    match question(&state) {
        Question::Scale(scaling) => assert_eq!(scaling.reason, "big sale[2J"),
        other => panic!("{other:?}"),
    }
    press_at(&mut state, &snapshot, "<enter>", 2_000);
    update::paste(&mut state, "checkpoints");
    assert!(text(&drawn(80, 24, &snapshot, &state, false)).contains("the name is to be typed"));
    assert_eq!(press_at(&mut state, &snapshot, "<enter>", 4_000), [], "the name is not there");
    press_at(&mut state, &snapshot, "<esc>/", 4_000);
    update::paste(&mut state, "one\ntwo");
    assert_eq!(state.filter, "one two");
}

#[test]
fn a_window_that_cannot_show_a_question_takes_no_answer_and_no_order() {
    let armed = armed();
    for (width, height) in [(60, 15), (79, 24), (80, 23)] {
        for (keys, sent) in [
            ("urise<enter>checkpoints<enter>", vec![]),
            ("Hwhy<enter>R<enter>o<enter>x", vec![]),
            ("a", vec![Command::Disarm]),
        ] {
            let driven = drive(&armed, super::keys(keys).into_iter(), (width, height));
            assert_eq!(driven.commands, sent, "{keys} at {width}x{height}");
        }
        let driven = drive(&snapshot(), super::keys("awhy<enter>").into_iter(), (width, height));
        assert_eq!(driven.commands, [], "arming asks");
        assert!(drive(&armed, super::keys("q").into_iter(), (width, height)).quit);
    }
}

#[test]
fn a_question_is_closed_when_its_window_becomes_too_small() {
    let snapshot = Arc::new(snapshot());
    let mut state = UiState::default();
    press_at(&mut state, &snapshot, "usale", 5_000);
    update::resized(&mut state, (79, 24), now(&snapshot, 6_000));
    assert!(refusal(&state).contains("nothing was ordered"));
    assert_eq!(press_at(&mut state, &snapshot, "<enter>checkpoints<enter>", 9_000), []);
    update::resized(&mut state, (80, 24), now(&snapshot, 10_000));
    assert_eq!(press_at(&mut state, &snapshot, "<enter>", 12_000), []);
    assert_eq!(state.mode, Mode::Normal);
}

#[test]
fn an_answer_to_a_changed_world_is_refused_with_a_sentence() {
    let before = Arc::new(snapshot());
    let mut grown = snapshot();
    grown.databases[0].state.as_mut().unwrap().class = InstanceClass::observed("db.m5.large");
    let mut gone = snapshot();
    gone.databases.clear();
    let mut other_first = trouble();
    other_first.databases.swap(0, 1);
    for (keys, after, words) in [
        ("usale<enter>checkpoints", grown.clone(), "was db.t4g.small when you asked and is db.m5.large now"),
        ("o", grown, "ask again"),
        ("usale<enter>checkpoints", gone.clone(), "does not show checkpoints any more"),
        ("Hsale", gone.clone(), "does not show checkpoints any more"),
        ("R", gone, "does not show checkpoints any more"),
    ] {
        let mut state = UiState::default();
        for (at, key) in crate::console::tests::keys(keys).iter().enumerate() {
            update::key(&mut state, &before, key, now(&before, at as u64 * 2_000));
        }
        assert_eq!(press_at(&mut state, &Arc::new(after), "<enter>", 90_000), [], "{keys}");
        assert!(refusal(&state).contains(words), "{keys}: {}", refusal(&state));
        assert_eq!(state.mode, Mode::Normal);
    }
    // The same name in another place of the list is the same database.
    let mut state = UiState::default();
    press_at(&mut state, &Arc::new(trouble()), "Hsale", 0);
    match press_at(&mut state, &Arc::new(other_first), "<enter>", 2_000).as_slice() {
        [ConsoleEffect::Send(Command::Hold { database, .. })] => assert_eq!(database.as_str(), "checkpoints"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_answer_is_shown_and_makes_room_for_the_keys_again() {
    let snapshot = Arc::new(snapshot());
    let mut state = UiState::default();
    let done = |sentence: &str| Answer::Done { sentence: sentence.into(), seq: 5 };
    update::answered(&mut state, done("first"), now(&snapshot, 0));
    update::answered(&mut state, Answer::Refused { sentence: "second".into() }, now(&snapshot, 3_000));
    let both = text(&drawn(80, 24, &snapshot, &state, false));
    assert!(both.contains("✔ first (journal #5)") && both.contains("✘ second"), "{both}");
    let mut later = state.clone();
    update::tick(&mut later, now(&snapshot, 10_500));
    assert!(!text(&drawn(80, 24, &snapshot, &later, false)).contains("first"));
    update::tick(&mut later, now(&snapshot, 13_000));
    assert!(text(&drawn(80, 24, &snapshot, &later, false)).contains("a arm  u up"), "the keys are back");
    press_at(&mut state, &snapshot, "+", 4_000);
    assert!(state.messages.is_empty(), "a key does it too");
}

#[test]
fn an_old_machine_goes_with_a_reason_and_its_own_name_typed() {
    let mut snapshot = snapshot();
    let mut state = UiState::default();
    press_at(&mut state, &Arc::new(snapshot.clone()), "D", 0);
    assert!(refusal(&state).contains("no machine is there that an action on checkpoints has left"));
    snapshot.databases[0].old_machines = vec![old_machine()];
    let snapshot = Arc::new(snapshot);
    let mut state = UiState::default();
    press_at(&mut state, &snapshot, "D", 0);
    let screen = text(&drawn_at(80, 24, &snapshot, &state, false, now(&snapshot, 2_000)));
    for words in ["NO final snapshot is made", "way back  none", "the configuration keeps it for another 23 h"] {
        assert!(screen.contains(words), "{words}:\n{screen}");
    }
    assert_eq!(press_at(&mut state, &snapshot, "<enter>", 2_000), [], "a reason is needed");
    assert_eq!(press_at(&mut state, &snapshot, "old<enter>checkpoints<enter>", 3_000), [], "that is the database");
    let sent = press_at(&mut state, &snapshot, "-old1<enter>", 4_000);
    let (database, machine) = (DatabaseName::new("checkpoints"), DatabaseName::new("checkpoints-old1"));
    assert_eq!(
        sent,
        [ConsoleEffect::Send(Command::RemoveOld {
            database,
            machine,
            resource_id: ResourceId::new("db-0"),
            reason: "old".into()
        })]
    );
}
