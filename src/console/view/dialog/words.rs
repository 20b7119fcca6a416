//! Each question in words.

use std::time::Duration;

use ratatui::style::Style;

use super::Asked;
use crate::console::question::{Change, DIRECTIONS, Field, HOLDS, HOLDS_AFTER, PERMISSIONS, Removing, Scaling};
use crate::console::theme;
use crate::console::view::scene::Scene;
use crate::console::view::words;
use crate::console::view::wrap::Styled;
use crate::model::action::{Intent, Run};
use crate::model::choice::Choice;
use crate::model::database::DatabaseName;
use crate::model::old_machine::{Fate, Kept, OldMachine, Origin};
use crate::model::override_plan::OverridePlan;
use crate::model::policy::{RemovedBy, Rule, Strategy};
use crate::model::snapshot::{DatabaseView, Snapshot};

/// More rungs than this are shown around the chosen one.
const RUNGS: usize = 12;

pub(super) fn arm(snapshot: &Snapshot, length: usize, reason: &str) -> Asked {
    let mut explanation = vec![plain("From then on the engine changes these databases by itself:")];
    for view in &snapshot.databases {
        let rungs: Vec<String> = view.policy.ladder.rungs().iter().map(ToString::to_string).collect();
        let rules = |rules: &[Rule], word: &str| {
            let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
            rules.join(word)
        };
        let policy = &view.policy;
        explanation.push(plain(format!("  {}: {}", view.name(), rungs.join(" - "))));
        explanation.push(plain(format!("    up if {}", rules(&policy.up, " or "))));
        explanation.push(plain(format!("    down if {}", rules(&policy.down, " and "))));
        let outage = view.plans.first().map_or_else(|| "an unknown time".to_owned(), |plan| plan.outage.to_string());
        let most = policy.max_actions_per_day;
        let words = format!("    each time clients lose it for {outage}; at most {most} times in 24 h");
        explanation.push((words, theme::WARN));
    }
    let fields = vec![choice("for", "↑ ↓", &PERMISSIONS, length), input("reason", reason, NEEDED, true)];
    Asked { title: " arm the engine? ", explanation, fields }
}

pub(super) fn scale(snapshot: &Snapshot, scaling: &Scaling) -> Asked {
    let title = " scale by hand? ";
    let Change { database, from, to } = &scaling.change;
    let (view, plan) = match scaling.change.plan(snapshot) {
        Ok(found) => found,
        Err(sentence) => {
            let fields = vec![(format!("✘ {sentence}"), theme::DANGER)];
            return Asked { title, fields, ..Asked::default() };
        }
    };
    let mut explanation = vec![
        (format!("{database}: {from} to {to}"), theme::TITLE),
        plain(format!("strategy  {}: {}", plan.strategy.as_str(), strategy(plan.strategy))),
        (format!("outage    clients lose the database for {}", plan.outage), theme::WARN),
        plain(format!(
            "price     {} now, {} then ({})",
            words::price(plan.price_before),
            words::price(plan.price_after),
            words::price_sources([plan.price_before, plan.price_after])
        )),
    ];
    explanation.extend(choices(plan));
    explanation.extend(both_billed(view, plan));
    explanation.extend(protected(view, plan));
    explanation.extend(gates(plan));
    explanation.push(plain("after it the engine holds, so that it does not undo you"));
    let mut fields = vec![choice("holds", "← →", &HOLDS_AFTER, scaling.hold_for)];
    fields.push(input("reason", &scaling.reason, NEEDED, scaling.field == Field::Reason));
    if !plan.passes_over.is_empty() {
        let hint = format!("type {database}: closed gates are passed over");
        fields.push(input("name of the database", &scaling.name, &hint, scaling.field == Field::Name));
    }
    Asked { title, explanation, fields }
}

/// What a strategy does, in a line of a narrow dialog.
fn strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::InPlace => "one ModifyDBInstance, applied immediately",
        Strategy::BlueGreen => "a copy takes over the name; both are billed meanwhile",
        Strategy::ReaderFailover => "a reader takes over the writes; it is billed besides",
        Strategy::ClusterModify => "one ModifyDBCluster: readers first, then a failover",
    }
}

