//! Policy documents as IAM takes them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::permissions::{Effect, Resource, Role, Scope, Statement, Tag, statements};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    version: &'static str,
    statement: Vec<WrittenStatement>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WrittenStatement {
    sid: &'static str,
    effect: &'static str,
    action: Vec<&'static str>,
    resource: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'static str, BTreeMap<String, Vec<String>>>,
}

/// The document of a role, whole by itself: the one that acts also reads. Where the configuration names no account or
/// region, those of the role are meant: `*`.
pub fn document(scope: &Scope, tag: &Tag, role: Role) -> String {
    let wanted = |statement: &Statement| role == Role::Act || statement.role == Role::Observe;
    let statement =
        statements(scope, tag).into_iter().filter(wanted).map(|statement| written(scope, statement)).collect();
    let document = Written { version: "2012-10-17", statement };
    // Plain data with string keys: it always serialises.
    format!("{}\n", serde_json::to_string_pretty(&document).unwrap_or_default())
}

fn written(scope: &Scope, statement: Statement) -> WrittenStatement {
    let mut condition: BTreeMap<&str, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for one in statement.conditions {
        condition.entry("StringEquals").or_default().insert(one.key, one.values);
    }
    WrittenStatement {
        sid: statement.sid,
        effect: match statement.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        },
        action: actions(&statement.grants),
        resource: statement.resources.iter().map(|resource| arn(scope, resource)).collect(),
        condition,
    }
}

/// Each action once, however many reasons there are for it.
pub(super) fn actions(grants: &[super::permissions::Grant]) -> Vec<&'static str> {
    let mut actions: Vec<&str> = grants.iter().map(|grant| grant.action).collect();
    let mut seen = std::collections::BTreeSet::new();
    actions.retain(|action| seen.insert(*action));
    actions
}

fn arn(scope: &Scope, resource: &Resource) -> String {
    let account = scope.account.as_deref().unwrap_or("*");
    let region = scope.region.as_deref().unwrap_or("*");
    match resource {
        Resource::Any => "*".to_owned(),
        Resource::Regional { service, name } => format!("arn:aws:{service}:{region}:{account}:{name}"),
        Resource::Whole { arn } => arn.clone(),
        Resource::Iam { name } => format!("arn:aws:iam::{account}:{name}"),
    }
}
