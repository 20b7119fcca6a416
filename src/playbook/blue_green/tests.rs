//! What comes next in every state of a blue/green action.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::model::action::{ActionId, ActionResult, CallRecord, CallState, Intent, Run};
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, DatabaseState, ResourceId, sample_state};
use crate::model::deployment::{DeploymentId, DeploymentStatus};
use crate::model::guard::Guards;
use crate::model::operator::{Actor, Operator};
use crate::model::policy::{CopyPolicy, Strategy, Switchover};
use crate::playbook::AtServer;
use crate::playbook::Deployments;

const SMALL: &str = "db.t4g.small";
const LARGE: &str = "db.m5.large";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn by() -> Operator {
    Operator { user: "ada".into(), ssh_client: None, peer: None }
}

fn run(call: Option<(MutatingCall, CallState)>) -> Run {
    let intent = Intent {
        action: ActionId("a1".into()),
        database: DatabaseName::new("checkpoints"),
        resource_id: ResourceId::new("db-1"),
        strategy: Strategy::BlueGreen,
        from: InstanceClass::observed(SMALL),
        to: InstanceClass::observed(LARGE),
        actor: Actor::Engine,
        removes: None,
        hold_for: None,
    };
    let mut run = Run::new(intent, at(0));
    if let Some((call, state)) = call {
        run.calls.push(CallRecord { call, sent_at: at(0), state });
    }
    run
}

fn create() -> MutatingCall {
    MutatingCall::CreateBlueGreenDeployment {
        database: DatabaseName::new("checkpoints"),
        source: "arn".into(),
        name: "upshift-a1-19700101t000000".into(),
        class: Some(InstanceClass::observed(LARGE)),
    }
}

fn switchover() -> MutatingCall {
    let (database, deployment) = (DatabaseName::new("checkpoints"), DeploymentId::new("bgd-1"));
    MutatingCall::SwitchoverBlueGreenDeployment { database, deployment, timeout_secs: 300 }
}

fn delete() -> MutatingCall {
    let (database, deployment) = (DatabaseName::new("checkpoints"), DeploymentId::new("bgd-1"));
    MutatingCall::DeleteBlueGreenDeployment { database, deployment }
}

fn deployment(status: &str) -> Deployment {
    Deployment {
        id: DeploymentId::new("bgd-1"),
        name: "upshift-a1-19700101t000000".into(),
        source: "arn".into(),
        target: Some(DatabaseName::new("checkpoints-green-abc")),
        status: DeploymentStatus::new(status),
        status_details: None,
        open_tasks: vec![],
    }
}

fn copy(status: &str) -> DatabaseState {
    DatabaseState { resource_id: ResourceId::new("db-2"), ..sample_state(LARGE, status) }
}

/// The world at one moment; each test changes what it is about.
struct Scene {
    state: DatabaseState,
    own: Option<Deployment>,
    foreign: Option<Deployment>,
    copy: Option<DatabaseState>,
    policy: CopyPolicy,
    in_the_way: Option<&'static str>,
    forbidden: Option<&'static str>,
    turned: bool,
    confirmed: (u32, SignedDuration),
    second: i64,
}

impl Scene {
    fn at(second: i64) -> Self {
        Self {
            state: sample_state(SMALL, "available"),
            own: None,
            foreign: None,
            copy: None,
            policy: CopyPolicy::default(),
            in_the_way: None,
            forbidden: None,
            turned: false,
            confirmed: (0, SignedDuration::ZERO),
            second,
        }
    }

    fn with(status: &str, second: i64) -> Self {
        Self { own: Some(deployment(status)), copy: Some(copy("available")), ..Self::at(second) }
    }

    fn next(&self, run: &Run) -> Next {
        let look = Look {
            state: &self.state,
            asked_at: at(self.second),
            age_is_known: true,
            events_read: true,
            since_call: (self.second / 10).max(1) as u32,
            is_new: true,
            copy: self.copy.as_ref(),
            copy_lag: None,
            old: crate::playbook::OldLook::Unreadable,
            deployments: Deployments { is_read: true, own: self.own.as_ref(), foreign: self.foreign.as_ref() },
        };
        let at_server = AtServer { in_the_way: self.in_the_way.map(str::to_owned), ..AtServer::default() };
        let situation = Situation {
            at_server: &at_server,
            look: Some(look),
            left_reader: None,
            confirmed: self.confirmed,
            forbidden: self.forbidden,
            load_has_turned: self.turned,
            fresh_look: SignedDuration::from_secs(5),
            other_account: None,
            look_every: SignedDuration::from_secs(15),
            copy: &self.policy,
            stuck_after: SignedDuration::from_hours(1),
            guards: Guards::all(),
        };
        super::next(run, situation, at(self.second))
    }
}

