//! The alarms of one database, by its policy and by what RDS says of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::alarm::{AlarmDefinition, AlarmSettings, Topics, WantedAlarm, Watches};
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::policy::{Comparison, Policy, Rule};
use crate::model::series::{SignalName, SignalSource, SignalSpec, Statistic};

/// RDS's own namespace: of an Aurora cluster it has series of whichever instance writes.
const RDS: &str = "AWS/RDS";
/// What has no datapoint is neither well nor ill: CloudWatch goes to INSUFFICIENT_DATA, and the engine's rule does not hold.
const MISSING_DATA: &str = "missing";
/// The alarm on the connections: 2 of 2 periods of 5 minutes.
const CONNECTIONS_PERIODS: u32 = 2;
const CONNECTIONS_PERIOD_SECS: u32 = 300;
/// How far back an alarm may look, and with periods of an hour and more.
const DAY_SECS: u64 = 86_400;
const WEEK_SECS: u64 = 7 * DAY_SECS;

/// What follows from one policy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Derived {
    /// In the order of the rules, that of the connections last. No two have one name.
    pub wanted: Vec<WantedAlarm>,
    /// Rules that have none.
    pub without: Vec<Without>,
}

/// A rule that has no alarm in CloudWatch, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Without {
    /// Of which database.
    pub database: DatabaseName,
    /// The rule in words.
    pub rule: String,
    /// Why there is none.
    pub why: String,
}

/// Every alarm of a database.
pub fn of_database(policy: &Policy, settings: &AlarmSettings, state: &DatabaseState) -> Derived {
    let mut derived = of_rules(policy, &settings.topics, state);
    match connections(policy, settings, state) {
        Ok(alarm) => derived.wanted.push(alarm),
        Err(why) => {
            let (database, rule) = (policy.database.clone(), "connections".to_owned());
            derived.without.push(Without { database, rule, why });
        }
    }
    let mut taken = BTreeSet::new();
    for alarm in &mut derived.wanted {
        // No signal has a hyphen in its name, so that the last one ends the database's.
        let rule = std::iter::successors(Some(1_u32), |count| Some(count + 1))
            .map(|count| if count == 1 { alarm.rule.clone() } else { format!("{}_{count}", alarm.rule) })
            .find(|rule| !taken.contains(rule));
        alarm.rule = rule.unwrap_or_default();
        alarm.name = format!("{}{}-{}", settings.prefix, policy.database, alarm.rule);
        taken.insert(alarm.rule.clone());
    }
    derived
}

/// Those of its up rules, without a name.
pub fn of_rules(policy: &Policy, topics: &Topics, state: &DatabaseState) -> Derived {
    let mut derived = Derived::default();
    for rule in &policy.up {
        match of_rule(policy, rule, topics, state) {
            Ok(alarm) => derived.wanted.push(alarm),
            Err(why) => {
                let (database, rule) = (policy.database.clone(), rule.to_string());
                derived.without.push(Without { database, rule, why });
            }
        }
    }
    derived
}

fn of_rule(policy: &Policy, rule: &Rule, topics: &Topics, state: &DatabaseState) -> Result<WantedAlarm, String> {
    if rule.signal.alarm().is_some() {
        return Err("it is an alarm already, and whoever made it keeps it".to_owned());
    }
    let spec = policy.signal(&rule.signal).ok_or("there is no such signal")?;
    let span = u64::from(rule.periods) * u64::from(spec.period_secs);
    if span > if spec.period_secs >= 3_600 { WEEK_SECS } else { DAY_SECS } {
        return Err("it looks further back than an alarm can: a day, or a week in periods of an hour".to_owned());
    }
    let definition = AlarmDefinition {
        watches: watches(spec, &policy.database, state)?,
        comparison: operator(rule.comparison).to_owned(),
        threshold: rule.threshold,
        datapoints: rule.datapoints,
        periods: rule.periods,
        period_secs: spec.period_secs,
        missing_data: MISSING_DATA.to_owned(),
        topics: topics.clone(),
        actions_enabled: true,
        description: format!(
            "{} goes up when {rule} periods of {} s. Made by upshift.",
            policy.database, spec.period_secs
        ),
    };
    let (name, database, word) = (String::new(), policy.database.clone(), rule.signal.as_str().to_owned());
    Ok(WantedAlarm { name, database, rule: word, of: Some(rule.clone()), definition })
}

