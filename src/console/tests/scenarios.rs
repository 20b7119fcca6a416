//! Keys from start to end, through the same entry that a fuzzer takes.

use jiff::SignedDuration;

use super::*;
use crate::console::fixtures::{armed, now as picture_at, snapshot, trouble};
use crate::console::state::Mode;
use crate::model::arming::Arming;
use crate::model::class::InstanceClass;
use crate::model::command::Command;
use crate::model::expiry::{AtExpiry, Would};
use crate::model::hold::{Hold, HoldCause};
use crate::model::ladder::Direction;
use crate::model::operator::Operator;

#[test]
fn arming_asks_for_a_reason_and_disarming_does_not() {
    let without = driven(&snapshot(), "a<enter>");
    assert_eq!(without.commands, [], "without a reason nothing is sent");
    assert!(without.screen.join("\n").contains("a reason is needed"));
    let with = driven(&snapshot(), "a<enter>sale<enter>");
    assert_eq!(with.commands, [Command::Arm { reason: "sale".into(), duration: None }]);
    assert_eq!(driven(&armed(), "a").commands, [Command::Disarm]);
}

#[test]
fn arming_a_hold_and_what_follows_a_change_are_given_their_length_and_direction() {
    let hours = |hours| Some(Duration::from_hours(hours));
    for (keys, duration) in [("a<down>", hours(1)), ("a<down><down>", hours(8)), ("a<down><up>", None)] {
        let with = driven(&snapshot(), &format!("{keys}sale<enter>"));
        assert_eq!(with.commands, [Command::Arm { reason: "sale".into(), duration }], "{keys}");
    }
    let far = driven(&snapshot(), "a<down><down><down><down><down>sale<enter>");
    assert_eq!(far.commands, [Command::Arm { reason: "sale".into(), duration: hours(24) }], "it ends with the longest");
    let database = snapshot().databases[0].name().clone();
    let (duration, reason) = (Duration::from_hours(1), "sale".to_owned());
    for (keys, way) in
        [("H", None), ("H<right>", Some(Direction::Up)), ("H<right><right>", Some(Direction::Down)), ("H<left>", None)]
    {
        let hold = Command::Hold { database: database.clone(), direction: way, duration, reason: reason.clone() };
        assert_eq!(driven(&snapshot(), &format!("{keys}sale<enter>")).commands, [hold], "{keys}");
    }
    let scaled = driven(&snapshot(), "u<right><right>sale<enter>checkpoints<enter>");
    assert!(matches!(scaled.commands[..], [Command::Scale { hold_for, .. }] if hold_for == hours(4)));
}

#[test]
fn a_permission_that_ends_counts_down_in_the_header() {
    let mut snapshot = armed();
    if let Arming::Armed { until, .. } = &mut snapshot.arming {
        *until = picture_at().checked_add(SignedDuration::from_secs(28_799)).ok();
    }
    let screen = driven(&snapshot, "").screen;
    assert!(screen[0].contains(" ARMED  7 h 59 min left"), "{}", screen[0]);
    assert!(!driven(&armed(), "").screen[0].contains("left"));
}

#[test]
fn what_the_end_of_a_hold_leads_to_stands_beside_it_and_in_the_engine() {
    let mut snapshot = armed();
    let until = picture_at().checked_add(SignedDuration::from_mins(50)).unwrap();
    let by = Operator { user: "ada".into(), ssh_client: None, peer: None };
    let cause = HoldCause::Person { by, reason: "sale".into() };
    let would = Would::Scale { direction: Direction::Down, to: InstanceClass::observed("db.t4g.small") };
    snapshot.databases[0].holds = vec![Hold { direction: Some(Direction::Down), until: Some(until), cause }];
    snapshot.databases[0].at_expiry = Some(AtExpiry { at: until, would });
    let screen = driven(&snapshot, "").screen.join("\n");
    let then = "then the engine would go down to db.t4g.small";
    assert!(screen.contains(then) && screen.contains("when the hold ends at 09:56:30"), "{screen}");
}

