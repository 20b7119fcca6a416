//! STS of the simulated account: who the caller is.

use super::iam::caller;
use super::wire::Response;
use super::wire::query::{self, Params};

/// The API version that clients name.
pub(super) const VERSION: &str = "2011-06-15";
/// The XML namespace of the answers.
pub(super) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Answers one call: `GetCallerIdentity`. Whatever the credentials, the caller is one role of the account.
pub(super) fn handle(account: &str, request_id: &str, params: &Params) -> Response {
    let action = params.get("Action").unwrap_or_default();
    query::respond(NAMESPACE, action, request_id, |xml| {
        if action != "GetCallerIdentity" {
            return Err(query::unknown_action(params, VERSION));
        }
        xml.text("Arn", caller(account));
        xml.text("UserId", "AROASIMULATEDUPSHIFT0:operator");
        xml.text("Account", account);
        Ok(())
    })
}
