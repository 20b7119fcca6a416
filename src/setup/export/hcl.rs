//! Writing HCL as `terraform fmt` leaves it: two spaces a level, and the `=` of lines that follow one another in one
//! column.

use std::fmt::Write;

/// What stands in a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// `# …`, one line for each of the text.
    Comment(String),
    /// An empty line.
    Blank,
    /// `name = value`.
    Attribute(String, Value),
    /// `kind "label" { … }`.
    Block { kind: &'static str, labels: Vec<String>, body: Vec<Item> },
}

/// What an attribute is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// In quotes, with everything escaped.
    Text(String),
    /// In quotes, where `${…}` is what Terraform shall put there.
    Template(String),
    /// As it stands: a reference, a number, a type.
    Raw(String),
    /// One item on a line, each with a comment above it where there is one.
    List(Vec<(Option<String>, Value)>),
    /// One pair on a line. A key that is no name stands in quotes.
    Object(Vec<(String, Value)>),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn raw(text: impl Into<String>) -> Self {
        Self::Raw(text.into())
    }

    /// Items without comments.
    pub(super) fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(items.into_iter().map(|item| (None, item)).collect())
    }

    fn is_one_line(&self) -> bool {
        match self {
            Self::Text(_) | Self::Template(_) | Self::Raw(_) => true,
            Self::List(items) => {
                items.is_empty() || (items.len() == 1 && items[0].0.is_none() && items[0].1.is_one_line())
            }
            Self::Object(pairs) => pairs.is_empty(),
        }
    }
}

/// A number as people write it.
pub(super) fn number(value: f64) -> Value {
    Value::Raw(value.to_string())
}

impl Item {
    pub(super) fn attribute(name: &str, value: Value) -> Self {
        Self::Attribute(name.to_owned(), value)
    }

    pub(super) fn block(kind: &'static str, labels: &[&str], body: Vec<Self>) -> Self {
        Self::Block { kind, labels: labels.iter().map(|label| (*label).to_owned()).collect(), body }
    }
}

/// The text of a file.
pub(super) fn write(items: &[Item]) -> String {
    let mut out = String::new();
    body(&mut out, items, 0);
    out
}

fn body(out: &mut String, items: &[Item], depth: usize) {
    let pad = "  ".repeat(depth);
    let names: Vec<Option<&str>> = items
        .iter()
        .map(|item| match item {
            Item::Attribute(name, value) if value.is_one_line() => Some(name.as_str()),
            _ => None,
        })
        .collect();
    for (index, item) in items.iter().enumerate() {
        match item {
            Item::Blank => out.push('\n'),
            Item::Comment(text) => {
                for line in text.lines() {
                    // Writing into a text cannot fail.
                    let _ = writeln!(out, "{}", format!("{pad}# {line}").trim_end());
                }
            }
            Item::Attribute(name, it) => {
                let width = width(&names, index).max(name.chars().count());
                let _ = write!(out, "{pad}{name:<width$} = ");
                value(out, it, depth);
                out.push('\n');
            }
            Item::Block { kind, labels, body: inner } => {
                let labels = labels.iter().map(|label| quoted(label, false));
                let head: Vec<String> = std::iter::once((*kind).to_owned()).chain(labels).collect();
                let head = head.join(" ");
                if inner.is_empty() {
                    let _ = writeln!(out, "{pad}{head} {{}}");
                    continue;
                }
                let _ = writeln!(out, "{pad}{head} {{");
                body(out, inner, depth + 1);
                let _ = writeln!(out, "{pad}}}");
            }
        }
    }
}

/// The longest name among the one-line attributes that follow one another here.
fn width(names: &[Option<&str>], index: usize) -> usize {
    let before = names[..index].iter().rev().map_while(|name| *name);
    let after = names[index..].iter().map_while(|name| *name);
    before.chain(after).map(|name| name.chars().count()).max().filter(|_| names[index].is_some()).unwrap_or_default()
}

fn value(out: &mut String, it: &Value, depth: usize) {
    let pad = "  ".repeat(depth + 1);
    match it {
        Value::Text(text) => out.push_str(&quoted(text, false)),
        Value::Template(text) => out.push_str(&quoted(text, true)),
        Value::Raw(text) => out.push_str(text),
        Value::List(items) if it.is_one_line() => {
            out.push('[');
            for (_, item) in items {
                value(out, item, depth);
            }
            out.push(']');
        }
        Value::List(items) => {
            out.push_str("[\n");
            for (comment, item) in items {
                if let Some(comment) = comment {
                    let _ = writeln!(out, "{pad}# {comment}");
                }
                out.push_str(&pad);
                value(out, item, depth + 1);
                out.push_str(",\n");
            }
            let _ = write!(out, "{}]", "  ".repeat(depth));
        }
        Value::Object(pairs) if pairs.is_empty() => out.push_str("{}"),
        Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| Item::Attribute(key_of(key), value.clone()));
            out.push_str("{\n");
            body(out, &pairs.collect::<Vec<_>>(), depth + 1);
            let _ = write!(out, "{}}}", "  ".repeat(depth));
        }
    }
}

fn key_of(key: &str) -> String {
    let is_name = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_name { key.to_owned() } else { quoted(key, false) }
}

/// In quotes; what begins a template is escaped unless it is one.
fn quoted(text: &str, is_template: bool) -> String {
    let mut out = String::from("\"");
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if !is_template && chars.peek() == Some(&'{') => out.extend([c, c]),
            c if c.is_control() => out.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
