//! What is gathered from small journals, and what hostile words become.

use jiff::{SignedDuration, Timestamp};

use super::evidence::{CallKnown, Evidence, GapReason, JournalProof, World};
use super::{Gatherer, NothingThere, Selection, html, markdown};
use crate::model::action::{ActionId, ActionResult, CallId, Intent};
use crate::model::availability::{Availability, ClientPath, Integrity, Latency, PathResult};
use crate::model::call::{CallOutcome, MutatingCall};
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, RdsEvent, ResourceId};
use crate::model::decision::{Decision, RuleResult, UsedDatapoint, Verdict};
use crate::model::drill::{Drill, Passed, claim};
use crate::model::event::{Entry, Event};
use crate::model::gate::{Gate, GateResult};
use crate::model::ladder::Direction;
use crate::model::operator::{Actor, Operator};
use crate::model::outage::OutageSource;
use crate::model::policy::{Comparison, Rule, Strategy};
use crate::model::series::SignalName;

const HOSTILE: &str = "</td><script>alert(\"1\")</script>|`x`\u{1b}[2J\u{202e}";

fn at(secs: i64) -> Timestamp {
    "2026-01-05T09:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(secs)
}

fn database() -> DatabaseName {
    DatabaseName::new("checkpoints")
}

fn class(name: &str) -> InstanceClass {
    InstanceClass::observed(name)
}

/// An evaluation so many seconds in, with the datapoints of the periods that begin at those minutes.
fn decision(secs: i64, verdict: Verdict, points: &[(i64, f64)], missing: u32) -> Event {
    let signal = SignalName::new(SignalName::WRITES);
    let rule =
        Rule { signal: signal.clone(), comparison: Comparison::Above, threshold: 500.0, datapoints: 2, periods: 3 };
    let beyond = points.iter().filter(|(_, value)| *value > 500.0).count() as u32;
    let used = points.iter().map(|(minute, value)| UsedDatapoint {
        signal: signal.clone(),
        start: at(minute * 60),
        value: *value,
        age_secs: secs - (minute + 1) * 60,
    });
    let decision = Decision {
        database: database(),
        resource_id: Some(ResourceId::new("db-1")),
        class: Some(class("db.t4g.small")),
        verdict,
        rules: vec![RuleResult {
            direction: Direction::Up,
            rule,
            period_secs: 60,
            beyond,
            missing,
            holds: beyond >= 2,
        }],
        gates: vec![GateResult::new(Gate::Armed, true)],
        choices: vec![],
        datapoints: used.collect(),
        policy_digest: "0123456789ab".to_owned(),
    };
    Event::Decision { decision: Box::new(decision), repeats: 0 }
}

fn up() -> Verdict {
    Verdict::Scale { direction: Direction::Up, to: class("db.m5.large") }
}

/// A whole action in place, with what RDS says of it, by the second.
fn story() -> Vec<(i64, Event)> {
    let action = ActionId("a1".to_owned());
    let id = CallId { action: action.clone(), step: 1 };
    let call = MutatingCall::ModifyDbInstanceClass {
        database: database(),
        class: class("db.m5.large"),
        capacity_reservation: None,
    };
    let said = |secs, message: &str| {
        let categories = vec!["availability".to_owned()];
        Event::RdsEvent(RdsEvent {
            date: at(secs),
            database: database(),
            instance: None,
            message: message.to_owned(),
            categories,
        })
    };
    let intent = Intent {
        action: action.clone(),
        database: database(),
        resource_id: ResourceId::new("db-1"),
        strategy: Strategy::InPlace,
        from: class("db.t4g.small"),
        to: class("db.m5.large"),
        actor: Actor::Engine,
        removes: None,
        hold_for: None,
    };
    let (version, mode, config_digest) = ("0.1.0".to_owned(), "auto sim".to_owned(), "c0ffee".to_owned());
    let by = Operator { user: "ada".to_owned(), ssh_client: None, peer: None };
    vec![
        (0, Event::EngineStarted { version, pid: 7, mode, config_digest }),
        (5, Event::Armed { by, reason: HOSTILE.to_owned(), until: None }),
        (60, decision(60, Verdict::Hold, &[(-2, 100.0)], 0)),
        (360, decision(360, up(), &[(2, 300.0), (3, 600.0), (4, 700.0)], 0)),
        (360, Event::ActionIntended { intent, passed_over: vec![] }),
        (360, Event::CallSent { id: id.clone(), database: database(), call }),
        (
            362,
            Event::CallAnswered {
                id,
                database: database(),
                outcome: CallOutcome::Accepted { request_id: Some("request-1".to_owned()) },
            },
        ),
        (500, said(480, "DB instance shutdown")),
        (600, said(570, "DB instance restarted")),
        (610, said(600, HOSTILE)),
        (
            620,
            Event::ActionEnded {
                action,
                database: database(),
                class: Some(class("db.m5.large")),
                outage_secs: Some(90),
                outage_by: Some(OutageSource::Rds),
                clients: None,
                result: ActionResult::Verified,
            },
        ),
        (700, decision(700, Verdict::Hold, &[], 3)),
    ]
}

