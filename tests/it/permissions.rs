//! The exported permissions, enforced by the simulation: with all of them everything works, and without any one of them
//! what it is for does not, and says which one is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use upshift::model::action::ActionResult;
use upshift::model::alarm::{AlarmDefinition, AlarmState, DATABASE_TAG, Topics, Watches};
use upshift::model::call::{CallOutcome, MutatingCall};
use upshift::model::class::InstanceClass;
use upshift::model::command::Command;
use upshift::model::database::DatabaseName;
use upshift::model::event::{Entry, Event};
use upshift::model::member_settings::{MemberSettings, Monitoring};
use upshift::model::policy::{CopyPolicy, Switchover};
use upshift::model::readers::ReadersCall;
use upshift::model::settings::Settings;
use upshift::setup::export::{Role, Scope, Tag, document, reasons};
use upshift::sim::Sim;
use upshift::sim::iam::Document;

use crate::controlled::{Running, ends, entries, order, sent, simulation, start_by};
use crate::process::{code_and_words, upshift};
use crate::sim_account::Account;

const IN_PLACE: &str = include_str!("../../src/sim/scenarios/checkpoints.toml");
const COPIES: &str = include_str!("../../src/sim/scenarios/blue-green.toml");
const AURORA: &str = include_str!("../../src/sim/scenarios/aurora.toml");
const CLUSTER: &str = include_str!("../../src/sim/scenarios/cluster.toml");

/// What came of each thing that was tried: whether it worked, and everything that was said.
#[derive(Debug, Default)]
struct Story {
    worked: BTreeMap<&'static str, bool>,
    said: Vec<String>,
}

impl Story {
    fn tried(&mut self, what: &'static str, worked: bool) {
        *self.worked.entry(what).or_insert(true) &= worked;
    }

    /// Takes in a journal; what is read there is one thing, whatever else came of it.
    fn journal(&mut self, entries: &[Entry]) {
        let mut failed = false;
        for entry in entries {
            failed |= matches!(entry.event, Event::ReadFailed(_));
            self.said.push(entry.event.words());
            if let Event::ActionEnded { result, .. } = &entry.event {
                self.said.push(format!("{result:?}"));
            }
        }
        self.tried("reading", !failed);
        self.tried("events", entries.iter().any(|entry| matches!(entry.event, Event::RdsEvent(_))));
    }

    fn broken(&self) -> BTreeSet<&'static str> {
        self.worked.iter().filter(|(_, worked)| !**worked).map(|(what, _)| *what).collect()
    }
}

/// The built-in scenario's database with the tag, and its policy.
struct World {
    scenario: String,
    settings: Settings,
}

impl World {
    /// With these lines more for the one database.
    fn of(scenario: &str, config: &str, more: &str) -> Self {
        let (usual, with) =
            ("tags = { autoscale = \"allowed\" }\n", format!("tags = {{ upshift = \"allowed\" }}\n{more}"));
        let place = "deletion_protection = false\n";
        let scenario = if scenario.contains(usual) {
            scenario.replace(usual, &with)
        } else {
            scenario.replace(place, &format!("{place}{with}"))
        };
        assert!(scenario.contains(&with));
        // A look is what a story costs.
        let config = format!("[engine]\nevaluate_every = \"2m\"\nwatch_every = \"45s\"\n{config}");
        let settings = upshift::config::parse(&config, "config.toml").unwrap_or_else(|problems| panic!("{problems}"));
        Self { scenario, settings }
    }

    fn scope(&self) -> Scope {
        Scope::of(&self.settings, Vec::new())
    }

    /// Each action of the acting role's document.
    fn actions(&self) -> Vec<&'static str> {
        reasons(&self.scope(), &Tag::default()).into_iter().map(|(action, _)| action).collect()
    }

    /// The simulation with everything in the document but one action.
    fn without(&self, removed: Option<&str>, more: &str) -> Sim {
        let text = document(&self.scope(), &Tag::default(), Role::Act);
        let mut whole: Value = serde_json::from_str(&text).unwrap();
        let statements = whole["Statement"].as_array_mut().unwrap();
        for statement in statements.iter_mut().filter(|statement| statement["Effect"] == "Allow") {
            statement["Action"].as_array_mut().unwrap().retain(|action| action.as_str() != removed);
        }
        statements.retain(|statement| !statement["Action"].as_array().unwrap().is_empty());
        let document = Document::parse("act.json", &whole.to_string()).unwrap_or_else(|problems| panic!("{problems}"));
        let sim = simulation(&self.scenario, more);
        sim.world().permit(Some(document));
        sim
    }
}

