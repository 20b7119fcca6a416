//! Everything else that `upshift export` lets the roles do, asked of IAM instead of done: whether the caller could.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use super::reads::Asked;
use super::{Place, Seen, token_roles};
use crate::aws::permitted::Permitted;
use crate::model::database::DatabaseState;
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::{Check, Finding};
use crate::model::identity::Identity;
use crate::model::policy::Policy;
use crate::setup::export::{About, Question, Role, questions};

/// For all that is asked about one database.
const LIMIT: Duration = Duration::from_secs(20);
/// Needed once in an account, before anything was registered there.
const LINKED_ROLE: &str = "iam:CreateServiceLinkedRole";

/// A thing, what conditions find of it, and the actions that are asked about.
type Together<'a> = BTreeMap<(&'a str, &'a BTreeMap<String, String>), Vec<&'a Question>>;

/// One finding for each action that a database of the configuration wants permitted, and that no read has shown.
pub(super) async fn judge(place: &Place<'_>, policy: &Policy, seen: &Seen) -> Vec<Finding> {
    let (Some(state), Some(caller)) = (seen.engine.states().remove(&policy.database), &seen.identity) else {
        return vec![seen.unseen(Check::PermittedToAct, "the database and who asks").of(&policy.database)];
    };
    let all = questions(&place.settings, policy, state, token_roles(policy));
    let is_open =
        |question: &&Question| seen.has_asked(question.action) == Asked::Never && !seen.is_refused(question.action);
    let open: Vec<&Question> = all.iter().filter(is_open).collect();
    let asked = ask(place, caller, &open, state);
    let mut findings = place
        .clock
        .bounded(LIMIT.mul_f64(place.clock.speed()), asked)
        .await
        .unwrap_or_else(|| vec![unanswered(&Failure::late("SimulatePrincipalPolicy", LIMIT))]);
    if seen.registered.values().flatten().any(|registered| registered.target.is_some()) {
        for finding in findings.iter_mut().filter(|finding| finding.seen.starts_with(LINKED_ROLE)) {
            *finding = Finding::ok(Check::PermittedToAct, format!("{LINKED_ROLE} (not needed: the role is there)"));
        }
    }
    findings.sort_by(|a, b| (a.check, a.verdict, &a.seen).cmp(&(b.check, b.verdict, &b.seen)));
    findings.dedup();
    findings.into_iter().map(|finding| finding.of(&policy.database)).collect()
}

async fn ask(place: &Place<'_>, caller: &Identity, open: &[&Question], state: &DatabaseState) -> Vec<Finding> {
    let (mut together, mut findings) = (Together::new(), Vec::new());
    for question in open {
        match &question.about {
            About::Thing { resource, context } => together.entry((resource, context)).or_default().push(question),
            About::Nothing(why) => {
                findings.push(Finding::ok(check(question.role), format!("{} ({why})", question.action)));
            }
        }
    }
    for ((resource, context), questions) in together {
        let actions: Vec<&str> = questions.iter().map(|question| question.action).collect();
        let context: Vec<(String, String)> = context.clone().into_iter().collect();
        match place.aws.permitted(caller, &actions, resource, &context).await {
            Ok(permitted) => {
                for one in &permitted {
                    let role = questions.iter().find(|question| question.action == one.action).map(|it| it.role);
                    findings.push(told(one, role.unwrap_or(Role::Act), resource, (caller, state)));
                }
            }
            // Of the rest it would say the same.
            Err(failure) => {
                // That the others are answered shows nothing then.
                findings.retain(|finding| !finding.seen.starts_with("iam:SimulatePrincipalPolicy"));
                findings.push(unanswered(&failure));
                break;
            }
        }
    }
    findings
}

/// That IAM does not tell is no sign that something would be refused.
fn unanswered(failure: &Failure) -> Finding {
    let failed = Finding::failed(Check::PermittedToAct, failure);
    let words = if failure.kind == FailureKind::AccessDenied {
        "IAM is not allowed to tell: iam:SimulatePrincipalPolicy is missing".to_owned()
    } else {
        failed.seen
    };
    Finding::not_seen(Check::PermittedToAct, words, failed.remedy.unwrap_or_default())
}

fn check(role: Role) -> Check {
    match role {
        Role::Observe => Check::Permission,
        Role::Act => Check::PermittedToAct,
    }
}

fn told(permitted: &Permitted, role: Role, resource: &str, (caller, state): (&Identity, &DatabaseState)) -> Finding {
    let Permitted { action, is_allowed, missing } = permitted;
    let check = check(role);
    if *is_allowed {
        return Finding::ok(check, action.clone());
    }
    let name = resource.splitn(6, ':').last().unwrap_or(resource);
    // A condition that finds no such tag; others are for what is something else.
    let (bearer, keys) = match (name.split(':').next(), &state.cluster) {
        (Some("cluster"), _) => (format!("the cluster {}", state.name), &["rds:cluster-tag/", "aws:ResourceTag/"][..]),
        (Some("db" | "snapshot"), Some(cluster)) => {
            let writer = cluster.writer().map_or_else(|| "of the cluster".to_owned(), |it| it.name.to_string());
            (format!("the writer {writer}"), &["rds:db-tag/", "aws:ResourceTag/", "aws:RequestTag/"][..])
        }
        (Some("db" | "snapshot"), None) => {
            (format!("the database {}", state.name), &["rds:db-tag/", "aws:ResourceTag/", "aws:RequestTag/"][..])
        }
        _ => (String::new(), &[][..]),
    };
    let tag = missing.iter().find_map(|missing| keys.iter().find_map(|key| strip(missing, key)));
    if let Some(tag) = tag {
        let words = format!("{action} on {name} is permitted only with the tag {tag}");
        return Finding::fails(check, words, format!("give {bearer} the tag {tag}"));
    }
    let who = caller.arn.split('/').nth(1).unwrap_or(&caller.arn);
    let words = format!("{action} on {name} is not permitted");
    if action == LINKED_ROLE {
        let remedy = format!("add {action} to what {who} may do, unless the account has that role already");
        return Finding::warning(check, words, remedy);
    }
    let by_tag = if keys.is_empty() { String::new() } else { format!("; where that goes by a tag, see {bearer}'s") };
    Finding::fails(check, words, format!("add {action} to what {who} may do{by_tag}"))
}

/// The rest of a key of IAM, whose case says nothing.
fn strip<'a>(key: &'a str, prefix: &str) -> Option<&'a str> {
    key.get(..prefix.len()).filter(|head| head.eq_ignore_ascii_case(prefix)).map(|_| &key[prefix.len()..])
}