#[test]
fn an_override_names_its_class_and_escape_sends_nothing() {
    assert_eq!(driven(&snapshot(), "uq<esc>").commands, [], "letters go into the reason, not to the keys");
    for keys in ["usale<enter>checkpoints<enter>", "o<enter>sale<enter>checkpoints<enter>"] {
        match driven(&snapshot(), keys).commands.as_slice() {
            [Command::Scale { database, to, reason, hold_for: None }] => {
                assert_eq!((database.as_str(), to.as_str(), reason.as_str()), ("checkpoints", "db.m5.large", "sale"));
            }
            other => panic!("{other:?}"),
        }
    }
    let down = driven(&snapshot(), "d");
    assert!(down.screen.join("\n").contains("✘ there is no class one step down"), "{:?}", down.screen);
}

#[test]
fn passing_over_closed_gates_takes_the_name_of_the_database() {
    let wrong = driven(&snapshot(), "usale<enter>orders<enter>");
    assert_eq!(wrong.commands, []);
    assert!(wrong.screen.join("\n").contains("that is not its name: type checkpoints"));
    let mut open = snapshot();
    open.databases[0].plans[0].passes_over.clear();
    assert_eq!(driven(&open, "usale<enter>").commands.len(), 1, "nothing is passed over: a reason will do");
}

#[test]
fn orders_go_to_the_database_on_the_screen() {
    let many = trouble();
    let names = |keys: &str| {
        let commands = driven(&many, keys).commands;
        commands.iter().filter_map(|command| command.database().map(ToString::to_string)).collect::<Vec<_>>()
    };
    assert_eq!(names("x"), ["checkpoints"]);
    assert_eq!(names("nnx"), ["ledger"]);
    assert_eq!(names("nnnR<enter>"), ["checkpoints"], "round");
    assert_eq!(names("nHsale<enter>"), ["orders"]);
}

#[test]
fn quitting_during_an_action_asks_first() {
    assert!(driven(&snapshot(), "q").quit);
    assert!(!driven(&trouble(), "q").quit);
    assert!(driven(&trouble(), "q<enter>").quit);
}

#[test]
fn suspending_during_an_action_asks_first_from_a_dialog_too() {
    let control_z = KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL);
    for before in ["", "H", "/", "?"] {
        let trouble = Arc::new(trouble());
        let mut state = UiState::default();
        press_at(&mut state, &trouble, before, 0);
        assert_eq!(update::key(&mut state, &trouble, &control_z, now(&trouble, 1_000)), None);
        let screen = text(&drawn(80, 24, &trouble, &state, false));
        assert!(screen.contains("suspend?") && screen.contains("The engine stands still"), "{screen}");
        assert_eq!(press_at(&mut state, &trouble, "<enter>", 3_000), [ConsoleEffect::Suspend]);
        assert_eq!(state.mode, Mode::Normal);
    }
}

#[test]
fn freezing_keeps_the_picture_and_the_filter_selects() {
    let screen = driven(&snapshot(), "f/would<enter>").screen.join("\n");
    assert!(screen.contains("FROZEN") && screen.contains("#2 ") && !screen.contains("#1 "), "{screen}");
}

#[test]
fn a_key_with_alt_or_control_is_never_taken_for_the_plain_one() {
    let snapshot = Arc::new(snapshot());
    let mut state = UiState::default();
    let chord = |state: &mut UiState, c, modifiers| {
        update::key(state, &snapshot, &KeyEvent::new(KeyCode::Char(c), modifiers), now(&snapshot, 0))
    };
    assert_eq!(chord(&mut state, 'a', KeyModifiers::ALT), None);
    assert_eq!(state.mode, Mode::Normal);
    chord(&mut state, 'a', KeyModifiers::NONE);
    let dialog = state.mode.clone();
    chord(&mut state, 'd', KeyModifiers::ALT);
    chord(&mut state, 'x', KeyModifiers::CONTROL);
    assert_eq!(state.mode, dialog, "nothing was typed into the reason");
    assert_eq!(chord(&mut state, 'z', KeyModifiers::CONTROL), Some(ConsoleEffect::Suspend));
    assert_eq!(chord(&mut state, 'c', KeyModifiers::CONTROL), None);
    assert_eq!(state.mode, Mode::Normal, "Ctrl-C goes back first");
}
