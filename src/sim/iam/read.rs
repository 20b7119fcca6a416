//! From the text of a policy document to its statements, or everything that is wrong with it.

use std::ops::Range;

use toml::Spanned;

use super::condition::{Condition, KEYS, Operator};
use super::document::{Document, Effect, Statement};
use super::json::{self, Node};
use crate::diagnostics::{Diagnostic, Diagnostics, shown, suggestion};

/// The one version that has all of today's elements.
const VERSION: &str = "2012-10-17";
const STATEMENT_KEYS: [&str; 5] = ["Sid", "Effect", "Action", "Resource", "Condition"];

type Members = [(Spanned<String>, Spanned<Node>)];

impl Document {
    /// Reads a document. `origin` is the file's name, for the messages.
    ///
    /// # Errors
    /// Everything that is wrong with it, and everything in it that this simulation does not know, with its place.
    pub fn parse(origin: &str, text: &str) -> Result<Self, Diagnostics> {
        let mut problems = Vec::new();
        let statements = match json::read(text) {
            Ok(root) => statements(&root, &mut problems),
            Err(problem) => {
                problems.push(*problem);
                Vec::new()
            }
        };
        if problems.is_empty() { Ok(Self { statements }) } else { Err(Diagnostics::new(text, origin, problems)) }
    }
}

fn statements(root: &Spanned<Node>, problems: &mut Vec<Diagnostic>) -> Vec<Statement> {
    let Some(members) = object(root, "a policy document", problems) else { return Vec::new() };
    known(members, &["Version", "Id", "Statement"], "a policy document", problems);
    match find(members, "Version") {
        Some(version) if text(version).as_deref() == Some(VERSION) => {}
        other => {
            let place = other.map_or(root.span(), Spanned::span);
            let problem = Diagnostic::new(place, "the version of the policy language is not known", "not here");
            problems.push(problem.help(format!("\"Version\": \"{VERSION}\"")));
        }
    }
    let Some(found) = find(members, "Statement") else {
        let help = "\"Statement\": a list of statements, each with Effect, Action and Resource";
        problems.push(Diagnostic::missing(root.span(), "there is no `Statement`", help));
        return Vec::new();
    };
    let all = match found.get_ref() {
        Node::List(items) => items.iter().collect(),
        _ => vec![found],
    };
    all.into_iter().filter_map(|one| statement(one, problems)).collect()
}

fn statement(node: &Spanned<Node>, problems: &mut Vec<Diagnostic>) -> Option<Statement> {
    let members = object(node, "a statement", problems)?;
    known(members, &STATEMENT_KEYS, "a statement", problems);
    let effect = match find(members, "Effect").map(|effect| (effect, text(effect))) {
        Some((_, Some(word))) if word == "Allow" => Some(Effect::Allow),
        Some((_, Some(word))) if word == "Deny" => Some(Effect::Deny),
        other => {
            let place = other.map_or(node.span(), |(effect, _)| effect.span());
            let problem = Diagnostic::new(place, "a statement allows or denies", "neither");
            problems.push(problem.help("\"Effect\": \"Allow\" or \"Deny\""));
            None
        }
    };
    let sid = find(members, "Sid").and_then(|sid| one_text(sid, problems)).map(|sid| sid.get_ref().clone());
    let actions = required(members, node, "Action", problems);
    let resources = required(members, node, "Resource", problems);
    for action in &actions {
        let right =
            action.get_ref() == "*" || action.get_ref().split_once(':').is_some_and(|(_, name)| !name.is_empty());
        if !right {
            let title = format!("`{}` is no action", shown(action.get_ref()));
            problems.push(
                Diagnostic::new(action.span(), title, "no service and name").help("such as rds:ModifyDBInstance"),
            );
        }
    }
    for resource in &resources {
        without_variables(resource, problems);
        if resource.get_ref() != "*" && !resource.get_ref().starts_with("arn:") {
            let title = format!("`{}` is no resource", shown(resource.get_ref()));
            problems.push(
                Diagnostic::new(resource.span(), title, "no ARN").help("an ARN, with wildcards if need be, or *"),
            );
        }
    }
    let conditions = find(members, "Condition").map_or_else(Vec::new, |found| conditions(found, problems));
    let small = |action: Spanned<String>| action.into_inner().to_ascii_lowercase();
    Some(Statement {
        sid,
        effect: effect?,
        actions: actions.into_iter().map(small).collect(),
        resources: resources.into_iter().map(Spanned::into_inner).collect(),
        conditions,
    })
}

fn conditions(node: &Spanned<Node>, problems: &mut Vec<Diagnostic>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for (word, comparisons) in object(node, "a condition", problems).unwrap_or_default() {
        let operator = Operator::named(word.get_ref());
        if operator.is_none() {
            let title = format!("the condition `{}` is not part of this simulation", shown(word.get_ref()));
            let known: Vec<&str> = Operator::words().collect();
            let help = format!("there is {}, each but Null also with IfExists", known.join(", "));
            problems.push(Diagnostic::new(word.span(), title, "it cannot be enforced here").help(help));
        }
        for (key, values) in object(comparisons, "what a condition compares", problems).unwrap_or_default() {
            check_key(key, problems);
            let values = texts(values, problems);
            for value in &values {
                without_variables(value, problems);
            }
            let values = values.into_iter().map(Spanned::into_inner).collect();
            let key = key.get_ref().to_ascii_lowercase();
            conditions.extend(operator.map(|operator| Condition { operator, key, values }));
        }
    }
    conditions
}

