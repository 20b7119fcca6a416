//! JSON with the place of everything in it: what is wrong with a document is told with line and column.

use std::ops::Range;

use toml::Spanned;

use crate::diagnostics::Diagnostic;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Object(Vec<(Spanned<String>, Spanned<Node>)>),
    List(Vec<Spanned<Node>>),
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// A number, or `null`.
    Other,
}

impl Node {
    /// What it is, for a person.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Object(_) => "an object",
            Self::List(_) => "a list",
            Self::Text(_) => "a text",
            Self::Bool(_) => "true or false",
            Self::Other => "a number or null",
        }
    }
}

/// Reads a text.
///
/// # Errors
/// Where it stops being JSON, and why.
pub(super) fn read(text: &str) -> Result<Spanned<Node>, Box<Diagnostic>> {
    // Into values, since what is only skipped may be of any depth.
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        let lines: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let at = (lines + error.column().saturating_sub(1)).min(text.len());
        let words = error.to_string();
        let words = words.split(" at line ").next().unwrap_or_default().to_owned();
        let problem = Diagnostic::new(at..at, "this is not JSON", words);
        return Err(Box::new(problem.help("a policy document is one JSON object, as the console of IAM shows it")));
    }
    // It is JSON, and no deeper than serde_json goes: what follows only has to find the places.
    Ok(Walk { text, at: 0 }.value())
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
}

impl Walk<'_> {
    fn value(&mut self) -> Spanned<Node> {
        let first = self.next_mark();
        let start = self.at;
        let node = match first {
            Some(b'{') => self.object(),
            Some(b'[') => self.list(),
            Some(b'"') => Node::Text(self.string()),
            _ => self.word(),
        };
        Spanned::new(start..self.at, node)
    }

    fn object(&mut self) -> Node {
        self.at += 1;
        let mut members = Vec::new();
        while self.next_mark() == Some(b'"') {
            let start = self.at;
            let name = self.string();
            let name = Spanned::new(start..self.at, name);
            self.skip(b':');
            members.push((name, self.value()));
            self.skip(b',');
        }
        self.skip(b'}');
        Node::Object(members)
    }

    fn list(&mut self) -> Node {
        self.at += 1;
        let mut items = Vec::new();
        while self.next_mark().is_some_and(|mark| mark != b']') {
            items.push(self.value());
            self.skip(b',');
        }
        self.skip(b']');
        Node::List(items)
    }

    fn string(&mut self) -> String {
        let rest = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
        let mut length = 0;
        while rest.get(length).is_some_and(|byte| *byte != b'"') {
            length += if rest[length] == b'\\' { 2 } else { 1 };
        }
        let span = self.at..(self.at + length + 2).min(self.text.len());
        self.at = span.end;
        serde_json::from_str(self.part(span)).unwrap_or_default()
    }

    fn word(&mut self) -> Node {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| !b",]} \t\r\n".contains(byte)).count();
        self.at += length.max(1);
        match self.part(start..self.at) {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            _ => Node::Other,
        }
    }

    fn part(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or_default()
    }

    /// The first byte that is no space; it is not taken.
    fn next_mark(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, mark: u8) {
        if self.next_mark() == Some(mark) {
            self.at += 1;
        }
    }
}
