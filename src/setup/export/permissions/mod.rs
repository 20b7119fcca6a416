//! What AWS must let upshift do for a policy, and why: no more than its strategies need, and what changes something only
//! where a tag says so.

mod act;
mod observe;
mod questions;
mod scope;

pub use questions::{About, Question, questions};
pub use scope::{Scope, Tag};

/// Which of the two roles a statement is for. One that acts needs what observing needs, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It reads.
    Observe,
    /// It also changes.
    Act,
}

/// What a statement says of its actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// One statement of a policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sid: &'static str,
    pub(super) role: Role,
    pub(super) effect: Effect,
    pub(super) grants: Vec<Grant>,
    pub(super) resources: Vec<Resource>,
    pub(super) conditions: Vec<Condition>,
}

/// An action, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) action: &'static str,
    pub(super) why: &'static str,
}

/// What an action may be done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    /// Everything: the action knows no resources, or is asked without one.
    Any,
    /// `arn:PARTITION:SERVICE:REGION:ACCOUNT:NAME`.
    Regional { service: &'static str, name: String },
    /// As it was written, of whatever region and account: a topic.
    Whole { arn: String },
    /// `arn:PARTITION:iam::ACCOUNT:NAME`.
    Iam { name: String },
}

/// A comparison of a text that the call brings along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) key: String,
    /// Any of them.
    pub(super) values: Vec<String>,
}

/// The statements of a policy, the reading ones first.
pub(super) fn statements(scope: &Scope, tag: &Tag) -> Vec<Statement> {
    observe::statements(scope).into_iter().chain(act::statements(scope, tag)).filter(is_used).collect()
}

/// A feature that nothing uses has no actions, or nothing to do them to.
fn is_used(statement: &Statement) -> bool {
    !statement.grants.is_empty() && !statement.resources.is_empty()
}

/// Each action of reading that is allowed, once.
pub fn reads(scope: &Scope) -> Vec<&'static str> {
    let mut all = Vec::new();
    for Grant { action, .. } in observe::statements(scope).into_iter().filter(is_used).flat_map(|it| it.grants) {
        if !all.contains(&action) {
            all.push(action);
        }
    }
    all
}

/// Each action that is allowed, once, with everything that it is for.
pub fn reasons(scope: &Scope, tag: &Tag) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    let allowing = statements(scope, tag).into_iter().filter(|statement| statement.effect == Effect::Allow);
    for Grant { action, why } in allowing.flat_map(|statement| statement.grants) {
        match reasons.iter_mut().find(|(known, _)| *known == action) {
            Some((_, whys)) if whys.contains(&why) => {}
            Some((_, whys)) => whys.push(why),
            None => reasons.push((action, vec![why])),
        }
    }
    reasons
}

impl Statement {
    fn allow(sid: &'static str, role: Role, grants: &[(&'static str, &'static str)], resources: Vec<Resource>) -> Self {
        let grants = grants.iter().map(|(action, why)| Grant { action, why }).collect();
        Self { sid, role, effect: Effect::Allow, grants, resources, conditions: Vec::new() }
    }

    fn only_if(mut self, key: impl Into<String>, values: Vec<String>) -> Self {
        self.conditions.push(Condition { key: key.into(), values });
        self
    }
}

impl Resource {
    fn table(name: &str) -> Self {
        Self::Regional { service: "dynamodb", name: format!("table/{name}") }
    }

    fn rds(kind: &str, name: &str) -> Self {
        Self::Regional { service: "rds", name: format!("{kind}:{name}") }
    }
}
