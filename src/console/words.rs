//! Words for the screen: journal records, durations and values with their units.

use jiff::Timestamp;

use crate::model::action::ActionResult;
use crate::model::call::{CallOutcome, MutatingCall};
use crate::model::command::Command;
use crate::model::decision::Verdict;
use crate::model::event::{Entry, Event};
use crate::model::text::clean;

use super::theme::Role;

/// Longest sentence made of a record: more than any line of the screen.
const MAX_SENTENCE: usize = 400;

/// A record in one line, and how it shall strike the eye.
pub(crate) fn entry(entry: &Entry) -> (Role, String) {
    let (role, sentence) = event(&entry.event);
    (role, clean(&sentence, MAX_SENTENCE))
}

/// `2026-09-01 12:00:00`, UTC.
pub(crate) fn date_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `12:00:00`, UTC.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// `12:00`, UTC.
pub(crate) fn hour_minute(at: Timestamp) -> String {
    at.strftime("%H:%M").to_string()
}

/// `45 s`, `12 min 5 s`, `3 h 20 min`, `2 d 4 h`. Negative counts as nothing.
pub(crate) fn span(secs: i64) -> String {
    let secs = secs.max(0);
    let two = |large: i64, large_unit: &str, small: i64, small_unit: &str| {
        if small == 0 { format!("{large} {large_unit}") } else { format!("{large} {large_unit} {small} {small_unit}") }
    };
    match secs {
        0..60 => format!("{secs} s"),
        60..3_600 => two(secs / 60, "min", secs % 60, "s"),
        3_600..86_400 => two(secs / 3_600, "h", secs % 3_600 / 60, "min"),
        _ => two(secs / 86_400, "d", secs % 86_400 / 3_600, "h"),
    }
}

/// Seconds from `now` to `at` in words.
pub(crate) fn until(at: Timestamp, now: Timestamp) -> String {
    span(at.duration_since(now).as_secs())
}

/// A value with its unit, short: bytes as GiB, seconds as ms, everything else with at most three digits.
pub(crate) fn value(value: f64, unit: &str) -> String {
    match unit {
        "B" => {
            const GIB: f64 = 1_073_741_824.0;
            if value.abs() >= GIB {
                format!("{:.1} GiB", value / GIB)
            } else {
                format!("{:.0} MiB", value / 1_048_576.0)
            }
        }
        "s" if value.abs() < 1.0 => format!("{} ms", number(value * 1_000.0)),
        "%" => format!("{}%", number(value)),
        "" => number(value),
        _ => format!("{} {unit}", number(value)),
    }
}

/// A value without its unit, for an axis.
pub(crate) fn axis_value(value: f64, unit: &str) -> String {
    match unit {
        "B" => self::value(value, unit).replace(" GiB", "G").replace(" MiB", "M"),
        "s" if value.abs() < 1.0 => format!("{}m", number(value * 1_000.0)),
        _ => number(value),
    }
}

fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1e15 {
        format!("{value:.0e}")
    } else if size >= 1e6 {
        format!("{:.1}M", value / 1e6)
    } else if size >= 1e4 {
        format!("{:.1}k", value / 1e3)
    } else if size >= 100.0 || value.fract().abs() < 0.005 {
        format!("{value:.0}")
    } else if size >= 1.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn event(event: &Event) -> (Role, String) {
    match event {
        Event::EngineStarted { version, pid, mode, .. } => {
            (Role::Text, format!("engine {version} started ({mode}, process {pid})"))
        }
        Event::EngineStopped { why } => (Role::Text, format!("engine stopped: {why}")),
        Event::JournalRepaired { bytes_cut } => {
            (Role::Warn, format!("journal repaired: {bytes_cut} bytes of an incomplete record cut off"))
        }
        Event::IdentityConfirmed { account, arn, region } => {
            (Role::Text, format!("account {account}, region {region}, as {arn}"))
        }
        Event::Armed { by, reason } => (Role::Ok, format!("ARMED by {by}: {reason}")),
        Event::Disarmed { by: Some(by), why } => (Role::Warn, format!("DISARMED by {by}: {why}")),
        Event::Disarmed { by: None, why } => (Role::Warn, format!("DISARMED by the engine: {why}")),
        Event::CommandRefused { by, command, why } => {
            (Role::Danger, format!("refused {by} to {}: {why}", order(command)))
        }
        Event::HoldSet { .. } | Event::HoldReleased { .. } => hold(event),
        Event::Decision { decision, repeats } => {
            let role = if decision.verdict == Verdict::Hold { Role::Muted } else { Role::Strong };
            let closed = if matches!(decision.verdict, Verdict::WouldScale { .. }) {
                let names: Vec<_> = decision.closed_gates().map(|gate| gate.gate.name()).collect();
                format!("; closed: {}", names.join(", "))
            } else {
                String::new()
            };
            let alike = if *repeats > 0 { format!(" ({repeats} alike before)") } else { String::new() };
            let sentence = format!("{}: {}{closed}{alike}", decision.database, decision.verdict.words());
            (role, sentence)
        }
        Event::RdsEvent(event) => (Role::Text, format!("RDS says of {}: {}", event.database, event.message)),
        Event::ForeignChange { database, what } => (Role::Warn, format!("{database} changed by other hands: {what}")),
        Event::ReadFailed(failure) => (Role::Danger, failure.sentence.clone()),
        Event::ReadRecovered { operation } => (Role::Ok, format!("{operation} works again")),
        _ => action(event),
    }
}

