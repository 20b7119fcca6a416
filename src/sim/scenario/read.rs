//! Reading the text of a scenario to its end in spite of mistakes: what is wrong is noted, taken out, and the rest read
//! again, so that one reading names all of them.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::parse::File;
use crate::diagnostics::{Diagnostic, shown, suggestion, syntax_problems};

/// More mistakes than these are not told at once.
const MOST: usize = 100;

/// The scenario as it is written.
///
/// # Errors
/// Everything that cannot be read: where it is no TOML, that alone.
pub(super) fn file(text: &str) -> Result<File, Vec<Diagnostic>> {
    let (mut tree, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(syntax_problems(&errors, text));
    }
    let mut found = Vec::new();
    let mut taken = BTreeSet::new();
    loop {
        let error = match File::deserialize(tree.clone().into_deserializer()) {
            Ok(file) if found.is_empty() => return Ok(file),
            Ok(_) => return Err(found),
            Err(error) => error,
        };
        let place = error.span().unwrap_or(text.len()..text.len());
        let missing = between(error.message(), "missing field `");
        // A key that was taken out because of its value is not missing.
        if missing.is_none_or(|key| !taken.contains(key)) {
            found.push(problem(&error, place.clone()));
        }
        let out = take_out(tree.get_mut(), &place);
        if found.len() >= MOST || out.is_none() {
            return Err(found);
        }
        taken.extend(out);
    }
}

fn problem(error: &toml::de::Error, place: Range<usize>) -> Diagnostic {
    let message = error.message().trim().replace('\n', ", ");
    let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
    if let Some(key) = between(&message, "unknown field `") {
        return Diagnostic::unknown_key(place, &shown(key), "a scenario", suggestion(key, "known keys here", &known));
    }
    if let Some(word) = between(&message, "unknown variant `") {
        let problem = Diagnostic::new(place, format!("unknown word `{}`", shown(word)), "no such word here");
        return problem.help(suggestion(word, "known words", &known));
    }
    if let Some(key) = between(&message, "missing field `") {
        return Diagnostic::missing(place, format!("`{key}` is missing"), format!("add a line {key} = …"));
    }
    match message.split_once(", expected ") {
        Some((wrong, right)) => {
            let right = match right {
                "u8" | "u16" | "u32" | "u64" | "i32" | "i64" => "a whole number",
                "f64" => "a number",
                other => other,
            };
            Diagnostic::new(place, "wrong value", shown(wrong)).help(format!("write {right}"))
        }
        None => Diagnostic::new(place, "wrong value", "cannot be used").help(message),
    }
}

fn between<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.split('`').next()
}

/// Takes the smallest part of a table that covers a place out of it. Says under which key it stood; `None` when there is
/// none.
fn take_out(table: &mut DeTable<'_>, place: &Range<usize>) -> Option<String> {
    let covers = |span: Range<usize>| span.start <= place.start && place.end <= span.end && !span.is_empty();
    let at = table.iter().find(|(key, value)| covers(key.span()) || covers(value.span()) || holds(value, place));
    let (key, whole) = at.map(|(key, value)| (key.clone(), covers(key.span()) || value.span() == *place))?;
    if !whole {
        let inner = table.get_mut(key.get_ref().as_ref()).and_then(|value| take_out_of(value, place));
        if inner.is_some() {
            return inner;
        }
    }
    table.remove(key.get_ref().as_ref()).map(|_| key.into_inner().into_owned())
}

/// The same of the tables within a value.
fn take_out_of(value: &mut Spanned<DeValue<'_>>, place: &Range<usize>) -> Option<String> {
    match value.get_mut() {
        DeValue::Table(table) => take_out(table, place),
        DeValue::Array(items) => {
            if items.iter().any(|item| item.span() == *place) {
                let others = std::mem::replace(items, DeArray::new()).into_iter();
                *items = others.filter(|item| item.span() != *place).collect();
                return Some(String::new());
            }
            items.iter_mut().find(|item| holds(item, place)).and_then(|item| take_out_of(item, place))
        }
        _ => None,
    }
}

/// Whether a place lies in a value, also in one of several parts as the tables of an array are.
fn holds(value: &Spanned<DeValue<'_>>, place: &Range<usize>) -> bool {
    let within = |span: Range<usize>| span.start <= place.start && place.end <= span.end;
    match value.get_ref() {
        DeValue::Table(table) => {
            within(value.span()) || table.iter().any(|(key, value)| within(key.span()) || holds(value, place))
        }
        DeValue::Array(items) => within(value.span()) || items.iter().any(|item| holds(item, place)),
        _ => within(value.span()),
    }
}
