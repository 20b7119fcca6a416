//! Numbers and times as people read them.

use jiff::Timestamp;

use crate::model::class::{PRICES_AS_OF, PRICES_REGION};
use crate::model::price::{Price, PriceSource};
use crate::model::series::SignalName;
use crate::model::snapshot::DatabaseView;

/// `09:41:05`, UTC; with its date where that is not today's.
pub(super) fn clock(at: Timestamp, today: Timestamp) -> String {
    dated(at, today, "%H:%M:%S")
}

/// `09:41`, UTC; with its date where that is not today's.
pub(super) fn minute(at: Timestamp, today: Timestamp) -> String {
    dated(at, today, "%H:%M")
}

fn dated(at: Timestamp, today: Timestamp, format: &str) -> String {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let time = at.strftime(format);
    if day(at) == day(today) { time.to_string() } else { format!("{} {time}", day(at)) }
}

/// How many sessions there are: by the server itself with its limit, else by the newest datapoint; absent where nobody says.
pub(super) fn connections(view: &DatabaseView) -> Option<String> {
    let of_server = view.server.as_ref().map(|seen| format!("{} of {}", seen.connections, seen.max_connections));
    let newest = || view.signal(&SignalName::new(SignalName::CONNECTIONS))?.newest();
    of_server.or_else(|| newest().map(|point| format!("{:.0}", point.value)))
}

/// What is open at the server that a change cuts off or leaves behind; absent where the server is not seen.
pub(super) fn open_at_server(view: &DatabaseView) -> Option<String> {
    let seen = view.server.as_ref()?;
    let oldest = seen.oldest_transaction_secs.map(|secs| format!("oldest transaction {}", seconds(i64::from(secs))));
    let oldest = oldest.unwrap_or_else(|| "long transactions are not seen: the role has no pg_monitor".to_owned());
    let prepared = seen.oldest_prepared_secs.map(|secs| format!(", one prepared for {}", seconds(i64::from(secs))));
    let slots = &seen.external_slots;
    let slots = if slots.is_empty() { String::new() } else { format!(", replication slots {}", slots.join(" ")) };
    Some(format!("{oldest}{}{slots}", prepared.unwrap_or_default()))
}

/// A length in whole hours or minutes: `1 h`, `90 min`.
pub(super) fn range(secs: i64) -> String {
    if secs % 3_600 == 0 { format!("{} h", secs / 3_600) } else { format!("{} min", secs / 60) }
}

/// `42 s`, `3 min 05 s`, `2 h 10 min`.
pub(super) fn seconds(secs: i64) -> String {
    match secs.max(0) {
        secs @ 0..60 => format!("{secs} s"),
        secs @ 60..3_600 => format!("{} min {:02} s", secs / 60, secs % 60),
        secs => format!("{} h {:02} min", secs / 3_600, secs % 3_600 / 60),
    }
}

/// From one instant to a later one.
pub(super) fn between(from: Timestamp, to: Timestamp) -> String {
    seconds(to.duration_since(from).as_secs())
}

/// A number in few characters: `612`, `3.6k`, `2.1G`.
pub(super) fn short(value: f64) -> String {
    let scaled = [(1e9, "G"), (1e6, "M"), (1e4, "k")].into_iter().find(|(limit, _)| value.abs() >= *limit);
    match scaled {
        Some((1e4, unit)) => format!("{:.0}{unit}", value / 1e3),
        Some((limit, unit)) => format!("{:.1}{unit}", value / limit),
        None if value == 0.0 || value.abs() >= 10.0 => format!("{value:.0}"),
        None => format!("{value:.1}"),
    }
}

/// Seconds as milliseconds: latencies.
pub(super) fn millis(value: f64) -> String {
    format!("{}ms", short(value * 1_000.0))
}

/// US dollars an hour; unknown is said.
pub(super) fn price(price: Option<Price>) -> String {
    price.map_or_else(|| "unknown price".to_owned(), |price| format!("${:.3}/h", price.usd_per_hour))
}

/// Who says these prices, and what to do where nobody does.
pub(super) fn price_sources(prices: [Option<Price>; 2]) -> String {
    let has = |source| prices.iter().flatten().any(|price| price.source == source);
    let mut words = Vec::new();
    if has(PriceSource::Bundled) {
        words.push(format!("{PRICES_REGION}, as of {PRICES_AS_OF}"));
    }
    if has(PriceSource::Configuration) {
        words.push("your configuration's".to_owned());
    }
    if prices.iter().any(Option::is_none) {
        words.push("[database.prices] can say it".to_owned());
    }
    words.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_stay_short() {
        assert_eq!(
            [0.0, 0.83, 9.9, 612.4, 3_600.0, 12_345.0, 2.1e9].map(short),
            ["0", "0.8", "9.9", "612", "3600", "12k", "2.1G"]
        );
        assert_eq!([5, 65, 7_800, -3].map(seconds), ["5 s", "1 min 05 s", "2 h 10 min", "0 s"]);
        assert_eq!(price(None), "unknown price");
        assert_eq!([900, 3_600, 5_400].map(range), ["15 min", "1 h", "90 min"]);
    }

    #[test]
    fn a_time_of_another_day_says_which() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let today = at("2026-01-05T00:10:00Z");
        assert_eq!(clock(at("2026-01-05T23:59:59Z"), today), "23:59:59");
        assert_eq!(clock(at("2026-01-04T23:59:59Z"), today), "2026-01-04 23:59:59");
        assert_eq!(minute(at("2026-01-06T00:00:00Z"), today), "2026-01-06 00:00");
    }
}
