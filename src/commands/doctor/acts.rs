//! Each call that would change something, asked of IAM instead of made: whether it would let the caller do it.

use std::time::Duration;

use super::{Place, Seen};
use crate::aws::permitted::Permitted;
use crate::model::database::DatabaseState;
use crate::model::failure::FailureKind;
use crate::model::finding::{Check, Finding};
use crate::model::identity::Identity;
use crate::model::policy::{Policy, Strategy};

/// For all that is asked about one database.
const LIMIT: Duration = Duration::from_secs(20);
/// Names that AWS and the engine give to what they make, in form.
const DEPLOYMENT: &str = "bgd-0000000000000000";
const READER: &str = "upshift-reader";
const SNAPSHOT: &str = "upshift-snapshot";

/// Actions and what they are done to.
type Question = (String, Vec<&'static str>);

/// One finding for each action that the policy of a database wants permitted.
pub(super) async fn judge(place: &Place<'_>, policy: &Policy, seen: &Seen) -> Vec<Finding> {
    let (Some(state), Some(caller)) = (seen.engine.states().remove(&policy.database), &seen.identity) else {
        return vec![seen.unseen(Check::PermittedToAct, "the database and who asks").of(&policy.database)];
    };
    let context = context(policy, state);
    let asked = async {
        let mut findings = Vec::new();
        for (resource, actions) in questions(policy, state) {
            match place.aws.permitted(caller, &actions, &resource, &context).await {
                Ok(permitted) => findings.extend(permitted.iter().map(|it| told(it, &resource, caller))),
                Err(failure) => {
                    // That IAM does not tell is no sign that something would be refused.
                    let failed = Finding::failed(Check::PermittedToAct, &failure);
                    let words = if failure.kind == FailureKind::AccessDenied {
                        "IAM is not allowed to tell: iam:SimulatePrincipalPolicy is missing".to_owned()
                    } else {
                        failed.seen
                    };
                    let remedy = failed.remedy.unwrap_or_default();
                    findings.push(Finding::not_seen(Check::PermittedToAct, words, remedy));
                    break;
                }
            }
        }
        findings
    };
    let late = || {
        let words = format!("IAM did not answer within {} s", LIMIT.as_secs());
        vec![Finding::not_seen(Check::PermittedToAct, words, "look again")]
    };
    let findings = place.clock.bounded(LIMIT.mul_f64(place.clock.speed()), asked).await.unwrap_or_else(late);
    let mut findings: Vec<Finding> = findings.into_iter().map(|finding| finding.of(&policy.database)).collect();
    findings.sort_by_key(|finding| finding.verdict);
    findings.dedup();
    findings
}

/// What the engine would send for this policy, and what AWS asks for behind it.
fn questions(policy: &Policy, state: &DatabaseState) -> Vec<Question> {
    let beside = |kind: &str, name: &str| {
        // `arn:aws:rds:REGION:ACCOUNT:db:NAME`
        let parts: Vec<&str> = state.arn.splitn(7, ':').take(5).collect();
        format!("{}:{kind}:{name}", parts.join(":"))
    };
    let own = state.arn.clone();
    let mut questions: Vec<Question> = match policy.strategy {
        Strategy::InPlace => vec![(own.clone(), vec!["rds:ModifyDBInstance"])],
        Strategy::BlueGreen => {
            let deployment = vec![
                "rds:CreateBlueGreenDeployment",
                "rds:SwitchoverBlueGreenDeployment",
                "rds:DeleteBlueGreenDeployment",
            ];
            let copy = vec![
                "rds:CreateDBInstanceReadReplica",
                "rds:AddTagsToResource",
                "rds:ModifyDBInstance",
                "rds:PromoteReadReplica",
                "rds:DeleteDBInstance",
            ];
            vec![
                (own.clone(), vec!["rds:CreateBlueGreenDeployment"]),
                (beside("deployment", DEPLOYMENT), deployment),
                (beside("db", &format!("{}-green-aaaaaa", state.name)), copy),
            ]
        }
        Strategy::ReaderFailover => {
            let reader = vec!["rds:CreateDBInstance", "rds:AddTagsToResource", "rds:DeleteDBInstance"];
            vec![(beside("db", READER), reader), (own.clone(), vec!["rds:FailoverDBCluster"])]
        }
        // AWS asks for its members, too.
        Strategy::ClusterModify => {
            let members = state.cluster.iter().flat_map(|cluster| &cluster.members);
            let each = members.map(|member| (beside("db", member.name.as_str()), vec!["rds:ModifyDBInstance"]));
            std::iter::once((own.clone(), vec!["rds:ModifyDBCluster"])).chain(each).collect()
        }
    };
    if policy.copy.fast_lane == Some(Strategy::InPlace) {
        questions.push((own, vec!["rds:ModifyDBInstance"]));
    }
    if policy.strategy == Strategy::BlueGreen && policy.old_machine.final_snapshot {
        questions.push((beside("snapshot", SNAPSHOT), vec!["rds:CreateDBSnapshot"]));
    }
    questions
}

/// What conditions may look at: the tags of the database, which what is made of it has too, and the class that is wanted.
fn context(policy: &Policy, state: &DatabaseState) -> Vec<(String, String)> {
    let tags = state.facts.settings.tags.iter().flat_map(|(key, value)| {
        ["rds:db-tag", "rds:cluster-tag", "aws:ResourceTag", "aws:RequestTag"]
            .map(|prefix| (format!("{prefix}/{key}"), value.clone()))
    });
    let class = policy.ladder.rungs().last().map(|class| ("rds:DatabaseClass".to_owned(), class.to_string()));
    tags.chain(class).collect()
}

fn told(permitted: &Permitted, resource: &str, caller: &Identity) -> Finding {
    let Permitted { action, is_allowed, missing } = permitted;
    if *is_allowed {
        return Finding::ok(Check::PermittedToAct, action.clone());
    }
    let name = resource.splitn(6, ':').last().unwrap_or(resource);
    // The tags of a cluster are not among what is read of it.
    if let Some(key) = missing.iter().find(|key| key.starts_with("rds:cluster-tag/")) {
        let tag = key.rsplit('/').next().unwrap_or(key);
        let words = format!("{action} on {name} depends on the cluster's tag {tag}, which is not read");
        return Finding::not_seen(Check::PermittedToAct, words, "look whether the cluster bears it");
    }
    if let Some(tag) = missing.iter().find_map(|key| key.split_once("-tag/").or_else(|| key.split_once("Tag/"))) {
        let words = format!("{action} on {name} is permitted only with the tag {}", tag.1);
        return Finding::fails(Check::PermittedToAct, words, format!("give the database the tag {}", tag.1));
    }
    let who = caller.arn.split('/').nth(1).unwrap_or(&caller.arn);
    let words = format!("{action} on {name} is not permitted");
    Finding::fails(Check::PermittedToAct, words, format!("add {action} to what {who} may do"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cluster::{Cluster, ClusterKind, Member};
    use crate::model::database::{DatabaseName, ResourceId, sample_state};
    use crate::model::finding::Verdict;

    fn asked(strategy: Strategy) -> Vec<String> {
        let mut policy = crate::config::checkpoints().databases[0].clone();
        policy.strategy = strategy;
        let mut state = sample_state("db.t4g.small", "available");
        state.arn = "arn:aws:rds:us-east-1:111122223333:db:checkpoints".to_owned();
        let member = Member {
            name: DatabaseName::new("orders-1"),
            resource_id: ResourceId::new("db-9"),
            class: state.class.clone(),
            status: state.status.clone(),
            is_writer: true,
            is_scaled: false,
        };
        let resource_id = ResourceId::new("cluster-1");
        state.cluster = Some(Cluster { kind: ClusterKind::MultiAz, resource_id, members: vec![member] });
        let flat = |(resource, actions): Question| {
            actions.into_iter().map(move |action| format!("{action} {resource}")).collect::<Vec<_>>()
        };
        questions(&policy, &state).into_iter().flat_map(flat).collect()
    }

    #[test]
    fn each_strategy_asks_for_what_it_sends() {
        let here = "arn:aws:rds:us-east-1:111122223333";
        assert_eq!(asked(Strategy::InPlace), [format!("rds:ModifyDBInstance {here}:db:checkpoints")]);
        let copies = asked(Strategy::BlueGreen);
        for one in [
            format!("rds:SwitchoverBlueGreenDeployment {here}:deployment:{DEPLOYMENT}"),
            format!("rds:DeleteDBInstance {here}:db:checkpoints-green-aaaaaa"),
            format!("rds:CreateDBSnapshot {here}:snapshot:{SNAPSHOT}"),
        ] {
            assert!(copies.contains(&one), "{one}: {copies:?}");
        }
        assert!(asked(Strategy::ReaderFailover).iter().any(|one| one.starts_with("rds:FailoverDBCluster")));
        let cluster = asked(Strategy::ClusterModify);
        assert!(cluster.iter().any(|one| one.starts_with("rds:ModifyDBCluster")));
        assert!(cluster.contains(&format!("rds:ModifyDBInstance {here}:db:orders-1")), "{cluster:?}");
    }

    #[test]
    fn what_is_refused_is_told_with_what_would_let_it() {
        let caller = Identity {
            account: String::new(),
            arn: "arn:aws:sts::1:assumed-role/upshift/i".to_owned(),
            region: String::new(),
        };
        let finding = |missing: &[&str]| {
            let missing = missing.iter().map(|key| (*key).to_owned()).collect();
            let permitted = Permitted { action: "rds:ModifyDBInstance".to_owned(), is_allowed: false, missing };
            told(&permitted, "arn:aws:rds:r:1:db:orders", &caller)
        };
        let plain = finding(&[]);
        assert_eq!(plain.seen, "rds:ModifyDBInstance on db:orders is not permitted");
        assert_eq!(plain.remedy.as_deref(), Some("add rds:ModifyDBInstance to what upshift may do"));
        assert_eq!(finding(&["rds:db-tag/upshift"]).remedy.as_deref(), Some("give the database the tag upshift"));
        assert_eq!(finding(&["rds:cluster-tag/upshift"]).verdict, Verdict::NotSeen);
    }
}
