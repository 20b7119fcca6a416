//! `upshift readers` by the built binary against a simulation on a socket, and the engine beside Application Auto Scaling in
//! virtual time.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use upshift::aws::connect::{InProcess, Target, connect};
use upshift::clock::Clock;
use upshift::model::action::ActionResult;
use upshift::model::call::{CallOutcome, MutatingCall};
use upshift::model::class::InstanceClass;
use upshift::model::database::DatabaseName;
use upshift::model::event::{Entry, Event};
use upshift::model::ladder::Ladder;
use upshift::model::policy::{OldMachinePolicy, Policy, RemovedBy, Strategy};
use upshift::model::readers::{
    ReaderMetric, ReadersCall, ReadersPolicy, SCALED_NAME, SCALED_TAG, ScalingPolicy, is_scaled,
};
use upshift::model::settings::{AwsSettings, Settings};
use upshift::sim::Sim;
use upshift::sim::rds::Role;
use upshift::sim::scenario::Scenario;
use upshift::sim::server::Server;

use crate::controlled::{ends, entries, sent, simulation, start_by};
use crate::process::AtATerminal;
use crate::sim_account::Account;

const SHOP: &str = "name = \"shop\"\n[[cluster]]\nid = \"shop\"\nkind = \"aurora\"\nclass = \"db.t4g.medium\"\n\
                    members = [{ id = \"shop-1\" }, { id = \"shop-2\" }]\n";

fn config(endpoint: &str, readers: &str) -> String {
    format!(
        "[aws]\nregion = \"us-east-1\"\nendpoint_url = \"{endpoint}\"\n[[database]]\nid = \"shop\"\n\
         strategy = \"reader_failover\"\nladder = [\"db.t4g.medium\", \"db.t4g.large\"]\n{readers}\n"
    )
}

const READERS: &str = "[database.readers]\nmin = 1\nmax = 4\ntarget = 100\nscale_out_cooldown = \"3m\"\n";

/// A simulation that stands still, and a configuration for it.
struct Stage {
    endpoint: String,
    directory: TempDir,
}

impl Stage {
    fn write(&self, readers: &str) {
        fs::write(self.directory.path().join("config.toml"), config(&self.endpoint, readers)).unwrap();
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// At a terminal, as far as its question.
    async fn asked(&self, words: &[&str]) -> AtATerminal {
        let mut terminal = AtATerminal::start(self.path(), words);
        let asked = tokio::task::spawn_blocking(move || {
            terminal.until("Type yes: ");
            terminal
        });
        asked.await.unwrap()
    }

    /// Exit code, stdout and stderr.
    async fn readers(&self, words: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_upshift"));
        command.arg("readers").args(words).env_clear().current_dir(self.path());
        command.envs([("AWS_ACCESS_KEY_ID", "TEST"), ("AWS_SECRET_ACCESS_KEY", "test"), ("HOME", "/nonexistent")]);
        let run = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let Output { status, stdout, stderr } = run;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    }
}

async fn on<F: Future<Output = ()>>(scenario: &str, work: impl FnOnce(Stage) -> F) {
    let scenario = Scenario::parse("test", scenario).unwrap_or_else(|error| panic!("{error}"));
    let sim = Sim::new(&scenario, None, Clock::scaled(scenario.start, 1.0));
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), sim).await.unwrap();
    let stage = Stage { endpoint: server.endpoint(), directory: TempDir::new().unwrap() };
    stage.write(READERS);
    let (stop, stopped) = oneshot::channel::<()>();
    let mut tasks = JoinSet::new();
    tasks.spawn(server.run(async move { drop(stopped.await) }));
    work(stage).await;
    drop(stop);
    tasks.join_next().await.unwrap().unwrap().unwrap();
}

/// Registers for the readers of a cluster by hand, by a policy of that name.
async fn by_hand(aws: &upshift::aws::Aws, cluster: &str, name: &str, metric: ReaderMetric, target: f64) {
    let database = DatabaseName::new(cluster);
    let policy = ScalingPolicy {
        name: name.into(),
        kind: "TargetTrackingScaling".into(),
        metric: Some(metric.aws_name().into()),
        target: Some(target),
        scale_in_cooldown_secs: Some(300),
        scale_out_cooldown_secs: Some(180),
        scale_in_disabled: false,
    };
    for call in [
        ReadersCall::Register { database: database.clone(), min: 1, max: 4 },
        ReadersCall::PutPolicy { database, policy },
    ] {
        let outcome = aws.send_readers(&call).await;
        assert!(matches!(outcome, CallOutcome::Accepted { .. }), "{call}: {outcome:?}");
    }
}

