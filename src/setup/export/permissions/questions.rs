//! The statements as questions: each action on one thing that there is or will be, with what the call would bring along. So
//! who asks whether a permission is there asks for what is exported, and for nothing else.

use std::collections::BTreeMap;

use super::{Condition, Effect, Resource, Role, Scope, Statement, Tag, statements};
use crate::model::alarm::DATABASE_TAG;
use crate::model::database::DatabaseState;
use crate::model::policy::Policy;
use crate::model::settings::Settings;

/// Names that AWS and the engine give to what they make, in form.
const DEPLOYMENT: &str = "bgd-0000000000000000";
const READER: &str = "upshift-reader";
const SNAPSHOT: &str = "upshift-snapshot";
const TARGET: &str = "scalable-target/0ec5rds0000000000000000000000000000";

/// Whether an action is allowed, of one thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// Such as `rds:ModifyDBInstance`.
    pub action: &'static str,
    /// Which of the roles has it.
    pub role: Role,
    /// What it would be done to.
    pub about: About,
}

/// What an action would be done to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// One thing, and what conditions find.
    Thing {
        /// Its ARN, or `*` for an action that knows none.
        resource: String,
        /// Keys and values.
        context: BTreeMap<String, String>,
    },
    /// Nothing that could be asked about, for this reason.
    Nothing(&'static str),
}

/// Everything that a database of `settings` needs, each once. `token_roles` as in [`Scope::of`].
pub fn questions(
    settings: &Settings,
    policy: &Policy,
    state: &DatabaseState,
    token_roles: Vec<String>,
) -> Vec<Question> {
    let alone = Settings { databases: vec![policy.clone()], ..settings.clone() };
    let scope = Scope::of(&alone, token_roles);
    let here = Here { policy, state };
    let mut all: Vec<Question> = statements(&scope, &Tag::default())
        .iter()
        .filter(|statement| statement.effect == Effect::Allow)
        .flat_map(|statement| here.of(statement))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// What fills in the patterns.
#[derive(Clone, Copy)]
struct Here<'a> {
    policy: &'a Policy,
    state: &'a DatabaseState,
}

