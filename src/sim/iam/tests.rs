//! What documents say, and how a wrong one is told.

use super::condition::Context;
use super::{Check, Document, Verdict};

fn document(statements: &str) -> Document {
    let text = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statements}]}}");
    Document::parse("policy.json", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn check(action: &str, resource: &str, context: &[(&str, &str)]) -> Check {
    let context: Context =
        context.iter().map(|(key, value)| (key.to_ascii_lowercase(), vec![(*value).to_owned()])).collect();
    Check { action: action.to_owned(), resource: resource.to_owned(), context }
}

const TAGGED: &str = r#"{"Sid": "Scale", "Effect": "Allow", "Action": ["rds:Modify*", "rds:DeleteDBInstance"],
    "Resource": "arn:aws:rds:*:1:db:*", "Condition": {"StringEquals": {"rds:db-tag/upshift": ["allowed", "yes"]}}}"#;
const DENIED: &str = r#"{"Effect": "Deny", "Action": "rds:DeleteDBInstance", "Resource": "arn:aws:rds:*:1:db:orders"}"#;

#[test]
fn a_denial_outweighs_what_is_allowed_and_nothing_said_is_a_denial() {
    let both = document(TAGGED).and(document(DENIED));
    let tag = [("rds:db-tag/Upshift", "yes")];
    let verdict = |action: &str, name: &str, tags: &[(&str, &str)]| {
        both.verdict(&check(action, &format!("arn:aws:rds:us-east-1:1:db:{name}"), tags))
    };
    assert_eq!(verdict("rds:modifydbinstance", "orders", &tag), Verdict::Allowed, "letters of actions do not matter");
    assert_eq!(verdict("rds:ModifyDBInstance", "orders", &[]), Verdict::ImplicitDeny);
    assert_eq!(verdict("rds:ModifyDBInstance", "orders", &[("rds:db-tag/upshift", "Allowed")]), Verdict::ImplicitDeny);
    assert_eq!(verdict("rds:DeleteDBInstance", "orders-old1", &tag), Verdict::Allowed);
    assert_eq!(verdict("rds:DeleteDBInstance", "orders", &tag), Verdict::ExplicitDeny);
    assert_eq!(verdict("rds:RebootDBInstance", "orders", &tag), Verdict::ImplicitDeny);
}

#[test]
fn wildcards_take_any_characters_and_what_aws_asks_as_a_wildcard_wants_one() {
    use super::pattern::is_like;
    for (pattern, text, is) in [
        ("*", "", true),
        ("rds:*", "rds:ModifyDBInstance", true),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-c-b", false),
        ("db-?", "db-1", true),
        ("db-?", "db-", false),
        ("db:orders-*", "db:*", false),
        ("db:*", "db:*", true),
        ("***", "x", true),
        ("", "x", false),
    ] {
        assert_eq!(is_like(pattern, text), is, "{pattern} {text}");
    }
    // What would take years by trying everything.
    assert!(!is_like(&"*a".repeat(40), &"a".repeat(39)));
}

#[test]
fn each_comparison_knows_what_an_absent_key_means() {
    for (operator, value, holds) in [
        ("StringEquals", None, false),
        ("StringEquals", Some("allowed"), true),
        ("StringEqualsIfExists", None, true),
        ("StringEqualsIfExists", Some("other"), false),
        ("StringNotEquals", None, true),
        ("StringNotEquals", Some("allowed"), false),
        ("StringEqualsIgnoreCase", Some("ALLOWED"), true),
        ("StringNotEqualsIgnoreCase", Some("ALLOWED"), false),
        ("StringLike", Some("allowed"), true),
        ("StringNotLike", Some("other"), true),
    ] {
        let text = format!(
            r#"{{"Effect": "Allow", "Action": "rds:X", "Resource": "*",
                "Condition": {{"{operator}": {{"aws:ResourceTag/upshift": "allowed"}}}}}}"#
        );
        let context: Vec<(&str, &str)> = value.map(|value| ("aws:ResourceTag/upshift", value)).into_iter().collect();
        let allowed = document(&text).verdict(&check("rds:X", "arn:x", &context)) == Verdict::Allowed;
        assert_eq!(allowed, holds, "{operator} {value:?}");
    }
    let null = |wanted: &str| {
        let text = format!(
            r#"{{"Effect": "Allow", "Action": "rds:X", "Resource": "*",
                "Condition": {{"Null": {{"aws:ResourceTag/upshift": {wanted}}}}}}}"#
        );
        document(&text).verdict(&check("rds:X", "arn:x", &[]))
    };
    assert_eq!((null("true"), null("\"false\"")), (Verdict::Allowed, Verdict::ImplicitDeny));
}

