//! `[[database.up]]` and `[[database.down]]`: when the engine wants to move, and that the two cannot want both.

use std::ops::Range;

use super::section::Section;
use crate::diagnostics::{Diagnostic, shown, suggestion};
use crate::model::ladder::Direction;
use crate::model::policy::{Comparison, Rule};
use crate::model::series::{SignalName, SignalSpec};

pub(super) const KEYS: [&str; 6] = ["signal", "above", "below", "datapoints", "periods", "alarm"];
/// What a rule that is an alarm has not: CloudWatch has it.
const OF_SIGNALS: [&str; 5] = ["signal", "above", "below", "datapoints", "periods"];
/// CloudWatch's own limit on a name.
const ALARM_NAME_CHARS: usize = 255;

/// Rules of a database's two directions.
pub(super) struct Rules {
    /// Any of these.
    pub(super) up: Vec<Rule>,
    /// All of these.
    pub(super) down: Vec<Rule>,
}

const WRITES_ABOVE: f64 = 500.0;
/// An overload this many times the threshold is acted on sooner.
const EMERGENCY_FACTOR: f64 = 1.5;
/// The load is gone below this share of the threshold.
const DOWN_SHARE: f64 = 0.45;
/// A day of minutes.
const PERIODS_MOST: u32 = 1_440;

/// A rule with the place of its threshold; of a default rule there is none.
struct Placed {
    rule: Rule,
    place: Option<Range<usize>>,
}

/// Reads both directions; a direction that is not given gets its defaults.
pub(super) fn read_all(database: &Section<'_>, signals: &[SignalSpec], problems: &mut Vec<Diagnostic>) -> Rules {
    let up = direction(database, Direction::Up, signals, problems).unwrap_or_else(|| {
        let emergency = WRITES_ABOVE * EMERGENCY_FACTOR;
        let of = |threshold, datapoints, periods| writes(signals, Comparison::Above, threshold, (datapoints, periods));
        vec![of(WRITES_ABOVE, 2, 3), of(emergency, 2, 2)]
    });
    let down = direction(database, Direction::Down, signals, problems);
    let down = down.unwrap_or_else(|| default_down(database, signals, &up, problems));
    contradictions(database, &up, &down, problems);
    let plain = |placed: Vec<Placed>| placed.into_iter().map(|placed| placed.rule).collect();
    Rules { up: plain(up), down: plain(down) }
}

fn direction(
    database: &Section<'_>,
    direction: Direction,
    signals: &[SignalSpec],
    problems: &mut Vec<Diagnostic>,
) -> Option<Vec<Placed>> {
    let path = format!("database.{}", direction.word());
    let sections = database.children(direction.word(), &path, &KEYS, problems)?;
    let one = |section: &Section<'_>| {
        if section.has("alarm") { alarm(section, direction, problems) } else { read(section, signals, problems) }
    };
    Some(sections.iter().filter_map(one).collect())
}

/// A rule that is the state of an alarm. Only up: what an alarm does not see must never take the class away.
fn alarm(section: &Section<'_>, direction: Direction, problems: &mut Vec<Diagnostic>) -> Option<Placed> {
    let place = section.place("alarm");
    if direction == Direction::Down {
        let problem = Diagnostic::new(place.clone(), "only an up rule can be an alarm", "this one is for down");
        problems.push(problem.help("signal = \"writes\", with below, datapoints and periods"));
    }
    for key in OF_SIGNALS.into_iter().filter(|key| section.has(key)) {
        let title = format!("a rule has `alarm` or `{key}`, not both");
        let problem =
            Diagnostic::new(section.place(key), title, "the alarm has its own").also(place.clone(), "an alarm");
        problems.push(problem.help("remove it, or make two rules of it"));
    }
    let name = section.text("alarm", problems)?;
    let length = name.get_ref().chars().count();
    if name.get_ref().trim().is_empty() || length > ALARM_NAME_CHARS {
        let title = format!("`{}` cannot name an alarm", shown(name.get_ref()));
        let problem = Diagnostic::new(name.span(), title, "CloudWatch has no such name");
        problems.push(problem.help("the name of an alarm of this account and region, 1 to 255 characters"));
    }
    Some(Placed { rule: Rule::of_alarm(name.get_ref()), place: None })
}

