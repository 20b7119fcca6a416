//! Another configuration while the engine runs: taken whole, or not at all. It changes what the engine decides from now on,
//! and nothing that is under way: neither the permission to act, nor a hold, nor an action.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Engine;
use super::input::NewSettings;
use super::watched::Watched;
use crate::model::action::Run;
use crate::model::class::InstanceClass;
use crate::model::command::Answer;
use crate::model::database::DatabaseName;
use crate::model::event::Event;
use crate::model::policy::Policy;
use crate::model::settings::Settings;

impl Engine {
    /// Takes another configuration, or says why not; a record tells of either.
    pub(super) fn reload(&mut self, now: Timestamp, read: Result<Box<NewSettings>, String>) -> Answer {
        let new = read.and_then(|new| match self.refusal(&new.settings) {
            Some(why) => Err(why),
            None => Ok(new),
        });
        match new {
            Ok(new) => {
                let what = differences(&self.settings, &new.settings);
                let sentence = format!("configuration {} in force: {what}", new.digest);
                let done = self.done(now, Event::ConfigReloaded { digest: new.digest.clone(), what }, sentence);
                self.run_by(*new);
                done
            }
            Err(why) => {
                self.record(now, Event::ConfigRefused { why: why.clone() });
                Answer::Refused { sentence: why }
            }
        }
    }

    /// What stands against it, in one sentence.
    fn refusal(&self, new: &Settings) -> Option<String> {
        if let Some(why) = &self.journal_broken {
            return Some(format!("the journal takes no records: {why}"));
        }
        let under_way: Vec<String> =
            self.settings.databases.iter().filter_map(|old| self.disturbed(old, new.policy(&old.database))).collect();
        if !under_way.is_empty() {
            return Some(format!("{}: reload when it is over, or restart", under_way.join("; ")));
        }
        let fixed = fixed(&self.settings, new);
        (!fixed.is_empty()).then(|| format!("{} cannot change while the engine runs: restart it", fixed.join(", ")))
    }

    /// How it would change an action under way on a database.
    fn disturbed(&self, old: &Policy, new: Option<&Policy>) -> Option<String> {
        let (name, remembered) = (&old.database, self.memory.of(&old.database));
        let Some(new) = new else {
            if let Some(run) = remembered.active() {
                return Some(format!("{name} is not in it any more, and {} is under way there", run.intent.action.0));
            }
            let held = || format!("{name} is not in it any more, and its pooler may still hold its clients");
            return remembered.paused.as_ref().map(|_| held());
        };
        let Run { intent, .. } = remembered.active()?;
        let action = &intent.action.0;
        let is_lost =
            |class: &&InstanceClass| old.ladder.position(class).is_some() && new.ladder.position(class).is_none();
        if let Some(class) = [&intent.from, &intent.to].into_iter().find(is_lost) {
            return Some(format!("the ladder of {name} has no {class} any more, and {action} is under way by it"));
        }
        let terms = |policy: &Policy| (policy.strategy, policy.copy.clone(), policy.stuck_after, policy.old_machine);
        (terms(old) != terms(new)).then(|| {
            format!("{action} is under way on {name} by the strategy and the limits of copies that it began with")
        })
    }

    /// From here on the engine decides by it.
    fn run_by(&mut self, new: NewSettings) {
        let before = std::mem::replace(&mut self.settings, new.settings);
        self.digests = new.policy_digests;
        let mut changed = BTreeSet::new();
        for old in &before.databases {
            let name = &old.database;
            match (self.settings.policy(name), self.watched.get_mut(name)) {
                (Some(policy), Some(watched)) if policy != old => watched.forget_what_is_read_otherwise(old, policy),
                (Some(_), _) => continue,
                (None, _) => drop(self.watched.remove(name)),
            }
            changed.insert(name.as_str());
        }
        for policy in &self.settings.databases {
            self.watched.entry(policy.database.clone()).or_default();
        }
        // What still fails is found again by the look that follows, and what is not read any more cannot fail.
        let alarms: BTreeSet<&str> = self.settings.databases.iter().flat_map(Policy::alarms).collect();
        let reads_alarms = self.settings.alarms.is_some() || !alarms.is_empty();
        self.problems.retain(|read, _| match read.split_once(' ') {
            Some(("DescribeAlarms", alarm)) => alarms.contains(alarm),
            Some((_, of)) => !changed.contains(of.split(' ').next().unwrap_or(of)),
            None => reads_alarms || !read.starts_with("DescribeAlarm"),
        });
    }
}