fn hold(event: &Event) -> (Role, String) {
    match event {
        Event::HoldSet { database, direction, until, by, reason } => {
            let way = direction.map_or("both directions", crate::model::ladder::Direction::word);
            let until = until.map_or_else(|| "released".to_owned(), |at| format!("{} UTC", date_time(at)));
            let by = by.as_ref().map_or_else(|| "the engine".to_owned(), ToString::to_string);
            (Role::Warn, format!("HOLD on {database} ({way}) until {until}, by {by}: {reason}"))
        }
        Event::HoldReleased { database, by } => (Role::Ok, format!("holds on {database} released by {by}")),
        _ => (Role::Text, String::new()),
    }
}

fn action(event: &Event) -> (Role, String) {
    match event {
        Event::ActionIntended { intent, passed_over } => {
            let over = if passed_over.is_empty() {
                String::new()
            } else {
                format!("; passed over: {}", passed_over.join(", "))
            };
            let line = format!(
                "{}: {} from {} to {} by {}{over}",
                intent.action.0, intent.database, intent.from, intent.to, intent.actor
            );
            (Role::Strong, line)
        }
        Event::CallSent { action, call } => {
            let MutatingCall::ModifyDbInstanceClass { database, class } = call;
            (Role::Strong, format!("{}: sending {} {database} to {class}", action.0, call.operation()))
        }
        Event::CallAnswered { action, outcome } => match outcome {
            CallOutcome::Accepted { .. } => (Role::Text, format!("{}: accepted by AWS", action.0)),
            CallOutcome::Refused { code, message, .. } => {
                (Role::Danger, format!("{}: refused by AWS: {code}: {message}", action.0))
            }
            CallOutcome::Unknown { why } => (Role::Warn, format!("{}: answer lost ({why}); looking", action.0)),
        },
        Event::ActionObserved { action, status, class, pending } => {
            let pending = if *pending { ", class change pending" } else { "" };
            (Role::Text, format!("{}: {status}, {class}{pending}", action.0))
        }
        Event::StopRequested { action, by } => (Role::Warn, format!("{}: {by} asks to stop", action.0)),
        Event::ActionResumed { action, phase } => (Role::Warn, format!("{}: found in flight: {phase}", action.0)),
        Event::ActionEnded { action, database, class, result } => {
            let role = match result {
                ActionResult::Verified => Role::Ok,
                ActionResult::Stopped { .. } => Role::Warn,
                ActionResult::FailedSafe { .. } | ActionResult::Held { .. } => Role::Danger,
            };
            let class = class.as_ref().map_or_else(String::new, |class| format!(" is {class}"));
            (role, format!("{}: {database}{class}: {}", action.0, result.words()))
        }
        _ => (Role::Text, String::new()),
    }
}

/// An order as the end of "refused Ann to …".
fn order(command: &Command) -> String {
    match command {
        Command::Arm { .. } => "arm".to_owned(),
        Command::Disarm => "disarm".to_owned(),
        Command::Scale { database, to, .. } => format!("scale {database} to {to}"),
        Command::Hold { database, .. } => format!("hold {database}"),
        Command::Release { database } => format!("release {database}"),
        Command::Stop { database } => format!("stop the action on {database}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_values_read_as_people_say_them() {
        let spans =
            [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (125, "2 min 5 s"), (3_720, "1 h 2 min"), (90_000, "1 d 1 h")];
        for (secs, words) in spans {
            assert_eq!(span(secs), words);
        }
        assert_eq!(value(620.4, "writes/s"), "620 writes/s");
        assert_eq!(value(0.0042, "s"), "4.2 ms");
        assert_eq!(value(1_610_612_736.0, "B"), "1.5 GiB");
        assert_eq!(value(42.25, "%"), "42.2%");
    }
}
