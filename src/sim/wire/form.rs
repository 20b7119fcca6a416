//! The form of the awsQuery protocol as a tree: `Metrics.member.1.Name=x` is a map of a list of maps of texts.

use std::collections::BTreeMap;

use super::tree::{Map, Value};

/// More parameters than any operation takes.
const PARAMETERS: usize = 50_000;
/// More dots than any name has.
const DEPTH: usize = 16;

/// A tree under construction. A node has a text or children; both at once is a contradiction.
#[derive(Default)]
struct Node {
    text: Option<String>,
    children: BTreeMap<String, Node>,
}

/// Reads a form. Where all children of a node are numbers it becomes a list in the order of those numbers, whatever
/// name stands before them (`member` in CloudWatch, the name of the shape in RDS): `X.member.1` is a map `X` with the
/// list `member`. Of a name sent twice the last value counts; an empty value counts as absent.
///
/// # Errors
/// When there are too many parameters, names too deep, or one name is both a value and a structure.
pub fn decode(body: &[u8]) -> Result<Map, String> {
    let mut root = Node::default();
    for (count, (name, value)) in form_urlencoded::parse(body).enumerate() {
        if count >= PARAMETERS {
            return Err(format!("more than {PARAMETERS} parameters"));
        }
        if value.is_empty() {
            continue;
        }
        if name.matches('.').count() >= DEPTH {
            return Err("a parameter name with too many parts".to_owned());
        }
        let node = name.split('.').fold(&mut root, |node, part| node.children.entry(part.to_owned()).or_default());
        node.text = Some(value.into_owned());
    }
    root.into_map("")
}

impl Node {
    fn into_map(self, path: &str) -> Result<Map, String> {
        let child = |(name, node): (String, Self)| {
            let value = node.into_value(&format!("{path}{name}."))?;
            Ok((name, value))
        };
        self.children.into_iter().map(child).collect()
    }

    fn into_value(self, path: &str) -> Result<Value, String> {
        match self.text {
            Some(text) if self.children.is_empty() => return Ok(Value::Text(text)),
            Some(_) => return Err(format!("{} is both a value and a structure", path.trim_end_matches('.'))),
            None => {}
        }
        let index = |name: &String| name.parse::<u32>().ok();
        if !self.children.keys().all(|name| index(name).is_some()) {
            return self.into_map(path).map(Value::Map);
        }
        let mut items: Vec<(Option<u32>, Self)> =
            self.children.into_iter().map(|(name, node)| (index(&name), node)).collect();
        items.sort_by_key(|(index, _)| *index);
        let items: Result<Vec<Value>, String> = items.into_iter().map(|(_, node)| node.into_value(path)).collect();
        items.map(Value::List)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_come_in_the_order_of_their_numbers() {
        let body =
            b"Action=X&D.member.2.Name=b&D.member.10.Name=c&D.member.1.Name=a%20b&F.Filter.1.Values.Value.1=v&E=";
        let tree = decode(body).unwrap();
        let name = |text: &str| Value::Map(Map::from([("Name".into(), text.into())]));
        let list = Value::List(vec![name("a b"), name("b"), name("c")]);
        assert_eq!(tree["D"], Value::Map(Map::from([("member".into(), list)])));
        assert!(!tree.contains_key("E"));
        assert!(format!("{:?}", tree["F"]).contains("\"Value\": List([Text(\"v\")])"));
    }

    #[test]
    fn contradictions_and_excesses_are_refused() {
        assert!(decode(b"A=1&A.B=2").unwrap_err().contains("A is both"));
        assert!(decode(format!("{}a=1", "a.".repeat(40)).as_bytes()).is_err());
        assert!(decode("a=1&".repeat(PARAMETERS + 1).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn what_a_client_writes_reads_back(values in prop::collection::vec(".{1,20}", 1..20)) {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (index, value) in values.iter().enumerate() {
                form.append_pair(&format!("L.member.{}", index + 1), value);
            }
            let list = Value::List(values.into_iter().map(Value::from).collect());
            let expected = Map::from([("L".into(), Value::Map(Map::from([("member".into(), list)])))]);
            prop_assert_eq!(decode(form.finish().as_bytes()).unwrap(), expected);
        }
    }
}
