//! What would be right where a text is no TOML: the parser says what it stumbled on, a person wants to know what to
//! write instead.

use std::ops::Range;

use super::diagnostic::Diagnostic;
use super::shown;
use crate::model::secret::struck;

/// The parser's words, as they begin, and what to do about it.
const REMEDIES: [(&str, &str); 18] = [
    ("invalid basic string", "close the text with \" on the same line, such as id = \"checkpoints\""),
    ("invalid literal string", "close the text with ' on the same line, such as id = 'checkpoints'"),
    ("invalid multi-line", "close the text with the three quotes that it began with"),
    ("key with no value", "write key = value, such as id = \"checkpoints\""),
    ("invalid date", "no setting is a date or a time: put a text in quotes, such as \"15m\""),
    ("invalid time", "no setting is a date or a time: put a text in quotes, such as \"15m\""),
    ("unclosed array table", "close the name with ]], such as [[database]]"),
    ("unclosed array", "close the list with ], such as ladder = [\"db.t4g.small\", \"db.m5.large\"]"),
    ("unclosed table", "close the name with ], such as [engine]"),
    ("unclosed inline table", "close it with }, such as cooldown = { up = \"15m\", down = \"60m\" }"),
    ("missing comma", "put a comma between the items, such as [\"db.t4g.small\", \"db.m5.large\"]"),
    ("unexpected leading zero", "write the number without the zero in front"),
    ("invalid unquoted key", "a key is of letters, digits, - and _, such as id = \"checkpoints\""),
    ("unquoted keys cannot be empty", "write a key before the =, such as id = \"checkpoints\""),
    ("unexpected key or value", "one setting on a line: begin the next one on a new line"),
    ("missing escaped value", "write \\\\ for a backslash, or put the text in 'single quotes'"),
    ("duplicate key", "keep one of the two"),
    ("invalid boolean", "write true or false, in small letters"),
];

/// What the parser found, each with what to write instead.
pub(crate) fn problems(errors: &[toml::de::Error], text: &str) -> Vec<Diagnostic> {
    // A remedy quotes what it is for.
    let text = &*struck(text);
    let problem = |error: &toml::de::Error| {
        let span = error.span().unwrap_or(text.len()..text.len());
        let remedy = remedy(error.message(), text, &span);
        Diagnostic::new(span, "this is not TOML", error.message().replace('\n', ", ")).help(remedy)
    };
    errors.iter().map(problem).collect()
}

/// What to write instead of what stands at `span`.
fn remedy(message: &str, text: &str, span: &Range<usize>) -> String {
    if message.starts_with("string values must be quoted") {
        return match text.get(span.clone()).map(str::trim).filter(|value| !value.is_empty()) {
            Some(value) => format!("put the text in quotes: \"{}\"", shown(value)),
            None => "write a value behind the =, such as id = \"checkpoints\"".to_owned(),
        };
    }
    let known = REMEDIES.iter().find(|(begins, _)| message.starts_with(begins));
    known.map_or("config.toml.example shows how each setting is written", |(_, remedy)| remedy).to_owned()
}
