//! Writing XML answers, on `quick_xml`. Owned by the simulation: it is not the SDK's codec and may disagree with it.

use std::fmt::Display;

use bytes::Bytes;
use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

/// An XML document in the making.
pub struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Default for Xml {
    fn default() -> Self {
        Self { writer: Writer::new(Vec::new()) }
    }
}

impl Xml {
    /// An element with the default namespace `namespace`, usually the root.
    pub fn nest_in<R>(&mut self, name: &str, namespace: &str, inner: impl FnOnce(&mut Self) -> R) -> R {
        self.put(Event::Start(BytesStart::new(name).with_attributes([("xmlns", namespace)])));
        let result = inner(self);
        self.put(Event::End(BytesEnd::new(name)));
        result
    }

    /// An element that holds others. Closed whatever `inner` returns.
    pub fn nest<R>(&mut self, name: &str, inner: impl FnOnce(&mut Self) -> R) -> R {
        self.put(Event::Start(BytesStart::new(name)));
        let result = inner(self);
        self.put(Event::End(BytesEnd::new(name)));
        result
    }

    /// An element that holds text. Characters that XML cannot carry at all come out as U+FFFD; everything else reads
    /// back as it was.
    pub fn text(&mut self, name: &str, value: impl Display) {
        let text = carried(&value.to_string());
        self.nest(name, |xml| xml.put(Event::Text(BytesText::from_escaped(text))));
    }

    /// Like [`Self::text`] for a value that exists; nothing at all for one that does not.
    pub fn optional(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// An instant, in UTC to the millisecond as RDS writes it.
    pub fn instant(&mut self, name: &str, value: Timestamp) {
        self.text(name, value.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"));
    }

    /// An element with nothing in it: how RDS writes an empty list.
    pub fn empty(&mut self, name: &str) {
        self.put(Event::Empty(BytesStart::new(name)));
    }

    /// The document.
    pub fn finish(self) -> Bytes {
        self.writer.into_inner().into()
    }

    #[expect(clippy::expect_used, reason = "the sink is memory, which takes every write")]
    fn put(&mut self, event: Event<'_>) {
        self.writer.write_event(event).expect("a Vec takes every write");
    }
}

/// The escaped form of a text. A bare carriage return would be read back as a line feed, so it travels as a reference.
fn carried(text: &str) -> String {
    let allowed: String = text.chars().map(|char| if is_xml_char(char) { char } else { '\u{FFFD}' }).collect();
    quick_xml::escape::escape(allowed).replace('\r', "&#13;")
}

/// The production `Char` of XML 1.0.
pub fn is_xml_char(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_forbidden_characters_are_harmless() {
        let mut xml = Xml::default();
        xml.nest_in("A", "urn:x", |xml| {
            xml.text("B", "<&>\"'\r\u{0}\u{1b}[31m\u{FFFE}");
            xml.optional("C", None::<u32>);
            xml.empty("D");
        });
        let text = String::from_utf8(xml.finish().to_vec()).unwrap();
        let expected = "&lt;&amp;&gt;&quot;&apos;&#13;\u{FFFD}\u{FFFD}[31m\u{FFFD}";
        assert_eq!(text, format!("<A xmlns=\"urn:x\"><B>{expected}</B><D/></A>"));
    }
}
