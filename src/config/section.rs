//! One table of the text: its keys checked against the known ones, its values read as what they should be. A value
//! that is wrong is reported here and then reads as absent, so that every further problem is found too.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::{Diagnostic, shown, suggestion};
use crate::model::duration;

/// The shortest and longest duration that any setting can mean.
pub(super) const SANE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(30 * 24);

/// A table with the name that problems give it.
pub(super) struct Section<'a> {
    name: String,
    /// Where it stands.
    pub(super) span: Range<usize>,
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    /// Takes a table and reports its unknown keys.
    pub(super) fn open(
        name: &str,
        span: Range<usize>,
        table: &'a DeTable<'a>,
        keys: &[&str],
        problems: &mut Vec<Diagnostic>,
    ) -> Self {
        for key in table.keys().filter(|key| !keys.contains(&key.get_ref().as_ref())) {
            let word = shown(key.get_ref());
            let help = suggestion(&word, "known keys", keys);
            problems.push(Diagnostic::unknown_key(key.span(), &word, name, help));
        }
        Self { name: name.to_owned(), span, table }
    }

    /// Whether the key is given, rightly or not.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Where the key's value stands, else where the table does.
    pub(super) fn place(&self, key: &str) -> Range<usize> {
        self.table.get(key).map_or(self.span.clone(), Spanned::span)
    }

    /// Reports that a key must be given, unless it is.
    pub(super) fn require(&self, key: &str, help: &str, problems: &mut Vec<Diagnostic>) {
        if !self.has(key) {
            problems.push(Diagnostic::missing(self.span.clone(), format!("{} needs `{key}`", self.name), help));
        }
    }

    /// A text.
    pub(super) fn text(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<Spanned<&'a str>> {
        let value = self.table.get(key)?;
        text_of(value, key, problems)
    }

    /// One of the words that are known here, as what it stands for; `what` it is that a word names, such as `strategy`.
    pub(super) fn word<T: Copy>(
        &self,
        key: &str,
        what: &str,
        known: &[(&str, T)],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<T> {
        let word = self.text(key, problems)?;
        let given = *word.get_ref();
        let found = known.iter().find(|(name, _)| *name == given).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let title = format!("unknown {what} `{}`", shown(given));
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let problem = Diagnostic::new(word.span(), title, "upshift cannot do this");
            problems.push(problem.help(suggestion(given, "known here", &names)));
        }
        found
    }

    /// True or false.
    pub(super) fn switch(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<bool> {
        let value = self.table.get(key)?;
        let switch = value.get_ref().as_bool();
        if switch.is_none() {
            problems.push(wrong_type(value, key, "true or false, without quotes"));
        }
        switch
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<Vec<Spanned<&'a str>>> {
        let value = self.table.get(key)?;
        let Some(items) = value.get_ref().as_array() else {
            problems.push(wrong_type(value, key, "a list of texts, such as [\"db.t4g.small\", \"db.m5.large\"]"));
            return None;
        };
        Some(items.iter().filter_map(|item| text_of(item, key, problems)).collect())
    }

    /// A finite number that is not negative.
    pub(super) fn number(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<Spanned<f64>> {
        let value = self.table.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|i| i as f64),
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            _ => {
                problems.push(wrong_type(value, key, "a number without quotes"));
                return None;
            }
        };
        let number = number.filter(|number| number.is_finite() && *number >= 0.0);
        if number.is_none() {
            let title = format!("`{key}` is out of range");
            let problem = Diagnostic::new(value.span(), title, "no threshold or share can be this");
            problems.push(problem.help("a finite number, 0 or more"));
        }
        number.map(|number| Spanned::new(value.span(), number))
    }

    /// The numbers of a table whose keys are the writer's own, each with its key.
    pub(super) fn numbers(
        &self,
        key: &str,
        right: &str,
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<(Spanned<&'a str>, Spanned<f64>)> {
        let Some(value) = self.table.get(key) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            problems.push(wrong_type(value, key, &format!("a table with lines such as {right}")));
            return Vec::new();
        };
        let keys: Vec<Spanned<&'a str>> =
            table.keys().map(|key| Spanned::new(key.span(), key.get_ref().as_ref())).collect();
        let inner = Section { name: format!("`{key}`"), span: value.span(), table };
        keys.into_iter().filter_map(|key| Some((key.clone(), inner.number(key.get_ref(), problems)?))).collect()
    }

    /// A whole number within bounds.
    pub(super) fn count(&self, key: &str, bounds: RangeInclusive<u32>, problems: &mut Vec<Diagnostic>) -> Option<u32> {
        let value = self.table.get(key)?;
        let right = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        let DeValue::Integer(integer) = value.get_ref() else {
            problems.push(wrong_type(value, key, &right));
            return None;
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| bounds.contains(n));
        if number.is_none() {
            problems
                .push(Diagnostic::new(value.span(), format!("`{key}` is out of range"), "not this many").help(right));
        }
        number
    }

    /// A duration within bounds, written as `"15m"` or `"1h 30m"`.
    pub(super) fn duration(
        &self,
        key: &str,
        bounds: &RangeInclusive<Duration>,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Spanned<Duration>> {
        let value = self.table.get(key)?;
        let Some(text) = value.get_ref().as_str() else {
            problems.push(wrong_type(value, key, "a duration in quotes with its unit, such as \"15m\" or \"1h 30m\""));
            return None;
        };
        let (shortest, longest) = (words(*bounds.start()), words(*bounds.end()));
        let right = format!("a duration from {shortest} to {longest}, such as {}", duration::EXAMPLES);
        let Some(signed) = duration::parse(text) else {
            problems.push(
                Diagnostic::new(value.span(), format!("`{key}` is not a duration"), "cannot be read as one")
                    .help(right),
            );
            return None;
        };
        let duration = Duration::try_from(signed).ok().filter(|duration| bounds.contains(duration));
        if duration.is_none() {
            let label = match signed {
                signed if signed.is_negative() => "negative",
                signed if signed.is_zero() => "no time at all",
                signed if signed.unsigned_abs() > *bounds.end() => "too long",
                _ => "too short",
            };
            problems.push(Diagnostic::new(value.span(), format!("`{key}` is out of range"), label).help(right));
        }
        duration.map(|duration| Spanned::new(value.span(), duration))
    }

    /// A table within this one.
    pub(super) fn child(&self, key: &str, keys: &[&str], problems: &mut Vec<Diagnostic>) -> Option<Section<'a>> {
        let value = self.table.get(key)?;
        let Some(table) = value.get_ref().as_table() else {
            problems.push(wrong_type(value, key, &format!("a table with the keys {}", keys.join(", "))));
            return None;
        };
        Some(Section::open(&format!("`{key}`"), value.span(), table, keys, problems))
    }

    /// The tables of a list, written as `[[path]]` each; `None` when the key is absent.
    pub(super) fn children(
        &self,
        key: &str,
        path: &str,
        keys: &[&str],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Section<'a>>> {
        let value = self.table.get(key)?;
        let right = format!("a list of tables: begin each with [[{path}]]");
        let Some(items) = value.get_ref().as_array() else {
            problems.push(wrong_type(value, key, &right));
            return Some(Vec::new());
        };
        if items.is_empty() {
            problems.push(Diagnostic::new(value.span(), format!("`{key}` is empty"), "nothing in it").help(right));
            return Some(Vec::new());
        }
        let mut sections = Vec::new();
        for item in items {
            match item.get_ref().as_table() {
                Some(table) => {
                    sections.push(Section::open(&format!("[[{path}]]"), item.span(), table, keys, problems));
                }
                None => problems.push(wrong_type(item, key, &right)),
            }
        }
        Some(sections)
    }
}