/// Too many connections for the class that it has.
fn connections(policy: &Policy, settings: &AlarmSettings, state: &DatabaseState) -> Result<WantedAlarm, String> {
    let percent = settings.connections_percent;
    let most = state.class.least_max_connections();
    let most = most.ok_or_else(|| format!("it is not known how many connections {} has", state.class))?;
    let usual = usual_connections();
    let configured = policy.signal(&SignalName::new(SignalName::CONNECTIONS)).filter(|spec| !spec.is_direct());
    let word = SignalName::CONNECTIONS.to_owned();
    let definition = AlarmDefinition {
        watches: watches(configured.unwrap_or(&usual), &policy.database, state)?,
        comparison: operator(Comparison::Above).to_owned(),
        threshold: (f64::from(most) * f64::from(percent) / 100.0).floor(),
        datapoints: CONNECTIONS_PERIODS,
        periods: CONNECTIONS_PERIODS,
        period_secs: CONNECTIONS_PERIOD_SECS,
        missing_data: MISSING_DATA.to_owned(),
        topics: settings.topics.clone(),
        actions_enabled: true,
        description: words_of_connections(&policy.database, &state.class, percent, most),
    };
    Ok(WantedAlarm { name: String::new(), database: policy.database.clone(), rule: word, of: None, definition })
}

fn words_of_connections(database: &DatabaseName, class: &InstanceClass, percent: u32, most: u32) -> String {
    format!(
        "More than {percent} % of the {most} connections that {database} can expect to have on {class}. Made by upshift."
    )
}

fn usual_connections() -> SignalSpec {
    SignalSpec {
        name: SignalName::new(SignalName::CONNECTIONS),
        source: SignalSource::Metric { namespace: RDS.to_owned(), metric_name: "DatabaseConnections".to_owned() },
        statistic: Statistic::Average,
        period_secs: CONNECTIONS_PERIOD_SECS,
        unit: String::new(),
        published_in: Some("Count".to_owned()),
        shown_with: None,
    }
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Above => "GreaterThanThreshold",
        Comparison::Below => "LessThanThreshold",
    }
}

/// What the engine reads for a signal, as an alarm names it.
fn watches(spec: &SignalSpec, database: &DatabaseName, state: &DatabaseState) -> Result<Watches, String> {
    let (instance, machine) = state.instance();
    match &spec.source {
        SignalSource::Metric { namespace, metric_name } => Ok(Watches::Metric {
            namespace: namespace.clone(),
            metric: metric_name.clone(),
            // RDS keeps a series of whichever instance writes in an Aurora cluster: a failover needs no new alarm then.
            dimensions: if namespace == RDS && state.is_aurora() {
                pairs(&[("DBClusterIdentifier", database.as_str()), ("Role", "WRITER")])
            } else {
                pairs(&[("DBInstanceIdentifier", instance.as_str())])
            },
            statistic: spec.statistic.as_str().to_owned(),
            unit: spec.published_in.clone(),
        }),
        SignalSource::Expression { expression } => {
            let text = expression.replace("{database}", instance.as_str());
            Ok(Watches::Expression { expression: text.replace("{resource_id}", machine.as_str()) })
        }
        SignalSource::Postgres { .. } => {
            Err("it is read of the server itself, which CloudWatch does not see".to_owned())
        }
        SignalSource::Alarm { .. } => Err("it is the state of an alarm".to_owned()),
    }
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
