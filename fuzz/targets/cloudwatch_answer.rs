//! What CloudWatch could answer: series in order, or a failure in words.

use jiff::{SignedDuration, Timestamp};
use upshift::aws::metrics::Wanted;
use upshift::model::database::DatabaseName;
use upshift::model::series::{SignalName, SignalSource, SignalSpec, Statistic};

use super::{rds_answer, sdk};

/// Takes an answer: CBOR, or status and headers before it.
pub fn run(bytes: &[u8]) {
    let answer = sdk::answer(&[b"200\nsmithy-protocol:rpc-v2-cbor\n\n", bytes].concat(), "application/cbor");
    let source = SignalSource::Metric { namespace: "AWS/RDS".to_owned(), metric_name: "WriteIOPS".to_owned() };
    let spec = SignalSpec {
        name: SignalName::new("writes"),
        source,
        statistic: Statistic::Average,
        period_secs: 60,
        unit: String::new(),
        published_in: None,
        shown_with: None,
    };
    let wanted = [Wanted {
        database: DatabaseName::new("checkpoints"),
        instance: Some(DatabaseName::new("checkpoints")),
        resource_id: None,
        spec,
    }];
    let start = Timestamp::UNIX_EPOCH;
    let end = start + SignedDuration::from_hours(1);
    match sdk::ask(answer, async |aws| aws.signals(&wanted, start, end).await) {
        Ok(signals) => {
            for series in signals.values().flatten().flat_map(std::collections::BTreeMap::values) {
                let in_order = series.points.is_sorted_by(|one, next| one.start < next.start);
                assert!(in_order, "no minute counts twice: {series:?}");
            }
        }
        Err(failure) => rds_answer::must_be_clean(&failure),
    }
}
