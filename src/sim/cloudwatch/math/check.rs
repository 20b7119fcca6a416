//! What is wrong with queries whatever their data are: ids that nobody has, and circles.

use std::collections::{BTreeMap, BTreeSet};

use super::Node;
use crate::sim::cloudwatch::errors::validation;
use crate::sim::cloudwatch::queries::{Kind, Query};
use crate::sim::wire::ApiError;

/// Checks that every id that an expression names exists, and that no expression leads back to itself.
///
/// # Errors
/// `ValidationError` with the id of an expression that is wrong.
pub(in crate::sim::cloudwatch) fn check(queries: &[Query]) -> Result<(), ApiError> {
    // Those that still wait for others. What waits for nobody goes, until only circles remain.
    let mut waiting: BTreeMap<&str, BTreeSet<&str>> =
        queries.iter().map(|query| (query.id.as_str(), ids(query))).collect();
    for (id, named) in &waiting {
        if let Some(unknown) = named.iter().find(|named| !waiting.contains_key(*named)) {
            let message = format!("there is no metric or expression with the id '{unknown}'");
            return Err(validation(format!("Error in expression '{id}': {message}")));
        }
    }
    loop {
        let before = waiting.len();
        let free: BTreeSet<&str> = waiting.iter().filter(|(_, named)| named.is_empty()).map(|(id, _)| *id).collect();
        waiting.retain(|id, _| !free.contains(id));
        for named in waiting.values_mut() {
            named.retain(|id| !free.contains(id));
        }
        if waiting.len() == before {
            break;
        }
    }
    match waiting.keys().next() {
        None => Ok(()),
        Some(id) => Err(validation(format!("Error in expression '{id}': it refers to itself"))),
    }
}

fn ids(query: &Query) -> BTreeSet<&str> {
    let mut ids = BTreeSet::new();
    if let Kind::Expression(expression) = &query.kind {
        collect(&expression.node, &mut ids);
    }
    ids
}

fn collect<'a>(node: &'a Node, ids: &mut BTreeSet<&'a str>) {
    match node {
        Node::Id(id) => {
            ids.insert(id);
        }
        Node::Negated(inner) => collect(inner, ids),
        Node::Binary(_, left, right) => {
            collect(left, ids);
            collect(right, ids);
        }
        Node::Array(items) | Node::Call(_, items) => items.iter().for_each(|item| collect(item, ids)),
        Node::Number(_) | Node::Text(_) | Node::Word(_) => {}
    }
}
