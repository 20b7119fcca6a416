//! Taking away what is ours, and nothing else.

use super::{Change, Item, POLICY_NAME, Plan};
use crate::model::database::DatabaseName;
use crate::model::readers::{ReadersCall, Registered};

/// What is to be done so that nothing of upshift's is registered for `database`. The target goes with its last policy: to
/// take it away under policies of others would take those away too.
pub fn removal(database: &DatabaseName, found: &Registered) -> Plan {
    let ours = found.policies.iter().any(|policy| policy.name == POLICY_NAME);
    let others: Vec<String> =
        found.policies.iter().filter(|policy| policy.name != POLICY_NAME).map(|policy| policy.name.clone()).collect();
    let item = |name: String, change: Change| Item { name, database: database.clone(), change };
    let gone = || Change::Delete { why: "all of ours goes" };
    let (mut items, mut calls) = (Vec::new(), Vec::new());
    if ours {
        items.push(item(format!("policy {POLICY_NAME}"), gone()));
        calls.push(ReadersCall::DeletePolicy { database: database.clone(), name: POLICY_NAME.to_owned() });
    }
    if found.target.is_some() {
        let name = format!("scalable target cluster:{database}");
        if others.is_empty() {
            items.push(item(name, gone()));
            calls.push(ReadersCall::Deregister { database: database.clone() });
        } else {
            items.push(item(name, Change::NotOurs { why: format!("{} of others go by it", others.join(", ")) }));
        }
    }
    let foreign =
        |name: String| item(format!("policy {name}"), Change::NotOurs { why: "it has another name".to_owned() });
    items.extend(others.into_iter().map(foreign));
    Plan { database: database.clone(), items, calls, blocked: None }
}