pub(super) fn choose(snapshot: &Snapshot, change: &Change) -> Asked {
    let title = " which class? ";
    let view = match change.plan(snapshot) {
        Ok((view, _)) => view,
        Err(sentence) => {
            let fields = vec![(format!("✘ {sentence}"), theme::DANGER)];
            return Asked { title, fields, ..Asked::default() };
        }
    };
    let chosen = view.plans.iter().position(|plan| plan.to == change.to).unwrap_or(0);
    let line = |plan: &OverridePlan| {
        let here = plan.to == change.to;
        let (mark, style) = if here { ('>', theme::SELECTED) } else { (' ', Style::new()) };
        let price = words::price(plan.price_after);
        (format!("{mark} {:<16} {price:<14} outage {}", plan.to, plan.outage), style)
    };
    let skip = (chosen + 1).saturating_sub(RUNGS);
    let fields = view.plans.iter().skip(skip).take(RUNGS).map(line).collect();
    let explanation = vec![plain(format!("{} is {} now; choose with ↑ ↓:", change.database, change.from))];
    Asked { title, explanation, fields }
}

pub(super) fn hold(database: &DatabaseName, (direction, length): (usize, usize), reason: &str) -> Asked {
    let explanation = vec![
        plain("It takes the place of older holds of people in the same direction."),
        plain(format!("The engine starts nothing on {database} for (↑ ↓):")),
    ];
    let line = |(at, (words, _)): (usize, &(&str, Duration))| {
        let (mark, style) = if at == length { ('>', theme::SELECTED) } else { (' ', Style::new()) };
        (format!("{mark} {words}"), style)
    };
    let mut fields: Vec<Styled> = HOLDS.iter().enumerate().map(line).collect();
    fields.push(choice("direction", "← →", &DIRECTIONS, direction));
    fields.push(input("reason", reason, NEEDED, true));
    Asked { title: " hold? ", explanation, fields }
}

pub(super) fn release(scene: &Scene<'_>, database: &DatabaseName) -> Asked {
    let mut explanation = vec![plain(format!("Every hold on {database} ends; the engine may act on it again:"))];
    let view = scene.newest.database(database);
    let holds = view.map(|view| view.holds.as_slice()).unwrap_or_default();
    for hold in holds {
        let until = hold
            .until
            .map_or("until released".to_owned(), |until| format!("until {}", words::clock(until, scene.now.at)));
        explanation.push((format!("  {until}: {}", hold.cause), theme::WARN));
    }
    if holds.is_empty() {
        explanation.push(plain("  (there is none now)"));
    }
    Asked { title: " release? ", explanation, fields: Vec::new() }
}

pub(super) fn approve(snapshot: &Snapshot, database: &DatabaseName) -> Asked {
    let title = " switch over now? ";
    let Some((view, run)) = snapshot.database(database).and_then(|view| Some((view, view.active_run()?))) else {
        let fields = vec![(format!("✘ nothing is under way on {database} any more"), theme::DANGER)];
        return Asked { title, fields, ..Asked::default() };
    };
    let Intent { from, to, .. } = &run.intent;
    let (what, limit, way_back) = if run.intent.strategy == Strategy::ReaderFailover {
        let limit = "limit     none: AWS restores the service in less than a minute, as it says".to_owned();
        ("reader", limit, "way back  another failover: the old writer stays as a reader, and is billed")
    } else {
        let timeout = view.policy.copy.switchover_timeout.as_secs();
        let limit = format!("limit     {timeout} s, then AWS takes it back and nothing has changed");
        (
            "copy",
            limit,
            "way back  none once it is done: the old machine stays, read-only, and is billed until it is deleted",
        )
    };
    let connections = words::connections(view).unwrap_or_else(|| "unknown".to_owned());
    let open = words::open_at_server(view).unwrap_or_else(|| "long transactions are not seen from here".to_owned());
    let explanation = vec![
        (format!("{database}: the {what} on {to} takes over from {from}"), theme::TITLE),
        (
            format!(
                "outage    every connection is cut ({connections} now), for {} usually",
                view.plans.first().map_or_else(|| "an unknown time".to_owned(), |plan| plan.outage.to_string())
            ),
            theme::WARN,
        ),
        plain(lag(view, run)),
        plain(format!("busy      {open}: what is open when it is cut is rolled back")),
        plain(cost(snapshot, view, run)),
        plain(limit),
        plain(way_back),
    ];
    Asked { title, explanation, fields: Vec::new() }
}