/// An engine that is armed as soon as it can be.
async fn armed(sim: &Sim, settings: &Settings, directory: &Path) -> Running {
    let mut settings = settings.clone();
    // No server is behind this simulation.
    settings.databases.iter_mut().for_each(|policy| policy.postgres = None);
    let mut running = start_by(settings, sim, directory).await;
    sim.clock().sleep(Duration::from_mins(1)).await;
    // One that sees too little is not armed, and does nothing.
    order(&mut running, Command::Arm { reason: "test".into(), duration: None }).await;
    running
}

/// An armed engine for so many minutes: its records.
async fn play(sim: &Sim, settings: &Settings, minutes: u64) -> Vec<Entry> {
    let directory = TempDir::new().unwrap();
    let running = armed(sim, settings, directory.path()).await;
    sim.clock().sleep(Duration::from_mins(minutes)).await;
    running.end().await;
    entries(directory.path())
}

/// Makes the table of the lease, which is no business of the engine's role.
async fn table_for_lease(sim: &Sim) {
    let permitted = sim.world().permit(None);
    crate::lease::create_table(&Account::on(sim).dynamodb).await;
    sim.world().permit(permitted);
}

/// Plays a story with the whole document, then once without each of its actions. What each action is for is said in
/// `table`: no action may be without a line, and no line without its action.
async fn every_action_is_needed<F: Future<Output = Story>>(
    world: &World,
    story: impl Fn(Option<&'static str>) -> F,
    table: &[(&'static str, &[&'static str])],
) {
    let whole = story(None).await;
    assert_eq!(whole.broken(), BTreeSet::new(), "with the whole document everything works: {:#?}", whole.said);
    let actions = world.actions();
    assert_eq!(actions, table.iter().map(|(action, _)| *action).collect::<Vec<_>>());
    for (action, breaks) in table {
        let story = story(Some(action)).await;
        let broken = story.broken();
        for what in *breaks {
            assert!(broken.contains(what), "without {action} {what} works: {:#?}", story.said);
        }
        let remedy = format!("add {action} to the role");
        let is_named = |line: &String| line.contains(&remedy) || (line.starts_with("IAM") && line.contains(action));
        assert!(story.said.iter().any(is_named), "without {action} nobody names it: {:#?}", story.said);
    }
}

/// What `doctor` asks IAM, by hand.
fn ask_iam(sim: &Sim, story: &mut Story) {
    let body = "Action=SimulatePrincipalPolicy&Version=2010-05-08&ActionNames.member.1=rds:ModifyDBInstance\
                &PolicySourceArn=arn:aws:iam::111122223333:role/upshift-simulation";
    let mut headers = http::HeaderMap::new();
    let signature =
        "AWS4-HMAC-SHA256 Credential=AK/20260105/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x";
    headers.insert(http::header::AUTHORIZATION, signature.parse().unwrap());
    let request = upshift::sim::wire::Request {
        method: http::Method::POST,
        uri: http::Uri::from_static("/"),
        headers,
        body: body.into(),
    };
    let answer = sim.answer(&request).response;
    story.tried("own permissions", answer.status.is_success());
    story.said.push(format!("IAM: {}", String::from_utf8_lossy(&answer.body)));
}

