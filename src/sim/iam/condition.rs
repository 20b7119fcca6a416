//! Conditions of a statement: comparisons of texts that the call brings along.

use std::collections::BTreeMap;

use super::pattern::is_like;

/// What a call says of itself and of what it is about: values by the key's name in small letters, as IAM compares names.
pub type Context = BTreeMap<String, Vec<String>>;

/// The keys that calls of this simulation can bring along; one that ends in `/` goes on with the key of a tag.
pub(super) const KEYS: [&str; 13] = [
    "aws:RequestTag/",
    "aws:ResourceTag/",
    "rds:db-tag/",
    "rds:cluster-tag/",
    "rds:req-tag/",
    "rds:DatabaseClass",
    "rds:DatabaseEngine",
    "iam:AWSServiceName",
    "iam:PassedToService",
    "cloudwatch:namespace",
    "cloudwatch:AlarmActions",
    "application-autoscaling:service-namespace",
    "application-autoscaling:scalable-dimension",
];

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) operator: Operator,
    /// In small letters.
    pub(super) key: String,
    /// Any of them.
    pub(super) values: Vec<String>,
}

/// How it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operator {
    comparison: Comparison,
    /// It holds where the key is absent.
    if_exists: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equals,
    NotEquals,
    EqualsIgnoreCase,
    NotEqualsIgnoreCase,
    Like,
    NotLike,
    Null,
}

impl Comparison {
    /// The words of a document. ARNs are compared as texts with wildcards, which they are.
    const WORDS: [(&'static str, Self); 11] = [
        ("StringEquals", Self::Equals),
        ("StringNotEquals", Self::NotEquals),
        ("StringEqualsIgnoreCase", Self::EqualsIgnoreCase),
        ("StringNotEqualsIgnoreCase", Self::NotEqualsIgnoreCase),
        ("StringLike", Self::Like),
        ("StringNotLike", Self::NotLike),
        ("ArnEquals", Self::Like),
        ("ArnNotEquals", Self::NotLike),
        ("ArnLike", Self::Like),
        ("ArnNotLike", Self::NotLike),
        ("Null", Self::Null),
    ];
}

impl Operator {
    /// The operator of that name.
    pub(super) fn named(word: &str) -> Option<Self> {
        let plain = word.strip_suffix("IfExists");
        let (_, comparison) = Comparison::WORDS.into_iter().find(|(name, _)| *name == plain.unwrap_or(word))?;
        let if_exists = plain.is_some();
        (!(if_exists && comparison == Comparison::Null)).then_some(Self { comparison, if_exists })
    }

    /// The names that there are.
    pub(super) fn words() -> impl Iterator<Item = &'static str> {
        Comparison::WORDS.into_iter().map(|(name, _)| name)
    }
}

impl Condition {
    /// Whether a call meets it. As at AWS, a negated comparison holds where the key is absent, any other does not.
    pub(super) fn holds(&self, context: &Context) -> bool {
        let found = context.get(&self.key).filter(|values| !values.is_empty());
        let any = |is: fn(&str, &str) -> bool| {
            let of = |value: &String| self.values.iter().any(|wanted| is(wanted, value));
            found.map(|values| values.iter().any(of))
        };
        let equal = |wanted: &str, value: &str| wanted == value;
        let alike = |wanted: &str, value: &str| wanted.eq_ignore_ascii_case(value);
        let absent = self.operator.if_exists;
        match self.operator.comparison {
            Comparison::Equals => any(equal).unwrap_or(absent),
            Comparison::EqualsIgnoreCase => any(alike).unwrap_or(absent),
            Comparison::Like => any(is_like).unwrap_or(absent),
            Comparison::NotEquals => !any(equal).unwrap_or(false),
            Comparison::NotEqualsIgnoreCase => !any(alike).unwrap_or(false),
            Comparison::NotLike => !any(is_like).unwrap_or(false),
            Comparison::Null => {
                self.values.iter().any(|wanted| wanted == if found.is_none() { "true" } else { "false" })
            }
        }
    }
}