pub(super) fn remove_old(snapshot: &Snapshot, removing: &Removing) -> Asked {
    let title = " delete an old machine? ";
    let database = &removing.database;
    let old = match removing.old(snapshot) {
        Ok(old) => old,
        Err(sentence) => {
            let fields = vec![(format!("✘ {sentence}"), theme::DANGER)];
            return Asked { title, fields, ..Asked::default() };
        }
    };
    let machine = &old.name;
    let (kept, style) = match old.keeps {
        Kept::Snapshot => ("a final snapshot is made, and stays until somebody deletes it", Style::new()),
        Kept::Nothing => ("NO final snapshot is made: the configuration says so", theme::WARN),
        Kept::ClusterVolume => ("all data are the cluster's and stay", Style::new()),
    };
    let way_back = if old.keeps == Kept::ClusterVolume {
        format!("way back  none at once: to come back to {} a reader must be made again", old.class)
    } else {
        format!(
            "way back  none: {database} cannot be restored to a moment before the switchover once its automated backups are over"
        )
    };
    let mut explanation = vec![
        (format!("{machine}: {}, {}", old.class, origin(old, database)), theme::TITLE),
        plain(format!(
            "price     {} are saved; left {} ago",
            words::price(old.price),
            words::between(old.since, snapshot.at)
        )),
        (format!("kept      {kept}"), style),
        (way_back, theme::WARN),
        plain(format!("{database} itself is not touched; another machine that got this name is not either")),
    ];
    match &old.fate {
        Fate::ByPerson { kept_until, .. } | Fate::ByEngine { at: kept_until } if *kept_until > snapshot.at => {
            let left = words::between(snapshot.at, *kept_until);
            explanation.push((format!("early     the configuration keeps it for another {left}"), theme::WARN));
        }
        Fate::Waits { why } => explanation.push((format!("✘ will be refused: {why}"), theme::DANGER)),
        Fate::ByPerson { .. } | Fate::ByEngine { .. } | Fate::Going => {}
    }
    let fields = vec![
        input("reason", &removing.reason, NEEDED, removing.field == Field::Reason),
        input("name of the machine", &removing.name, &format!("type {machine}"), removing.field == Field::Name),
    ];
    Asked { title, explanation, fields }
}

fn origin(old: &OldMachine, database: &DatabaseName) -> String {
    let action = &old.action.0;
    match old.origin {
        Origin::Found => format!("the machine of {database} before {action}"),
        Origin::Made => format!("a reader of {action} that has served"),
        Origin::Unused => format!("a reader that {action} has made for nothing"),
    }
}

/// How far behind it is, in words.
fn lag(view: &DatabaseView, run: &Run) -> String {
    let most = view.policy.copy.max_lag.as_secs();
    match view.copy_lag_secs {
        Some(secs) => format!("lag       {secs:.1} s behind; more than {most} s and it waits"),
        None if run.intent.strategy == Strategy::ReaderFailover => {
            "lag       not known: it waits until it is".to_owned()
        }
        None => "lag       not known; AWS lets no copy take over that is too far behind".to_owned(),
    }
}

/// What is paid for the copy or the reader while it waits.
fn cost(snapshot: &Snapshot, view: &DatabaseView, run: &Run) -> String {
    let price = view.state.as_ref().and_then(|state| view.policy.price(state, &run.intent.to));
    let since = run.calls.first().map_or(run.began, |call| call.sent_at);
    let waited = words::between(since, snapshot.at);
    let Some(price) = price else { return format!("cost      there for {waited}, at an unknown price") };
    let hours = snapshot.at.duration_since(since).as_secs_f64() / 3_600.0;
    let so_far = price.usd_per_hour * hours;
    format!("cost      there for {waited}: ${so_far:.2} so far, {}", words::price(Some(price)))
}