impl Watched {
    /// A signal of the same name that is read in another way has another series.
    fn forget_what_is_read_otherwise(&mut self, old: &Policy, new: &Policy) {
        for spec in old.signals.iter().filter(|spec| new.signal(&spec.name) != Some(spec)) {
            self.series.remove(&spec.name);
            if let Some((_, before)) = &mut self.before {
                before.remove(&spec.name);
            }
        }
        self.proxy.take_if(|_| old.proxy != new.proxy);
    }
}

/// What only a restart can change: connections that are kept, and who may use them.
fn fixed(old: &Settings, new: &Settings) -> Vec<String> {
    // Each section is either told of here or taken up by a reload: one that is new does not compile until it is.
    let Settings { aws: _, engine: _, control: _, lease: _, notify: _, alarms: _, databases: _ } = old;
    let mut fixed = Vec::new();
    if old.aws != new.aws {
        fixed.push("[aws]".to_owned());
    }
    if old.control != new.control {
        fixed.push("[control]".to_owned());
    }
    if old.lease != new.lease {
        fixed.push("[lease]".to_owned());
    }
    if old.notify != new.notify {
        fixed.push("[notify]".to_owned());
    }
    for (was, is) in old.databases.iter().filter_map(|was| Some((was, new.policy(&was.database)?))) {
        let name = &was.database;
        if was.postgres != is.postgres {
            fixed.push(format!("[database.postgres] of {name}"));
        }
        if was.pooler != is.pooler {
            fixed.push(format!("[database.pooler] of {name}"));
        }
        if was.strategy.cluster() != is.strategy.cluster() {
            fixed.push(format!("the strategy of {name}, which is for another kind of database,"));
        }
    }
    fixed
}

/// What is other, for people and for evidence.
fn differences(old: &Settings, new: &Settings) -> String {
    let mut all = Vec::new();
    all.extend((old.engine != new.engine).then(|| "[engine]".to_owned()));
    all.extend((old.alarms != new.alarms).then(|| "[alarms]".to_owned()));
    let missing = |of: &Settings, name: &DatabaseName| of.policy(name).is_none();
    let (gone, come) = (old.databases.iter(), new.databases.iter());
    all.extend(gone.filter(|was| missing(new, &was.database)).map(|was| format!("{} removed", was.database)));
    all.extend(come.filter(|is| missing(old, &is.database)).map(|is| format!("{} added", is.database)));
    for (was, is) in old.databases.iter().filter_map(|was| Some((was, new.policy(&was.database)?))) {
        let keys = differing_keys(was, is);
        if !keys.is_empty() {
            all.push(format!("{} ({})", was.database, keys.join(", ")));
        }
    }
    if all.is_empty() { "nothing is other than before".to_owned() } else { all.join(", ") }
}

/// The keys of two values of one type whose values differ.
fn differing_keys(old: &impl Serialize, new: &impl Serialize) -> Vec<String> {
    // Policies are plain data with string keys: they always serialise.
    let [old, new] = [serde_json::to_value(old), serde_json::to_value(new)].map(Result::unwrap_or_default);
    let (Value::Object(old), Value::Object(new)) = (old, new) else { return Vec::new() };
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    keys.into_iter().filter(|key| old.get(*key) != new.get(*key)).cloned().collect()
}
