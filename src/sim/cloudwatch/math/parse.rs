//! From text to [`Node`]: a tokeniser and a parser by precedence. Both are bounded: the text by its caller, the
//! nesting here.

use super::{Node, Operator};

/// Nesting beyond this is refused.
const DEPTH: usize = 32;
/// Operators from the loosest to the tightest, one line per level.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("OR", Operator::Or), ("||", Operator::Or)],
    &[("AND", Operator::And), ("&&", Operator::And)],
    &[
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
    &[("^", Operator::Power)],
];
/// Longer symbols first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 18] =
    ["<=", ">=", "==", "!=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ","];

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Word(String),
    Symbol(&'static str),
}

pub(super) fn parse(text: &str) -> Result<Node, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let node = parser.level(0)?;
    match parser.next() {
        None => Ok(node),
        Some(token) => Err(format!("unexpected {}", token.shown())),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, symbol: &str) -> bool {
        let found = match self.tokens.get(self.at) {
            Some(Token::Symbol(next)) => *next == symbol,
            Some(Token::Word(next)) => next == symbol,
            _ => false,
        };
        self.at += usize::from(found);
        found
    }

    fn wants(&mut self, symbol: &str) -> Result<(), String> {
        if self.takes(symbol) { Ok(()) } else { Err(format!("'{symbol}' is missing")) }
    }

    fn level(&mut self, level: usize) -> Result<Node, String> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(symbol, _)| self.takes(symbol)) {
            let right = self.level(level + 1)?;
            left = Node::Binary(*operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("the expression is nested too deeply".to_owned());
        }
        let node = if self.takes("-") { Node::Negated(Box::new(self.unary()?)) } else { self.primary()? };
        self.depth -= 1;
        Ok(node)
    }

    fn primary(&mut self) -> Result<Node, String> {
        match self.next() {
            None => Err("the expression ends too early".to_owned()),
            Some(Token::Number(number)) => Ok(Node::Number(number)),
            Some(Token::Text(text)) => Ok(Node::Text(text)),
            Some(Token::Symbol("(")) => {
                let node = self.level(0)?;
                self.wants(")")?;
                Ok(node)
            }
            Some(Token::Symbol("[")) => Ok(Node::Array(self.items("]")?)),
            Some(Token::Word(word)) if self.takes("(") => Ok(Node::Call(word, self.items(")")?)),
            Some(Token::Word(word)) if word.starts_with(|c: char| c.is_ascii_lowercase()) => Ok(Node::Id(word)),
            Some(Token::Word(word)) => Ok(Node::Word(word)),
            Some(token) => Err(format!("unexpected {}", token.shown())),
        }
    }

    /// What stands between brackets, up to and with the closing one.
    fn items(&mut self, close: &str) -> Result<Vec<Node>, String> {
        let mut items = Vec::new();
        if self.takes(close) {
            return Ok(items);
        }
        loop {
            items.push(self.level(0)?);
            if self.takes(close) {
                return Ok(items);
            }
            self.wants(",")?;
        }
    }
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Number(number) => format!("'{number}'"),
            Self::Text(text) | Self::Word(text) => format!("'{text}'"),
            Self::Symbol(symbol) => format!("'{symbol}'"),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = token(first, rest)?;
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// The token at the start of a text, and its length in bytes.
fn token(first: char, rest: &str) -> Result<(Token, usize), String> {
    let length_of = |belongs: fn(char) -> bool| rest.find(|c: char| !belongs(c)).unwrap_or(rest.len());
    if first == '\'' || first == '"' {
        let end = rest[1..].find(first).ok_or("a quotation mark is not closed")?;
        return Ok((Token::Text(rest[1..=end].to_owned()), end + 2));
    }
    if first.is_ascii_digit() || first == '.' {
        let length = length_of(|c| c.is_ascii_digit() || c == '.');
        let number = rest[..length].parse().map_err(|_| format!("'{}' is not a number", &rest[..length]))?;
        return Ok((Token::Number(number), length));
    }
    if first.is_ascii_alphabetic() {
        let length = length_of(|c| c.is_ascii_alphanumeric() || c == '_');
        return Ok((Token::Word(rest[..length].to_owned()), length));
    }
    let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
    symbol.map(|symbol| (Token::Symbol(symbol), symbol.len())).ok_or_else(|| format!("unexpected '{first}'"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn operators_bind_as_in_arithmetic() {
        let shown = |text: &str| parse(text).map(|node| show(&node));
        assert_eq!(shown("1+2*m1-3").unwrap(), "((1+(2*m1))-3)");
        assert_eq!(shown("-(a+b)/2").unwrap(), "(-(a+b)/2)");
        assert_eq!(shown("a>1 AND b<=2 OR c").unwrap(), "(((a>1)&&(b<=2))||c)");
        assert_eq!(shown("SUM([a, b])/ FILL(c,REPEAT)").unwrap(), "(SUM([a,b])/FILL(c,REPEAT))");
    }

    #[test]
    fn nonsense_is_refused_in_words() {
        for (text, what) in [
            ("", "ends too early"),
            ("1+", "ends too early"),
            ("(a", "')' is missing"),
            ("a b", "unexpected 'b'"),
            ("'x", "not closed"),
            ("1.2.3", "not a number"),
            ("a # b", "unexpected '#'"),
            ("F(a b)", "',' is missing"),
        ] {
            let said = parse(text).unwrap_err();
            assert!(said.contains(what), "{text}: {said}");
        }
        assert!(parse(&"(".repeat(2000)).unwrap_err().contains("deeply"));
        assert!(parse(&"-".repeat(2000)).unwrap_err().contains("deeply"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-cA-C0-9 ()+*/<>=,.'\\[\\]-]{0,40}|.{0,40}") {
            let _ = parse(&text);
        }
    }

    fn show(node: &Node) -> String {
        let all = |nodes: &[Node]| nodes.iter().map(show).collect::<Vec<_>>().join(",");
        match node {
            Node::Number(number) => number.to_string(),
            Node::Text(text) => format!("'{text}'"),
            Node::Id(text) | Node::Word(text) => text.clone(),
            Node::Negated(inner) => format!("-{}", show(inner)),
            Node::Array(items) => format!("[{}]", all(items)),
            Node::Call(name, items) => format!("{name}({})", all(items)),
            Node::Binary(operator, left, right) => {
                let symbol = LEVELS.iter().flat_map(|level| level.iter()).rfind(|(_, other)| other == operator);
                format!("({}{}{})", show(left), symbol.unwrap().0, show(right))
            }
        }
    }
}
