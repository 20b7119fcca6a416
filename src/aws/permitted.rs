//! `SimulatePrincipalPolicy`: what IAM says that a caller may do, without anything being done.

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType};

use super::pages::Pages;
use super::{Aws, convert};
use crate::model::failure::{Failure, FailureKind};
use crate::model::identity::Identity;

/// What IAM says of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permitted {
    /// Such as `rds:ModifyDBInstance`.
    pub action: String,
    /// It is allowed.
    pub is_allowed: bool,
    /// What conditions look at and was not told, such as `rds:db-tag/upshift`.
    pub missing: Vec<String>,
}

impl Aws {
    /// What IAM says that the caller may do to `resource`, where conditions find these keys and values.
    ///
    /// # Errors
    /// When the caller is nobody whose policies can be asked for, or AWS does not answer; half an answer is none.
    pub async fn permitted(
        &self,
        caller: &Identity,
        actions: &[&str],
        resource: &str,
        context: &[(String, String)],
    ) -> Result<Vec<Permitted>, Failure> {
        const OPERATION: &str = "SimulatePrincipalPolicy";
        let source = principal(&caller.arn).ok_or_else(|| Failure {
            kind: FailureKind::Service,
            operation: OPERATION.to_owned(),
            sentence: format!(
                "{OPERATION}: {} is no user and no role, and has no policies of its own; ask as the role of the engine",
                caller.arn
            ),
            request_id: None,
        })?;
        let entry = |(key, value): &(String, String)| {
            let entry = ContextEntry::builder().context_key_name(key).context_key_values(value);
            entry.context_key_type(ContextKeyTypeEnum::String).build()
        };
        let (mut found, mut pages) = (Vec::new(), Pages::of(OPERATION));
        loop {
            let request = self
                .iam
                .simulate_principal_policy()
                .policy_source_arn(&source)
                .set_action_names(Some(actions.iter().map(|action| (*action).to_owned()).collect()))
                .resource_arns(resource)
                .set_context_entries(Some(context.iter().map(entry).collect()))
                .set_marker(pages.marker());
            let page = request.send().await.map_err(|error| self.read_failure(OPERATION, &error))?;
            found.extend(page.evaluation_results().iter().map(permitted));
            if !pages.follow(page.marker())? {
                return Ok(found);
            }
        }
    }
}

fn permitted(result: &EvaluationResult) -> Permitted {
    Permitted {
        action: convert::text(Some(result.eval_action_name())),
        is_allowed: *result.eval_decision() == PolicyEvaluationDecisionType::Allowed,
        missing: result.missing_context_values().iter().map(|key| convert::text(Some(key))).collect(),
    }
}

/// Whose policies count for a caller: of a session those of its role. The path of a role does not stand in a session's name,
/// so that one with a path is not found.
fn principal(arn: &str) -> Option<String> {
    let (head, name) = arn.rsplit_once(':')?;
    let mut parts = name.split('/');
    match parts.next()? {
        "user" | "role" => Some(arn.to_owned()),
        "assumed-role" => Some(format!("{}:role/{}", head.replace(":sts:", ":iam:"), parts.next()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_session_the_role_is_asked_for() {
        let role = Some("arn:aws-cn:iam::111122223333:role/upshift".to_owned());
        assert_eq!(principal("arn:aws-cn:sts::111122223333:assumed-role/upshift/i-0123"), role);
        let user = "arn:aws:iam::111122223333:user/ops/ada";
        assert_eq!(principal(user).as_deref(), Some(user));
        for nobody in ["arn:aws:iam::111122223333:root", "arn:aws:sts::111122223333:federated-user/ada", ""] {
            assert_eq!(principal(nobody), None, "{nobody}");
        }
    }
}