fn gathered(story: Vec<(i64, Event)>, selection: &Selection, drill: Option<Drill>) -> Result<Evidence, NothingThere> {
    let mut gatherer = Gatherer::default();
    for (index, (secs, event)) in story.into_iter().enumerate() {
        gatherer.take(&Entry { seq: index as u64 + 1, at: at(secs), event });
    }
    let journal = JournalProof { records: 12, segments: 1, head: "f00d".to_owned(), broken: None };
    gatherer.finish(selection, drill, journal, at(10_000))
}

fn passed(evidence: &Evidence, claim: &str) -> (Passed, String) {
    let row = evidence.acceptance.iter().find(|row| row.claim == claim).unwrap();
    (row.passed, row.figure.clone())
}

#[test]
fn an_action_is_gathered_from_its_reason_to_its_end() {
    let evidence = gathered(story(), &Selection::Last, None).unwrap();
    assert_eq!(evidence.world, World::Simulation);
    let action = &evidence.actions[0];
    assert_eq!(action.direction, Some(Direction::Up));
    assert_eq!(action.decision.as_ref().map(|decision| decision.seq), Some(4));
    assert_eq!(action.permission.as_ref().map(|word| word.seq), Some(2));
    assert_eq!(
        (action.calls[0].outcome, action.calls[0].request_id.as_deref()),
        (CallKnown::Accepted, Some("request-1"))
    );
    assert_eq!(action.outage.unwrap().span, Some((at(480), at(570))));
    assert_eq!(action.rds_events.len(), 3);
    let classes: Vec<&str> = evidence.databases[0].classes.iter().map(|span| span.class.as_str()).collect();
    assert_eq!(classes, ["db.t4g.small", "db.m5.large"]);
    insta::assert_snapshot!(markdown(&evidence));
}

#[test]
fn what_the_journal_alone_cannot_show_has_not_passed() {
    let evidence = gathered(story(), &Selection::Last, None).unwrap();
    for not_measured in [claim::ALARM, claim::DOWN, claim::CLIENTS, claim::WRITES] {
        assert_eq!(passed(&evidence, not_measured).0, Passed::NotMeasured, "{not_measured}");
    }
    for shown in
        [claim::JOURNAL, claim::POLICY, claim::LOAD, claim::DECISION, claim::UP, claim::OUTAGE, claim::REQUESTS]
    {
        assert_eq!(passed(&evidence, shown).0, Passed::Passed, "{shown}");
    }
    let (_, reaction) = passed(&evidence, claim::REACTION);
    assert!(reaction.starts_with("2 min from the first period"), "{reaction}");
}

#[test]
fn an_action_that_ended_otherwise_has_failed_and_one_under_way_has_not_passed() {
    let mut ended = story();
    let Event::ActionEnded { result, .. } = &mut ended[10].1 else { unreachable!() };
    *result = ActionResult::RolledBack { why: "capacity".to_owned() };
    let evidence = gathered(ended, &Selection::Last, None).unwrap();
    assert_eq!(passed(&evidence, claim::UP).0, Passed::Failed);
    let mut under_way = story();
    under_way.truncate(8);
    let evidence = gathered(under_way, &Selection::Last, None).unwrap();
    assert_eq!(passed(&evidence, claim::UP).0, Passed::NotMeasured);
}

