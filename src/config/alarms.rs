//! `[alarms]`: what CloudWatch shall have beside the engine, and whom it tells.

use std::collections::BTreeSet;

use toml::Spanned;

use super::section::Section;
use crate::diagnostics::{Diagnostic, shown};
use crate::model::alarm::{AlarmSettings, Topics};
use crate::model::settings::AwsSettings;

pub(super) const KEYS: [&str; 4] = ["prefix", "topics", "connections_percent", "follow"];
pub(super) const TOPIC_KEYS: [&str; 3] = ["alarm", "ok", "insufficient_data"];

/// A name has 255 characters at the most, and a database's and a signal's have to fit behind it.
const PREFIX_CHARS: usize = 100;
/// CloudWatch's own limit, for each state.
const TOPICS_MOST: usize = 5;

/// Reads the table; absent where there is none.
pub(super) fn read(root: &Section<'_>, aws: &AwsSettings, problems: &mut Vec<Diagnostic>) -> Option<AlarmSettings> {
    let alarms = root.child("alarms", &KEYS, problems)?;
    let usual = AlarmSettings::default();
    let prefix = prefix(&alarms, problems).unwrap_or(usual.prefix);
    let topics = alarms.child("topics", &TOPIC_KEYS, problems);
    // What is wrong with a topic is told once, however many states tell it.
    let mut wrong = BTreeSet::new();
    let mut of =
        |key: &str| topics.as_ref().map_or_else(Vec::new, |topics| arns(topics, key, aws, (&mut wrong, problems)));
    let topics = Topics { alarm: of("alarm"), ok: of("ok"), insufficient_data: of("insufficient_data") };
    let percent = alarms.count("connections_percent", 1..=100, problems);
    Some(AlarmSettings {
        prefix,
        topics,
        connections_percent: percent.unwrap_or(usual.connections_percent),
        follow: alarms.switch("follow", problems).unwrap_or(usual.follow),
    })
}

fn prefix(alarms: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<String> {
    let prefix = alarms.text("prefix", problems)?;
    let text = *prefix.get_ref();
    // Without one, every alarm of the account would be looked at.
    let is_right = !text.is_empty()
        && text.len() <= PREFIX_CHARS
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
    if !is_right {
        let problem = Diagnostic::new(prefix.span(), "`prefix` is not right", "no name of an alarm begins so");
        problems.push(problem.help("1 to 100 letters, digits, or any of - _ . /, such as \"upshift-\""));
    }
    Some(text.to_owned())
}

fn arns(
    topics: &Section<'_>,
    key: &str,
    aws: &AwsSettings,
    (wrong, problems): (&mut BTreeSet<String>, &mut Vec<Diagnostic>),
) -> Vec<String> {
    let given = topics.texts(key, problems).unwrap_or_default();
    if given.len() > TOPICS_MOST {
        let title = format!("CloudWatch tells {TOPICS_MOST} topics of one state at most");
        let problem = Diagnostic::new(topics.place(key), title, format!("{} of them", given.len()));
        problems.push(problem.help("let one topic tell several subscribers"));
    }
    for topic in &given {
        let problem = problem_of(topic, aws);
        if problem.is_none() || wrong.insert((*topic.get_ref()).to_owned()) {
            problems.extend(problem);
        }
    }
    let mut arns: Vec<String> = given.into_iter().map(|topic| (*topic.get_ref()).to_owned()).collect();
    arns.sort();
    arns.dedup();
    arns
}

/// What keeps an alarm from telling a topic, as far as the text says it: an alarm tells topics of its own region alone.
fn problem_of(topic: &Spanned<&str>, aws: &AwsSettings) -> Option<Diagnostic> {
    let parts: Vec<&str> = topic.get_ref().split(':').collect();
    let problem =
        |title: String, label: String, help: &str| Some(Diagnostic::new(topic.span(), title, label).help(help));
    let (region, account) = match parts[..] {
        ["arn", partition, "sns", region, account, name]
            if partition.starts_with("aws")
                && !region.is_empty()
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && !name.is_empty() =>
        {
            (region, account)
        }
        _ => {
            let title = format!("`{}` is not the ARN of an SNS topic", shown(topic.get_ref()));
            return problem(title, "not of this form".to_owned(), "arn:aws:sns:REGION:ACCOUNT:NAME");
        }
    };
    match (&aws.region, &aws.account_id) {
        (Some(own), _) if own != region => problem(
            format!("a topic of another region: it is in {}, and the alarms are in {own}", shown(region)),
            format!("not in {own}"),
            "an alarm can tell topics of its own region alone: name one of that",
        ),
        (_, Some(own)) if own != account => problem(
            format!("a topic of another account: it is of {}, and [aws] says {own}", shown(account)),
            format!("not of {own}"),
            "name a topic of the account, or let one of it pass messages on",
        ),
        _ => None,
    }
}
