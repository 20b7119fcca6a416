//! The simulation, driven by the AWS CLI: a client that nobody here wrote, over a socket.
//!
//! `tests/tools.sh` puts the CLI into `target/venv`; `UPSHIFT_AWS_CLI` names another one. Without any these tests fail.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use upshift::clock::Clock;
use upshift::sim::Sim;
use upshift::sim::scenario::Scenario;
use upshift::sim::server::Server;

/// At this speed the whole of a class change fits into the time that the CLI takes to start.
const FAST: f64 = 3000.0;
/// At this one nothing happens in a test unless somebody asks for it.
pub(crate) const STILL: f64 = 1.0;

/// The exit code when a service refuses: 255 of version 1 of the CLI, 254 of version 2.
const REFUSED: [i32; 2] = [254, 255];

#[expect(clippy::disallowed_methods, reason = "a test has no `commands` to read its environment for it")]
fn aws_cli() -> PathBuf {
    let cli = std::env::var_os("UPSHIFT_AWS_CLI").map(PathBuf::from);
    let cli = cli.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/aws"));
    let found = cli.is_file();
    assert!(found, "there is no AWS CLI at {}: run tests/tools.sh, or set UPSHIFT_AWS_CLI to one", cli.display());
    cli
}

/// A simulation on a socket and the CLI pointed at it.
#[derive(Clone)]
pub(crate) struct Cli {
    pub(crate) endpoint: String,
}