fn read(section: &Section<'_>, signals: &[SignalSpec], problems: &mut Vec<Diagnostic>) -> Option<Placed> {
    section.require("signal", "signal = \"writes\": what the rule looks at", problems);
    let threshold = threshold(section, problems);
    let periods = section.count("periods", 1..=PERIODS_MOST, problems);
    let datapoints = section.count("datapoints", 1..=PERIODS_MOST, problems);
    section.require("periods", "periods = 3: how many periods the rule looks back", problems);
    section.require("datapoints", "datapoints = 2: how many of the periods must stand beyond the threshold", problems);
    if let (Some(datapoints), Some(periods)) = (datapoints, periods)
        && datapoints > periods
    {
        let title = format!("{datapoints} of {periods} can never be");
        let problem = Diagnostic::new(section.place("datapoints"), title, "more datapoints than periods");
        problems.push(problem.also(section.place("periods"), "the periods").help(format!("at most {periods}")));
    }
    let signal = section.text("signal", problems)?;
    if !signals.iter().any(|spec| spec.name.as_str() == *signal.get_ref()) {
        let known: Vec<&str> = signals.iter().map(|spec| spec.name.as_str()).collect();
        let title = format!("unknown signal `{}`", shown(signal.get_ref()));
        let problem = Diagnostic::new(signal.span(), title, "this database has no such signal");
        problems.push(problem.help(suggestion(signal.get_ref(), "known signals", &known)));
    }
    let (comparison, threshold, place) = threshold?;
    let signal = SignalName::new(*signal.get_ref());
    let rule = Rule { signal, comparison, threshold, datapoints: datapoints?, periods: periods? };
    Some(Placed { rule, place: Some(place) })
}

/// Exactly one of `above` and `below`.
fn threshold(section: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<(Comparison, f64, Range<usize>)> {
    let above = section.number("above", problems);
    let below = section.number("below", problems);
    match (section.has("above"), section.has("below")) {
        (true, true) => {
            let problem =
                Diagnostic::new(section.place("below"), "a rule has `above` or `below`, not both", "the second");
            problems.push(problem.also(section.place("above"), "the first").help("make two rules of it"));
            return None;
        }
        (false, false) => {
            let help = "above = 500, or below = 225, in the unit of the signal";
            problems.push(Diagnostic::missing(section.span.clone(), "the rule has no threshold", help));
        }
        _ => {}
    }
    let above = above.map(|number| (Comparison::Above, *number.get_ref(), number.span()));
    above.or_else(|| below.map(|number| (Comparison::Below, *number.get_ref(), number.span())))
}

/// Down follows up: a share of the lowest threshold on `writes`.
fn default_down(
    database: &Section<'_>,
    signals: &[SignalSpec],
    up: &[Placed],
    problems: &mut Vec<Diagnostic>,
) -> Vec<Placed> {
    let on_writes = |rule: &Rule| rule.signal.as_str() == SignalName::WRITES && rule.comparison == Comparison::Above;
    let thresholds = up.iter().map(|placed| &placed.rule).filter(|rule| on_writes(rule)).map(|rule| rule.threshold);
    let Some(lowest) = thresholds.min_by(f64::total_cmp) else {
        if !up.is_empty() {
            let help =
                "add [[database.down]] rules: the default ones follow from `above` on `writes`, of which none is here";
            problems.push(Diagnostic::missing(database.span.clone(), "nothing says when to go down", help));
        }
        return Vec::new();
    };
    let below = lowest * DOWN_SHARE;
    let of = |datapoints, periods| writes(signals, Comparison::Below, below, (datapoints, periods));
    vec![of(10, 10), of(55, 60)]
}

/// Both directions must never want to move on one value of one signal.
fn contradictions(database: &Section<'_>, up: &[Placed], down: &[Placed], problems: &mut Vec<Diagnostic>) {
    for low in down {
        for high in up.iter().filter(|high| high.rule.signal == low.rule.signal) {
            let (up, down) = (&high.rule, &low.rule);
            let apart = match (up.comparison, down.comparison) {
                (Comparison::Above, Comparison::Below) => down.threshold < up.threshold,
                (Comparison::Below, Comparison::Above) => down.threshold > up.threshold,
                _ => false,
            };
            if apart {
                continue;
            }
            let title = format!(
                "up ({} {}) and down ({} {}) on `{}` can hold at once",
                up.comparison.sign(),
                up.threshold,
                down.comparison.sign(),
                down.threshold,
                up.signal
            );
            let help = match up.comparison {
                Comparison::Above => {
                    format!("below = a value under {}, such as {}", up.threshold, up.threshold * DOWN_SHARE)
                }
                Comparison::Below => format!("above = a value over {}", up.threshold),
            };
            let place = low.place.clone().or_else(|| high.place.clone()).unwrap_or(database.span.clone());
            let mut problem = Diagnostic::new(place, title, "the threshold for down").help(help);
            if low.place.is_some()
                && let Some(other) = &high.place
            {
                problem = problem.also(other.clone(), "the threshold for up");
            }
            problems.push(problem);
            break;
        }
    }
}

/// A default rule, told in minutes: of a signal with shorter periods it looks at more of them, over the same time.
fn writes(signals: &[SignalSpec], comparison: Comparison, threshold: f64, (datapoints, periods): (u32, u32)) -> Placed {
    let signal = SignalName::new(SignalName::WRITES);
    let period_secs = signals.iter().find(|spec| spec.name == signal).map_or(60, |spec| spec.period_secs);
    let in_minute = (60 / period_secs.max(1)).max(1);
    let (datapoints, periods) = (datapoints * in_minute, periods * in_minute);
    let rule = Rule { signal, comparison, threshold, datapoints, periods };
    Placed { rule, place: None }
}
