//! Every figure there is, group by group, with its name and its words. The README's table is held to them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use prometheus_client::registry::Unit;

use super::collect::{Labels, Page};
use super::tally::Counts;
use crate::model::database::DatabaseName;
use crate::model::gate::Gate;
use crate::model::ladder::Direction;
use crate::model::notify::NotifyView;
use crate::model::snapshot::DatabaseView;

/// What is written, in this order. A part of the engine that has figures of its own has a group here.
pub(super) const GROUPS: [fn(&mut Page<'_>) -> fmt::Result; 9] =
    [process, permission, databases, signals, gates, counts, aws, journal, notifications];

fn process(page: &mut Page<'_>) -> fmt::Result {
    let version = page.sources.version.to_owned();
    page.info("build", "The program", &[("version", version)])?;
    let started = page.sources.started.as_second();
    let name = ("start_time", Some(Unit::Seconds));
    page.gauge(name, "When this process began, in seconds since 1970", [([], started)])
}

fn permission(page: &mut Page<'_>) -> fmt::Result {
    let armed = u32::from(page.snapshot.arming.is_armed());
    page.gauge(("armed", None), "1 while the engine may act", [([], armed)])?;
    let refused = u32::from(page.snapshot.configuration.refused.is_some());
    page.gauge(("reload_refused", None), "1 while the newest reload was refused", [([], refused)])?;
    let configuration = &page.snapshot.configuration;
    let in_force = configuration.since.map(|since| ([("digest", configuration.digest.clone())], since.as_second()));
    let name = ("configuration_time", Some(Unit::Seconds));
    page.gauge(name, "When the configuration in force was taken, in seconds since 1970", in_force)?;
    let lease = page.snapshot.lease.clone();
    let epoch = lease.as_ref().and_then(|lease| lease.standing.held_epoch());
    let renewed_at = lease.as_ref().and_then(|lease| lease.standing.renewed_at());
    let held = lease.map(|_| ([], u32::from(epoch.is_some())));
    page.gauge(("lease_held", None), "1 while this engine holds the lease", held)?;
    page.gauge(("lease_epoch", None), "Of the lease that is held", epoch.map(|epoch| ([], epoch)))?;
    let age = renewed_at.map(|renewed_at| ([], age_secs(page.now, renewed_at)));
    let help = "Time since the lease was renewed, by this engine or as far as it has seen";
    page.gauge(("lease_renewal_age", Some(Unit::Seconds)), help, age)?;
    let failing = page.snapshot.problems.len() as u64;
    page.gauge(("reads_failing", None), "Reads that fail at the moment", [([], failing)])
}

fn databases(page: &mut Page<'_>) -> fmt::Result {
    let snapshot = page.snapshot.clone();
    let of = |value: fn(&DatabaseView) -> u64| snapshot.databases.iter().map(move |view| (labels(view), value(view)));
    let in_flight = of(|view| u64::from(view.active_run().is_some()));
    page.gauge(("actions_in_flight", None), "Actions that are under way", in_flight)?;
    page.gauge(("holds", None), "Holds in force", of(|view| view.holds.len() as u64))?;
    let now = page.now;
    let looked = snapshot.databases.iter().filter_map(|view| Some((labels(view), age_secs(now, view.state_at?))));
    page.gauge(("look_age", Some(Unit::Seconds)), "Age of what RDS last said of the database", looked)
}

fn signals(page: &mut Page<'_>) -> fmt::Result {
    let (snapshot, now) = (page.snapshot.clone(), page.now);
    let each = || {
        snapshot.databases.iter().flat_map(|view| {
            view.series.iter().map(move |(name, series)| {
                let labels: Labels<2> = [labels(view)[0].clone(), ("signal", name.to_string())];
                (labels, series)
            })
        })
    };
    let values = each().filter_map(|(labels, series)| Some((labels, series.newest()?.value)));
    page.gauge(("signal_value", None), "Newest datapoint, in the signal's own unit", values)?;
    let ages = each().filter_map(|(labels, series)| Some((labels, age_secs(now, series.newest_end()?))));
    page.gauge(("signal_age", Some(Unit::Seconds)), "Time since the period of the newest datapoint ended", ages)
}

fn gates(page: &mut Page<'_>) -> fmt::Result {
    let snapshot = page.snapshot.clone();
    // Some conditions hold for several things at once; the gate is closed when one of them does not.
    let mut closed: BTreeMap<(&DatabaseName, &str, String), u32> = BTreeMap::new();
    for view in &snapshot.databases {
        for direction in [Direction::Up, Direction::Down] {
            for result in view.gates(direction) {
                *closed.entry((view.name(), direction.word(), tag(&result.gate))).or_default() |=
                    u32::from(!result.open);
            }
        }
    }
    let samples = closed.into_iter().map(|((database, direction, gate), is_closed)| {
        let labels = [("database", database.to_string()), ("direction", direction.to_owned()), ("gate", gate)];
        (labels, is_closed)
    });
    page.gauge(("gate_closed", None), "1 while the gate keeps the engine from a step in the direction", samples)
}

fn counts(page: &mut Page<'_>) -> fmt::Result {
    let of = |counts: Counts, word: &'static str| {
        counts.into_iter().map(move |((database, value), count)| {
            let labels = [("database", database.to_string()), (word, value.to_owned())];
            (labels, count)
        })
    };
    let snapshot = page.snapshot.clone();
    let names = || snapshot.databases.iter().map(DatabaseView::name);
    let (decisions, actions) = (page.sources.tally.decisions(names()), page.sources.tally.actions(names()));
    page.counter("decisions", "Decisions that were recorded: those with another result", of(decisions, "verdict"))?;
    page.counter("actions", "Actions that are over", of(actions, "result"))
}

fn aws(page: &mut Page<'_>) -> fmt::Result {
    let counts = page.sources.calls.counts();
    let of = |value: fn(&crate::aws::calls::Count) -> u64| {
        counts.iter().map(move |((service, operation), count)| {
            ([("service", service.clone()), ("operation", operation.clone())], value(count))
        })
    };
    page.counter("aws_calls", "Calls to AWS that are over", of(|count| count.calls))?;
    page.counter("aws_errors", "Calls to AWS that failed", of(|count| count.errors))?;
    page.counter("aws_attempts", "Requests that went out for calls to AWS", of(|count| count.attempts))
}

fn journal(page: &mut Page<'_>) -> fmt::Result {
    let health = &page.snapshot.journal;
    let (seq, broken) = (health.seq, u32::from(health.broken.is_some()));
    page.gauge(("journal_sequence", None), "Number of the newest record", [([], seq)])?;
    page.gauge(("journal_broken", None), "1 when the journal takes no more records", [([], broken)])
}

fn notifications(page: &mut Page<'_>) -> fmt::Result {
    let snapshot = page.snapshot.clone();
    let of = |value: fn(&NotifyView) -> u64| {
        snapshot.notify.iter().map(move |view| ([("way", view.way.clone())], value(view)))
    };
    page.counter("notifications_told", "Messages that were taken", of(|view| view.told))?;
    page.counter("notifications_failed", "Messages that were tried and not taken", of(|view| view.failed))?;
    page.counter("notifications_lost", "Messages that were never tried: too many waited", of(|view| view.lost))?;
    page.gauge(("notifications_waiting", None), "Messages that wait", of(|view| view.waiting))
}

/// The gate as the journal calls it.
fn tag(gate: &Gate) -> String {
    let record = serde_json::to_value(gate).unwrap_or_default();
    record["gate"].as_str().unwrap_or_else(|| gate.name()).to_owned()
}

fn labels(view: &DatabaseView) -> Labels<1> {
    [("database", view.name().to_string())]
}

/// Never below zero: a datapoint of the future is told by its gate.
fn age_secs(now: Timestamp, then: Timestamp) -> f64 {
    now.duration_since(then).max(SignedDuration::ZERO).as_secs_f64()
}
