//! A Terraform module with what AWS shall have for the policy. It reads as one that a person wrote, and `terraform fmt`
//! would change nothing in it.

mod roles;

use super::File;
use super::hcl::{Item, Value, write};
use super::permissions::{Scope, Tag};

/// The files of the module, in the order in which one reads them.
pub fn module(scope: &Scope, tag: &Tag) -> Vec<File> {
    let file = |name, items: Vec<Item>| File { name, text: write(&items) };
    vec![
        file("versions.tf", versions(scope)),
        file("variables.tf", variables()),
        file("iam.tf", roles::items(scope, tag)),
        file("outputs.tf", outputs()),
    ]
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

fn variables() -> Vec<Item> {
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
    vec![
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
    ]
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
