//! `iam.tf`: the two roles, each action with what it is for.

use crate::setup::export::hcl::{Item, Value};
use crate::setup::export::permissions::{Effect, Grant, Resource, Role, Scope, Statement, Tag, statements};

/// The whole file.
pub(super) fn items(scope: &Scope, tag: &Tag) -> Vec<Item> {
    let all = statements(scope, tag);
    let of = |role: Role| all.iter().filter(move |statement| statement.role == role);
    let mut items = vec![
        Item::Comment(format!(
            "What AWS lets upshift do. The role `upshift-act` changes only what bears the tag {} = {}:\ntag each database \
             that it may scale.{}",
            tag.key,
            tag.value,
            if scope.copied.is_empty() { "" } else { COPIES }
        )),
        Item::Blank,
    ];
    items.extend(place(scope));
    items.extend([Item::Blank, policy("observe", of(Role::Observe)), Item::Blank, policy("act", of(Role::Act))]);
    items.extend([Item::Blank, trust()]);
    for (role, policies) in [("observe", &["observe"][..]), ("act", &["observe", "act"])] {
        items.extend([Item::Blank, self::role(role)]);
        for policy in policies {
            items.extend([Item::Blank, attached(role, policy)]);
        }
    }
    items
}

/// What the tag does not keep from whoever has the role.
const COPIES: &str = " blue_green can tag instances, since a copy gets the tags of\nits source and AWS takes no pattern of \
                      names there: whoever has this role could tag others.";

/// Where all of it is. An account that the policy pins is the only one that this can be applied to.
fn place(scope: &Scope) -> Vec<Item> {
    let pin = scope.account.as_ref().map(|account| {
        let assertion = vec![
            Item::attribute("condition", Value::raw(format!("self.account_id == \"{account}\""))),
            Item::attribute("error_message", Value::text(format!("config.toml pins the account {account}."))),
        ];
        Item::block("lifecycle", &[], vec![Item::block("postcondition", &[], assertion)])
    });
    let local = |name: &str, value: &str| Item::attribute(name, Value::raw(value));
    let region = scope.region.as_ref().map_or_else(
        || local("region", "data.aws_region.current.id"),
        |region| Item::attribute("region", Value::text(region.clone())),
    );
    vec![
        Item::block("data", &["aws_caller_identity", "current"], pin.into_iter().collect()),
        Item::Blank,
        Item::block("data", &["aws_partition", "current"], Vec::new()),
        Item::Blank,
        Item::block("data", &["aws_region", "current"], Vec::new()),
        Item::Blank,
        Item::block(
            "locals",
            &[],
            vec![
                local("account", "data.aws_caller_identity.current.account_id"),
                local("partition", "data.aws_partition.current.partition"),
                region,
            ],
        ),
    ]
}

fn policy<'a>(name: &str, statements: impl Iterator<Item = &'a Statement>) -> Item {
    let mut body = Vec::new();
    for statement in statements {
        if !body.is_empty() {
            body.push(Item::Blank);
        }
        body.push(self::statement(statement));
    }
    Item::block("data", &["aws_iam_policy_document", name], body)
}

fn statement(statement: &Statement) -> Item {
    let mut body = vec![Item::attribute("sid", Value::text(statement.sid))];
    if statement.effect == Effect::Deny {
        body.push(Item::attribute("effect", Value::text("Deny")));
    }
    body.push(Item::attribute("actions", Value::List(actions(&statement.grants))));
    let resources = statement.resources.iter().map(|resource| match resource {
        Resource::Any => Value::text("*"),
        Resource::Regional { service, name } => {
            Value::Template(format!("arn:${{local.partition}}:{service}:${{local.region}}:${{local.account}}:{name}"))
        }
        Resource::Whole { arn } => Value::text(arn.clone()),
        Resource::Iam { name } => Value::Template(format!("arn:${{local.partition}}:iam::${{local.account}}:{name}")),
    });
    body.push(Item::attribute("resources", Value::list(resources)));
    for condition in &statement.conditions {
        let values = condition.values.iter().map(|value| Value::text(value.clone()));
        let parts = vec![
            Item::attribute("test", Value::text("StringEquals")),
            Item::attribute("variable", Value::text(condition.key.clone())),
            Item::attribute("values", Value::list(values)),
        ];
        body.extend([Item::Blank, Item::block("condition", &[], parts)]);
    }
    Item::block("statement", &[], body)
}

/// Each action once, with all of its reasons above it.
fn actions(grants: &[Grant]) -> Vec<(Option<String>, Value)> {
    let whys = |action: &str| {
        let whys: Vec<&str> = grants.iter().filter(|grant| grant.action == action).map(|grant| grant.why).collect();
        whys.join("; ")
    };
    let once = crate::setup::export::iam::actions(grants);
    once.into_iter().map(|action| (Some(whys(action)), Value::text(action))).collect()
}

fn trust() -> Item {
    let principals = |kind: &str, whom: &str| {
        vec![Item::attribute("type", Value::text(kind)), Item::attribute("identifiers", Value::raw(whom))]
    };
    let others = vec![
        Item::attribute("for_each", Value::raw("length(var.trusted_principals) > 0 ? [var.trusted_principals] : []")),
        Item::Blank,
        Item::block("content", &[], principals("AWS", "principals.value")),
    ];
    let statement = vec![
        Item::attribute("actions", Value::list([Value::text("sts:AssumeRole")])),
        Item::Blank,
        Item::block("principals", &[], principals("Service", "var.trusted_services")),
        Item::Blank,
        Item::block("dynamic", &["principals"], others),
    ];
    Item::block("data", &["aws_iam_policy_document", "trust"], vec![Item::block("statement", &[], statement)])
}

fn role(name: &str) -> Item {
    let about = match name {
        "observe" => "upshift: reads, and says what it would do",
        _ => "upshift: reads and scales what is tagged for it",
    };
    Item::block(
        "resource",
        &["aws_iam_role", name],
        vec![
            Item::attribute("name", Value::text(format!("upshift-{name}"))),
            Item::attribute("description", Value::text(about)),
            Item::attribute("assume_role_policy", Value::raw("data.aws_iam_policy_document.trust.json")),
            Item::attribute("tags", Value::raw("var.tags")),
        ],
    )
}

fn attached(role: &str, policy: &str) -> Item {
    let name = if role == policy { role.to_owned() } else { format!("{role}_{policy}") };
    Item::block(
        "resource",
        &["aws_iam_role_policy", &name],
        vec![
            Item::attribute("name", Value::text(policy)),
            Item::attribute("role", Value::raw(format!("aws_iam_role.{role}.id"))),
            Item::attribute("policy", Value::raw(format!("data.aws_iam_policy_document.{policy}.json"))),
        ],
    )
}