/// An action whose copy is being made, or made.
fn preparing() -> Run {
    Run { copy: Some(ResourceId::new("db-2")), ..run(Some((create(), CallState::Accepted))) }
}

/// An action that has switched over.
fn cutting(state: CallState) -> Run {
    let mut run = preparing();
    run.calls.push(CallRecord { call: switchover(), sent_at: at(0), state });
    run.deployment = Some(deployment("AVAILABLE"));
    run
}

fn is_held(next: &Next) -> bool {
    matches!(next, Next::End(ActionResult::Held { .. }))
}

#[test]
fn it_begins_with_a_copy_of_the_database_under_a_name_of_the_action() {
    let Next::Send(call) = Scene::at(0).next(&run(None)) else { panic!() };
    assert_eq!(call, create());
    let foreign = Scene { foreign: Some(deployment("AVAILABLE")), ..Scene::at(0) };
    let Next::End(ActionResult::FailedSafe { why }) = foreign.next(&run(None)) else { panic!() };
    assert!(why.contains("not ours"), "{why}");
}

#[test]
fn a_lost_order_is_found_by_its_name_or_did_not_arrive() {
    let lost = run(Some((create(), CallState::Looking { why: "timed out".into() })));
    assert!(matches!(Scene::with("PROVISIONING", 30).next(&lost), Next::Adopt(_)));
    assert_eq!(Scene::at(590).next(&lost), Next::Observe);
    assert!(matches!(Scene::at(620).next(&lost), Next::End(ActionResult::FailedSafe { .. })));
}

#[test]
fn a_copy_that_is_ready_on_two_looks_takes_over() {
    let run = preparing();
    assert_eq!(Scene::with("PROVISIONING", 60).next(&run), Next::Observe);
    let loading = Scene { copy: Some(copy("storage-initialization")), ..Scene::with("AVAILABLE", 900) };
    assert_eq!(loading.next(&run), Next::Observe);
    let ready = |confirmed| Scene { confirmed: (confirmed, SignedDuration::ZERO), ..Scene::with("AVAILABLE", 900) };
    assert_eq!(ready(0).next(&run), Next::Confirmed);
    assert_eq!(ready(1).next(&run), Next::Send(switchover()));
    let unseen = Run { copy: None, ..run.clone() };
    assert_eq!(ready(1).next(&unseen), Next::Observe, "its machine must be on record before the name passes to it");
    let busy = Scene { state: sample_state(SMALL, "backing-up"), ..ready(1) };
    assert_eq!(busy.next(&run), Next::Observe);
    let open = || Scene { in_the_way: Some("a long transaction"), ..ready(1) };
    assert_eq!(open().next(&run), Next::Observe, "looked at again at the moment that it is sent");
    let approved = Run { approved: Some(by()), ..run.clone() };
    assert_eq!(open().next(&approved), Next::Send(switchover()), "a person has seen it and said yes");
    let disarmed = Scene { forbidden: Some("disarmed"), ..ready(1) };
    assert_eq!(disarmed.next(&run), Next::Observe);
}

#[test]
fn supervised_it_waits_for_a_word_and_gives_up_without_one() {
    let policy = CopyPolicy { switchover: Switchover::Supervised, ..CopyPolicy::default() };
    let mut run = preparing();
    run.deployment = Some(deployment("AVAILABLE"));
    let at_edge = |second| Scene {
        policy: policy.clone(),
        confirmed: (1, SignedDuration::ZERO),
        ..Scene::with("AVAILABLE", second)
    };
    assert_eq!(at_edge(900).next(&run), Next::Observe);
    let approved = Run { approved: Some(by()), ..run.clone() };
    assert_eq!(at_edge(900).next(&approved), Next::Send(switchover()));
    assert_eq!(at_edge(5 * 3_600 + 1).next(&run), Next::Send(delete()));
    // A record that is behind the look asks nobody, and so nobody has said yes.
    let behind = Run { deployment: Some(deployment("PROVISIONING")), ..run };
    assert_eq!(at_edge(900).next(&behind), Next::Observe);
}