async fn adapter(endpoint: &str) -> upshift::aws::Aws {
    let target = Target::Endpoint { url: endpoint.to_owned(), region: "us-east-1".to_owned() };
    connect(&AwsSettings::default(), target).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_plans_applies_once_and_takes_only_its_own_away() {
    on(SHOP, |stage| async move {
        let (code, out, err) = stage.readers(&["plan"]).await;
        assert_eq!(code, 2, "{out}{err}");
        assert!(out.contains("shop: readers: 1, of them of Application Auto Scaling: 0"), "{out}");
        let target = "+ create scalable target cluster:shop\n    MinCapacity: 1\n    MaxCapacity: 4\n";
        assert!(out.contains(target), "{out}");
        let metric = "    PredefinedMetricType: RDSReaderAverageDatabaseConnections\n    TargetValue: 100\n";
        assert!(out.contains(metric) && out.contains("2 to create, 0 to change"), "{out}");
        let (code, out, err) = stage.readers(&["apply"]).await;
        assert!(code == 1 && err.contains("--yes"), "it asks, and here is nobody: {out}{err}");
        assert_eq!(stage.readers(&["plan"]).await.0, 2, "so that nothing was done");
        let (code, out, err) = stage.readers(&["apply", "--yes"]).await;
        assert_eq!(code, 0, "{out}{err}");
        assert!(out.contains("done      create policy upshift-readers\nas it should be, by another look"), "{out}");
        let (code, out, _) = stage.readers(&["plan"]).await;
        assert!(code == 0 && out.contains("= in sync policy upshift-readers"), "{out}");
        let (code, out, _) = stage.readers(&["apply", "--yes"]).await;
        assert!(code == 0 && out.contains("nothing to do"), "{out}");
        stage.write(&READERS.replace("max = 4", "max = 6").replace("target = 100", "target = 80"));
        let (code, out, _) = stage.readers(&["plan", "shop", "--json"]).await;
        let plan: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(code, 2);
        let [target, policy] = [0, 1].map(|at| &plan["items"][at]);
        assert_eq!((&target["change"], &target["fields"][0]["new"]), (&"update".into(), &"6".into()), "{plan}");
        assert_eq!((&policy["fields"][0]["old"], &policy["fields"][0]["new"]), (&"100".into(), &"80".into()));
        assert_eq!(
            (plan["items"].as_array().unwrap().len(), &plan["clusters"][0]["readers"][0]["name"]),
            (2, &"shop-2".into())
        );
        let digest = plan["digest"].as_str().unwrap();
        let (code, _, err) = stage.readers(&["apply", "--yes", "--expect", "0000"]).await;
        assert!(code == 1 && err.contains(&format!("the plan is {digest} and not 0000")), "{err}");
        let (code, out, err) = stage.readers(&["apply", "--yes", "--json", "--expect", digest]).await;
        assert_eq!(code, 0, "{out}{err}");
        let done: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (&done["done"][0]["change"], &done["not_done"]),
            (&"change".into(), &serde_json::json!([])),
            "{done}"
        );
        by_hand(&adapter(&stage.endpoint).await, "shop", "theirs", ReaderMetric::Cpu, 60.0).await;
        let (_, out, _) = stage.readers(&["plan"]).await;
        assert!(
            out.contains("! not ours policy theirs: TargetTrackingScaling, RDSReaderAverageCPUUtilization"),
            "{out}"
        );
        // Also where the configuration asks for none any more.
        stage.write("");
        let (code, out, err) = stage.readers(&["delete", "--yes"]).await;
        assert_eq!(code, 0, "{out}{err}");
        let left = adapter(&stage.endpoint).await.registered_readers(&DatabaseName::new("shop")).await.unwrap();
        let names: Vec<&str> = left.policies.iter().map(|policy| policy.name.as_str()).collect();
        assert!(left.target.is_some() && names == ["theirs"], "{left:?}");
        stage.write(READERS);
        let (code, out, err) = stage.readers(&["plan"]).await;
        assert_eq!(code, 2, "theirs goes by another metric, and ours can stand beside it: {out}{err}");
        assert!(out.contains("! not ours scalable target cluster:shop") || out.contains("= in sync"), "{out}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_of_others_on_the_same_metric_is_not_touched() {
    on(SHOP, |stage| async move {
        let aws = adapter(&stage.endpoint).await;
        by_hand(&aws, "shop", "theirs", ReaderMetric::Connections, 60.0).await;
        let before = aws.registered_readers(&DatabaseName::new("shop")).await.unwrap();
        for words in [&["plan"][..], &["apply", "--yes"]] {
            let (code, out, err) = stage.readers(words).await;
            assert_eq!(code, 1, "{out}{err}");
            assert!(err.contains("the policy theirs goes by RDSReaderAverageDatabaseConnections already"), "{err}");
        }
        assert_eq!(aws.registered_readers(&DatabaseName::new("shop")).await.unwrap(), before);
        let (code, out, _) = stage.readers(&["delete", "--yes"]).await;
        assert!(code == 0 && out.contains("nothing to do"), "{out}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_reader_it_says_why_nothing_would_come_of_it() {
    on(&SHOP.replace(", { id = \"shop-2\" }", ""), |stage| async move {
        for words in [&["plan"][..], &["apply", "--yes"]] {
            let (code, out, err) = stage.readers(words).await;
            assert_eq!(code, 1, "{out}{err}");
            assert!(
                err.contains("shop has no reader: Application Auto Scaling goes by an average over readers"),
                "{err}"
            );
        }
        let aws = adapter(&stage.endpoint).await;
        assert!(aws.registered_readers(&DatabaseName::new("shop")).await.unwrap().target.is_none());
    })
    .await;
}

fn fault(action: &str, code: &str) -> String {
    format!("{SHOP}[[fault]]\nat = \"0s\"\nfor = \"1h\"\naction = \"{action}\"\nerror = \"{code}\"\nmessage = \"no\"\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_breaks_off_in_the_middle_says_what_was_and_was_not_done() {
    on(&fault("PutScalingPolicy", "AccessDeniedException"), |stage| async move {
        let (code, out, err) = stage.readers(&["apply", "--yes"]).await;
        assert_eq!(code, 1, "{out}{err}");
        assert!(err.contains("add application-autoscaling:PutScalingPolicy to the role"), "{err}");
        let said = "done      create scalable target cluster:shop\nNOT done  create policy upshift-readers\n";
        assert!(out.ends_with(said) && err.contains("1 done, 1 not done"), "{out}{err}");
        let (code, out, _) = stage.readers(&["plan"]).await;
        assert!(code == 2 && out.contains("= in sync scalable target") && out.contains("+ create policy"), "{out}");
    })
    .await;
    on(&fault("RegisterScalableTarget", "ThrottlingException"), |stage| async move {
        let (code, out, err) = stage.readers(&["apply", "--yes"]).await;
        assert_eq!(code, 1, "{out}{err}");
        assert!(err.contains("run it again in a minute") && err.contains("0 done, 2 not done"), "{err}");
    })
    .await;
    on(&fault("DescribeScalingPolicies", "AccessDeniedException"), |stage| async move {
        let (code, _, err) = stage.readers(&["plan"]).await;
        assert!(code == 1 && err.contains("add application-autoscaling:DescribeScalingPolicies to the role"), "{err}");
        let (code, _, err) = stage.readers(&["plan", "nothing"]).await;
        assert!(code == 1 && err.contains("no database nothing"), "2 says that there are changes: {err}");
    })
    .await;
    // What is not read is not known, and is no reason not to plan.
    on(&fault("DescribeScalingActivities", "AccessDeniedException"), |stage| async move {
        let (code, out, _) = stage.readers(&["plan"]).await;
        assert!(code == 2 && out.contains("activities unknown:"), "{out}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_changed_between_the_plan_and_the_yes_is_seen() {
    on(SHOP, |stage| async move {
        let terminal = stage.asked(&["readers", "apply"]).await;
        let aws = adapter(&stage.endpoint).await;
        by_hand(&aws, "shop", "theirs", ReaderMetric::Cpu, 60.0).await;
        let (code, all) = tokio::task::spawn_blocking(move || terminal.answer("yes\n")).await.unwrap();
        assert_eq!(code, 1, "{all}");
        assert!(all.contains("somebody has changed what is registered since the plan was shown"), "{all}");
        assert!(all.contains("0 done, 2 not done"), "{all}");
        let left = aws.registered_readers(&DatabaseName::new("shop")).await.unwrap();
        assert!(left.policies.iter().all(|policy| policy.name == "theirs"), "{left:?}");
    })
    .await;
}

/// The built-in policy for the cluster of the scenario `aurora`, with readers by connections.
fn settings() -> Settings {
    let mut settings = upshift::config::checkpoints();
    let policy: &mut Policy = &mut settings.databases[0];
    policy.database = DatabaseName::new("orders-aurora");
    policy.strategy = Strategy::ReaderFailover;
    policy.old_machine =
        OldMachinePolicy { removed_by: RemovedBy::Engine, ..OldMachinePolicy::of(Strategy::ReaderFailover) };
    let rungs = ["db.t4g.medium", "db.t4g.large"].map(|rung| InstanceClass::known(rung).unwrap());
    policy.ladder = Ladder::new(rungs.to_vec()).unwrap();
    policy.readers = Some(ReadersPolicy {
        min: 1,
        max: 4,
        metric: ReaderMetric::Connections,
        target: 60.0,
        scale_in_cooldown: Duration::from_mins(5),
        scale_out_cooldown: Duration::from_mins(3),
    });
    settings
}

const AURORA: &str = include_str!("../../src/sim/scenarios/aurora.toml");

/// An armed engine beside Application Auto Scaling for so many minutes; the records then.
async fn play(sim: &Sim, minutes: u64) -> Vec<Entry> {
    let directory = TempDir::new().unwrap();
    let mut running = start_by(settings(), sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(minutes)).await;
    running.end().await;
    entries(directory.path())
}

async fn registered(sim: &Sim) {
    let in_process = InProcess::new(sim.http_client(), sim.clock().clone());
    let aws = connect(&AwsSettings::default(), Target::InProcess(in_process)).await;
    by_hand(&aws, "orders-aurora", "upshift-readers", ReaderMetric::Connections, 60.0).await;
}

/// The words of every activity that is on record.
fn activities(all: &[Entry]) -> Vec<String> {
    let one = |entry: &Entry| match &entry.event {
        Event::ScalingActivity { activity, .. } => Some(activity.words()),
        _ => None,
    };
    all.iter().filter_map(one).collect()
}

/// What every call of the engine is about: none of Application Auto Scaling's.
fn touched(all: &[Entry]) -> Vec<String> {
    let one = |entry: &Entry| match &entry.event {
        Event::CallSent { call: MutatingCall::CreateDbInstance { name, settings, .. }, .. } => {
            assert!(!settings.tags.contains_key(SCALED_TAG), "what carries it may be deleted: {settings:?}");
            Some(name.to_string())
        }
        Event::CallSent { call: MutatingCall::FailoverDbCluster { target, .. }, .. } => Some(target.to_string()),
        Event::CallSent { call: MutatingCall::DeleteDbInstance { machine, .. }, .. } => Some(machine.to_string()),
        _ => None,
    };
    all.iter().filter_map(one).collect()
}

fn members(sim: &Sim) -> Vec<(String, Role)> {
    let world = sim.world();
    world.fleet().cluster_members("orders-aurora").map(|it| (it.id.clone(), it.role.clone())).collect()
}

#[tokio::test(start_paused = true)]
async fn the_engine_and_application_auto_scaling_never_touch_the_same_instance() {
    let sim = simulation(AURORA, "");
    registered(&sim).await;
    // Up and down again, while readers come and go.
    let all = play(&sim, 360).await;
    assert_eq!(ends(&all)[..2], [ActionResult::Verified, ActionResult::Verified], "{:?}", sent(&all));
    let touched = touched(&all);
    assert!(touched.len() >= 2, "{touched:?}");
    assert!(touched.iter().all(|name| !is_scaled(&DatabaseName::new(name.as_str()))), "{touched:?}");
    let held = all.iter().filter(|entry| matches!(entry.event, Event::HoldSet { .. } | Event::ForeignChange { .. }));
    assert_eq!(held.map(|entry| entry.event.words()).collect::<Vec<_>>(), Vec::<String>::new());
    let told = activities(&all);
    assert!(told.iter().any(|words| words.starts_with("Setting replica count to") && words.ends_with("InProgress")));
    assert!(told.iter().any(|words| words.starts_with("Setting replica count to") && words.ends_with("Successful")));
    assert!(told.iter().any(|words| words.contains("AlreadyAtMinCapacity")), "{told:?}");
    assert!(members(&sim).iter().any(|(name, _)| name == "orders-aurora-2"), "what was there before stays");
    assert!(members(&sim).iter().all(|(name, _)| !name.starts_with(SCALED_NAME)), "{:?}", members(&sim));
}

/// RDS can let one of Application Auto Scaling's readers write, when the writer is lost: then what the engine makes must not
/// carry its mark, and the machine that it leaves is not the engine's.
#[tokio::test(start_paused = true)]
async fn a_writer_that_application_auto_scaling_has_made_is_left_to_it() {
    let sim = simulation(AURORA, "");
    registered(&sim).await;
    let account = Account::on(&sim);
    sim.clock().sleep(Duration::from_mins(25)).await;
    let scaled = members(&sim).into_iter().map(|(name, _)| name).find(|name| name.starts_with(SCALED_NAME)).unwrap();
    let request = account.rds.failover_db_cluster().db_cluster_identifier("orders-aurora");
    request.target_db_instance_identifier(&scaled).send().await.unwrap();
    sim.clock().sleep(Duration::from_mins(5)).await;
    assert!(members(&sim).contains(&(scaled.clone(), Role::Writer)), "{:?}", members(&sim));
    let all = play(&sim, 300).await;
    assert_eq!(ends(&all)[0], ActionResult::Verified, "{:?}", sent(&all));
    let touched = touched(&all);
    assert!(touched[0].starts_with("upshift-"), "{touched:?}");
    assert!(!touched.contains(&scaled), "the engine removes what it leaves, and not this: {touched:?}");
}

/// Without an account and a configuration, as the other commands.
#[test]
fn it_can_be_tried_on_a_simulation() {
    let directory = TempDir::new().unwrap();
    let run = |words: &[&str]| crate::process::code_and_words(&crate::process::upshift(directory.path(), words));
    let (code, words) = run(&["readers", "plan", "--sim"]);
    assert_eq!(code, 2, "{words}");
    let (code, words) = run(&["readers", "apply", "--sim", "aurora", "--yes", "--speed", "60"]);
    assert_eq!(code, 0, "{words}");
    let (code, words) = run(&["readers", "plan", "--sim", "checkpoints"]);
    assert!(code == 1 && words.contains("has [database.readers]"), "{words}");
    let statement = "{\"Effect\": \"Allow\", \"Action\": [\"rds:Describe*\"], \"Resource\": \"*\"}";
    let document = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statement}]}}");
    fs::write(directory.path().join("less.json"), document).unwrap();
    for command in ["readers", "alarms"] {
        let (code, words) = run(&[command, "plan", "--sim", "aurora", "--iam", "less.json"]);
        assert!(code == 1 && words.contains("not permitted; add "), "{command}: {words}");
    }
}

/// The configuration is read again before anything is done by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_is_edited_while_a_person_thinks_is_not_applied() {
    on(SHOP, |stage| async move {
        let terminal = stage.asked(&["readers", "apply"]).await;
        stage.write(&READERS.replace("max = 4", "max = 9"));
        let (code, said) = tokio::task::spawn_blocking(move || terminal.answer("yes\n")).await.unwrap();
        assert!(code == 1 && said.contains("the configuration was changed meanwhile: nothing was done"), "{said}");
        let aws = adapter(&stage.endpoint).await;
        assert!(aws.registered_readers(&DatabaseName::new("shop")).await.unwrap().target.is_none());
    })
    .await;
}