fn text_of<'a>(value: &'a Spanned<DeValue<'a>>, key: &str, problems: &mut Vec<Diagnostic>) -> Option<Spanned<&'a str>> {
    let text = value.get_ref().as_str();
    if text.is_none() {
        problems.push(wrong_type(value, key, "a text in quotes"));
    }
    text.map(|text| Spanned::new(value.span(), text))
}

fn wrong_type(value: &Spanned<DeValue<'_>>, key: &str, right: &str) -> Diagnostic {
    let label = match value.get_ref() {
        DeValue::String(_) => "this is a text",
        DeValue::Integer(_) => "this is a whole number",
        DeValue::Float(_) => "this is a number with a fraction",
        DeValue::Boolean(_) => "this is true or false",
        DeValue::Datetime(_) => "this is a date or a time",
        DeValue::Array(_) => "this is a list",
        DeValue::Table(_) => "this is a table",
    };
    Diagnostic::new(value.span(), format!("`{key}` has the wrong type"), label).help(right)
}

fn words(duration: Duration) -> String {
    match duration.as_secs() {
        86_400 => "1 day".to_owned(),
        secs if secs % 86_400 == 0 => format!("{} days", secs / 86_400),
        secs if secs % 60 == 0 => format!("{} min", secs / 60),
        secs => format!("{secs} s"),
    }
}
