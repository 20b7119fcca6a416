//! Metric math: expressions over metrics and over each other. Owned by the simulated CloudWatch.
//!
//! Simulated: numbers, ids, arithmetic, comparisons, `AND`/`OR`, arrays, and the functions of [`functions`]. What is
//! not simulated is refused by name.

mod check;
mod evaluate;
mod functions;
mod parse;
mod term;
#[cfg(test)]
mod tests;

pub(super) use check::check;
pub(super) use evaluate::{Span, evaluate};
pub(super) use term::Line;

/// An expression, as written and as understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expression {
    pub(super) text: String,
    node: Node,
}

impl Expression {
    /// Understands a text.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { text: text.to_owned(), node: parse::parse(text)? })
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Number(f64),
    Text(String),
    /// The id of another query.
    Id(String),
    /// A word that stands for itself, such as `REPEAT`.
    Word(String),
    Negated(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Array(Vec<Node>),
    Call(String, Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    And,
    Or,
}
