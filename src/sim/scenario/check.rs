//! What can be read in a scenario and cannot be meant.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::SignedDuration;

use super::parse::File;
use super::{Demand, InstanceSpec, check_cluster};
use crate::diagnostics::Diagnostic;
use crate::model::class::InstanceClass;

/// More than these is a mistake, not a scenario.
const MAX_DATABASES: usize = 500;
const MAX_LINES: usize = 10_000;
/// CloudWatch keeps minutes for 15 days; a longer history could not be read.
const MAX_HISTORY: SignedDuration = SignedDuration::from_hours(15 * 24);
/// No time in a scenario lies further off than a year.
const MAX_TIME: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Everything that can be read and cannot be meant.
pub(super) fn file(file: &File) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut complain = |wrong: bool, place: Range<usize>, message: String| {
        if wrong {
            found.push(Diagnostic::new(place, message, "here"));
        }
    };
    let digits = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    complain(!digits(file.account.get_ref()), file.account.span(), "an account is 12 digits".to_owned());
    complain(!is_region(file.region.get_ref()), file.region.span(), "a region looks like us-east-1".to_owned());
    let noise = file.noise.get_ref();
    complain(!(0.0..=0.5).contains(noise), file.noise.span(), format!("noise = {noise} is not between 0 and 0.5"));
    let history = &file.history.get_ref().0;
    let wrong = history.is_negative() || *history > MAX_HISTORY;
    complain(wrong, file.history.span(), "history is not between 0 and 360 h".to_owned());
    if let Some(repeat) = &file.repeat {
        let every = repeat.get_ref().0;
        let wrong = every < SignedDuration::from_mins(1) || every > MAX_TIME;
        complain(wrong, repeat.span(), "repeat is shorter than a minute or longer than a year".to_owned());
        for line in file.demand.iter().filter(|line| !wrong && line.get_ref().at >= every) {
            let message = "this demand never comes: the script begins again before it".to_owned();
            complain(true, line.span(), message);
        }
    }
    let count = file.instance.get_ref().len() + file.cluster.len();
    let message = format!("there are {count} instances and clusters; 1 to {MAX_DATABASES} are possible");
    complain(count == 0 || count > MAX_DATABASES, file.instance.span(), message);
    complain(file.demand.len() + file.fault.len() > MAX_LINES, 0..0, "too many lines of demand and faults".to_owned());
    for (class, spec) in &file.capacity {
        let numbers = [spec.writes, spec.baseline_iops].into_iter().flatten();
        let wrong = numbers.into_iter().any(|number| !(1.0..=1e7).contains(&number));
        complain(wrong, class.span(), "a capacity is not between 1 and 10 million".to_owned());
        let unknown = InstanceClass::known(class.get_ref()).is_none();
        complain(unknown, class.span(), format!("{} is no class that is known here", class.get_ref()));
    }
    check_instances(file, &mut found);
    let ids = file.instance.get_ref().iter().map(|spec| spec.get_ref().id.to_ascii_lowercase());
    check_cluster::clusters(file, ids.collect(), &mut found);
    check_lines(file, &mut found);
    found
}

fn check_instances(file: &File, found: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for instance in file.instance.get_ref() {
        let InstanceSpec {
            id,
            class,
            engine,
            engine_version,
            maintenance_window,
            storage_gib,
            backup_retention_days,
            ..
        } = instance.get_ref();
        let checks = [
            (!crate::sim::rds::is_identifier(id), format!("{id:?} is no DB instance identifier")),
            (!seen.insert(id.clone()), format!("a second instance is called {id:?}")),
            (InstanceClass::known(class).is_none(), format!("{class} is no class that is known here")),
            (!is_version(engine_version), format!("{engine_version:?} is no version of PostgreSQL, such as 16.8")),
            (engine != "postgres", format!("engine {engine:?} is not simulated; only postgres is")),
            (!(20..=65_536).contains(storage_gib), "storage_gib is not between 20 and 65536".to_owned()),
            (*backup_retention_days > 35, "backup_retention_days is more than 35".to_owned()),
            (
                crate::model::window::Window::weekly(maintenance_window).is_none(),
                "a maintenance window looks like sun:06:00-sun:06:30".to_owned(),
            ),
        ];
        found.extend(
            checks
                .into_iter()
                .filter(|(wrong, _)| *wrong)
                .map(|(_, message)| Diagnostic::new(instance.span(), message, "this instance")),
        );
    }
}

fn check_lines(file: &File, found: &mut Vec<Diagnostic>) {
    let instances = file.instance.get_ref().iter().map(|spec| spec.get_ref().id.clone());
    let databases: BTreeSet<String> = instances.chain(file.cluster.iter().map(|it| it.get_ref().id.clone())).collect();
    // A fault can also strike a single member.
    let members = file.cluster.iter().flat_map(|it| it.get_ref().member_ids());
    let machines: BTreeSet<String> = databases.iter().cloned().chain(members).collect();
    let sane = |duration: SignedDuration| !duration.is_negative() && duration <= MAX_TIME;
    let unknown = |ids: &BTreeSet<String>, given: Option<&str>| given.is_some_and(|id| !ids.contains(id));
    for line in &file.demand {
        let Demand { instance, at, ramp, writes, reads, connections, read_connections } = line.get_ref();
        let numbers = || [writes, reads, connections, read_connections].into_iter().flatten();
        let checks = [
            (unknown(&databases, instance.as_deref()), "instance names no [[instance]] and no [[cluster]]"),
            (!sane(*at) || !sane(*ramp), "at and ramp must lie between 0 and a year"),
            (numbers().any(|number| !(0.0..=1e6).contains(number)), "a demand is not between 0 and a million"),
            (numbers().next().is_none(), "a demand needs writes, reads, connections or read_connections"),
        ];
        found.extend(
            checks.iter().filter(|(wrong, _)| *wrong).map(|(_, text)| Diagnostic::new(line.span(), *text, "this line")),
        );
    }
    for fault in &file.fault {
        let written = fault.get_ref();
        let checks = [
            (unknown(&machines, written.instance()), "instance names no [[instance]] and no [[cluster]]"),
            (!sane(written.at.0) || !sane(written.lasts.0), "at and for must lie between 0 and a year"),
        ];
        found.extend(
            checks
                .iter()
                .filter(|(wrong, _)| *wrong)
                .map(|(_, text)| Diagnostic::new(fault.span(), *text, "this fault")),
        );
    }
}

/// `us-east-1`, `us-gov-west-1`: two letters first, a number last.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    match parts.as_slice() {
        [first, middle @ .., last] => {
            let number = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
            first.len() == 2 && word(first) && !middle.is_empty() && middle.iter().all(word) && number
        }
        _ => false,
    }
}

/// Numbers with points between them.
pub(super) fn is_version(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.contains('.') && text.split('.').all(number)
}
