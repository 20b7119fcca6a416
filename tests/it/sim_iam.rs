//! The simulation's IAM: what the AWS CLI, the SDK and the built binary are told when a policy document does not allow a
//! call; and that every operation that the simulation has is asked for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tempfile::TempDir;
use upshift::sim::iam::{Document, operations};
use upshift::sim::scenario::Scenario;

use crate::architecture::rust_files;
use crate::aws_cli::{STILL, serve};
use crate::process::{code_and_words, upshift};
use crate::sim_account::Account;

/// Reads everything, scales what is tagged, and alarms of one prefix; never deletes a database by its own name.
const POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Read", "Effect": "Allow", "Action": ["rds:Describe*", "iam:SimulatePrincipalPolicy"], "Resource": "*"},
    {"Sid": "Scale", "Effect": "Allow", "Action": ["rds:ModifyDBInstance", "rds:DeleteDBInstance"],
     "Resource": "arn:aws:rds:us-east-1:111122223333:db:*",
     "Condition": {"StringEquals": {"rds:db-tag/autoscale": "allowed"}}},
    {"Effect": "Deny", "Action": "rds:DeleteDBInstance", "Resource": "arn:aws:rds:*:*:db:checkpoints"},
    {"Effect": "Allow", "Action": "cloudwatch:PutMetricAlarm",
     "Resource": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:upshift-*"}
  ]
}"#;