/// A key that no call brings along would make a permission that never holds look like one.
fn check_key(key: &Spanned<String>, problems: &mut Vec<Diagnostic>) {
    let name = key.get_ref().to_ascii_lowercase();
    let is = |known: &&'static str| {
        let known = known.to_ascii_lowercase();
        let of_tag = known.ends_with('/');
        if of_tag { name.len() > known.len() && name.starts_with(&known) } else { name == known }
    };
    if !KEYS.iter().any(is) {
        let title = format!("no call of this simulation brings `{}` along", shown(key.get_ref()));
        let known = KEYS.map(|key| if key.ends_with('/') { format!("{key}TAG") } else { key.to_owned() });
        let problem = Diagnostic::new(key.span(), title, "not a known key");
        problems.push(problem.help(format!("there is {}", known.join(", "))));
    }
}

fn without_variables(value: &Spanned<String>, problems: &mut Vec<Diagnostic>) {
    if value.get_ref().contains("${") {
        let problem = Diagnostic::new(value.span(), "policy variables are not part of this simulation", "a variable");
        problems.push(problem.help("write the value itself"));
    }
}

fn object<'a>(node: &'a Spanned<Node>, what: &str, problems: &mut Vec<Diagnostic>) -> Option<&'a Members> {
    match node.get_ref() {
        Node::Object(members) => {
            for (index, (name, _)) in members.iter().enumerate() {
                if let Some((first, _)) = members[..index].iter().find(|(known, _)| known.get_ref() == name.get_ref()) {
                    let title = format!("`{}` stands here twice", shown(name.get_ref()));
                    let problem = Diagnostic::new(name.span(), title, "the second").also(first.span(), "the first");
                    problems.push(problem.help("keep one of the two, with all values"));
                }
            }
            Some(members)
        }
        other => {
            let title = format!("{what} is an object");
            problems.push(Diagnostic::new(node.span(), title, format!("this is {}", other.kind())).help("{ … }"));
            None
        }
    }
}

fn known(members: &Members, keys: &[&str], place: &str, problems: &mut Vec<Diagnostic>) {
    for (name, _) in members.iter().filter(|(name, _)| !keys.contains(&name.get_ref().as_str())) {
        let word = name.get_ref().as_str();
        let help = match word {
            "NotAction" | "NotResource" => {
                "this simulation enforces what is listed: write Action and Resource, with Effect Deny for exceptions"
                    .into()
            }
            "Principal" | "NotPrincipal" => {
                "the policy of a role names no principal: it is about whoever has it".into()
            }
            _ => suggestion(word, "it can have", keys),
        };
        problems.push(Diagnostic::unknown_key(name.span(), &shown(word), place, help));
    }
}

fn find<'a>(members: &'a Members, name: &str) -> Option<&'a Spanned<Node>> {
    members.iter().find(|(known, _)| known.get_ref() == name).map(|(_, value)| value)
}

fn required(
    members: &Members,
    node: &Spanned<Node>,
    name: &str,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Spanned<String>> {
    let not = format!("Not{name}");
    match find(members, name) {
        Some(found) => texts(found, problems),
        // Said already.
        None if find(members, &not).is_some() => Vec::new(),
        None => {
            let title = format!("the statement has no `{name}`");
            problems.push(Diagnostic::missing(
                first_line(node),
                title,
                format!("\"{name}\": a text or a list of texts"),
            ));
            Vec::new()
        }
    }
}

fn first_line(node: &Spanned<Node>) -> Range<usize> {
    node.span().start..node.span().start + 1
}

/// One text or a list of them.
fn texts(node: &Spanned<Node>, problems: &mut Vec<Diagnostic>) -> Vec<Spanned<String>> {
    let items = match node.get_ref() {
        Node::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    if items.is_empty() {
        problems.push(
            Diagnostic::new(node.span(), "the list is empty", "nothing is meant by it").help("name one at least"),
        );
    }
    items.into_iter().filter_map(|item| one_text(item, problems)).collect()
}

fn one_text(node: &Spanned<Node>, problems: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let found = text(node);
    if found.is_none() {
        let label = format!("this is {}", node.get_ref().kind());
        problems.push(Diagnostic::new(node.span(), "a text is wanted here", label).help("\"…\""));
    }
    found.map(|text| Spanned::new(node.span(), text))
}

/// A text; `true` and `false` are texts to conditions.
fn text(node: &Spanned<Node>) -> Option<String> {
    match node.get_ref() {
        Node::Text(text) => Some(text.clone()),
        Node::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