pub(super) fn suspend() -> Asked {
    let explanation = vec![
        ("An action is under way, and this process watches over it.".to_owned(), theme::WARN),
        plain(
            "RDS goes on with what was sent. The engine stands still with the process: nobody verifies, and nobody sees \
             a failure, until `fg`.",
        ),
    ];
    Asked { title: " suspend? ", explanation, fields: Vec::new() }
}

pub(super) fn quit() -> Asked {
    let explanation = vec![
        ("An action is under way, and this process watches over it.".to_owned(), theme::WARN),
        plain(
            "RDS goes on with what was sent. Nobody verifies it until upshift runs again with the same state directory; \
             it then looks, and never sends the call a second time.",
        ),
        plain(
            "d hands it over: a daemon (`upshift --auto`) goes on in the background, armed only if this engine is, and \
               `upshift` attaches to it. Not of a simulation, which ends with this process.",
        ),
    ];
    Asked { title: " quit? ", explanation, fields: Vec::new() }
}

/// When the target is reached, and what the other strategies would be.
fn choices(plan: &OverridePlan) -> Vec<Styled> {
    let line = |choice: &Choice| {
        if choice.is_chosen {
            return plain(format!("ready     in {} ({})", choice.ready, choice.basis_words()));
        }
        plain(format!("instead   {choice}"))
    };
    let mut lines: Vec<Styled> = plan.choices.iter().filter(|choice| choice.fits).map(line).collect();
    let others: Vec<&str> =
        plan.choices.iter().filter(|choice| !choice.fits).map(|choice| choice.strategy.as_str()).collect();
    if !others.is_empty() {
        lines.push(plain(format!("never     {}: not for a database of this kind", others.join(", "))));
    }
    lines
}

/// What is paid while two machines exist.
fn both_billed(view: &DatabaseView, plan: &OverridePlan) -> Option<Styled> {
    let chosen = plan.choices.iter().find(|choice| choice.is_chosen).filter(|it| it.strategy.makes_a_copy())?;
    let until = chosen.extra_usd.map_or_else(|| "an unknown price".to_owned(), |usd| format!("${usd:.2}"));
    let old = words::price(plan.price_before);
    let policy = &view.policy.old_machine;
    let hours = policy.keep.as_secs_f64() / 3_600.0;
    let kept = match policy.removed_by {
        RemovedBy::Engine => format!("for {hours:.1} h"),
        RemovedBy::Person => "until a person deletes it".to_owned(),
    };
    Some(plain(format!("both      {until} until it takes over; the old one then {old} {kept}")))
}

/// What deletion protection keeps from being cleaned up.
fn protected(view: &DatabaseView, plan: &OverridePlan) -> Option<Styled> {
    let state = view.state.as_ref()?;
    let words = state.left_by_protection(plan.strategy)?;
    Some((format!("protected {words}"), theme::WARN))
}

fn gates(plan: &OverridePlan) -> Vec<Styled> {
    let over =
        if plan.passes_over.is_empty() { "no closed gate".to_owned() } else { plan.passes_over_words().join(", ") };
    let mut lines = vec![plain(format!("passes over {over}"))];
    if !plan.blocked_by.is_empty() {
        lines.push((format!("✘ will be refused: {}", plan.blocked_by.join("; ")), theme::DANGER));
    }
    lines
}

/// `for (↑ ↓): until disarmed  [8 h]  24 h`.
fn choice<T>(name: &str, keys: &str, of: &[(&str, T)], chosen: usize) -> Styled {
    let word =
        |(at, (word, _)): (usize, &(&str, T))| if at == chosen { format!("[{word}]") } else { (*word).to_owned() };
    let words: Vec<String> = of.iter().enumerate().map(word).collect();
    plain(format!("{name} ({keys}): {}", words.join("  ")))
}

const NEEDED: &str = "needed; it goes into the journal with your name";

fn input(name: &str, text: &str, hint: &str, here: bool) -> Styled {
    let cursor = if here { "_" } else { "" };
    let hint = if text.is_empty() { format!(" ({hint})") } else { String::new() };
    let style = if here { theme::TITLE } else { Style::new() };
    (format!("{name}: {text}{cursor}{hint}"), style)
}

fn plain(text: impl Into<String>) -> Styled {
    (text.into(), Style::new())
}
