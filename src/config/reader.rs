//! Typed reading of a TOML table: each wrong key or value becomes a problem with its place, and reading goes on.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use jiff::SignedDuration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problems;

/// A table with its place.
#[derive(Debug, Clone)]
pub(super) struct Section<'a> {
    pub(super) table: &'a DeTable<'a>,
    pub(super) span: Range<usize>,
}

/// Reads one table.
pub(super) struct Reader<'a, 'p> {
    table: &'a DeTable<'a>,
    span: Range<usize>,
    name: String,
    pub(super) problems: &'p mut Problems,
}

impl<'a, 'p> Reader<'a, 'p> {
    pub(super) fn new(table: &'a DeTable<'a>, span: Range<usize>, name: &str, problems: &'p mut Problems) -> Self {
        Self { table, span, name: name.to_owned(), problems }
    }

    /// Keys other than these are problems, with the nearest of these.
    pub(super) fn only(&mut self, known: &[&str]) {
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let title = format!("unknown key `{name}` in {}", self.name);
                self.problems.add(
                    key.span(),
                    title,
                    "not known".to_owned(),
                    Some(nearest(name, known.iter().copied())),
                );
            }
        }
    }

    /// The place of the whole table.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn table(&mut self, key: &str) -> Option<Section<'a>> {
        self.typed(key, "a table", |value| match value {
            DeValue::Table(table) => Some(table),
            _ => None,
        })
        .map(|(table, span)| Section { table, span })
    }

    pub(super) fn tables(&mut self, key: &str) -> Vec<Section<'a>> {
        let found = self.typed(key, "a list of tables", |value| match value {
            DeValue::Array(list) => list
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::Table(table) => Some(Section { table, span: item.span() }),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>(),
            _ => None,
        });
        found.map(|(tables, _)| tables).unwrap_or_default()
    }

    pub(super) fn text(&mut self, key: &str) -> Option<(String, Range<usize>)> {
        self.typed(key, "a text in quotes, not empty", text)
    }

    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<(String, Range<usize>)>> {
        let list = self.typed(key, "a list of texts in quotes", |value| match value {
            DeValue::Array(list) => {
                list.iter().map(|item| Some((text(item.get_ref())?, item.span()))).collect::<Option<Vec<_>>>()
            }
            _ => None,
        });
        list.map(|(list, _)| list)
    }

    pub(super) fn number(&mut self, key: &str, range: RangeInclusive<f64>) -> Option<(f64, Range<usize>)> {
        let what = format!("a number from {} to {}", range.start(), range.end());
        self.typed(key, &what, |value| {
            let number = match value {
                DeValue::Integer(number) => number.to_string().parse::<f64>().ok()?,
                DeValue::Float(number) => number.to_string().parse::<f64>().ok()?,
                _ => return None,
            };
            range.contains(&number).then_some(number)
        })
    }

    pub(super) fn count(&mut self, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let what = format!("a whole number from {} to {}", range.start(), range.end());
        let found = self.typed(key, &what, |value| match value {
            DeValue::Integer(number) => number.to_string().parse::<u32>().ok().filter(|number| range.contains(number)),
            _ => None,
        });
        found.map(|(number, _)| number)
    }

    pub(super) fn duration(&mut self, key: &str, range: RangeInclusive<Duration>) -> Option<Duration> {
        let words =
            |duration: &Duration| SignedDuration::try_from(*duration).map_or(String::new(), |d| format!("{d:#}"));
        let what = format!("a time such as \"15m\", from {} to {}", words(range.start()), words(range.end()));
        let found = self.typed(key, &what, |value| {
            let duration: SignedDuration = text(value)?.parse().ok()?;
            Duration::try_from(duration).ok().filter(|duration| range.contains(duration))
        });
        found.map(|(duration, _)| duration)
    }

    /// The value of a key, or a problem that says what belongs there.
    fn typed<T>(
        &mut self,
        key: &str,
        what: &str,
        read: impl Fn(&'a DeValue<'a>) -> Option<T>,
    ) -> Option<(T, Range<usize>)> {
        let value: &Spanned<DeValue<'a>> = self.table.get(key)?;
        let found = read(value.get_ref()).map(|read| (read, value.span()));
        if found.is_none() {
            let title = format!("`{key}` in {} must be {what}", self.name);
            self.problems.add(value.span(), title, "this is not".to_owned(), None);
        }
        found
    }
}

fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) if !text.trim().is_empty() => Some(text.to_string()),
        _ => None,
    }
}

/// What a misspelt name may have meant, else what there is.
pub(super) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    let best = known.clone().max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
    match best {
        Some(best) if strsim::jaro_winkler(name, best) > 0.8 => format!("did you mean `{best}`?"),
        _ => {
            let some: Vec<&str> = known.take(12).collect();
            format!("known here: {}", some.join(", "))
        }
    }
}
