//! IAM's own API, as far as it tells what a policy lets somebody do: `SimulatePrincipalPolicy`.

use super::ROLE;
use super::condition::Context;
use super::document::{Check, Document, Verdict};
use crate::sim::wire::query::{self, Params};
use crate::sim::wire::{ApiError, Response};

/// The API version that clients name.
pub(in crate::sim) const VERSION: &str = "2010-05-08";
/// The XML namespace of the answers.
pub(in crate::sim) const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// The most actions, resources or context entries in one call: more than AWS takes in a page.
const MOST: usize = 1_000;

const SIMULATED: [&str; 9] = [
    "Action",
    "Version",
    "PolicySourceArn",
    "ActionNames",
    "ResourceArns",
    "ContextEntries",
    "CallerArn",
    "MaxItems",
    "Marker",
];

/// Answers one call. Without documents the caller may do everything.
pub(in crate::sim) fn handle(
    document: Option<&Document>,
    account: &str,
    request_id: &str,
    params: &Params,
) -> Response {
    let action = params.get("Action").unwrap_or_default();
    query::respond(NAMESPACE, action, request_id, |xml| {
        if action != "SimulatePrincipalPolicy" {
            return Err(query::unknown_action(params, VERSION));
        }
        let checks = asked(account, params)?;
        xml.nest("EvaluationResults", |xml| {
            for check in &checks {
                xml.nest("member", |xml| result(document, check, xml));
            }
        });
        xml.text("IsTruncated", false);
        Ok(())
    })
}

fn result(document: Option<&Document>, check: &Check, xml: &mut crate::sim::wire::xml::Xml) {
    let verdict = document.map_or(Verdict::Allowed, |document| document.verdict(check));
    xml.text("EvalActionName", &check.action);
    xml.text("EvalResourceName", &check.resource);
    xml.text(
        "EvalDecision",
        match verdict {
            Verdict::Allowed => "allowed",
            Verdict::ImplicitDeny => "implicitDeny",
            Verdict::ExplicitDeny => "explicitDeny",
        },
    );
    xml.nest("MatchedStatements", |xml| {
        for sid in document.map(|document| document.sids(check)).unwrap_or_default() {
            xml.nest("member", |xml| {
                xml.text("SourcePolicyId", if sid.is_empty() { "upshift" } else { &sid });
                xml.text("SourcePolicyType", "IAM Policy");
            });
        }
    });
    xml.nest("MissingContextValues", |xml| {
        for key in document.map(|document| document.missing_keys(check)).unwrap_or_default() {
            xml.text("member", key);
        }
    });
}

/// Each action on each resource, with what is said about them.
fn asked(account: &str, params: &Params) -> Result<Vec<Check>, ApiError> {
    let is_known = |name: &&str| SIMULATED.contains(&name.split('.').next().unwrap_or_default());
    if let Some(other) = params.names().find(|name| !is_known(name)) {
        let message = format!("The parameter {other} of SimulatePrincipalPolicy is not part of this simulation");
        return Err(ApiError::sender("InvalidInput", message));
    }
    let role = format!("arn:aws:iam::{account}:role/{ROLE}");
    let source = params.required("PolicySourceArn")?;
    if source.contains(":assumed-role/") {
        let message = "Invalid Entity Arn: the ARN of a user, group or role is wanted, not that of a session";
        return Err(ApiError::sender("InvalidInput", message));
    }
    if source != role {
        let message = format!("The role with name {} cannot be found.", source.rsplit('/').next().unwrap_or_default());
        return Err(ApiError { code: "NoSuchEntity".to_owned(), status: 404, message });
    }
    let actions = params.list("ActionNames.member");
    if actions.is_empty() {
        return Err(ApiError::sender("InvalidInput", "At least one action name is required"));
    }
    let resources = params.list("ResourceArns.member");
    let resources = if resources.is_empty() { vec!["*"] } else { resources };
    if actions.len() * resources.len() > MOST {
        return Err(ApiError::sender("InvalidInput", format!("More than {MOST} combinations of action and resource")));
    }
    let context = context(params);
    let check = |action: &str, resource: &str| Check {
        action: action.to_owned(),
        resource: resource.to_owned(),
        context: context.clone(),
    };
    Ok(actions
        .iter()
        .flat_map(|action| resources.iter().map(move |resource| (action, resource)))
        .map(|(action, resource)| check(action, resource))
        .collect())
}

fn context(params: &Params) -> Context {
    let entry = |index: usize| {
        let prefix = format!("ContextEntries.member.{index}");
        let key = params.get(&format!("{prefix}.ContextKeyName"))?.to_ascii_lowercase();
        let values = params.list(&format!("{prefix}.ContextKeyValues.member"));
        Some((key, values.into_iter().map(str::to_owned).collect()))
    };
    (1..=MOST).map_while(entry).collect()
}
