//! Alarms: what they watch, the state they are in, and what became of them. Owned by the simulated CloudWatch.

mod decide;
mod describe;
mod evaluate;
mod history;
mod outbox;
mod put;
mod reason;
mod set;
mod stale;
mod tags;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::queries::{Kind, MetricStat, Query};
use history::History;
pub use outbox::Notification;
use outbox::Outbox;
use stale::Stale;

/// The most alarms that an account may have by default.
pub(in crate::sim) const ALARMS: usize = 5_000;
/// The longest name.
const NAME_CHARS: usize = 255;
/// The most names in one call.
const NAMES: usize = 100;

/// The alarms of one account and region.
#[derive(Debug)]
pub(super) struct Alarms {
    arn_prefix: String,
    quota: usize,
    by_name: BTreeMap<String, Alarm>,
    stale: Stale,
    history: History,
    outbox: Outbox,
}

impl Alarms {
    pub(super) fn new(account: &str, region: &str) -> Self {
        let arn_prefix = format!("arn:aws:cloudwatch:{region}:{account}:alarm:");
        let outbox = Outbox::new(account, region);
        Self {
            arn_prefix,
            quota: ALARMS,
            by_name: BTreeMap::new(),
            stale: Stale::default(),
            history: History::default(),
            outbox,
        }
    }

    /// So many alarms, and no more.
    pub(super) fn set_quota(&mut self, alarms: usize) {
        self.quota = alarms;
    }

    /// A change shows so long after it was made.
    pub(super) fn set_shown_after(&mut self, time: SignedDuration) {
        self.stale.shown_after = time;
    }

    /// What SNS would have sent, oldest first.
    pub(super) fn notifications(&self) -> impl Iterator<Item = &Notification> {
        self.outbox.sent()
    }

    /// When each alarm was last given its configuration, in the order of their names.
    pub(super) fn configured_at(&self) -> impl Iterator<Item = Timestamp> {
        self.by_name.values().map(|alarm| alarm.configured_at)
    }

    /// Whether the alarm of that name is in the state `ALARM`.
    pub(super) fn is_in_alarm(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|alarm| alarm.state.value == StateValue::Alarm)
    }
}

/// One alarm.
#[derive(Debug, Clone)]
struct Alarm {
    name: String,
    arn: String,
    rule: Rule,
    state: State,
    configured_at: Timestamp,
    /// Key and value.
    tags: BTreeMap<String, String>,
}

/// Its whole configuration.
#[derive(Debug, Clone)]
struct Rule {
    description: Option<String>,
    actions_enabled: bool,
    ok_actions: Vec<String>,
    alarm_actions: Vec<String>,
    insufficient_data_actions: Vec<String>,
    source: Source,
    /// N.
    evaluation_periods: usize,
    /// M, if it was given; else it is N.
    datapoints_to_alarm: Option<usize>,
    threshold: f64,
    comparison: Comparison,
    treat_missing_data: Option<Treatment>,
    low_sample_percentile: Option<String>,
}

/// What it watches.
#[derive(Debug, Clone)]
enum Source {
    Metric(MetricStat),
    /// Queries of which one returns data, and the period of that.
    Queries(Vec<Query>, i64),
}

/// The state, and since when and why.
#[derive(Debug, Clone)]
struct State {
    value: StateValue,
    reason: String,
    /// JSON.
    data: Option<String>,
    updated_at: Timestamp,
    transitioned_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StateValue {
    Ok,
    Alarm,
    InsufficientData,
}

/// How the missing datapoints count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Missing,
    Ignore,
    Breaching,
    NotBreaching,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    GreaterOrEqual,
    Greater,
    Less,
    LessOrEqual,
}

impl StateValue {
    const WORDS: [&'static str; 3] = ["OK", "ALARM", "INSUFFICIENT_DATA"];

    fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Ok, Self::Alarm, Self::InsufficientData].into_iter().find(|state| state.word() == word)
    }
}

impl Treatment {
    const ALL: [Self; 4] = [Self::Missing, Self::Ignore, Self::Breaching, Self::NotBreaching];

    fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ignore => "ignore",
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
        }
    }
}

impl Comparison {
    const ALL: [Self; 4] = [Self::GreaterOrEqual, Self::Greater, Self::Less, Self::LessOrEqual];

    fn word(self) -> &'static str {
        match self {
            Self::GreaterOrEqual => "GreaterThanOrEqualToThreshold",
            Self::Greater => "GreaterThanThreshold",
            Self::Less => "LessThanThreshold",
            Self::LessOrEqual => "LessThanOrEqualToThreshold",
        }
    }

    /// As in "was ... the threshold".
    fn phrase(self) -> &'static str {
        match self {
            Self::GreaterOrEqual => "greater than or equal to",
            Self::Greater => "greater than",
            Self::Less => "less than",
            Self::LessOrEqual => "less than or equal to",
        }
    }

    fn is_breached(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterOrEqual => value >= threshold,
            Self::Greater => value > threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }
}

impl Rule {
    /// M.
    fn needed(&self) -> usize {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods)
    }

    fn actions(&self, state: StateValue) -> &[String] {
        match state {
            StateValue::Ok => &self.ok_actions,
            StateValue::Alarm => &self.alarm_actions,
            StateValue::InsufficientData => &self.insufficient_data_actions,
        }
    }
}

impl Source {
    /// Seconds.
    fn period(&self) -> i64 {
        match self {
            Self::Metric(stat) => stat.period,
            Self::Queries(_, period) => *period,
        }
    }

    /// The statistic, where one metric is watched.
    fn statistic(&self) -> Option<String> {
        match self {
            Self::Metric(stat) => Some(stat.statistic.name()),
            Self::Queries(queries, _) => {
                queries.iter().find(|query| query.returned).and_then(|query| match &query.kind {
                    Kind::Stat(stat) => Some(stat.statistic.name()),
                    Kind::Expression(_) => None,
                })
            }
        }
    }
}
