//! The state of an alarm as a signal.

use jiff::Timestamp;

use crate::model::alarm::{AlarmState, FoundAlarm};
use crate::model::series::{Datapoint, Series};

/// A minute of an alarm that is told again by each look: looks may be seldom, and a state lasts.
const FILLED: i64 = 15;
const MINUTE_SECS: i64 = 60;

/// Its state as a series: of each whole minute since it came to it, and of the newest one in any case. What CloudWatch does
/// not know is missing.
pub(super) fn of(found: &FoundAlarm, asked_at: Timestamp) -> Series {
    let value = match found.state {
        AlarmState::Ok => Some(0.0),
        AlarmState::Alarm => Some(1.0),
        AlarmState::InsufficientData => None,
    };
    let newest = asked_at.as_second().div_euclid(MINUTE_SECS) - 1;
    let since = found.since.as_second().div_euclid(MINUTE_SECS);
    let minutes = since.max(newest - FILLED).min(newest)..=newest;
    let point = |minute: i64| {
        let start = Timestamp::from_second(minute * MINUTE_SECS).ok()?;
        Some(Datapoint { start, value: value? })
    };
    let points = if found.is_in_doubt { Vec::new() } else { minutes.filter_map(point).collect() };
    Series { points, ..Series::empty(MINUTE_SECS as u32) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(state: AlarmState, since_secs: i64) -> FoundAlarm {
        FoundAlarm {
            name: "x".to_owned(),
            arn: String::new(),
            definition: None,
            state,
            since: Timestamp::from_second(since_secs).unwrap(),
            is_in_doubt: false,
            tags: None,
        }
    }

    fn values(found: &FoundAlarm, second: i64) -> Vec<(i64, f64)> {
        let series = of(found, Timestamp::from_second(second).unwrap());
        series.points.iter().map(|point| (point.start.as_second(), point.value)).collect()
    }

    #[test]
    fn a_state_is_of_each_minute_since_it_began_and_doubt_is_of_none() {
        assert_eq!(values(&found(AlarmState::Ok, 130), 305), [(120, 0.0), (180, 0.0), (240, 0.0)]);
        assert_eq!(values(&found(AlarmState::Alarm, 304), 305), [(240, 1.0)], "it is acted on at once");
        assert_eq!(values(&found(AlarmState::Ok, 0), 3_600).len(), FILLED as usize + 1);
        assert!(values(&found(AlarmState::InsufficientData, 0), 3_600).is_empty());
        assert!(values(&FoundAlarm { is_in_doubt: true, ..found(AlarmState::Alarm, 0) }, 3_600).is_empty());
    }
}
