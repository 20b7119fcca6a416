//! The protocol step by step. What it comes to among many is in `swarm::lease`.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::model::failure::FailureKind;

/// All clocks of a machine, in step.
fn at(secs: f64) -> Readings {
    let passed = Duration::from_secs_f64(1_000.0 + secs);
    let wall = Timestamp::UNIX_EPOCH.checked_add(passed).unwrap();
    Readings { monotonic: passed, boottime: passed, wall }
}

fn keeper(owner: &str, known: u64) -> Keeper {
    let (secs, text) = (Duration::from_secs, |text: &str| text.to_owned());
    let terms = LeaseSettings { table: text("t"), key: text("k"), ttl: secs(40), heartbeat: secs(10) };
    Keeper::new(Me { owner: text(owner), host: format!("host of {owner}") }, terms, known, Guards::all())
}

fn armed() -> LeasePermission {
    LeasePermission { armed: true, why: None, by: None }
}

fn lost() -> Answer {
    let (operation, sentence) = ("PutItem".to_owned(), "no answer".to_owned());
    Answer::Failed(Failure { kind: FailureKind::Network, operation, sentence, request_id: None })
}

/// What is asked now.
fn asked(keeper: &mut Keeper, secs: f64) -> Ask {
    match keeper.next(&at(secs), &armed()) {
        Next::Ask(ask) => ask,
        other => panic!("{other:?} at {secs}"),
    }
}

fn written(keeper: &mut Keeper, secs: f64) -> LeaseItem {
    match asked(keeper, secs) {
        Ask::Write { item, .. } => item,
        Ask::Read => panic!("a read at {secs}"),
    }
}

/// One that has held it since `secs`, in a table where it was released.
fn holder(secs: f64) -> (Keeper, LeaseItem) {
    let mut keeper = keeper("a", 0);
    assert_eq!(asked(&mut keeper, secs), Ask::Read);
    let stamp = LeaseStamp { owner: "z".to_owned(), epoch: 6, rvn: 9 };
    let ttl = Duration::from_secs(40);
    let free = LeaseItem { stamp, host: "host of z".to_owned(), ttl, released: true, permission: armed() };
    keeper.answered(&at(secs), &at(secs), Answer::Read(Some(free)));
    let item = written(&mut keeper, secs);
    keeper.answered(&at(secs), &at(secs), Answer::Written);
    assert_eq!(item.stamp.epoch, 7);
    (keeper, item)
}

#[test]
fn a_new_holder_is_quiet_then_may_send_until_too_little_is_left() {
    let (mut keeper, _) = holder(0.0);
    assert!(keeper.may_send(&at(29.9)).unwrap_err().contains("a moment ago"));
    for secs in [10.0, 20.0, 30.0] {
        written(&mut keeper, secs);
        keeper.answered(&at(secs), &at(secs + 1.0), Answer::Written);
    }
    // Counted from before it was asked, not from the answer.
    assert_eq!(keeper.may_send(&at(53.0)), Ok(()));
    assert!(keeper.may_send(&at(53.1)).unwrap_err().contains("too little is left"));
    assert_eq!(keeper.next(&at(35.0), &armed()), Next::Wait(Duration::from_secs(5)));
}

#[test]
fn a_heartbeat_whose_answer_is_lost_is_looked_for_and_counts_from_when_it_was_asked() {
    let (mut keeper, _) = holder(0.0);
    let beat = written(&mut keeper, 10.0);
    keeper.answered(&at(10.0), &at(13.0), lost());
    assert_eq!(keeper.next(&at(13.0), &armed()), Next::Wait(Duration::from_secs(1)));
    assert_eq!(asked(&mut keeper, 14.0), Ask::Read);
    keeper.answered(&at(14.0), &at(14.0), Answer::Read(Some(beat.clone())));
    assert_eq!(keeper.held().map(|held| (held.since, held.stamp.clone())), Some((at(10.0), beat.stamp)));
}

