//! Writing HTML that is also well-formed XML. Every text and every value is cleaned and escaped on its way in, and every
//! element is closed by the same call that opened it: nothing that AWS or a person said can become markup.

use crate::model::text::clean;

/// No text is longer: nobody reads on, and nobody shall fill the page.
const TEXT_CHARS: usize = 2_000;

/// The attributes of an element: names are this program's own, values anybody's.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a str)];

/// A document under way.
#[derive(Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// A whole document.
    pub(super) fn document(write: impl FnOnce(&mut Self)) -> String {
        let mut page = Self("<!DOCTYPE html>\n".to_owned());
        write(&mut page);
        page.0
    }

    /// An element with something in it.
    pub(super) fn within(&mut self, tag: &'static str, attributes: Attributes<'_>, write: impl FnOnce(&mut Self)) {
        self.open(tag, attributes);
        self.0.push('>');
        write(self);
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push_str(if is_inline(tag) { ">" } else { ">\n" });
    }

    /// An element with a text in it.
    pub(super) fn leaf(&mut self, tag: &'static str, attributes: Attributes<'_>, text: &str) {
        self.within(tag, attributes, |page| page.text(text));
    }

    /// An element with nothing in it.
    pub(super) fn empty(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.open(tag, attributes);
        self.0.push_str("/>\n");
    }

    /// A text.
    pub(super) fn text(&mut self, text: &str) {
        escape(&mut self.0, &clean(text, TEXT_CHARS));
    }

    /// The style sheet, which is this program's own.
    pub(super) fn style(&mut self, css: &'static str) {
        self.within("style", &[], |page| page.0.push_str(css));
    }

    fn open(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            escape(&mut self.0, &clean(value, usize::MAX));
            self.0.push('"');
        }
    }
}

fn is_inline(tag: &str) -> bool {
    matches!(tag, "b" | "span" | "code" | "title" | "text" | "td" | "th" | "i")
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_said_becomes_markup() {
        let hostile = "</p><script>alert(1)</script>\u{202e}\u{1b}[2J\" onload='x'";
        let page = Markup::document(|page| page.within("p", &[("title", hostile)], |page| page.text(hostile)));
        assert_eq!(page.matches('<').count(), 3, "{page}");
        assert!(!page.contains(['\u{202e}', '\u{1b}']), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;[2J&quot; onload=&#39;x&#39;</p>"), "{page}");
    }
}