#[test]
fn what_is_stopped_or_late_is_removed_and_what_other_hands_did_is_held() {
    let run = preparing();
    let stopped = Run { stop_requested: Some(by()), ..run.clone() };
    assert_eq!(Scene::with("AVAILABLE", 900).next(&stopped), Next::Send(delete()));
    assert_eq!(Scene::with("PROVISIONING", 3_601).next(&run), Next::Send(delete()));
    let mut unnamed = Scene::with("PROVISIONING", 60);
    unnamed.own.as_mut().unwrap().target = None;
    assert_eq!(unnamed.next(&stopped), Next::Observe, "what has no name yet could not be seen to be gone");
    let turned = Scene { turned: true, ..Scene::with("AVAILABLE", 900) };
    assert_eq!(turned.next(&run), Next::Send(delete()), "a copy for a load that is gone takes over nothing");
    let late = Scene { forbidden: Some("disarmed"), ..Scene::with("PROVISIONING", 3_601) };
    assert_eq!(late.next(&run), Next::Observe, "nothing is sent while it is disarmed");
    assert!(is_held(&Scene::with("INVALID_CONFIGURATION", 900).next(&run)));
    assert!(is_held(&Scene::with("SWITCHOVER_COMPLETED", 900).next(&run)), "somebody else has switched it over");
    let foreign = Scene { state: sample_state("db.m5.xlarge", "available"), ..Scene::with("AVAILABLE", 900) };
    assert!(is_held(&foreign.next(&run)));
    let known = Run { deployment: Some(deployment("AVAILABLE")), ..run };
    assert!(is_held(&Scene::at(900).next(&known)), "somebody else has removed it");
}

#[test]
fn it_is_verified_by_the_machine_behind_the_name() {
    let run = cutting(CallState::Accepted);
    assert_eq!(Scene::with("SWITCHOVER_IN_PROGRESS", 30).next(&run), Next::Observe);
    let switched = |confirmed| Scene { state: copy("available"), confirmed, ..Scene::with("SWITCHOVER_COMPLETED", 90) };
    let once = (0, SignedDuration::ZERO);
    assert_eq!(switched(once).next(&run), Next::SwitchedOver(ResourceId::new("db-2")));
    let known = Run { switched: Some((at(60), ResourceId::new("db-2"))), ..run.clone() };
    assert_eq!(switched(once).next(&known), Next::Confirmed);
    let enough = (2, SignedDuration::from_secs(60));
    assert_eq!(switched(enough).next(&known), Next::End(ActionResult::Verified));
    let third = DatabaseState { resource_id: ResourceId::new("db-3"), ..copy("available") };
    assert!(is_held(&Scene { state: third, ..switched(enough) }.next(&known)));
    let old_picture = Scene::with("SWITCHOVER_COMPLETED", 90);
    assert_eq!(old_picture.next(&known), Next::Observe);
}

#[test]
fn a_cut_that_was_taken_back_or_refused_is_given_up_and_never_tried_again() {
    let run = cutting(CallState::Accepted);
    let mut back = Scene::with("AVAILABLE", 90);
    back.own.as_mut().unwrap().status_details = Some("the switchover timeout was exceeded".into());
    assert_eq!(back.next(&run), Next::Send(delete()));
    let refused =
        cutting(CallState::Refused { code: "InvalidBlueGreenDeploymentStateFault".into(), message: "no".into() });
    assert_eq!(Scene::with("AVAILABLE", 20).next(&refused), Next::Send(delete()));
    let lost = cutting(CallState::Looking { why: "timed out".into() });
    assert_eq!(Scene::with("AVAILABLE", 590).next(&lost), Next::Observe);
    assert_eq!(Scene::with("AVAILABLE", 620).next(&lost), Next::Send(delete()));
    assert!(matches!(Scene::with("SWITCHOVER_IN_PROGRESS", 20).next(&lost), Next::Adopt(_)));
}

#[test]
fn a_copy_that_is_removed_ends_it_and_one_that_stays_holds_it() {
    let mut run = cutting(CallState::Accepted);
    run.calls.push(CallRecord { call: delete(), sent_at: at(0), state: CallState::Accepted });
    assert_eq!(Scene::with("DELETING", 60).next(&run), Next::Observe);
    let going = Scene { own: None, ..Scene::with("DELETING", 60) };
    assert_eq!(going.next(&run), Next::Observe, "the copy is still there");
    assert_eq!(Scene::at(90).next(&run), Next::Observe, "a picture from before the copy shows none either");
    assert!(matches!(Scene::at(620).next(&run), Next::End(ActionResult::RolledBack { .. })));
    assert!(is_held(&Scene::with("AVAILABLE", 3_700).next(&run)));
    if let Some(call) = run.calls.last_mut() {
        call.state = CallState::Refused { code: "InvalidParameterCombination".into(), message: "protected".into() };
    }
    let Next::End(ActionResult::Held { remedy, .. }) = Scene::with("AVAILABLE", 60).next(&run) else { panic!() };
    assert!(remedy.contains("checkpoints-green-abc"), "{remedy}");
}