/// What a drill and `upshift alarms` do in CloudWatch.
async fn alarms(sim: &Sim, database: &str, story: &mut Story) {
    let aws = Account::on(sim).adapter().await;
    let definition = AlarmDefinition {
        watches: Watches::Metric {
            namespace: "AWS/RDS".to_owned(),
            metric: "WriteIOPS".to_owned(),
            dimensions: [("DBInstanceIdentifier".to_owned(), database.to_owned())].into(),
            statistic: "Average".to_owned(),
            unit: None,
        },
        comparison: "GreaterThanThreshold".to_owned(),
        threshold: 500.0,
        datapoints: 2,
        periods: 3,
        period_secs: 60,
        missing_data: "missing".to_owned(),
        topics: Topics::default(),
        actions_enabled: true,
        description: String::new(),
    };
    let now = sim.clock().now();
    let (drill, kept) = (format!("upshift-drill-{database}-writes"), format!("upshift-{database}-writes"));
    let tags = [(DATABASE_TAG.to_owned(), database.to_owned())].into();
    let results = [
        ("drill", aws.put_alarm(&drill, &definition, &BTreeMap::new()).await),
        ("drill", aws.alarm_changes(&drill, now, now).await.map(drop)),
        ("drill", aws.delete_alarms(std::slice::from_ref(&drill)).await),
        ("alarms", aws.put_alarm(&kept, &definition, &tags).await),
        ("alarms", aws.alarms("upshift-").await.map(drop)),
        ("alarms", aws.alarm_tags(&format!("arn:aws:cloudwatch:us-east-1:111122223333:alarm:{kept}")).await.map(drop)),
        ("alarms", aws.set_alarm_state(&kept, AlarmState::Alarm, "a test").await),
        ("alarms", aws.alarm_changes(&kept, now, now).await.map(drop)),
        ("alarms", aws.delete_alarms(std::slice::from_ref(&kept)).await),
    ];
    for (what, result) in results {
        story.tried(what, result.is_ok());
        story.said.extend(result.err().map(|failure| failure.sentence));
    }
}

const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:upshift";

/// People are told by the topic of `[notify]`, and by no other.
async fn tell(sim: &Sim, story: &mut Story) {
    let document = sim.world().permit(None);
    let account = Account::on(sim);
    for name in ["upshift", "others"] {
        account.sns.create_topic().name(name).send().await.unwrap();
    }
    sim.world().permit(document);
    let aws = account.adapter().await;
    let told = aws.publish(TOPIC, "a subject", "a message").await;
    story.tried("telling", told.is_ok());
    story.said.extend(told.err().map(|failure| failure.sentence));
    assert!(aws.publish(&TOPIC.replace("upshift", "others"), "a subject", "a message").await.is_err());
}

/// What `upshift readers` does.
async fn readers(sim: &Sim, settings: &Settings, story: &mut Story) {
    let aws = Account::on(sim).adapter().await;
    let policy = &settings.databases[0];
    let (database, wanted) = (policy.database.clone(), policy.readers.as_ref().unwrap());
    for read in [
        aws.registered_readers(&database).await.map(drop),
        aws.scaling_activities(&database, Some(sim.clock().now())).await.map(drop),
    ] {
        story.tried("readers", read.is_ok());
        story.said.extend(read.err().map(|failure| failure.sentence));
    }
    let (min, max, policy) = (wanted.min, wanted.max, upshift::setup::readers::wanted(wanted));
    let name = policy.name.clone();
    for call in [
        ReadersCall::Register { database: database.clone(), min, max },
        ReadersCall::PutPolicy { database: database.clone(), policy },
        ReadersCall::DeletePolicy { database: database.clone(), name },
        ReadersCall::Deregister { database: database.clone() },
    ] {
        let outcome = aws.send_readers(&call).await;
        story.tried("readers", matches!(outcome, CallOutcome::Accepted { .. }));
        story.said.push(outcome.words());
    }
}

fn verified(entries: &[Entry], count: usize) -> bool {
    let ends = ends(entries);
    ends.len() >= count && ends.iter().all(|end| *end == ActionResult::Verified)
}

const INSTANCE: &str = "ladder = [\"db.t4g.small\", \"db.m5.large\"]\nmax_actions_per_day = 24\n";