fn permitted(scenario: &str, policy: &str) -> Scenario {
    let mut scenario = Scenario::builtin(scenario).unwrap().unwrap();
    scenario.permissions = Some(Document::parse("policy.json", policy).unwrap_or_else(|problems| panic!("{problems}")));
    scenario
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_aws_cli_is_refused_in_each_protocol_by_aws_own_sentence() {
    serve(permitted("checkpoints", POLICY), STILL, |cli| async move {
        let who = cli.json(&["sts", "get-caller-identity"]).await;
        assert_eq!(who["Arn"], "arn:aws:sts::111122223333:assumed-role/upshift-simulation/operator", "nobody is asked");
        assert_eq!(cli.json(&["rds", "describe-db-instances"]).await["DBInstances"][0]["DBInstanceClass"], "db.t4g.small");
        let user = "User: arn:aws:sts::111122223333:assumed-role/upshift-simulation/operator is not authorized to perform: ";
        let delete = ["rds", "delete-db-instance", "--db-instance-identifier", "checkpoints", "--skip-final-snapshot"];
        let alarm: Vec<&str> = "--namespace AWS/RDS --metric-name WriteIOPS --statistic Average --period 60 --threshold 1 \
                                --evaluation-periods 1 --comparison-operator GreaterThanThreshold"
            .split_whitespace()
            .collect();
        let put = |name: &'static str| [&["cloudwatch", "put-metric-alarm", "--alarm-name", name], &alarm[..]].concat();
        let tagged = [&put("upshift-a")[..], &["--tags", "Key=a,Value=b"]].concat();
        for (words, operation, rest) in [
            (
                &delete[..],
                "DeleteDBInstance",
                "rds:DeleteDBInstance on resource: arn:aws:rds:us-east-1:111122223333:db:checkpoints with an explicit deny \
                 in an identity-based policy",
            ),
            (
                &["cloudwatch", "list-metrics"][..],
                "ListMetrics",
                "cloudwatch:ListMetrics on resource: * because no identity-based policy allows the cloudwatch:ListMetrics \
                 action",
            ),
            (
                &put("mine")[..],
                "PutMetricAlarm",
                "cloudwatch:PutMetricAlarm on resource: arn:aws:cloudwatch:us-east-1:111122223333:alarm:mine because no \
                 identity-based policy allows the cloudwatch:PutMetricAlarm action",
            ),
            (
                &tagged[..],
                "PutMetricAlarm",
                "cloudwatch:TagResource on resource: arn:aws:cloudwatch:us-east-1:111122223333:alarm:upshift-a because no \
                 identity-based policy allows the cloudwatch:TagResource action",
            ),
        ] {
            let (_, said) = cli.refusal(words).await;
            let expected = format!("An error occurred (AccessDenied) when calling the {operation} operation: {user}{rest}");
            assert_eq!(said, expected, "{words:?}");
        }
        cli.json(&put("upshift-a")).await;
        let modify = ["rds", "modify-db-instance", "--db-instance-identifier", "checkpoints"];
        cli.json(&[&modify[..], &["--db-instance-class", "db.m5.large"]].concat()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_aws_cli_asks_iam_what_a_policy_would_say() {
    serve(permitted("checkpoints", POLICY), STILL, |cli| async move {
        let role = "arn:aws:iam::111122223333:role/upshift-simulation";
        let simulate = |role: &'static str| {
            ["iam", "simulate-principal-policy", "--policy-source-arn", role, "--action-names", "rds:ModifyDBInstance"]
        };
        let database = ["rds:DeleteDBInstance", "--resource-arns", "arn:aws:rds:us-east-1:111122223333:db:checkpoints"];
        let decisions = |answer: &serde_json::Value| {
            let results = answer["EvaluationResults"].as_array().unwrap();
            results.iter().map(|result| result["EvalDecision"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let answer = cli.json(&[&simulate(role)[..], &database].concat()).await;
        assert_eq!(decisions(&answer), ["implicitDeny", "explicitDeny"]);
        assert_eq!(answer["EvaluationResults"][0]["MissingContextValues"][0], "rds:db-tag/autoscale");
        let tag = "ContextKeyName=rds:db-tag/autoscale,ContextKeyValues=allowed,ContextKeyType=string";
        let answer = cli.json(&[&simulate(role)[..], &database, &["--context-entries", tag]].concat()).await;
        assert_eq!(decisions(&answer), ["allowed", "explicitDeny"]);
        assert_eq!(answer["EvaluationResults"][0]["MatchedStatements"][0]["SourcePolicyId"], "Scale");
        let session = "arn:aws:sts::111122223333:assumed-role/upshift-simulation/operator";
        assert!(cli.refusal(&simulate(session)).await.1.contains("(InvalidInput)"));
        assert!(cli.refusal(&simulate("arn:aws:iam::111122223333:role/another")).await.1.contains("(NoSuchEntity)"));
        assert!(
            cli.refusal(&["iam", "list-roles"]).await.1.contains("AccessDenied"),
            "unknown to the table, so closed"
        );
    })
    .await;
    let closed = r#"{"Version": "2012-10-17", "Statement": []}"#;
    serve(permitted("checkpoints", closed), STILL, |cli| async move {
        let role = "arn:aws:iam::111122223333:role/upshift-simulation";
        let words = ["iam", "simulate-principal-policy", "--policy-source-arn", role, "--action-names", "rds:X"];
        let (_, said) = cli.refusal(&words).await;
        assert!(
            said.contains("iam:SimulatePrincipalPolicy on resource: arn:aws:iam::111122223333:role/upshift-s"),
            "{said}"
        );
    })
    .await;
}

/// Without a document the caller may do everything, and IAM says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_document_everything_is_allowed() {
    serve(Scenario::builtin("checkpoints").unwrap().unwrap(), STILL, |cli| async move {
        let role = "arn:aws:iam::111122223333:role/upshift-simulation";
        let words = ["iam", "simulate-principal-policy", "--policy-source-arn", role, "--action-names", "rds:X"];
        assert_eq!(cli.json(&words).await["EvaluationResults"][0]["EvalDecision"], "allowed");
        assert!(cli.refusal(&["iam", "list-roles"]).await.1.contains("(InvalidAction)"));
    })
    .await;
}

/// What is not granted is told with the permission and the remedy, by the product's own clients.
#[tokio::test(start_paused = true)]
async fn the_adapter_names_the_permission_and_what_to_do() {
    let policy = r#"{"Version": "2012-10-17", "Statement": []}"#;
    let account = Account::from_scenario(&permitted("checkpoints", policy), None);
    let aws = account.adapter().await;
    let name = upshift::model::database::DatabaseName::new("checkpoints");
    let failure = aws.instances(std::slice::from_ref(&name)).await.unwrap_err();
    let expected = "DescribeDBInstances: not permitted; add rds:DescribeDBInstances to the role (AWS: User: ";
    assert!(failure.sentence.starts_with(expected), "{}", failure.sentence);
    let failure = aws.delete_alarms(&["mine".to_owned()]).await.unwrap_err();
    let expected = "DeleteAlarms: not permitted; add cloudwatch:DeleteAlarms to the role (AWS: User: ";
    assert!(failure.sentence.starts_with(expected), "{}", failure.sentence);
}

#[test]
fn a_wrong_document_is_told_with_its_place_and_nothing_is_started() {
    let directory = TempDir::new().unwrap();
    let wrong = POLICY.replace("\"Sid\": \"Read\"", "\"NotAction\": \"rds:Delete*\"");
    fs::write(directory.path().join("policy.json"), wrong).unwrap();
    for words in [
        &["sim", "--iam", "policy.json"][..],
        &["--auto", "--sim", "--iam", "policy.json", "--for", "1m"],
        &["preflight", "checkpoints", "--sim", "--iam", "policy.json"],
        &["drill", "--sim", "--iam", "policy.json"],
    ] {
        let (code, said) = code_and_words(&upshift(directory.path(), words));
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("policy.json:4:6") && said.contains("unknown key `NotAction`"), "{said}");
    }
    let (code, said) = code_and_words(&upshift(directory.path(), &["sim", "--iam", "none.json"]));
    assert_eq!((code, said.contains("no policy document from none.json")), (2, true), "{said}");
    let (code, said) = code_and_words(&upshift(directory.path(), &["--auto", "--iam", "policy.json"]));
    assert_eq!((code, said.contains("--sim")), (2, true), "{said}");
}

#[test]
fn preflight_says_what_the_document_lacks() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("policy.json"), POLICY).unwrap();
    let run = upshift(directory.path(), &["preflight", "checkpoints", "--sim", "--iam", "policy.json"]);
    let (code, said) = code_and_words(&run);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("GetMetricData: not permitted; add cloudwatch:GetMetricData to the role"), "{said}");
}

/// Operations are the arms that are one name of AWS's form: a verb and what it is done to.
#[test]
fn every_operation_of_the_simulation_is_asked_for() {
    let verbs = [
        "Add",
        "Create",
        "Delete",
        "Deregister",
        "Describe",
        "Disable",
        "Enable",
        "Failover",
        "Get",
        "List",
        "Modify",
        "Promote",
        "Publish",
        "Put",
        "Reboot",
        "Register",
        "Remove",
        "Set",
        "Simulate",
        "Start",
        "Stop",
        "Switchover",
        "Tag",
        "Untag",
        "Update",
    ];
    let is_operation = |name: &str| {
        name.chars().all(|c| c.is_ascii_alphanumeric())
            && verbs.iter().any(|verb| {
                name.strip_prefix(verb).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
            })
    };
    let mut found = BTreeSet::new();
    for file in rust_files(Path::new("src/sim")) {
        let text = fs::read_to_string(&file).unwrap();
        let arms = text.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" =>"));
        let refusals = text.lines().filter_map(|line| line.split_once("if action != \"")?.1.split_once('"'));
        found.extend(arms.chain(refusals).map(|(name, _)| name.to_owned()).filter(|name| is_operation(name)));
    }
    assert!(found.len() > 25 && found.contains("ModifyDBInstance") && found.contains("GetCallerIdentity"), "{found:?}");
    let known: BTreeSet<String> = operations().map(|(_, name)| name.to_owned()).collect();
    let missing: Vec<&String> = found.difference(&known).collect();
    assert!(missing.is_empty(), "no permission is asked for {missing:?}: add them to src/sim/iam/needs");
}
