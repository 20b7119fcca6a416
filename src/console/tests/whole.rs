//! The marked panel on the whole screen: what a low terminal has no room for can be read there, to the last word.

use super::*;
use crate::console::fixtures::{snapshot, trouble};
use crate::console::state::{Extent, Panel};
use crate::model::action::ActionId;
use crate::model::failure::FailingRead;
use crate::model::failure::{Failure, FailureKind};
use crate::model::notify::{NotifyFailure, NotifyView};
use crate::model::pooler::HeldClients;

/// A screen's words, with what was wrapped put together again.
fn words(screen: &str) -> String {
    let inner = screen.lines().map(|line| line.trim_matches('│').trim());
    inner.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At 80x24 after some keys.
fn low(snapshot: &Snapshot, text: &str) -> String {
    drive(snapshot, keys(text).into_iter(), (80, 24)).screen.join("\n")
}

#[test]
fn alerts_that_were_cut_are_read_in_full_with_every_problem() {
    let mut trouble = trouble();
    for operation in ["DescribeEvents", "GetMetricData orders"] {
        let sentence = format!("{operation} is not allowed: give the role rds:DescribeEvents and the like");
        let (kind, operation) = (FailureKind::AccessDenied, operation.to_owned());
        let failure = Failure { kind, operation, sentence, request_id: None };
        trouble.problems.push(FailingRead { since: trouble.at, failure });
    }
    let overview = low(&trouble, "");
    assert!(overview.contains("… (z, Tab: alerts)"), "what is cut says where it can be read:\n{overview}");
    assert!(!words(&overview).contains("release the hold"));
    let whole = words(&[low(&trouble, "z<tab>"), low(&trouble, &format!("z<tab>{}", "<down>".repeat(9)))].concat());
    for sentence in [
        "when it is as it shall be, release the hold",
        "the engine looks, and sends nothing twice",
        "GetMetricData failed: AWS cannot be reached; the engine tries again",
        "DescribeEvents is not allowed: give the role rds:DescribeEvents and the like",
        "GetMetricData orders is not allowed",
        "black friday, the shop must not move until the last order is paid",
    ] {
        assert!(whole.contains(sentence), "{sentence} in\n{whole}");
    }
}

#[test]
fn an_alert_with_room_to_spare_is_not_cut() {
    let mut one = trouble();
    one.databases[0].run = None;
    one.databases[0].holds.clear();
    one.problems.clear();
    let screen = low(&one, "");
    assert!(words(&screen).contains("when it is as it shall be, release the hold"), "{screen}");
}

#[test]
fn no_line_of_a_low_screen_ends_in_the_middle_without_saying_so() {
    let mut long = snapshot();
    let crate::model::backend::Backend::Simulation { endpoint, .. } = &mut long.backend else { panic!() };
    *endpoint = "http://ip-10-0-0-1.eu-central-1.compute.internal:45661".into();
    let screen = low(&long, "");
    assert!(screen.lines().nth(1).unwrap().ends_with('…'), "{screen}");
    let reason = format!("disarmed because {}and that is the end", "of a long story ".repeat(9));
    let event = crate::model::event::Event::Disarmed { by: None, why: reason };
    long.tail.push(Arc::new(crate::model::event::Entry { seq: 3, at: long.at, event }));
    let (overview, whole) = (low(&long, ""), low(&long, "z"));
    assert!(overview.lines().any(|line| line.contains("#3") && line.ends_with("…│")), "{overview}");
    assert!(words(&whole).contains("and that is the end"), "{whole}");
}

#[test]
fn an_alert_that_is_cut_says_so_wherever_it_ends() {
    let mut trouble = trouble();
    for length in 0..120 {
        trouble.problems[0].failure.sentence = format!("{}!", "w".repeat(length));
        let screen = low(&trouble, "");
        let problem = screen.lines().find(|line| line.starts_with("✘ for")).unwrap();
        assert!(problem.ends_with(['!', '…']), "{length}: {problem}");
    }
}

#[test]
fn every_panel_can_have_the_whole_of_a_low_screen() {
    let snapshot = snapshot();
    let shows = [
        ("z", ">", "journal, record 2"),
        ("z<tab>", ">", "✔ nothing: no hold"),
        ("z<tab><tab>", ">", "checkpoints: writes, writes/s"),
        ("z<tab><tab><tab>", ">", "write latency: 4.2ms"),
        ("z<tab><tab><tab><tab>", ">", "engine | RDS"),
        ("z<tab><tab><tab><tab><tab>", ">", "Single-AZ"),
    ];
    for (keys, mark, panel) in shows {
        let screen = low(&snapshot, keys);
        assert!(screen.contains(panel) && screen.contains(mark), "{keys}: {panel} in\n{screen}");
        assert!(screen.contains("DISARMED") && screen.contains("q quit"), "{screen}");
    }
    assert_eq!(low(&snapshot, "zz"), low(&snapshot, ""), "and back");
}

#[test]
fn what_the_overview_does_not_scroll_is_not_marked_there() {
    let snapshot = Arc::new(snapshot());
    for tabs in 0..7 {
        let state = after(&snapshot, &format!("z{}z", "<tab>".repeat(tabs)));
        assert_eq!(state.extent, Extent::Overview);
        assert!(matches!(state.panel, Panel::Writes | Panel::Engine | Panel::Journal), "{:?}", state.panel);
    }
}

#[test]
fn an_answer_that_does_not_come_is_told_as_that_before_the_engine_is_blamed() {
    let mut asking = snapshot();
    asking.looking_since = Some(asking.at);
    let screen = |secs: i64, speed: f64| {
        let at = asking.at.checked_add(jiff::SignedDuration::from_secs(secs)).unwrap();
        let now = Now { at, speed, ..now(&asking, 10_000) };
        words(&text(&drawn_at(80, 24, &asking, &UiState::default(), false, now)))
    };
    assert!(!screen(4, 1.0).contains("AWS has not answered"), "{}", screen(4, 1.0));
    let told = "✘ AWS has not answered for 6 s: what you see is 6 s old";
    assert!(screen(6, 1.0).contains(told), "{}", screen(6, 1.0));
    assert!(!screen(100, 1.0).contains("the engine does not answer"), "{}", screen(100, 1.0));
    assert!(screen(151, 1.0).contains("the engine does not answer"), "no look takes so long");
    assert!(!screen(120, 30.0).contains("AWS has not answered"), "four seconds of the machine");
}

#[test]
fn people_who_are_not_told_are_an_alert_until_it_works_again() {
    let mut silent = snapshot();
    let mut way = NotifyView::new("command /bin/tell".to_owned());
    let why = "exit status: 7: no route to the pager".to_owned();
    way.last_failed = Some(NotifyFailure { at: silent.at, why });
    way.failures_in_a_row = 2;
    silent.notify = vec![way];
    let told = "✘ NOBODY IS TOLD by command /bin/tell, 2 failed in a row: exit status: 7: no route to the pager";
    assert!(words(&low(&silent, "")).contains(told), "{}", low(&silent, ""));
    silent.notify[0].failures_in_a_row = 0;
    assert!(!words(&low(&silent, "")).contains("NOBODY IS TOLD"));
}

#[test]
fn clients_that_a_pooler_holds_are_told_first_and_until_when() {
    let mut held = trouble();
    let since = held.at.checked_sub(jiff::SignedDuration::from_secs(4)).unwrap();
    let of = |is_sure, not_resumed: Option<&str>| HeldClients {
        action: ActionId("a7".into()),
        since,
        max_pause_secs: 30,
        is_sure,
        not_resumed: not_resumed.map(str::to_owned),
    };
    let mut told = |clients| {
        held.databases[0].held_clients = Some(clients);
        words(&low(&held, "z<tab>"))
    };
    let asked = told(of(false, None));
    assert!(asked.contains("! a7: the pooler of checkpoints is asked to hold its clients"), "{asked}");
    let sure = told(of(true, None));
    let (first, hold) =
        (sure.find("! a7: clients of checkpoints held by the pooler since"), sure.find("✘ HELD orders"));
    assert!(first.is_some() && first < hold, "first of all: {sure}");
    assert!(sure.contains("they go on at") && sure.contains("at the latest"), "{sure}");
    let stuck = told(of(true, Some("PgBouncer at 127.0.0.1: no answer")));
    assert!(stuck.contains("✘ CLIENTS of checkpoints may be HELD by the pooler since"), "{stuck}");
    assert!(stuck.contains("RESUME fails (tried each second); by hand, at PgBouncer's console"), "{stuck}");
}