#[tokio::test(start_paused = true)]
async fn in_place_needs_each_of_its_actions() {
    let config = format!(
        "[notify]\ntopic = \"{TOPIC}\"\n[alarms]\n[lease]\ntable = \"upshift\"\n[[database]]\nid = \"checkpoints\"\n{INSTANCE}\n\
         [database.postgres]\ndsn = \"postgresql://upshift@127.0.0.1/postgres\"\n\
         [[database.signal]]\nname = \"rows\"\nunit = \"rows/s\"\n\
         expression = \"DB_PERF_INSIGHTS('RDS', '{{resource_id}}', 'db.SQL.tup_inserted.avg')\"\n"
    );
    let world = World::of(IN_PLACE, &config, "");
    let story = async |removed| {
        let (sim, mut story) = (world.without(removed, ""), Story::default());
        table_for_lease(&sim).await;
        let all = play(&sim, &world.settings, 300).await;
        story.tried("lease", all.iter().any(|entry| matches!(entry.event, Event::LeaseAcquired { .. })));
        story.journal(&all);
        story.tried("up and down", verified(&all, 2));
        alarms(&sim, "checkpoints", &mut story).await;
        tell(&sim, &mut story).await;
        ask_iam(&sim, &mut story);
        story
    };
    let table: [(&str, &[&str]); 18] = [
        ("cloudwatch:GetMetricData", &["reading", "up and down"]),
        ("rds:DescribeDBInstances", &["reading", "up and down"]),
        ("rds:DescribeEvents", &["reading", "events"]),
        ("rds:DescribeOrderableDBInstanceOptions", &["reading", "up and down"]),
        ("rds:DescribeBlueGreenDeployments", &["reading"]),
        ("cloudwatch:DescribeAlarms", &["reading", "alarms"]),
        ("pi:GetResourceMetrics", &["reading"]),
        ("cloudwatch:DescribeAlarmHistory", &["drill", "alarms"]),
        ("cloudwatch:ListTagsForResource", &["alarms"]),
        ("dynamodb:GetItem", &["reading", "lease", "up and down"]),
        ("sns:Publish", &["telling"]),
        ("iam:SimulatePrincipalPolicy", &["own permissions"]),
        ("rds:ModifyDBInstance", &["up and down"]),
        ("cloudwatch:PutMetricAlarm", &["drill", "alarms"]),
        ("cloudwatch:TagResource", &["alarms"]),
        ("cloudwatch:DeleteAlarms", &["drill", "alarms"]),
        ("cloudwatch:SetAlarmState", &["alarms"]),
        ("dynamodb:PutItem", &["reading", "lease", "up and down"]),
    ];
    every_action_is_needed(&world, story, &table).await;
}

#[tokio::test(start_paused = true)]
async fn copies_need_each_of_their_actions() {
    let config = format!(
        "[[database]]\nid = \"orders\"\n{INSTANCE}strategy = \"blue_green\"\nproxy = \"orders-proxy\"\n\
         keep_old = \"30m\"\nremove_old = \"engine\"\n"
    );
    let world = World::of(COPIES, &config, "proxy = true\n");
    let story = async |removed| {
        let mut story = Story::default();
        // Up, the old machine goes, down, and the second one goes.
        let sim = world.without(removed, "");
        let all = play(&sim, &world.settings, 330).await;
        story.journal(&all);
        story.tried("up and down", verified(&all, 3));
        story.tried("removal", sent(&all).contains(&"DeleteDBInstance") && verified(&all, 2));
        given_up(&world, removed, &mut story).await;
        let fault = "[[fault]]\nat = \"0s\"\nfor = \"3h\"\nblue_green = \"class_refused\"\n";
        let all = play(&world.without(removed, fault), &world.settings, 80).await;
        story.journal(&all);
        story.tried("class afterwards", verified(&all, 1));
        ask_iam(&sim, &mut story);
        story
    };
    let table: [(&str, &[&str]); 16] = [
        ("cloudwatch:GetMetricData", &["reading", "up and down"]),
        ("rds:DescribeDBInstances", &["reading", "up and down"]),
        ("rds:DescribeEvents", &["reading", "events"]),
        ("rds:DescribeOrderableDBInstanceOptions", &["reading", "up and down"]),
        ("rds:DescribeBlueGreenDeployments", &["reading", "up and down"]),
        ("rds:DescribeDBProxyTargets", &["reading", "up and down"]),
        ("iam:SimulatePrincipalPolicy", &["own permissions"]),
        ("rds:ModifyDBInstance", &["up and down", "class afterwards"]),
        ("rds:PromoteReadReplica", &["up and down"]),
        ("rds:DeleteDBInstance", &["removal", "given up"]),
        ("rds:CreateDBSnapshot", &["removal"]),
        ("rds:CreateBlueGreenDeployment", &["up and down", "class afterwards"]),
        ("rds:SwitchoverBlueGreenDeployment", &["up and down"]),
        ("rds:DeleteBlueGreenDeployment", &["given up"]),
        ("rds:CreateDBInstanceReadReplica", &["up and down"]),
        ("rds:AddTagsToResource", &["up and down"]),
    ];
    every_action_is_needed(&world, story, &table).await;
}

