//! CloudWatch's alarms beside the engine's rules: what they say, and where the two disagree.

use jiff::SignedDuration;

use crate::console::theme;
use crate::console::view::scene::Scene;
use crate::console::view::words;
use crate::console::view::wrap::Styled;
use crate::model::alarm::{AlarmState, AlarmView};
use crate::model::policy::Rule;
use crate::model::snapshot::DatabaseView;

/// The engine acts on the newest datapoint, an alarm is evaluated each minute, and each reads what is published when it looks:
/// within this time they may well disagree.
const USUAL: SignedDuration = SignedDuration::from_mins(3);
/// What was read longer ago says nothing of now.
const STALE: SignedDuration = SignedDuration::from_mins(5);

/// What the alarm of a rule says, behind it; nothing where it has none.
pub(super) fn beside(view: &DatabaseView, rule: &Rule) -> String {
    let own = view.alarms.iter().find(|alarm| rule.signal.alarm().is_none() && alarm.rule.as_ref() == Some(rule));
    match own {
        Some(AlarmView { state: Some((state, _)), .. }) => format!("; alarm: {state}"),
        Some(AlarmView { state: None, read_at: Some(_), .. }) => "; no alarm".to_owned(),
        Some(_) | None => String::new(),
    }
}

/// Where an alarm says another thing than the engine, and for how long; and alarms of rules that are in doubt.
pub(super) fn urgent(scene: &Scene<'_>, view: &DatabaseView) -> Vec<Styled> {
    let one = |alarm: &AlarmView| {
        let (since, (state, _)) = alarm.disagrees_since.zip(alarm.state)?;
        let engine = if state == AlarmState::Alarm { "the rule does not hold" } else { "the rule holds" };
        let lasts = scene.at().duration_since(since);
        let drift = if alarm.has_drifted { "; it is not as the policy wants it: upshift alarms plan" } else { "" };
        let age = words::between(since, scene.at());
        let text = format!("! for {age}: alarm {} is {state}, {engine}{drift}", alarm.name);
        Some((text, if lasts > USUAL { theme::DANGER } else { theme::WARN }))
    };
    let stale = |alarm: &AlarmView| {
        let read_at = alarm.read_at.filter(|read_at| scene.at().duration_since(*read_at) > STALE)?;
        let text = format!("! alarms were last read {} ago", words::between(read_at, scene.at()));
        Some((text, theme::WARN))
    };
    view.alarms.iter().filter_map(one).chain(view.alarms.iter().find_map(stale)).collect()
}

/// Alarms without a rule of the engine's, those that are rules, and what is not as the policy wants it.
pub(super) fn others(scene: &Scene<'_>, view: &DatabaseView) -> Vec<Styled> {
    let one = |alarm: &AlarmView| {
        let is_rule = alarm.rule.as_ref().is_some_and(|rule| rule.signal.alarm().is_some());
        let has_rule = alarm.rule.is_some() && !is_rule;
        let AlarmView { name, .. } = alarm;
        match alarm.state {
            None if alarm.read_at.is_none() => None,
            None if is_rule => Some((format!("· alarm {name} is not there"), theme::WARN)),
            None => Some((format!("· alarm {name} is not there: upshift alarms apply"), theme::MUTED)),
            Some((state, _)) if alarm.has_drifted => {
                let text = format!("· alarm {name} ({state}) is not as the policy wants it: upshift alarms plan");
                Some((text, theme::WARN))
            }
            Some(_) if has_rule => None,
            Some((state, since)) => {
                let style = if state == AlarmState::Alarm { theme::WARN } else { theme::MUTED };
                Some((format!("· alarm {name}: {state} for {}", words::between(since, scene.at())), style))
            }
        }
    };
    view.alarms.iter().filter_map(one).collect()
}
