//! The text of an IAM policy document: statements that give a verdict, or problems that can be shown.

use upshift::sim::iam::{Check, Context, Document, Verdict};

use super::hygiene;

/// Takes what a file could hold.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Document::parse("policy.json", text) {
        Ok(document) => {
            let context = Context::from([("rds:db-tag/upshift".to_owned(), vec!["allowed".to_owned()])]);
            for action in ["rds:ModifyDBInstance", "cloudwatch:GetMetricData"] {
                for resource in ["*", "arn:aws:rds:us-east-1:111122223333:db:orders"] {
                    let check =
                        Check { action: action.to_owned(), resource: resource.to_owned(), context: context.clone() };
                    let once = document.verdict(&check);
                    // What is attached twice says the same, and nothing more can undo a denial.
                    assert_eq!(document.clone().and(document.clone()).verdict(&check), once);
                    let nothing = Document::default().verdict(&check);
                    assert_eq!(nothing, Verdict::ImplicitDeny);
                }
            }
        }
        Err(problems) => {
            assert!(!problems.list().is_empty());
            hygiene::lines_must_be_clean("a problem", &problems.to_string());
        }
    }
}