/// A copy that a person stops before it takes over.
async fn given_up(world: &World, removed: Option<&str>, story: &mut Story) {
    let (sim, directory) = (world.without(removed, ""), TempDir::new().unwrap());
    let mut settings = world.settings.clone();
    settings.databases[0].copy = CopyPolicy { switchover: Switchover::Supervised, ..CopyPolicy::default() };
    let mut running = armed(&sim, &settings, directory.path()).await;
    sim.clock().sleep(Duration::from_mins(12)).await;
    order(&mut running, Command::Stop { database: DatabaseName::new("orders") }).await;
    order(&mut running, Command::Disarm).await;
    sim.clock().sleep(Duration::from_mins(40)).await;
    running.end().await;
    let all = entries(directory.path());
    story.journal(&all);
    story.tried("given up", matches!(ends(&all)[..], [ActionResult::Stopped { .. }]));
}

#[tokio::test(start_paused = true)]
async fn readers_need_each_of_their_actions() {
    let config = "[[database]]\nid = \"orders-aurora\"\nladder = [\"db.t4g.medium\", \"db.t4g.large\"]\n\
                  strategy = \"reader_failover\"\nmax_actions_per_day = 24\n\
                  [database.readers]\nmin = 1\nmax = 4\ntarget = 100\n";
    let world = World::of(AURORA, config, "");
    let story = async |removed| {
        let (sim, mut story) = (world.without(removed, ""), Story::default());
        let all = play(&sim, &world.settings, 280).await;
        story.journal(&all);
        story.tried("up and down", verified(&all, 2));
        story.tried("removal", verified(&all, 3));
        ask_iam(&sim, &mut story);
        monitored(&sim, &mut story).await;
        readers(&sim, &world.settings, &mut story).await;
        story
    };
    let table: [(&str, &[&str]); 20] = [
        ("cloudwatch:GetMetricData", &["reading", "up and down"]),
        ("rds:DescribeDBInstances", &["reading", "up and down"]),
        ("rds:DescribeDBClusters", &["reading", "up and down"]),
        ("rds:DescribeEvents", &["reading", "events"]),
        ("rds:DescribeOrderableDBInstanceOptions", &["reading", "up and down"]),
        ("rds:DescribeBlueGreenDeployments", &["reading"]),
        ("application-autoscaling:DescribeScalableTargets", &["readers"]),
        ("application-autoscaling:DescribeScalingPolicies", &["readers"]),
        ("application-autoscaling:DescribeScalingActivities", &["reading", "readers"]),
        ("iam:SimulatePrincipalPolicy", &["own permissions"]),
        ("rds:DeleteDBInstance", &["removal"]),
        ("rds:CreateDBInstance", &["up and down"]),
        ("rds:AddTagsToResource", &["up and down"]),
        ("rds:FailoverDBCluster", &["up and down"]),
        ("iam:PassRole", &["monitoring"]),
        ("application-autoscaling:RegisterScalableTarget", &["readers"]),
        ("application-autoscaling:PutScalingPolicy", &["readers"]),
        ("application-autoscaling:DeleteScalingPolicy", &["readers"]),
        ("application-autoscaling:DeregisterScalableTarget", &["readers"]),
        ("iam:CreateServiceLinkedRole", &["readers"]),
    ];
    every_action_is_needed(&world, story, &table).await;
}

/// A reader with what a writer with enhanced monitoring has.
async fn monitored(sim: &Sim, story: &mut Story) {
    let aws = Account::on(sim).adapter().await;
    let monitoring = Monitoring { interval_secs: 60, role: "arn:aws:iam::111122223333:role/rds-monitoring".to_owned() };
    let settings = MemberSettings {
        parameter_group: Some("default.aurora-postgresql16".to_owned()),
        monitoring: Some(monitoring),
        tags: [("upshift".to_owned(), "allowed".to_owned())].into(),
        ..MemberSettings::default()
    };
    let call = MutatingCall::CreateDbInstance {
        database: DatabaseName::new("orders-aurora"),
        name: DatabaseName::new("upshift-monitored"),
        class: InstanceClass::known("db.t4g.large").unwrap(),
        engine: "aurora-postgresql".to_owned(),
        settings: Box::new(settings),
    };
    let outcome = aws.send(&call).await;
    story.tried("monitoring", matches!(outcome, CallOutcome::Accepted { .. }));
    story.said.push(outcome.words());
}