#[test]
fn what_is_not_in_the_journal_is_a_gap_with_its_reason() {
    let evidence = gathered(story(), &Selection::Last, None).unwrap();
    let series = &evidence.databases[0].series[0];
    assert_eq!(series.period_secs, 60);
    let points: Vec<f64> = series.points.iter().map(|point| point.value).collect();
    assert_eq!(points, [300.0, 600.0, 700.0], "the one in front of the first record is outside");
    let gaps: Vec<_> = series.gaps.iter().map(|gap| (gap.from, gap.until, gap.why)).collect();
    assert_eq!(gaps, [(at(0), at(120), GapReason::CountedOnly), (at(300), at(700), GapReason::NoDatapoint)]);
}

#[test]
fn a_canary_that_was_not_there_all_the_while_is_no_witness() {
    let seen = |from, until| {
        let path = |path, acknowledged| PathResult {
            path,
            every_millis: 20,
            attempts: 100,
            acknowledged,
            refused: 0,
            unknown: 0,
            late: 0,
            outages: vec![],
            latency: Latency::default(),
            seconds: vec![],
        };
        let writers = vec!["db-1".to_owned()];
        let integrity = Integrity { acknowledged: 90, lost: 0, phantom: 0, duplicated: 0, split_brain: 0, writers };
        let paths = vec![path(ClientPath::Persistent, 90), path(ClientPath::OldWriter, 0)];
        Availability {
            from: at(from),
            until: at(until),
            every_millis: 20,
            paths,
            integrity: Some(integrity),
            unchecked: None,
        }
    };
    let shown = |availability: Availability| {
        let (from, until, database) = (availability.from, availability.until, database());
        let availability = Some(availability);
        let drill = Drill {
            from,
            until,
            database,
            speed: 1.0,
            surge: None,
            availability,
            load: None,
            alarms: vec![],
            acceptance: vec![],
            journal: None,
        };
        let evidence = gathered(story(), &Selection::Last, Some(drill)).unwrap();
        [claim::CLIENTS, claim::WRITES].map(|claim| passed(&evidence, claim).0)
    };
    assert_eq!(shown(seen(100, 680)), [Passed::Passed; 2]);
    assert_eq!(shown(seen(100, 500)), [Passed::NotMeasured; 2], "it left in the middle");
    let mut silent = seen(100, 680);
    silent.paths[0].acknowledged = 0;
    assert_eq!(shown(silent), [Passed::NotMeasured; 2]);
    let mut lost = seen(100, 680);
    lost.integrity.as_mut().unwrap().lost = 1;
    assert_eq!(shown(lost), [Passed::Passed, Passed::Failed]);
}

#[test]
fn nothing_to_report_is_said_in_one_sentence() {
    let nothing = |story, selection: Selection| gathered(story, &selection, None).unwrap_err().to_string();
    assert_eq!(nothing(vec![], Selection::Last), "the journal has no records");
    let unknown = nothing(story(), Selection::Action(ActionId("a9".to_owned())));
    assert_eq!(unknown, "the journal has no action a9; the last ones are a1");
    let mut quiet = story();
    quiet.truncate(3);
    assert!(nothing(quiet, Selection::Last).contains("has no action to report"));
    let span = |from, until| Selection::Span { from: Some(at(from)), until: Some(at(until)), database: None };
    assert!(nothing(story(), span(5_000, 6_000)).starts_with("nothing was recorded in that time"));
    let of_decisions = gathered(story(), &span(10, 70), None).unwrap();
    assert_eq!((of_decisions.actions.len(), of_decisions.timeline.len()), (0, 1));
}

#[test]
fn hostile_words_stay_words() {
    let evidence = gathered(story(), &Selection::Last, None).unwrap();
    let (page, text) = (html(&evidence), markdown(&evidence));
    assert!(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;|`x`[2J"));
    assert!(text.contains("&lt;script&gt;alert(\"1\")&lt;/script&gt;\\|\\`x\\`\\[2J"), "{text}");
    for page in [page, text] {
        assert!(!page.contains("<script") && !page.contains(['\u{1b}', '\u{202e}']));
    }
}
