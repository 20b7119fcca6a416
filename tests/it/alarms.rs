//! `upshift alarms`: the built binary against a simulation on a socket, as a person at a shell would have it.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, MetricAlarm, StateValue, Statistic};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use upshift::clock::Clock;
use upshift::sim::Sim;
use upshift::sim::iam::Document;
use upshift::sim::scenario::Scenario;
use upshift::sim::server::Server;

use crate::process::AtATerminal;
use crate::sim_account::Account;

const PAGER: &str = "arn:aws:sns:us-east-1:111122223333:pager";
const CREDENTIALS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "TEST"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")];
const WORLD: &str = "name = \"shop\"\n[[instance]]\nid = \"shop\"\nclass = \"db.t4g.small\"\n\
                     [[demand]]\nat = \"0s\"\nwrites = 100\n";

/// A simulation that lives in this machine's time, and a directory with a configuration that leads to it.
struct Shell {
    directory: TempDir,
    account: Account,
    endpoint: String,
    _stop: oneshot::Sender<()>,
    _tasks: JoinSet<std::io::Result<()>>,
}

impl Shell {
    async fn on(world: &str) -> Self {
        let mut scenario = Scenario::parse("test", world).unwrap_or_else(|error| panic!("{error}"));
        scenario.start = Clock::system().now();
        let sim = Sim::new(&scenario, None, Clock::scaled(scenario.start, 60.0));
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), sim.clone()).await.unwrap();
        let endpoint = server.endpoint();
        let (stop, stopped) = oneshot::channel::<()>();
        let mut tasks = JoinSet::new();
        tasks.spawn(server.run(async move { drop(stopped.await) }));
        let shell = Self {
            directory: TempDir::new().unwrap(),
            account: Account::on(&sim),
            endpoint,
            _stop: stop,
            _tasks: tasks,
        };
        shell.configure(&format!("[alarms.topics]\nalarm = [\"{PAGER}\"]\nok = [\"{PAGER}\"]\n"), "");
        shell
    }

    fn configure(&self, alarms: &str, database: &str) {
        let text = format!(
            "[aws]\nendpoint_url = \"{}\"\n{alarms}[[database]]\nid = \"shop\"\n\
             ladder = [\"db.t4g.small\", \"db.m5.large\"]\n{database}",
            self.endpoint
        );
        fs::write(self.directory.path().join("config.toml"), text).unwrap();
    }

    async fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_upshift"));
        command.arg("alarms").args(words).current_dir(self.directory.path()).env_clear().stdin(Stdio::null());
        command.envs(CREDENTIALS);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// The exit code, what is on stdout and what is on stderr.
    async fn says(&self, words: &[&str]) -> (i32, String, String) {
        let output = self.run(words).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    /// `apply` at a terminal, where `meanwhile` happens before the person says yes. Its exit code and all that it says.
    fn at_a_terminal(&self, meanwhile: impl FnOnce()) -> (u32, String) {
        let mut terminal = AtATerminal::start(self.directory.path(), &["alarms", "apply"]);
        terminal.until("Type yes: ");
        meanwhile();
        terminal.answer("yes\n")
    }

    /// Puts an alarm of somebody else.
    async fn put(&self, name: &str, threshold: f64) {
        let dimension = Dimension::builder().name("DBInstanceIdentifier").value("shop").build();
        let put = self.account.cloudwatch.put_metric_alarm().alarm_name(name).namespace("AWS/RDS");
        let put = put.metric_name("WriteIOPS").dimensions(dimension).statistic(Statistic::Average).period(60);
        let put = put.comparison_operator(ComparisonOperator::GreaterThanThreshold).threshold(threshold);
        put.evaluation_periods(3).send().await.unwrap();
    }

    async fn threshold(&self, name: &str) -> Option<f64> {
        let found = self.account.cloudwatch.describe_alarms().alarm_names(name).send().await.unwrap();
        found.metric_alarms().first().and_then(MetricAlarm::threshold)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_makes_what_the_policy_wants_once_and_takes_away_only_that() {
    let shell = Shell::on(WORLD).await;
    shell.put("upshift-other-writes", 1.0).await;
    let (code, plan, words) = shell.says(&["plan"]).await;
    assert_eq!(code, 2, "{plan}{words}");
    assert!(plan.contains("+ create upshift-shop-writes\n    Average of AWS/RDS WriteIOPS"), "{plan}");
    assert!(plan.contains("> 500 in 2 of 3 periods of 60 s; missing data: missing"), "{plan}");
    assert!(plan.contains(&format!("ALARM tells {PAGER}")) && !plan.contains('\x1b'), "{plan}");
    assert!(plan.contains("3 to create, 0 to change, 0 to delete, 0 in sync, 0 not ours"), "{plan}");
    let (code, _, words) = shell.says(&["apply"]).await;
    assert_eq!((code, words.contains("give --yes")), (1, true), "{words}");
    let (code, done, words) = shell.says(&["apply", "--yes"]).await;
    assert_eq!((code, done.matches("done      create").count()), (0, 3), "{done}{words}");
    assert_eq!(shell.threshold("upshift-shop-connections").await, Some(144.0));
    for words in [&["plan"][..], &["apply", "--yes"]] {
        let (code, told, said) = shell.says(words).await;
        assert_eq!(code, 0, "{words:?}: {told}{said}");
        assert!(told.contains("0 to create, 0 to change, 0 to delete, 3 in sync"), "{told}");
    }
    // The policy and a hand at AWS move it.
    shell.put("upshift-shop-writes", 600.0).await;
    shell.configure("[alarms]\nconnections_percent = 50\n", "");
    let (code, plan, _) = shell.says(&["plan"]).await;
    assert_eq!(code, 2, "{plan}");
    assert!(
        plan.contains("~ change upshift-shop-writes\n    watches: ") && plan.contains("threshold: 600 → 500"),
        "{plan}"
    );
    assert!(plan.contains(&format!("told at ALARM: {PAGER} → nobody")), "{plan}");
    assert!(plan.contains("threshold: 144 → 90"), "{plan}");
    let (code, done, words) = shell.says(&["apply", "--yes", "--json"]).await;
    let done: Value = serde_json::from_str(&done).unwrap_or_else(|_| panic!("{done}{words}"));
    assert_eq!((code, done["done"].as_array().unwrap().len()), (0, 3), "{done}");
    assert_eq!(shell.threshold("upshift-shop-writes").await, Some(500.0));
    let (code, done, words) = shell.says(&["delete", "--yes"]).await;
    assert_eq!((code, done.matches("done      delete").count()), (0, 3), "{done}{words}");
    assert_eq!(shell.threshold("upshift-other-writes").await, Some(1.0), "it is not ours");
    assert_eq!(shell.says(&["delete", "--yes"]).await.0, 0, "nothing is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_somebody_else_has_taken_is_left_alone() {
    let shell = Shell::on(WORLD).await;
    shell.put("upshift-shop-writes", 9.0).await;
    let (code, plan, _) = shell.says(&["plan"]).await;
    assert_eq!(code, 2);
    assert!(plan.contains("! not ours upshift-shop-writes: it has no tag upshift:database"), "{plan}");
    let (code, done, _) = shell.says(&["apply", "--yes"]).await;
    assert_eq!((code, done.matches("done      create").count()), (0, 2), "{done}");
    assert_eq!(shell.says(&["delete", "--yes"]).await.0, 0);
    assert_eq!(shell.threshold("upshift-shop-writes").await, Some(9.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failure_in_the_middle_it_says_what_was_done_and_what_was_not() {
    let shell = Shell::on(&format!("alarm_quota = 2\n{WORLD}")).await;
    let (code, told, words) = shell.says(&["apply", "--yes"]).await;
    assert_eq!(code, 1, "{told}{words}");
    assert!(
        told.contains("done      create upshift-shop-writes_2\nNOT done  create upshift-shop-connections"),
        "{told}"
    );
    assert!(words.contains("the account has as many alarms as it may have"), "{words}");
    assert!(words.contains("2 done, 1 not done"), "{words}");
    // One of several is not permitted: what goes before it is done.
    let denied = "[[fault]]\nat = \"0s\"\nfor = \"10h\"\naction = \"DeleteAlarms\"\nerror = \"AccessDenied\"\n\
                  status = 403\nmessage = \"not authorized to perform: cloudwatch:DeleteAlarms on resource x\"\n";
    let shell = Shell::on(&format!("{WORLD}{denied}")).await;
    shell.configure("[alarms]\n", "[[database.up]]\nsignal = \"cpu\"\nabove = 90\ndatapoints = 2\nperiods = 3\n[[database.down]]\nsignal = \"cpu\"\nbelow = 9\ndatapoints = 2\nperiods = 3\n");
    assert_eq!(shell.says(&["apply", "--yes"]).await.0, 0);
    shell.configure("[alarms]\n", "");
    let (code, told, words) = shell.says(&["apply", "--yes"]).await;
    assert_eq!(code, 1, "{told}{words}");
    assert_eq!(told.matches("done      create").count(), 2, "{told}");
    assert!(told.contains("NOT done  delete upshift-shop-cpu"), "{told}");
    assert!(words.contains("upshift-shop-cpu was not deleted: DeleteAlarms: not permitted"), "{words}");
    assert!(words.contains("add cloudwatch:DeleteAlarms to the role"), "{words}");
}

/// One of several alarms is closed to the caller: what comes before it is done, and nothing behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_alarm_that_is_not_permitted_ends_it_with_an_exact_account() {
    let shell = Shell::on(WORLD).await;
    let alarm = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:upshift-shop-writes_2";
    let document = format!(
        "{{\"Version\": \"2012-10-17\", \"Statement\": [\
         {{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}}, \
         {{\"Effect\": \"Deny\", \"Action\": \"cloudwatch:PutMetricAlarm\", \"Resource\": \"{alarm}\"}}]}}"
    );
    let document = Document::parse("less.json", &document).unwrap_or_else(|problems| panic!("{problems}"));
    shell.account.sim.world().permit(Some(document));
    let (code, told, words) = shell.says(&["apply", "--yes"]).await;
    assert_eq!(code, 1, "{told}{words}");
    let account = "done      create upshift-shop-writes\nNOT done  create upshift-shop-writes_2\n\
                   NOT done  create upshift-shop-connections\n";
    assert!(told.ends_with(account), "{told}");
    assert!(words.contains("upshift-shop-writes_2 was not created: PutMetricAlarm: "), "{words}");
    assert!(words.contains("1 done, 2 not done"), "{words}");
    for (name, is_there) in [("writes", true), ("writes_2", false), ("connections", false)] {
        assert_eq!(shell.threshold(&format!("upshift-shop-{name}")).await.is_some(), is_there, "{name}");
    }
    let (code, done, _) = shell.says(&["apply", "--yes", "--json"]).await;
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!((code, done["not_done"].as_array().unwrap().len()), (1, 2), "{done}");
    assert!(done["why"].as_str().unwrap().contains("writes_2 was not created"), "{done}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_call_did_nothing_and_a_lost_answer_is_made_up_for_by_looking() {
    let fault =
        |rest: &str| format!("{WORLD}[[fault]]\nat = \"0s\"\nfor = \"10h\"\naction = \"PutMetricAlarm\"\n{rest}");
    let throttled = "error = \"Throttling\"\nstatus = 400\nmessage = \"Rate exceeded\"\n";
    let shell = Shell::on(&fault(throttled)).await;
    let (code, told, words) = shell.says(&["apply", "--yes"]).await;
    assert_eq!((code, told.matches("NOT done").count()), (1, 3), "{told}");
    assert!(words.contains("AWS asks for fewer calls; wait a little, then run it again"), "{words}");
    let shell = Shell::on(&fault("drop_answer = true\n")).await;
    let (code, told, words) = shell.says(&["apply", "--yes"]).await;
    assert_eq!((code, told.matches("done      create").count()), (0, 3), "{told}{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_of_another_region_and_a_plan_of_yesterday_are_refused() {
    let shell = Shell::on(WORLD).await;
    let topic = "[alarms.topics]\nalarm = [\"arn:aws:sns:eu-west-1:111122223333:pager\"]\n";
    shell.configure(topic, "");
    let (code, _, words) = shell.says(&["plan"]).await;
    assert_eq!(code, 1, "{words}");
    assert!(words.contains("is a topic of another region: the alarms are in us-east-1"), "{words}");
    shell.configure(&format!("region = \"us-east-1\"\n{topic}"), "");
    let (code, _, words) = shell.says(&["plan"]).await;
    assert_eq!(code, 1, "2 would be a difference: {words}");
    assert!(words.contains("a topic of another region") && words.contains("config.toml:5:10"), "{words}");
    shell.configure("[alarms]\n", "");
    let plan: Value = serde_json::from_str(&shell.says(&["plan", "--json"]).await.1).unwrap();
    let digest = plan["digest"].as_str().unwrap();
    shell.configure("[alarms]\nconnections_percent = 60\n", "");
    let (code, _, words) = shell.says(&["apply", "--yes", "--expect", digest]).await;
    assert_eq!(code, 1, "{words}");
    assert!(words.contains("nothing was done"), "{words}");
    assert_eq!(shell.threshold("upshift-shop-connections").await, None);
    shell.configure("[alarms]\n", "");
    let (code, _, words) = shell.says(&["apply", "--yes", "--expect", digest]).await;
    assert_eq!(code, 0, "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_while_a_person_thinks_is_noticed() {
    let shell = Shell::on(WORLD).await;
    let edited = || shell.configure("[alarms]\nconnections_percent = 60\n", "");
    let (code, said) = tokio::task::block_in_place(|| shell.at_a_terminal(edited));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("\x1b[32m+ create upshift-shop-writes") && said.contains("create 3? Type yes:"), "{said}");
    assert!(said.contains("the configuration was changed meanwhile: nothing was done"), "{said}");
    assert_eq!(shell.threshold("upshift-shop-writes").await, None);
    let handle = Handle::current();
    let taken = || handle.block_on(shell.put("upshift-shop-writes_2", 1.0));
    let (code, said) = tokio::task::block_in_place(|| shell.at_a_terminal(taken));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("done      create upshift-shop-writes\x1b"), "{said}");
    assert!(said.contains("NOT done  create upshift-shop-writes_2\x1b"), "{said}");
    assert!(said.contains("NOT done  create upshift-shop-connections\x1b"), "{said}");
    assert!(said.contains("upshift-shop-writes_2 is another one than it was when the plan was made"), "{said}");
    assert_eq!(shell.threshold("upshift-shop-writes_2").await, Some(1.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_follows_an_alarm_to_its_topic_and_back() {
    let shell = Shell::on(WORLD).await;
    let (code, _, words) = shell.says(&["test", "--yes"]).await;
    assert_eq!((code, words.contains("there is no alarm of ours")), (1, true), "{words}");
    assert_eq!(shell.says(&["apply", "--yes"]).await.0, 0);
    // Until its data were looked at.
    let cloudwatch = &shell.account.cloudwatch;
    loop {
        let found = cloudwatch.describe_alarms().alarm_names("upshift-shop-writes").send().await.unwrap();
        if found.metric_alarms()[0].state_value() == Some(&StateValue::Ok) {
            break;
        }
        shell.account.sim.clock().sleep(Duration::from_secs(20)).await;
    }
    let (code, told, words) = shell.says(&["test", "upshift-shop-writes", "--yes"]).await;
    assert_eq!(code, 0, "{told}{words}");
    assert!(told.contains("upshift-shop-writes: OK → ALARM at "), "{told}");
    assert!(told.contains(&format!("  told {PAGER}")) && told.contains("back to its own state, OK"), "{told}");
    let subjects: Vec<String> =
        shell.account.sim.world().notifications().map(|notification| notification.subject.clone()).collect();
    assert!(subjects.iter().any(|subject| subject.starts_with("ALARM: \"upshift-shop-writes\"")), "{subjects:?}");
    let (code, _, words) = shell.says(&["test", "upshift-shop-nothing", "--yes"]).await;
    assert_eq!((code, words.contains("is not an alarm of ours: there is")), (1, true), "{words}");
}

#[test]
fn on_a_simulation_of_its_own_it_can_be_tried_without_an_account() {
    let directory = TempDir::new().unwrap();
    let run = |words: &[&str]| {
        let output = crate::process::upshift(directory.path(), &[&["alarms"], words].concat());
        let (code, said) = crate::process::code_and_words(&output);
        (code, String::from_utf8_lossy(&output.stdout).into_owned(), said)
    };
    let (code, plan, words) = run(&["plan", "--sim"]);
    assert_eq!(code, 2, "{plan}{words}");
    assert!(plan.contains("+ create upshift-checkpoints-writes"), "{plan}");
    let (code, told, words) = run(&["test", "--sim", "--yes", "--speed", "200"]);
    assert_eq!(code, 0, "{told}{words}");
    assert!(told.contains("  told arn:aws:sns:us-east-1:111122223333:upshift"), "{told}");
    let (code, plan, words) = run(&["plan", "--sim", "aurora", "--json"]);
    let plan: Value = serde_json::from_str(&plan).unwrap_or_else(|_| panic!("{words}"));
    assert_eq!((code, &plan["items"][0]["wanted"]["watches"]["metric"]["dimensions"]["Role"]), (2, &"WRITER".into()));
}