/// Nothing in a document is ignored: what cannot be enforced is refused, with its place, which is where `@` stands here.
#[test]
fn what_is_not_known_is_refused_with_line_and_column() {
    let statement =
        |inner: &str| format!("{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{{\n    {inner}\n  }}]\n}}\n");
    let whole = r#""Effect": "Allow", "Action": "rds:X", "Resource": "*""#;
    let condition = |inner: &str| statement(&format!("{whole}, \"Condition\": {{{inner}}}"));
    let variable = r#""Effect": "Allow", "Action": "rds:X", "Resource": @"arn:aws:rds:*:*:db:${aws:username}""#;
    for (marked, words) in [
        ("{\n  \"Version\" @\"2012-10-17\"\n}".to_owned(), "this is not JSON"),
        ("@[]".to_owned(), "a policy document is an object"),
        ("{\"Version\": @\"2008-10-17\", \"Statement\": []}".to_owned(), "2012-10-17"),
        ("@{\"Version\": \"2012-10-17\"}".to_owned(), "there is no `Statement`"),
        (statement(r#""Effect": @"allow", "Action": "rds:X", "Resource": "*""#), "allows or denies"),
        (statement(r#""Effect": "Allow", @"NotAction": "rds:X", "Resource": "*""#), "write Action and Resource"),
        (statement(r#""Effect": "Allow", "Resource": "*""#).replace("[{", "[@{"), "no `Action`"),
        (statement(r#""Effect": "Allow", "Action": @"ModifyDB", "Resource": "*""#), "rds:ModifyDBInstance"),
        (statement(r#""Effect": "Allow", "Action": "rds:X", "Resource": @"db:orders""#), "an ARN"),
        (statement(variable), "variables are not part of this simulation"),
        (statement(&format!("{whole}, @\"Principal\": \"*\"")), "names no principal"),
        (statement(&format!("{whole}, @\"Condtion\": {{}}")), "did you mean `Condition`"),
        (statement(&format!("{whole}, @\"Action\": []")), "stands here twice"),
        (statement(&format!("{whole}, \"Sid\": @3")), "a text is wanted here"),
        (condition("@\"NumericLessThan\": {}"), "StringEquals"),
        (condition("\"StringLike\": {@\"aws:SourceIp\": \"1\"}"), "rds:db-tag/TAG"),
        (condition("\"StringLike\": {@\"rds:db-tag/\": \"1\"}"), "rds:db-tag/TAG"),
        (condition("\"StringLike\": {\"rds:db-tag/a\": @[]}"), "the list is empty"),
        ("[".repeat(127) + "@[" + &"]".repeat(128), "recursion limit"),
    ] {
        let before = marked.split('@').next().unwrap();
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        let place = format!("policy.json:{}:{column}", before.matches('\n').count() + 1);
        let text = marked.replace('@', "");
        let rendered = Document::parse("policy.json", &text).unwrap_err().render(false);
        assert!(rendered.contains(&format!("{place}\n")) && rendered.contains(words), "{place} {text}: {rendered}");
    }
}

#[test]
fn a_document_as_people_write_them_is_read_whole() {
    let one = r#"{"Version":"2012-10-17","Id":"x","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let all = Document::parse("policy.json", one).unwrap();
    assert_eq!(all.verdict(&check("rds:ModifyDBInstance", "arn:aws:rds:x", &[])), Verdict::Allowed);
    let escaped =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["rds:D\u0065scribe*"],"Resource":["*"]}]}"#;
    let all = Document::parse("policy.json", escaped).unwrap();
    assert_eq!(all.verdict(&check("rds:DescribeEvents", "*", &[])), Verdict::Allowed);
}