impl Here<'_> {
    fn of(self, statement: &Statement) -> Vec<Question> {
        let mut questions = Vec::new();
        for grant in &statement.grants {
            for resource in &statement.resources {
                let about = self.about(grant.action, resource, &statement.conditions);
                questions.extend(about.into_iter().map(|about| Question {
                    action: grant.action,
                    role: statement.role,
                    about,
                }));
            }
        }
        questions
    }

    fn about(self, action: &str, resource: &Resource, conditions: &[Condition]) -> Vec<About> {
        let thing = |resource: String, mut context: BTreeMap<String, String>| {
            // What is not a tag is what the call says of itself, whatever the database is.
            let said = conditions.iter().filter(|condition| !condition.key.contains('/'));
            for Condition { key, values } in said {
                let value = || values.last().cloned().unwrap_or_default();
                context.entry(key.clone()).or_insert_with(value);
            }
            About::Thing { resource, context }
        };
        match resource {
            Resource::Any => vec![thing("*".to_owned(), BTreeMap::new())],
            Resource::Whole { arn } => vec![thing(arn.clone(), BTreeMap::new())],
            Resource::Regional { service: "rds", name } => {
                let names = self.databases(action, name).into_iter();
                names.map(|name| thing(self.arn("rds", &name), self.tagged(&name))).collect()
            }
            Resource::Regional { service, name } => {
                let database = &self.policy.database;
                let machine = self.state.cluster.as_ref().map_or(&self.state.resource_id, |of| &of.resource_id);
                let (name, context) = match *service {
                    "cloudwatch" if name.starts_with("alarm:upshift-drill-") => {
                        (name.replace('*', &format!("{database}-writes")), BTreeMap::new())
                    }
                    "cloudwatch" if name.ends_with('*') => {
                        let tag = |prefix: &str| (format!("{prefix}/{DATABASE_TAG}"), database.to_string());
                        let tags = BTreeMap::from([tag("aws:RequestTag"), tag("aws:ResourceTag")]);
                        (name.replace('*', &format!("{database}-connections")), tags)
                    }
                    "application-autoscaling" => (TARGET.to_owned(), BTreeMap::new()),
                    "pi" => (name.replace('*', self.state.instance().1.as_str()), BTreeMap::new()),
                    _ => (name.replace('*', machine.as_str()), BTreeMap::new()),
                };
                vec![thing(self.arn(service, &name), context)]
            }
            Resource::Iam { .. } if action == "iam:SimulatePrincipalPolicy" => {
                vec![About::Nothing("shown by the answers to the others")]
            }
            Resource::Iam { .. } if action == "iam:PassRole" => match &self.state.facts.settings.monitoring {
                Some(monitoring) => vec![thing(monitoring.role.clone(), BTreeMap::new())],
                None => vec![About::Nothing("not needed: enhanced monitoring is off")],
            },
            Resource::Iam { name } => {
                let [partition, _, account] = self.place();
                vec![thing(format!("arn:{partition}:iam::{account}:{name}"), BTreeMap::new())]
            }
        }
    }

    /// What a pattern of RDS stands for.
    fn databases(self, action: &str, name: &str) -> Vec<String> {
        let own = format!("db:{}", self.state.name);
        let copy = format!("db:{}-green-aaaaaa", self.state.name);
        let old = format!("db:{}-old1", self.state.name);
        let copied = self.state.cluster.is_none();
        match (name, action) {
            ("db:*", "rds:DeleteDBInstance" | "rds:CreateDBSnapshot") if copied => vec![copy, old],
            ("db:*", "rds:ModifyDBInstance" | "rds:CreateDBInstanceReadReplica") if copied => vec![own, copy],
            ("db:*", _) if copied => vec![copy],
            ("db:*" | "db:upshift-*", _) => vec![format!("db:{READER}")],
            ("snapshot:upshift-*", _) => vec![format!("snapshot:{SNAPSHOT}")],
            ("deployment:*", _) => vec![format!("deployment:{DEPLOYMENT}")],
            ("pg:*", _) => {
                let group = self.state.facts.settings.parameter_group.as_deref().unwrap_or("default");
                vec![format!("pg:{group}")]
            }
            // AWS asks for the members of a cluster, as they are called.
            (members, _) if members.ends_with("-instance-*") => {
                let members = self.state.cluster.iter().flat_map(|cluster| &cluster.members);
                members.map(|member| format!("db:{}", member.name)).collect()
            }
            (name, _) => vec![name.replace('*', "default")],
        }
    }

    /// What conditions find of something at RDS: what is made has the tags of the database, and has them asked for.
    fn tagged(self, name: &str) -> BTreeMap<String, String> {
        let (own, empty) = (&self.state.facts.settings.tags, BTreeMap::new());
        let (key, tags) = match (name.split(':').next().unwrap_or_default(), &self.state.cluster) {
            ("cluster", Some(cluster)) => ("rds:cluster-tag", &cluster.tags),
            ("db", _) => ("rds:db-tag", own),
            ("snapshot", _) => ("rds:snapshot-tag", own),
            _ => ("", &empty),
        };
        let under = |key: &str, tags: &BTreeMap<String, String>| {
            tags.iter().map(|(tag, value)| (format!("{key}/{tag}"), value.clone())).collect::<Vec<_>>()
        };
        let class = self.policy.ladder.rungs().last().map(|class| ("rds:DatabaseClass".to_owned(), class.to_string()));
        let all = [under(key, tags), under("aws:ResourceTag", tags), under("aws:RequestTag", own)];
        all.into_iter().flatten().chain(class).collect()
    }

    fn arn(self, service: &str, name: &str) -> String {
        let [partition, region, account] = self.place();
        format!("arn:{partition}:{service}:{region}:{account}:{name}")
    }

    /// Partition, region and account: `arn:PARTITION:rds:REGION:ACCOUNT:db:NAME`.
    fn place(&self) -> [&str; 3] {
        let mut parts = self.state.arn.split(':').skip(1);
        let (partition, _, region, account) = (parts.next(), parts.next(), parts.next(), parts.next());
        [partition, region, account].map(Option::unwrap_or_default)
    }
}
