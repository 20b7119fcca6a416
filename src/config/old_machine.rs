//! `keep_old`, `remove_old` and `final_snapshot` of a database: what becomes of a machine that an action has left.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::section::Section;
use crate::diagnostics::Diagnostic;
use crate::model::policy::{OldMachinePolicy, RemovedBy, Strategy};

/// What was replaced a moment ago is the only way back; two months later its backups are over.
const KEEP: RangeInclusive<Duration> = Duration::from_mins(30)..=Duration::from_hours(60 * 24);

/// The keys, or the defaults.
pub(super) fn read(database: &Section<'_>, strategy: Strategy, problems: &mut Vec<Diagnostic>) -> OldMachinePolicy {
    let usual = OldMachinePolicy::of(strategy);
    let words = [RemovedBy::Person, RemovedBy::Engine].map(|by| (by.as_str(), by));
    OldMachinePolicy {
        keep: database.duration("keep_old", &KEEP, problems).map_or(usual.keep, Spanned::into_inner),
        removed_by: database.word("remove_old", "remover", &words, problems).unwrap_or(usual.removed_by),
        final_snapshot: database.switch("final_snapshot", problems).unwrap_or(usual.final_snapshot),
    }
}
