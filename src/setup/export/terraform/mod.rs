//! A Terraform module with what AWS shall have for the policy. It reads as one that a person wrote, and `terraform fmt`
//! would change nothing in it.

mod alarms;
mod readers;
mod roles;

use super::File;
use super::hcl::{Item, Value, write};
use super::permissions::{Scope, Tag};
use crate::model::settings::Settings;

/// The files of the module, in the order in which one reads them.
pub fn module(settings: &Settings, scope: &Scope, tag: &Tag) -> Vec<File> {
    let file = |name, items: Vec<Item>| File { name, text: write(&items) };
    let mut files = vec![file("versions.tf", versions(scope)), file("variables.tf", variables(settings))];
    if let Some(alarms) = &settings.alarms {
        files.push(file("alarms.tf", alarms::items(settings, alarms)));
        files.push(file("sns.tf", alarms::topics(alarms)));
    }
    let readers = readers::items(settings);
    files.extend((!readers.is_empty()).then(|| file("readers.tf", readers)));
    files.extend([file("iam.tf", roles::items(scope, tag)), file("outputs.tf", outputs())]);
    files
}

/// A name that Terraform takes for a thing of its own.
fn identifier(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = text.chars().map(plain).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("_{name}") }
}

fn versions(scope: &Scope) -> Vec<Item> {
    let of: Vec<&str> = scope.databases.iter().map(String::as_str).collect();
    let provider = Value::Object(vec![
        ("source".to_owned(), Value::text("hashicorp/aws")),
        ("version".to_owned(), Value::text(">= 5.0")),
    ]);
    vec![
        Item::Comment(format!(
            "Written by `upshift export terraform` from the policy of {}.\nChange config.toml and write it anew; what is \
             changed here is lost then.",
            of.join(", ")
        )),
        Item::Blank,
        Item::block(
            "terraform",
            &[],
            vec![
                Item::attribute("required_version", Value::text(">= 1.3")),
                Item::Blank,
                Item::block("required_providers", &[], vec![Item::attribute("aws", provider)]),
            ],
        ),
    ]
}

fn variables(settings: &Settings) -> Vec<Item> {
    let variable = |name: &str, about: &str, kind: &str, default: Value| {
        Item::block(
            "variable",
            &[name],
            vec![
                Item::attribute("description", Value::text(about)),
                Item::attribute("type", Value::raw(kind)),
                Item::attribute("default", default),
            ],
        )
    };
    let hosts = Value::list([Value::text("ec2.amazonaws.com")]);
    let mut items = vec![
        variable("trusted_services", "Services whose hosts may take on the roles.", "list(string)", hosts),
        Item::Blank,
        variable(
            "trusted_principals",
            "ARNs of roles or users who may take on the roles, too.",
            "list(string)",
            Value::list([]),
        ),
        Item::Blank,
        variable("tags", "Tags of everything that this module makes.", "map(string)", Value::Object(Vec::new())),
    ];
    if settings.alarms.as_ref().is_some_and(alarms::names_topics) {
        let about = "The topics of the alarms are made here; else they are there.";
        items.extend([Item::Blank, variable("create_topics", about, "bool", Value::raw("false"))]);
        let about = "Who is written to by the topics that are made here.";
        items.extend([Item::Blank, variable("alarm_emails", about, "list(string)", Value::list([]))]);
    }
    items
}

fn outputs() -> Vec<Item> {
    let output = |name: &str, about: &str, value: &str| {
        Item::block(
            "output",
            &[name],
            vec![Item::attribute("description", Value::text(about)), Item::attribute("value", Value::raw(value))],
        )
    };
    vec![
        output("observe_role_arn", "For an engine that only says what it would do.", "aws_iam_role.observe.arn"),
        Item::Blank,
        output("act_role_arn", "For an engine that acts.", "aws_iam_role.act.arn"),
    ]
}