#[tokio::test(start_paused = true)]
async fn whole_clusters_need_each_of_their_actions() {
    let config = "[[database]]\nid = \"orders-cluster\"\nladder = [\"db.m6gd.large\", \"db.m6gd.xlarge\"]\n\
                  strategy = \"cluster_modify\"\nmax_actions_per_day = 24\n";
    let world = World::of(CLUSTER, config, "");
    let story = async |removed| {
        let (sim, mut story) = (world.without(removed, ""), Story::default());
        let all = play(&sim, &world.settings, 300).await;
        story.journal(&all);
        story.tried("up and down", verified(&all, 2));
        ask_iam(&sim, &mut story);
        story
    };
    let table: [(&str, &[&str]); 9] = [
        ("cloudwatch:GetMetricData", &["reading", "up and down"]),
        ("rds:DescribeDBInstances", &["reading", "up and down"]),
        ("rds:DescribeDBClusters", &["reading", "up and down"]),
        ("rds:DescribeEvents", &["reading", "events"]),
        ("rds:DescribeOrderableDBInstanceOptions", &["reading", "up and down"]),
        ("rds:DescribeBlueGreenDeployments", &["reading"]),
        ("iam:SimulatePrincipalPolicy", &["own permissions"]),
        ("rds:ModifyDBCluster", &["up and down"]),
        ("rds:ModifyDBInstance", &["up and down"]),
    ];
    every_action_is_needed(&world, story, &table).await;
}

/// The gate of all changes: without its tag a database is only looked at, whatever the engine wants.
#[tokio::test(start_paused = true)]
async fn what_has_no_tag_is_only_looked_at() {
    let config = format!("[[database]]\nid = \"checkpoints\"\n{INSTANCE}");
    let mut world = World::of(IN_PLACE, &config, "");
    world.scenario = world.scenario.replace("upshift = \"allowed\"", "upshift = \"no\"");
    let sim = world.without(None, "");
    let all = play(&sim, &world.settings, 30).await;
    let words = all.iter().map(|entry| entry.event.words()).collect::<Vec<_>>().join("\n");
    assert!(words.contains("add rds:ModifyDBInstance to the role, or its tag to the database"), "{words}");
    assert!(!all.iter().any(|entry| matches!(entry.event, Event::ReadFailed(_))), "{words}");
    assert_eq!(sim.world().fleet().instance("checkpoints").unwrap().class, "db.t4g.small");
}

/// The role that only reads lets an engine look and decide, and nothing else.
#[tokio::test(start_paused = true)]
async fn the_observing_role_changes_nothing() {
    let config = format!("[[database]]\nid = \"checkpoints\"\n{INSTANCE}");
    let world = World::of(IN_PLACE, &config, "");
    let text = document(&world.scope(), &Tag::default(), Role::Observe);
    let sim = simulation(&world.scenario, "");
    sim.world().permit(Some(Document::parse("observe.json", &text).unwrap()));
    let all = play(&sim, &world.settings, 30).await;
    assert!(!all.iter().any(|entry| matches!(entry.event, Event::ReadFailed(_))));
    assert!(
        matches!(ends(&all).first(), Some(ActionResult::FailedSafe { why }) if why.contains("add rds:ModifyDBInstance"))
    );
}

/// A database that clients use cannot be deleted by its name, whoever asks for it.
#[tokio::test(start_paused = true)]
async fn no_database_goes_by_its_own_name() {
    let config = format!("[[database]]\nid = \"orders\"\n{INSTANCE}strategy = \"blue_green\"\n");
    let world = World::of(COPIES, &config, "");
    let account = Account::on(&world.without(None, ""));
    let refused =
        account.rds.delete_db_instance().db_instance_identifier("orders").skip_final_snapshot(true).send().await;
    let error = refused.unwrap_err().into_service_error();
    assert!(error.to_string().contains("explicit deny") || format!("{error:?}").contains("explicit deny"), "{error:?}");
}

/// A drill by the built binary: up and back down, and the alarm beside it.
#[test]
fn a_drill_is_held_with_what_is_exported_for_it() {
    let directory = TempDir::new().unwrap();
    let run = upshift(directory.path(), &["export", "iam", "--sim", "drill", "--tag", "autoscale=allowed"]);
    std::fs::write(directory.path().join("act.json"), run.stdout).unwrap();
    let run = upshift(directory.path(), &["drill", "--sim", "--iam", "act.json", "--state-dir", "state"]);
    let (code, said) = code_and_words(&run);
    assert!(code == 0 && !said.contains("not permitted"), "{said}");
}