#[test]
fn one_that_did_not_arrive_yet_is_made_again_as_it_was() {
    let (mut keeper, item) = holder(0.0);
    let beat = written(&mut keeper, 10.0);
    keeper.answered(&at(10.0), &at(13.0), lost());
    assert_eq!(asked(&mut keeper, 14.0), Ask::Read);
    keeper.answered(&at(14.0), &at(14.0), Answer::Read(Some(item)));
    assert_eq!(written(&mut keeper, 14.0), beat, "whichever of the two arrives says the same");
    keeper.answered(&at(14.0), &at(14.0), Answer::Conflict);
    assert_eq!(asked(&mut keeper, 14.0), Ask::Read);
    keeper.answered(&at(14.0), &at(14.0), Answer::Read(Some(beat)));
    assert_eq!(keeper.held().map(|held| held.since), Some(at(10.0)));
}

#[test]
fn a_sleep_and_a_clock_set_forward_end_it_and_a_clock_set_back_does_not() {
    let (keeper, _) = holder(0.0);
    let since = at(0.0);
    let over = |now: Readings| {
        let mut keeper = keeper.clone();
        drop(keeper.next(&now, &armed()));
        keeper.held().is_none()
    };
    assert!(over(Readings { boottime: at(41.0).boottime, ..since }));
    assert!(over(Readings { wall: at(41.0).wall, ..since }));
    assert!(!over(Readings { wall: at(-900.0).wall, ..since }));
}

#[test]
fn who_wants_it_waits_out_the_longer_terms_from_when_it_last_changed() {
    let (_, mut item) = holder(0.0);
    item.ttl = Duration::from_mins(1);
    let mut other = keeper("b", 0);
    let mut secs = 0.0;
    while secs < 300.0 {
        match other.next(&at(secs), &armed()) {
            Next::Ask(Ask::Read) => {
                if secs < 5.0 {
                    item.stamp.rvn += 1;
                }
                other.answered(&at(secs), &at(secs), Answer::Read(Some(item.clone())));
            }
            Next::Ask(Ask::Write { item: mine, expected }) => {
                assert_eq!((mine.stamp.epoch, expected), (8, Some(item.stamp)));
                assert!((64.0..66.0).contains(&secs), "{secs}");
                return;
            }
            Next::Wait(wait) => secs += wait.as_secs_f64(),
            Next::End => panic!("it is wanted"),
        }
    }
    panic!("never taken");
}

#[test]
fn out_of_sight_for_a_while_the_wait_begins_anew() {
    let (_, item) = holder(0.0);
    let mut other = keeper("b", 0);
    assert_eq!(asked(&mut other, 0.0), Ask::Read);
    other.answered(&at(0.0), &at(0.0), Answer::Read(Some(item.clone())));
    // It could have been another one meanwhile: tables can be restored.
    assert_eq!(asked(&mut other, 100.0), Ask::Read);
    other.answered(&at(100.0), &at(100.0), Answer::Read(Some(item)));
    assert_eq!(other.next(&at(100.0), &armed()), Next::Wait(Duration::from_secs(2)));
    assert_eq!(asked(&mut other, 102.0), Ask::Read);
}

#[test]
fn what_was_disarmed_is_written_at_once_and_stays_when_it_is_given_back() {
    let (mut keeper, _) = holder(0.0);
    let disarmed = LeasePermission { armed: false, why: Some("by ada".to_owned()), by: Some("ada".to_owned()) };
    let Next::Ask(Ask::Write { item, .. }) = keeper.next(&at(1.0), &disarmed) else { panic!("at once") };
    assert!(item.is_disarmed_by_person() && !item.released);
    keeper.answered(&at(1.0), &at(1.0), Answer::Written);
    keeper.give_back();
    let Next::Ask(Ask::Write { item, .. }) = keeper.next(&at(2.0), &disarmed) else { panic!("at once") };
    assert!(item.is_disarmed_by_person() && item.released);
    keeper.answered(&at(2.0), &at(2.0), Answer::Written);
    assert!(keeper.may_send(&at(2.0)).is_err());
    assert_eq!(keeper.next(&at(2.0), &disarmed), Next::End);
}
