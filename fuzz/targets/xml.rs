//! Any text in an answer of the simulation: whoever reads the XML finds it again, but for what XML cannot carry.

use quick_xml::Reader;
use quick_xml::events::Event;
use upshift::sim::wire::xml::{Xml, is_xml_char};

/// Takes what a name, a message or a tag could hold.
pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut xml = Xml::default();
    xml.nest_in("A", "urn:a", |xml| xml.text("B", &text));
    let document = xml.finish();
    let document = std::str::from_utf8(&document).expect("XML is text");
    let expected: String = text.chars().map(|c| if is_xml_char(c) { c } else { '\u{fffd}' }).collect();
    assert_eq!(text_of(document), expected, "in {document}");
}

/// All character data of a document that is well-formed.
pub fn text_of(document: &str) -> String {
    let mut reader = Reader::from_str(document);
    let mut text = String::new();
    let mut depth = 0;
    loop {
        match reader.read_event().expect("a well-formed document") {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().expect("a character reference") {
                Some(c) => text.push(c),
                None => {
                    text.push_str(quick_xml::escape::resolve_predefined_entity(&reference).expect("a known entity"));
                }
            },
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "every element is closed in {document}");
    text
}
