//! Diagnostics of a text, and their rendering with file, line, column and caret.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::model::secret::struck;
use crate::model::text::{clean, mask};

/// Longest line of a problem: all known classes fit.
const SHOWN_CHARS: usize = 2_000;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Bytes of the text that it is about.
    pub span: Range<usize>,
    /// What is wrong, in one line.
    pub title: String,
    /// What stands beside the caret.
    pub label: String,
    /// Another place that it has to do with.
    pub also: Option<(Range<usize>, String)>,
    /// What would be right.
    pub help: Option<String>,
    /// Whether it stands when other parts of the file cannot be read.
    pub certainty: Certainty,
    /// What stands there may be a secret: it is not shown.
    pub is_hidden: bool,
}

/// Whether a problem stands when other parts of the file cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Whatever the rest is.
    Certain,
    /// Only before the part that cannot be read: a key that is unknown where it stands may stand in the wrong table.
    IfReadable,
    /// Only when all of it can be read: what is missing may be there.
    IfWhole,
}

/// Everything that is wrong with one text, in its order. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    text: String,
    origin: String,
    list: Vec<Diagnostic>,
}

impl Diagnostic {
    pub(crate) fn new(span: Range<usize>, title: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            span,
            title: title.into(),
            label: label.into(),
            also: None,
            help: None,
            certainty: Certainty::Certain,
            is_hidden: false,
        }
    }

    pub(crate) fn missing(span: Range<usize>, title: impl Into<String>, help: impl Into<String>) -> Self {
        Self { certainty: Certainty::IfWhole, ..Self::new(span, title, "missing here").help(help) }
    }

    /// A key that is not known in the table where it stands.
    pub(crate) fn unknown_key(span: Range<usize>, word: &str, place: &str, help: impl Into<String>) -> Self {
        let problem = Self::new(span, format!("unknown key `{word}`"), format!("{place} has no such key")).help(help);
        Self { certainty: Certainty::IfReadable, ..problem }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What it is about may be a secret.
    pub(crate) fn hidden(mut self) -> Self {
        self.is_hidden = true;
        self
    }

    pub(crate) fn also(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.also = Some((span, label.into()));
        self
    }
}

impl Diagnostics {
    pub(crate) fn new(text: &str, origin: &str, mut list: Vec<Diagnostic>) -> Self {
        list.sort_by_key(|problem| (problem.span.start, problem.span.end));
        Self { text: struck(&mask(text)).into_owned(), origin: clean(origin, SHOWN_CHARS), list }
    }

    /// The same with these parts of the text struck out, as long as they were.
    pub(crate) fn hiding(mut self, secrets: &[Range<usize>]) -> Self {
        for secret in secrets {
            // A mask keeps lengths, so that the places are those of the text itself.
            let Some(part) = self.text.get(secret.clone()) else { continue };
            let struck: String = part.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect();
            self.text.replace_range(secret.clone(), &struck);
        }
        self
    }

    /// Each problem.
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    /// For a person: each problem with file, line, column, caret and what would be right. Colours are ANSI escapes.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let reports = self.list.iter().map(|problem| renderer.render(&[self.group(problem)]));
        reports.collect::<Vec<_>>().join("\n\n")
    }

    fn group<'a>(&'a self, problem: &'a Diagnostic) -> Group<'a> {
        let place = AnnotationKind::Primary.span(self.within(&problem.span)).label(shown(&problem.label));
        let mut snippet = Snippet::source(self.text.as_str()).path(self.origin.as_str()).annotation(place);
        if let Some((span, label)) = &problem.also {
            snippet = snippet.annotation(AnnotationKind::Context.span(self.within(span)).label(shown(label)));
        }
        let group = Level::ERROR.primary_title(shown(&problem.title)).element(snippet);
        match &problem.help {
            Some(help) => group.element(Level::HELP.message(shown(help))),
            None => group,
        }
    }

    /// A span that the renderer can take: inside the text, one character at least where there is one.
    fn within(&self, span: &Range<usize>) -> Range<usize> {
        let length = self.text.trim_end().len();
        let start = self.text.floor_char_boundary(span.start.min(length));
        let end = self.text.ceil_char_boundary(span.end.clamp(start, length.max(start)));
        // A table's own span covers all of its lines; the caret belongs under the first.
        let line_end = self.text.get(start..end).and_then(|part| part.find('\n'));
        start..line_end.map_or(end, |newline| start + newline)
    }
}

/// Words that may quote the file.
fn shown(words: &str) -> String {
    clean(&struck(words), SHOWN_CHARS)
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