impl Cli {
    /// Runs `aws` with these words. Blocks; the tests run it next to the server.
    async fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(aws_cli());
        // The CLI overrides AWS_ENDPOINT_URL for RDS in some regions by an endpoint of its own; the option it honours.
        command.args(["--endpoint-url", &self.endpoint]).args(words).env_clear().envs([
            ("PATH", "/usr/bin:/bin"),
            ("AWS_ACCESS_KEY_ID", "AKIDSIMULATED"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_MAX_ATTEMPTS", "1"),
            ("AWS_DEFAULT_OUTPUT", "json"),
            ("AWS_PAGER", ""),
        ]);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// Asks until the deployment has that status; at this speed each question is minutes of virtual time.
    async fn until_deployment(&self, id: &str, status: &str) -> Value {
        let words = ["rds", "describe-blue-green-deployments", "--blue-green-deployment-identifier", id];
        for _ in 0..40 {
            let found = self.json(&words).await;
            if found["BlueGreenDeployments"][0]["Status"] == status {
                return found["BlueGreenDeployments"][0].clone();
            }
        }
        panic!("never {status}");
    }

    /// Asks until the cluster is available and so writes that member; at this speed each question is minutes of virtual
    /// time.
    async fn until_writer(&self, cluster: &str, member: &str) -> Value {
        let words = ["rds", "describe-db-clusters", "--db-cluster-identifier", cluster];
        for _ in 0..40 {
            let found = self.json(&words).await["DBClusters"][0].clone();
            let mut members = found["DBClusterMembers"].as_array().unwrap().iter();
            let writes = members.any(|of| of["DBInstanceIdentifier"] == member && of["IsClusterWriter"] == true);
            if found["Status"] == "available" && writes {
                return found;
            }
        }
        panic!("{member} never writes");
    }

    /// Runs it and reads its JSON; it must succeed.
    pub(crate) async fn json(&self, words: &[&str]) -> Value {
        let output = self.run(words).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "aws {words:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// Runs it; it must fail. Its exit code and what it says.
    pub(crate) async fn refusal(&self, words: &[&str]) -> (i32, String) {
        let output = self.run(words).await;
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

/// Serves a scenario, built-in or as text, while `work` runs.
async fn with_cli<F: Future<Output = ()>>(scenario: &str, speed: f64, work: impl FnOnce(Cli) -> F) {
    serve(Scenario::builtin(scenario).unwrap_or_else(|| Scenario::parse("test", scenario)).unwrap(), speed, work).await;
}

/// The same of a scenario that was changed.
pub(crate) async fn serve<F: Future<Output = ()>>(scenario: Scenario, speed: f64, work: impl FnOnce(Cli) -> F) {
    serve_on(Sim::new(&scenario, None, Clock::scaled(scenario.start, speed)), work).await;
}

/// The same of a simulation that the test looks into, too.
pub(crate) async fn serve_on<F: Future<Output = ()>>(sim: Sim, work: impl FnOnce(Cli) -> F) {
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), sim).await.unwrap();
    let endpoint = server.endpoint();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut tasks = JoinSet::new();
    tasks.spawn(server.run(async move { drop(stopped.await) }));
    work(Cli { endpoint }).await;
    drop(stop);
    tasks.join_next().await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_describes_the_instance_and_the_caller() {
    with_cli("checkpoints", STILL, |cli| async move {
        let identity = cli.json(&["sts", "get-caller-identity"]).await;
        assert_eq!(identity["Account"], "111122223333");
        let all = cli.json(&["rds", "describe-db-instances"]).await;
        let instance = &all["DBInstances"][0];
        assert_eq!(instance["DBInstanceIdentifier"], "checkpoints");
        assert_eq!(instance["DBInstanceClass"], "db.t4g.small");
        assert_eq!(instance["PendingModifiedValues"], serde_json::json!({}));
        assert_eq!(instance["TagList"][0]["Key"], "autoscale");
        let words =
            ["rds", "describe-orderable-db-instance-options", "--engine", "postgres", "--engine-version", "16.8"];
        let options = cli.json(&[&words[..], &["--db-instance-class", "db.m5.large"]].concat()).await;
        assert_eq!(options["OrderableDBInstanceOptions"].as_array().unwrap().len(), 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_defers_a_change_without_apply_immediately() {
    with_cli("checkpoints", STILL, |cli| async move {
        let words = ["rds", "modify-db-instance", "--db-instance-identifier", "checkpoints"];
        let answer = cli.json(&[&words[..], &["--db-instance-class", "db.m5.large"]].concat()).await;
        assert_eq!(answer["DBInstance"]["DBInstanceStatus"], "available");
        assert_eq!(answer["DBInstance"]["DBInstanceClass"], "db.t4g.small");
        assert_eq!(answer["DBInstance"]["PendingModifiedValues"]["DBInstanceClass"], "db.m5.large");
        let backups =
            cli.json(&[&words[..], &["--backup-retention-period", "14", "--apply-immediately"]].concat()).await;
        assert_eq!(backups["DBInstance"]["BackupRetentionPeriod"], 14);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_changes_the_class_at_once_waits_and_reads_the_events() {
    with_cli("quiet", FAST, |cli| async move {
        let words = ["rds", "modify-db-instance", "--db-instance-identifier", "checkpoints", "--apply-immediately"];
        let answer = cli.json(&[&words[..], &["--db-instance-class", "db.m5.large"]].concat()).await;
        assert_eq!(answer["DBInstance"]["PendingModifiedValues"]["DBInstanceClass"], "db.m5.large");
        cli.json(&["rds", "wait", "db-instance-available", "--db-instance-identifier", "checkpoints"]).await;
        let after = cli.json(&["rds", "describe-db-instances", "--db-instance-identifier", "checkpoints"]).await;
        assert_eq!(after["DBInstances"][0]["DBInstanceClass"], "db.m5.large");
        let words = ["rds", "describe-events", "--source-type", "db-instance", "--source-identifier", "checkpoints"];
        let events = cli.json(&[&words[..], &["--duration", "20160"]].concat()).await;
        let messages: Vec<_> = events["Events"].as_array().unwrap().iter().map(|event| &event["Message"]).collect();
        assert_eq!(messages[0], "Applying modification to database instance class");
        assert_eq!(messages[3], "Finished applying modification to DB instance class");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_inputs_end_with_the_words_and_codes_of_aws() {
    with_cli("checkpoints", STILL, |cli| async move {
        let modify = ["rds", "modify-db-instance", "--db-instance-identifier"];
        let (code, said) =
            cli.refusal(&[&modify[..], &["nosuch", "--db-instance-class", "db.m5.large"]].concat()).await;
        assert!(REFUSED.contains(&code), "{code}: {said}");
        let expected = "An error occurred (DBInstanceNotFound) when calling the ModifyDBInstance operation: \
                        DBInstance nosuch not found.";
        assert!(said.ends_with(expected), "{said}");
        let (code, said) =
            cli.refusal(&[&modify[..], &["checkpoints", "--db-instance-class", "db.m5.huge"]].concat()).await;
        assert!(REFUSED.contains(&code), "{code}: {said}");
        assert!(
            said.contains("(InvalidParameterValue)") && said.contains("Invalid DB Instance class: db.m5.huge"),
            "{said}"
        );
        let (code, said) = cli.refusal(&["rds", "describe-db-snapshots"]).await;
        assert!(REFUSED.contains(&code), "{code}: {said}");
        assert!(said.contains("(InvalidAction)"), "{said}");
        let (code, said) = cli.refusal(&["rds", "describe-db-instances", "--no-sign-request"]).await;
        assert!(REFUSED.contains(&code), "{code}: {said}");
        assert!(said.contains("(MissingAuthenticationToken)"), "{said}");
        let (code, said) = cli.refusal(&["rds", "describe-events", "--source-identifier", "checkpoints"]).await;
        assert!(REFUSED.contains(&code), "{code}: {said}");
        assert!(said.ends_with("Cannot specify source identifier without source type"), "{said}");
    })
    .await;
}

/// A time as the CLI prints it: version 1 a number of seconds, version 2 a date.
fn seconds(stamp: &Value) -> Option<i64> {
    let date = || stamp.as_str()?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
    stamp.as_f64().map(|seconds| seconds as i64).or_else(date)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_reads_the_metrics_newest_first() {
    with_cli("quiet", STILL, |cli| async move {
        let query = r#"[{"Id":"w","MetricStat":{"Metric":{"Namespace":"AWS/RDS","MetricName":"WriteIOPS","Dimensions":
            [{"Name":"DBInstanceIdentifier","Value":"checkpoints"}]},"Period":60,"Stat":"Average"}}]"#;
        let words = ["cloudwatch", "get-metric-data", "--metric-data-queries", query];
        let span = ["--start-time", "2026-01-05T08:00:00Z", "--end-time", "2026-01-05T08:30:00Z"];
        let answer = cli.json(&[&words[..], &span[..]].concat()).await;
        let result = &answer["MetricDataResults"][0];
        assert_eq!(result["StatusCode"], "Complete");
        let stamps: Vec<i64> = result["Timestamps"].as_array().unwrap().iter().filter_map(seconds).collect();
        assert_eq!(stamps.len(), 30);
        let newest: jiff::Timestamp = "2026-01-05T08:29:00Z".parse().unwrap();
        assert_eq!(stamps[0], newest.as_second());
        assert!(
            result["Values"].as_array().unwrap().iter().all(|value| (150.0..250.0).contains(&value.as_f64().unwrap()))
        );
        let backwards = ["--start-time", "2026-01-05T08:30:00Z", "--end-time", "2026-01-05T08:00:00Z"];
        let (code, said) = cli.refusal(&[&words[..], &backwards[..]].concat()).await;
        assert!(REFUSED.contains(&code) && said.contains("(ValidationError)"), "{code}: {said}");
    })
    .await;
}

/// Load that is always above the threshold, so that it does not matter when exactly the CLI asks.
const BUSY: &str = "name = \"busy\"\n[[instance]]\nid = \"checkpoints\"\nclass = \"db.t4g.small\"\n\
                    [[demand]]\nat = \"0s\"\nwrites = 620\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_puts_an_alarm_and_reads_its_state_and_history() {
    with_cli(BUSY, FAST, |cli| async move {
        let name = ["--alarm-name", "checkpoints-writes", "--namespace", "AWS/RDS", "--metric-name", "WriteIOPS"];
        let metric = ["--dimensions", "Name=DBInstanceIdentifier,Value=checkpoints", "--statistic", "Average"];
        let rule = ["--period", "60", "--evaluation-periods", "3", "--datapoints-to-alarm", "2", "--threshold", "500"];
        let put = ["cloudwatch", "put-metric-alarm", "--comparison-operator", "GreaterThanThreshold"];
        cli.json(&[&put[..], &name[..], &metric[..], &rule[..]].concat()).await;
        let alarms = cli.json(&["cloudwatch", "describe-alarms", "--alarm-names", "checkpoints-writes"]).await;
        let alarm = &alarms["MetricAlarms"][0];
        assert_eq!(alarm["StateValue"], "ALARM");
        assert_eq!(alarm["AlarmArn"], "arn:aws:cloudwatch:us-east-1:111122223333:alarm:checkpoints-writes");
        assert!(alarm["StateReason"].as_str().unwrap().starts_with("Threshold Crossed: "), "{alarm}");
        let history = ["cloudwatch", "describe-alarm-history", "--alarm-name", "checkpoints-writes"];
        let updates = cli.json(&[&history[..], &["--history-item-type", "StateUpdate"]].concat()).await;
        let newest = &updates["AlarmHistoryItems"][0];
        assert_eq!(newest["HistorySummary"], "Alarm updated from INSUFFICIENT_DATA to ALARM");
        let data: Value = serde_json::from_str(newest["HistoryData"].as_str().unwrap()).unwrap();
        assert_eq!(data["newState"]["stateReasonData"]["threshold"], 500.0);
        let changes = cli.json(&[&history[..], &["--history-item-type", "ConfigurationUpdate"]].concat()).await;
        assert_eq!(changes["AlarmHistoryItems"][0]["HistorySummary"], "Alarm \"checkpoints-writes\" created");
        let wrong =
            [&put[..], &name[..], &metric[..], &["--period", "61", "--evaluation-periods", "1", "--threshold", "1"]]
                .concat();
        let (code, said) = cli.refusal(&wrong).await;
        assert!(REFUSED.contains(&code) && said.contains("(ValidationError)"), "{code}: {said}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_tags_an_alarm_puts_it_into_a_state_and_reads_whom_it_told() {
    with_cli(BUSY, FAST, |cli| async move {
        let name = ["--alarm-name", "quiet", "--namespace", "AWS/RDS", "--metric-name", "WriteIOPS"];
        let metric = ["--dimensions", "Name=DBInstanceIdentifier,Value=checkpoints", "--statistic", "Average"];
        let rule = ["--period", "60", "--evaluation-periods", "1", "--threshold", "90000"];
        let put = ["cloudwatch", "put-metric-alarm", "--comparison-operator", "GreaterThanThreshold"];
        let pager = "arn:aws:sns:us-east-1:111122223333:pager";
        let with = ["--alarm-actions", pager, "--tags", "Key=team,Value=dba"];
        cli.json(&[&put[..], &name[..], &metric[..], &rule[..], &with[..]].concat()).await;
        let arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:quiet";
        let of = ["--resource-arn", arn];
        let list = [&["cloudwatch", "list-tags-for-resource"], &of[..]].concat();
        assert_eq!(cli.json(&list).await["Tags"], serde_json::json!([{"Key": "team", "Value": "dba"}]));
        cli.json(&[&["cloudwatch", "tag-resource"], &of[..], &["--tags", "Key=stage,Value=live"]].concat()).await;
        cli.json(&[&["cloudwatch", "untag-resource"], &of[..], &["--tag-keys", "team"]].concat()).await;
        assert_eq!(cli.json(&list).await["Tags"], serde_json::json!([{"Key": "stage", "Value": "live"}]));
        let set = ["cloudwatch", "set-alarm-state", "--alarm-name", "quiet", "--state-value", "ALARM"];
        cli.json(&[&set[..], &["--state-reason", "a drill"]].concat()).await;
        let history = ["cloudwatch", "describe-alarm-history", "--alarm-name", "quiet", "--history-item-type"];
        let told = cli.json(&[&history[..], &["Action"]].concat()).await;
        let told = &told["AlarmHistoryItems"][0];
        assert_eq!(told["HistorySummary"], format!("Successfully executed action {pager}"));
        let data: Value = serde_json::from_str(told["HistoryData"].as_str().unwrap()).unwrap();
        assert_eq!(data["publishedMessage"]["NewStateReason"], "a drill");
        let updates = cli.json(&[&history[..], &["StateUpdate"]].concat()).await;
        assert_eq!(updates["AlarmHistoryItems"][0]["HistorySummary"], "Alarm updated from ALARM to OK", "its real one");
        cli.json(&["cloudwatch", "disable-alarm-actions", "--alarm-names", "quiet"]).await;
        let alarms = cli.json(&["cloudwatch", "describe-alarms", "--alarm-name-prefix", "qui"]).await;
        assert_eq!(alarms["MetricAlarms"][0]["ActionsEnabled"], false);
        cli.json(&["cloudwatch", "enable-alarm-actions", "--alarm-names", "quiet"]).await;
        cli.json(&["cloudwatch", "delete-alarms", "--alarm-names", "quiet"]).await;
        let (_, said) = cli.refusal(&list).await;
        assert!(said.contains("(ResourceNotFound"), "{said}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_makes_a_blue_green_deployment_switches_it_over_and_deletes_the_old_machine() {
    let scenario =
        "name = \"shop\"\n[[instance]]\nid = \"shop\"\nclass = \"db.t4g.small\"\ndeletion_protection = false\n";
    with_cli(scenario, FAST, |cli| async move {
        let found = cli.json(&["rds", "describe-db-instances", "--db-instance-identifier", "shop"]).await;
        let arn = found["DBInstances"][0]["DBInstanceArn"].as_str().unwrap().to_owned();
        let windows = ["rds", "describe-db-instance-automated-backups", "--db-instance-identifier"];
        let window_of = |backup: &Value| seconds(&backup["RestoreWindow"]["EarliestTime"]).unwrap();
        let before = cli.json(&[&windows[..], &["shop"]].concat()).await["DBInstanceAutomatedBackups"][0].clone();
        assert_eq!((&before["Status"], &before["BackupRetentionPeriod"]), (&"active".into(), &7.into()));
        let words = ["rds", "create-blue-green-deployment", "--blue-green-deployment-name", "to-medium"];
        let rest = ["--source", &arn, "--target-db-instance-class", "db.t4g.medium", "--tags", "Key=a,Value=b"];
        let made = cli.json(&[&words[..], &rest[..]].concat()).await;
        let made = &made["BlueGreenDeployment"];
        assert_eq!(made["Status"], "PROVISIONING");
        assert_eq!(made["Tasks"][0]["Name"], "CREATING_READ_REPLICA_OF_SOURCE");
        assert_eq!(made["TagList"][0]["Value"], "b");
        let id = made["BlueGreenDeploymentIdentifier"].as_str().unwrap().to_owned();
        cli.until_deployment(&id, "AVAILABLE").await;
        let words = ["rds", "switchover-blue-green-deployment", "--blue-green-deployment-identifier", &id];
        let under_way = cli.json(&[&words[..], &["--switchover-timeout", "120"][..]].concat()).await;
        assert_eq!(under_way["BlueGreenDeployment"]["Status"], "SWITCHOVER_IN_PROGRESS");
        let done = cli.until_deployment(&id, "SWITCHOVER_COMPLETED").await;
        assert!(done["SwitchoverDetails"][0]["SourceMember"].as_str().unwrap().ends_with(":shop-old1"), "{done}");
        let now = cli.json(&["rds", "describe-db-instances", "--db-instance-identifier", "shop"]).await;
        assert_eq!(now["DBInstances"][0]["DBInstanceClass"], "db.t4g.medium");
        let now = cli.json(&[&windows[..], &["shop"]].concat()).await["DBInstanceAutomatedBackups"][0].clone();
        assert_eq!(window_of(&now), seconds(&now["InstanceCreateTime"]).unwrap(), "it begins with the copy");
        let old = cli.json(&[&windows[..], &["shop-old1"]].concat()).await["DBInstanceAutomatedBackups"][0].clone();
        assert_eq!(old["DbiResourceId"], before["DbiResourceId"]);
        assert!(window_of(&old) < window_of(&now), "what was before is the old machine's: {old}");
        let by_id = ["--filters", "Name=dbi-resource-id,Values=db-NOBODY"];
        let none = cli.json(&[&windows[..2], &by_id[..]].concat()).await;
        assert_eq!(none["DBInstanceAutomatedBackups"], serde_json::json!([]));
        let (_, why) = cli.refusal(&[&windows[..], &["nobody"]].concat()).await;
        assert!(why.contains("(DBInstanceAutomatedBackupNotFound)"), "{why}");
        let events =
            cli.json(&["rds", "describe-events", "--source-type", "blue-green-deployment", "--duration", "9999"]).await;
        let told = events["Events"].as_array().unwrap().iter().map(|event| event["Message"].as_str().unwrap());
        assert!(told.into_iter().any(|words| words.contains("Renamed shop to shop-old1")), "{events}");
        cli.json(&["rds", "delete-blue-green-deployment", "--blue-green-deployment-identifier", &id]).await;
        let words = ["rds", "delete-db-instance", "--db-instance-identifier", "shop-old1"];
        let gone = cli.json(&[&words[..], &["--final-db-snapshot-identifier", "shop-last"][..]].concat()).await;
        assert_eq!(gone["DBInstance"]["DBInstanceStatus"], "deleting");
        let unknown = ["rds", "describe-blue-green-deployments", "--blue-green-deployment-identifier", "bgd-none"];
        let (_, why) = cli.refusal(&unknown).await;
        assert!(why.contains("BlueGreenDeploymentNotFoundFault"), "{why}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_renames_an_instance() {
    let two = "name = \"shop\"\n[[instance]]\nid = \"shop\"\nclass = \"db.t4g.small\"\n\
               [[instance]]\nid = \"other\"\nclass = \"db.t4g.small\"\n";
    with_cli(two, FAST, |cli| async move {
        let of = |name: &'static str| ["rds", "describe-db-instances", "--db-instance-identifier", name];
        let before = cli.json(&of("shop")).await["DBInstances"][0].clone();
        let rename = ["rds", "modify-db-instance", "--db-instance-identifier", "shop", "--new-db-instance-identifier"];
        let (_, why) = cli.refusal(&[&rename[..], &["other", "--apply-immediately"]].concat()).await;
        assert!(why.contains("(DBInstanceAlreadyExists)"), "{why}");
        let (_, why) = cli.refusal(&[&rename[..], &["1shop", "--apply-immediately"]].concat()).await;
        assert!(why.contains("(InvalidParameterValue)"), "{why}");
        let answer = cli.json(&[&rename[..], &["Shop-Before", "--apply-immediately"]].concat()).await;
        let answer = &answer["DBInstance"];
        assert_eq!(answer["DBInstanceIdentifier"], "shop");
        assert_eq!(answer["PendingModifiedValues"]["DBInstanceIdentifier"], "shop-before");
        cli.json(&["rds", "wait", "db-instance-available", "--db-instance-identifier", "shop-before"]).await;
        let after = cli.json(&of("shop-before")).await["DBInstances"][0].clone();
        assert_eq!(after["DbiResourceId"], before["DbiResourceId"], "the machine stays");
        assert!(after["Endpoint"]["Address"].as_str().unwrap().starts_with("shop-before."), "{after}");
        assert!(after["DBInstanceArn"].as_str().unwrap().ends_with(":db:shop-before"), "{after}");
        let (_, why) = cli.refusal(&of("shop")).await;
        assert!(why.contains("(DBInstanceNotFound)"), "{why}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_moves_an_aurora_cluster_to_a_larger_writer() {
    let scenario = "name = \"shop\"\n[[cluster]]\nid = \"shop\"\nkind = \"aurora\"\nclass = \"db.t4g.medium\"\n\
                    proxy = true\nmembers = [{ id = \"shop-1\" }]\n";
    with_cli(scenario, FAST, |cli| async move {
        let found = cli.json(&["rds", "describe-db-clusters"]).await;
        assert_eq!(found["DBClusters"][0]["DBClusterMembers"][0]["DBInstanceIdentifier"], "shop-1");
        let words = ["rds", "create-db-instance", "--db-cluster-identifier", "shop", "--engine", "aurora-postgresql"];
        let reader = ["--db-instance-identifier", "shop-2", "--db-instance-class", "db.r6g.large"];
        let rest = ["--promotion-tier", "0", "--no-publicly-accessible", "--tags", "Key=a,Value=b"];
        let made = cli.json(&[&words[..], &reader[..], &rest[..]].concat()).await;
        assert_eq!(made["DBInstance"]["DBInstanceStatus"], "creating");
        assert_eq!(
            (&made["DBInstance"]["PromotionTier"], &made["DBInstance"]["DBClusterIdentifier"]),
            (&0.into(), &"shop".into())
        );
        cli.json(&["rds", "wait", "db-instance-available", "--db-instance-identifier", "shop-2"]).await;
        let words = ["rds", "failover-db-cluster", "--db-cluster-identifier", "shop"];
        let answer = cli.json(&[&words[..], &["--target-db-instance-identifier", "shop-2"][..]].concat()).await;
        assert_eq!(answer["DBCluster"]["Status"], "available");
        let found = cli.until_writer("shop", "shop-2").await;
        assert_eq!(found["DBClusterMembers"].as_array().unwrap().len(), 2);
        let events = cli.json(&["rds", "describe-events", "--source-type", "db-cluster", "--duration", "9999"]).await;
        let mut told = events["Events"].as_array().unwrap().iter().map(|event| event["Message"].as_str().unwrap());
        assert!(told.any(|words| words == "Completed failover to DB instance: shop-2"), "{events}");
        let delete = ["rds", "delete-db-instance", "--db-instance-identifier", "shop-1"];
        let (_, why) = cli.refusal(&[&delete[..], &["--final-db-snapshot-identifier", "last"][..]].concat()).await;
        assert!(why.contains("(InvalidParameterCombination)") && why.contains("cluster instance"), "{why}");
        let gone = cli.json(&[&delete[..], &["--skip-final-snapshot"][..]].concat()).await;
        assert_eq!(gone["DBInstance"]["DBInstanceStatus"], "deleting");
        let proxies = cli.json(&["rds", "describe-db-proxies"]).await;
        assert_eq!(proxies["DBProxies"][0]["DBProxyName"], "shop-proxy");
        let targets = cli.json(&["rds", "describe-db-proxy-targets", "--db-proxy-name", "shop-proxy"]).await;
        assert_eq!(targets["Targets"][0]["Type"], "TRACKED_CLUSTER");
        let groups = cli.json(&["rds", "describe-db-proxy-target-groups", "--db-proxy-name", "shop-proxy"]).await;
        assert_eq!(groups["TargetGroups"][0]["IsDefault"], true);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_changes_the_class_of_a_multi_az_cluster() {
    let scenario = "name = \"shop\"\n[[cluster]]\nid = \"shop\"\nkind = \"multi_az\"\nclass = \"db.m6gd.large\"\n";
    with_cli(scenario, FAST, |cli| async move {
        let words = ["rds", "modify-db-cluster", "--db-cluster-identifier", "shop", "--apply-immediately"];
        let answer = cli.json(&[&words[..], &["--db-cluster-instance-class", "db.m6gd.xlarge"][..]].concat()).await;
        assert_eq!(answer["DBCluster"]["DBClusterInstanceClass"], "db.m6gd.large");
        let (_, why) = cli.refusal(&[&words[..], &["--db-cluster-instance-class", "db.m5.large"][..]].concat()).await;
        assert!(why.contains("(InvalidParameterCombination)"), "{why}");
        let found = cli.until_writer("shop", "shop-instance-2").await;
        assert_eq!(found["DBClusterInstanceClass"], "db.m6gd.xlarge");
    })
    .await;
}

const TARGET: [&str; 6] = [
    "--service-namespace",
    "rds",
    "--resource-id",
    "cluster:shop",
    "--scalable-dimension",
    "rds:cluster:ReadReplicaCount",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_has_readers_scaled_and_reads_what_was_done() {
    let scenario = "name = \"shop\"\n[[cluster]]\nid = \"shop\"\nkind = \"aurora\"\nclass = \"db.t4g.medium\"\n\
                    members = [{ id = \"shop-1\" }, { id = \"shop-2\" }]\n[[demand]]\nat = \"0s\"\nwrites = 10\n\
                    read_connections = 300\n";
    with_cli(scenario, FAST, |cli| async move {
        let scaling = |words: &[&'static str]| [&["application-autoscaling"][..], words].concat();
        let with = |words: &[&'static str]| [&scaling(&words[..1])[..], &TARGET[..], &words[1..]].concat();
        let (code, why) = cli.refusal(&with(&["put-scaling-policy", "--policy-name", "more"])).await;
        assert!(REFUSED.contains(&code) && why.contains("(ValidationException)"), "{why}");
        let tags = ["--tags", "team=core"];
        let bounds = ["register-scalable-target", "--min-capacity", "1", "--max-capacity", "3"];
        let made = cli.json(&with(&[&bounds[..], &tags].concat())).await;
        let arn = made["ScalableTargetARN"].as_str().unwrap().to_owned();
        let tagged = [&scaling(&["list-tags-for-resource", "--resource-arn"])[..], &[arn.as_str()]].concat();
        assert_eq!(cli.json(&tagged).await["Tags"]["team"], "core");
        let tracking = "{\"TargetValue\":60.0,\"PredefinedMetricSpecification\":{\"PredefinedMetricType\":\
                        \"RDSReaderAverageDatabaseConnections\"},\"ScaleOutCooldown\":120}";
        let policy = [
            "put-scaling-policy",
            "--policy-name",
            "more",
            "--policy-type",
            "TargetTrackingScaling",
            "--target-tracking-scaling-policy-configuration",
            tracking,
        ];
        let put = cli.json(&with(&policy)).await;
        let alarm = put["Alarms"][0]["AlarmName"].as_str().unwrap().to_owned();
        let alarms = cli.json(&["cloudwatch", "describe-alarms", "--alarm-names", &alarm]).await;
        assert_eq!(alarms["MetricAlarms"][0]["Threshold"], 60.0, "{alarms}");
        let policies = cli.json(&with(&["describe-scaling-policies"])).await;
        let tracked = &policies["ScalingPolicies"][0]["TargetTrackingScalingPolicyConfiguration"];
        assert_eq!((&tracked["ScaleInCooldown"], &tracked["ScaleOutCooldown"]), (&300.into(), &120.into()));
        let words = scaling(&["describe-scalable-targets", "--service-namespace", "rds"]);
        let targets = cli.json(&words).await;
        assert_eq!(targets["ScalableTargets"][0]["MaxCapacity"], 3, "{targets}");
        let words = with(&["describe-scaling-activities", "--include-not-scaled-activities"]);
        let mut told = String::new();
        for _ in 0..40 {
            told = cli.json(&words).await.to_string();
            if told.contains("AlreadyAtMaxCapacity") {
                break;
            }
        }
        for expected in ["Setting replica count to 3.", "Successful", "AlreadyAtMaxCapacity"] {
            assert!(told.contains(expected), "{expected}: {told}");
        }
        let found = cli.json(&["rds", "describe-db-instances"]).await;
        let made = |it: &&Value| it["DBInstanceIdentifier"].as_str().unwrap().starts_with("application-autoscaling-");
        let made: Vec<&Value> = found["DBInstances"].as_array().unwrap().iter().filter(made).collect();
        assert_eq!((made.len(), &made[0]["PromotionTier"]), (2, &15.into()), "{found}");
        assert_eq!(made[0]["TagList"][0]["Value"], "cluster:shop");
        cli.json(&with(&["delete-scaling-policy", "--policy-name", "more"])).await;
        cli.json(&with(&["deregister-scalable-target"])).await;
        let (_, why) = cli.refusal(&with(&["deregister-scalable-target"])).await;
        assert!(why.contains("(ObjectNotFoundException)"), "{why}");
        let (_, why) = cli.refusal(&scaling(&["describe-scalable-targets", "--service-namespace", "ecs"])).await;
        assert!(why.contains("(ValidationException)"), "{why}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_a_lease_in_a_table() {
    with_cli("checkpoints", STILL, |cli| async move {
        let ddb = |words: &[&'static str]| [&["dynamodb"], words].concat();
        let (attributes, schema) = ("AttributeName=lease,AttributeType=S", "AttributeName=lease,KeyType=HASH");
        let words = ddb(&["create-table", "--table-name", "upshift", "--billing-mode", "PAY_PER_REQUEST"]);
        let made = [&words[..], &["--attribute-definitions", attributes, "--key-schema", schema]].concat();
        assert_eq!(cli.json(&made).await["TableDescription"]["TableName"], "upshift");
        let (code, said) = cli.refusal(&made).await;
        assert!(REFUSED.contains(&code) && said.contains("(ResourceInUseException)"), "{said}");
        cli.json(&ddb(&["wait", "table-exists", "--table-name", "upshift"])).await;
        let item = |epoch: &str| {
            format!("{{\"lease\":{{\"S\":\"a\"}},\"epoch\":{{\"N\":\"{epoch}\"}},\"free\":{{\"BOOL\":true}}}}")
        };
        let (first, second) = (item("1"), item("2"));
        let put = ["dynamodb", "put-item", "--table-name", "upshift", "--item"];
        let fresh = ["--condition-expression", "attribute_not_exists(lease)"];
        cli.json(&[&put[..], &[&first], &fresh].concat()).await;
        let (code, said) = cli.refusal(&[&put[..], &[&first], &fresh].concat()).await;
        assert!(REFUSED.contains(&code) && said.contains("(ConditionalCheckFailedException)"), "{said}");
        let bound = ["--condition-expression", "#e = :e", "--expression-attribute-names", "{\"#e\":\"epoch\"}"];
        let values = ["--expression-attribute-values", "{\":e\":{\"N\":\"1\"}}"];
        cli.json(&[&put[..], &[&second], &bound, &values].concat()).await;
        let get = ["dynamodb", "get-item", "--consistent-read", "--table-name", "upshift", "--key"];
        let found = cli.json(&[&get[..], &["{\"lease\":{\"S\":\"a\"}}"]].concat()).await;
        assert_eq!(found["Item"]["epoch"]["N"], "2");
        cli.json(&ddb(&["delete-table", "--table-name", "upshift"])).await;
        let (code, said) = cli.refusal(&ddb(&["describe-table", "--table-name", "upshift"])).await;
        assert!(REFUSED.contains(&code) && said.contains("(ResourceNotFoundException)"), "{said}");
    })
    .await;
}
