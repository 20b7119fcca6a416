//! Problems of a configuration, each with its place, shown as compilers show theirs.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::model::text::clean;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, in bytes.
    pub span: Range<usize>,
    /// What is wrong.
    pub title: String,
    /// What to say at the place.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
}

/// Everything that is wrong with one configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    text: String,
    origin: String,
    list: Vec<Problem>,
}

impl Problems {
    pub(super) fn new(text: &str, origin: &str) -> Self {
        Self { text: text.to_owned(), origin: origin.to_owned(), list: Vec::new() }
    }

    pub(super) fn add(&mut self, span: Range<usize>, title: String, label: String, help: Option<String>) {
        let problem = Problem { span, title, label, help };
        if !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    /// Nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All problems in the order of their places, each with file, line, column and caret.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut list = self.list.clone();
        list.sort_by_key(|problem| problem.span.start);
        // The text is shown again, so it must not drive the terminal: what could is replaced, byte by byte.
        let text: String = self.text.chars().flat_map(harmless).collect();
        let all = list.iter().map(|problem| self.render_one(problem, &text, &renderer));
        all.collect::<Vec<_>>().join("\n\n")
    }

    fn render_one(&self, problem: &Problem, text: &str, renderer: &Renderer) -> String {
        let title = clean(&problem.title, 200);
        let label = clean(&problem.label, 200);
        let span = self.within(&problem.span);
        let snippet =
            Snippet::source(text).path(&self.origin).annotation(AnnotationKind::Primary.span(span).label(&label));
        let error = Level::ERROR.primary_title(&title).element(snippet);
        let report: Vec<Group<'_>> = match &problem.help {
            Some(help) => vec![error.element(Level::HELP.message(help))],
            None => vec![error],
        };
        renderer.render(&report)
    }

    /// A span that lies in the text, on character boundaries.
    fn within(&self, span: &Range<usize>) -> Range<usize> {
        let floor = |mut at: usize| {
            at = at.min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(span.start);
        start..floor(span.end).max(start)
    }
}

/// A character as it may be shown, with as many bytes as before, so that spans stay true.
fn harmless(c: char) -> impl Iterator<Item = char> {
    let shown = c == '\n' || c == '\t' || clean(&c.to_string(), 1).starts_with(c);
    let count = if shown { 1 } else { c.len_utf8() };
    std::iter::repeat_n(if shown { c } else { '?' }, count)
}
