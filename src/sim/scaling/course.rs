//! What Application Auto Scaling does by itself, minute by minute.
//!
//! How many readers are wanted: those that are available, times the metric over its target, rounded up. AWS does not publish
//! its own arithmetic; that it removes fewer than it could, and only what it has made, is documented.

use jiff::{SignedDuration, Timestamp};

use super::activity::{Activity, Readers, Reason, Status};
use super::state::{Policy, Target};
use super::{NAME_PREFIX, RESOURCE_TAG, Scaling, Surroundings, resource_id};
use crate::sim::rds::Fleet;

/// A datapoint is published within two minutes of its end.
const METRIC_MINUTES: i64 = 5;

/// From a change of the readers until every minute that an alarm looks at is of those that there are.
const METRIC_SETTLES: SignedDuration = SignedDuration::from_mins(5);

/// What is wanted of the readers of a cluster.
struct Wish {
    readers: usize,
    cause: String,
    cooldown: SignedDuration,
}

/// Which way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Out,
    In,
}

impl Scaling {
    /// Looks at every target at the end of a minute, and acts.
    pub(in crate::sim) fn minute(&mut self, mut around: Surroundings<'_>) {
        let Surroundings { now, fleet, .. } = &around;
        for activity in self.activities.under_way() {
            activity.look(*now, fleet);
            let target = self.targets.get_mut(&activity.cluster).filter(|_| activity.ended.is_some());
            match (&activity.readers, target) {
                (Readers::Made { wanted, .. }, Some(target)) => target.last_out = Some((*now, *wanted)),
                (Readers::Deleted { .. }, Some(target)) => target.last_in = Some(*now),
                _ => {}
            }
        }
        for cluster in self.targets.keys().cloned().collect::<Vec<_>>() {
            self.act(&cluster, &mut around);
        }
    }

    fn act(&mut self, cluster: &str, around: &mut Surroundings<'_>) {
        let Some(target) = self.targets.get(cluster) else { return };
        let readers = around.fleet.reader_census(cluster);
        // Without a reader there is no metric, and the alarms stay where they are.
        if readers.available == 0 {
            return;
        }
        let suspended = target.suspended;
        let counted = (readers.all, readers.available);
        let wish = too_many(target, readers.all).map(|wish| (Way::In, wish));
        let wish = wish.or_else(|| Some((Way::Out, out_wish(target, cluster, counted, around)?)));
        let wish = wish.or_else(|| Some((Way::In, in_wish(target, cluster, counted, around)?)));
        let Some((way, wish)) = wish else { return };
        if (way == Way::Out && suspended.scale_out) || (way == Way::In && suspended.scale_in) {
            return;
        }
        let (min, max) = (target.min, target.max);
        let readers_wanted = wish.readers.clamp(min as usize, max as usize);
        if self.activities.is_under_way(cluster) || rests(target, way, readers_wanted, wish.cooldown, around.now) {
            return;
        }
        let is_met = if way == Way::Out { readers_wanted <= readers.all } else { readers_wanted >= readers.all };
        if is_met {
            let reason = match way {
                Way::Out if readers.all >= max as usize => Reason::AtMax(max),
                Way::In if readers.all <= min as usize => Reason::AtMin(min),
                // Those that are being made are enough.
                Way::Out | Way::In => return,
            };
            return self.not_scaled(cluster, reason, wish.cause, around.now);
        }
        if !around.fleet.takes_orders(cluster) {
            return self.not_scaled(cluster, Reason::Unscalable, wish.cause, around.now);
        }
        match way {
            Way::Out => self.scale_out(cluster, (readers.all, readers_wanted), wish.cause, around),
            Way::In => self.scale_in(cluster, (readers.all, readers_wanted), wish.cause, around),
        }
    }

    fn scale_out(&mut self, cluster: &str, (is, wanted): (usize, usize), cause: String, around: &mut Surroundings<'_>) {
        let tag = (RESOURCE_TAG.to_owned(), resource_id(cluster));
        let mut names = Vec::new();
        for _ in is..wanted {
            let name = format!("{NAME_PREFIX}{}", self.uuid());
            if around.fleet.make_scaled_reader(around.now, cluster, &name, tag.clone()) {
                names.push(name);
            }
        }
        let began = self.began(cluster, wanted, cause, around.now, Readers::Made { names, wanted });
        self.activities.add(began);
    }

    /// Takes away the newest of those that it has made; where there are none of them, nothing happens.
    fn scale_in(&mut self, cluster: &str, (is, wanted): (usize, usize), cause: String, around: &mut Surroundings<'_>) {
        let resource = resource_id(cluster);
        let mut own = around.fleet.scaled_readers(cluster, (RESOURCE_TAG, &resource));
        own.truncate(is.saturating_sub(wanted));
        if own.is_empty() {
            return;
        }
        let left = is - own.len();
        for name in &own {
            around.fleet.drop_scaled_reader(around.now, name);
        }
        let began = self.began(cluster, left, cause, around.now, Readers::Deleted { names: own, wanted: left });
        self.activities.add(began);
    }

    fn began(&mut self, cluster: &str, wanted: usize, cause: String, now: Timestamp, readers: Readers) -> Activity {
        Activity {
            id: self.uuid(),
            cluster: cluster.to_owned(),
            description: format!("Setting replica count to {wanted}."),
            cause,
            began: now,
            ended: None,
            status: Status::InProgress,
            message: Some(format!(
                "Successfully set replica count to {wanted}. Waiting for change to be fulfilled by rds."
            )),
            not_scaled: None,
            readers,
        }
    }

    fn not_scaled(&mut self, cluster: &str, reason: Reason, cause: String, now: Timestamp) {
        if self.activities.has_just_said(cluster, reason) {
            return;
        }
        let description = "Attempting to scale due to alarm triggered".to_owned();
        let activity = Activity {
            description,
            status: Status::Failed,
            message: None,
            not_scaled: Some(reason),
            ended: Some(now),
            ..self.began(cluster, 0, cause, now, Readers::None)
        };
        self.activities.add(activity);
    }
}

impl Activity {
    /// What has become of the readers that it waits for.
    fn look(&mut self, now: Timestamp, fleet: &Fleet) {
        let status = |name: &String| fleet.instance(name).map(|instance| instance.status.as_str());
        let (status, message) = match &self.readers {
            Readers::None => return,
            Readers::Made { names, wanted }
                if names.iter().all(|name| status(name) == Some("available")) && !names.is_empty() =>
            {
                (Status::Successful, fulfilled(*wanted))
            }
            Readers::Made { names, wanted } => {
                let ended = |name: &&String| !matches!(status(name), Some("available" | "creating"));
                let why = match names.iter().find(ended) {
                    Some(name) => format!("the DB instance {name} is {}", status(name).unwrap_or("gone")),
                    None if names.is_empty() => "the DB cluster has as many DB instances as it can have".to_owned(),
                    None => return,
                };
                (Status::Failed, format!("Failed to set replica count to {wanted}. Reason: {why}."))
            }
            Readers::Deleted { names, wanted } if names.iter().all(|name| status(name).is_none()) => {
                (Status::Successful, fulfilled(*wanted))
            }
            Readers::Deleted { .. } => return,
        };
        (self.status, self.message, self.ended) = (status, Some(message), Some(now));
    }
}

fn fulfilled(wanted: usize) -> String {
    format!("Successfully set replica count to {wanted}. Change successfully fulfilled by rds.")
}

/// Fewer readers than the least, or a policy whose metric is too high: of several policies the one that wants the most.
fn out_wish(target: &Target, cluster: &str, readers: (usize, usize), around: &Surroundings<'_>) -> Option<Wish> {
    let (all, available) = readers;
    let of = |policy: &Policy| {
        let wanted = wanted(policy, cluster, available, around)?;
        let is_high = around.cloudwatch.is_in_alarm(&policy.high.name);
        is_high.then(|| Wish {
            readers: wanted.max(available + 1),
            cause: cause(&policy.high.name, policy),
            cooldown: policy.out_cooldown,
        })
    };
    let wish = target.policies.values().filter_map(of).max_by_key(|wish| wish.readers);
    let fewer = all < target.min as usize;
    let bound = || Wish {
        readers: target.min as usize,
        cause: format!("minimum capacity was set to {}", target.min),
        cooldown: SignedDuration::ZERO,
    };
    wish.or_else(|| fewer.then(bound))
}

/// More readers than the most.
fn too_many(target: &Target, all: usize) -> Option<Wish> {
    let cause = || format!("maximum capacity was set to {}", target.max);
    let wish = || Wish { readers: target.max as usize, cause: cause(), cooldown: SignedDuration::ZERO };
    (all > target.max as usize).then(wish)
}

/// Every policy that may take readers away would.
fn in_wish(target: &Target, cluster: &str, readers: (usize, usize), around: &Surroundings<'_>) -> Option<Wish> {
    let (all, available) = readers;
    let may = target.policies.values().filter(|policy| !policy.disable_scale_in);
    let of = |policy: &Policy| {
        let is_low = around.cloudwatch.is_in_alarm(&policy.low.name);
        let wanted = wanted(policy, cluster, available, around).filter(|_| is_low)?;
        Some(Wish { readers: wanted, cause: cause(&policy.low.name, policy), cooldown: policy.in_cooldown })
    };
    let wishes: Option<Vec<Wish>> = may.map(of).collect();
    // Never more than is: what is asked for here is to take away.
    wishes?.into_iter().max_by_key(|wish| wish.readers).filter(|wish| wish.readers < all || all <= target.min as usize)
}

fn wanted(policy: &Policy, cluster: &str, available: usize, around: &Surroundings<'_>) -> Option<usize> {
    let seen = around.cloudwatch.newest_average(&policy.metric.key(cluster), around.now, METRIC_MINUTES)?;
    Some((available as f64 * seen / policy.target).ceil().max(0.0) as usize)
}

fn cause(alarm: &str, policy: &Policy) -> String {
    format!("monitor alarm {alarm} in state ALARM triggered policy {}", policy.name)
}

/// Whether a cooldown keeps it, which begins when the readers have come or gone. One after adding readers does not keep more
/// from being added than were asked for then; nothing is taken away while either lasts; and until what is published is of the
/// readers that there are now, it says nothing.
fn rests(target: &Target, way: Way, wanted: usize, cooldown: SignedDuration, now: Timestamp) -> bool {
    let changed_at = target.last_out.map(|(at, _)| at).max(target.last_in);
    if changed_at.is_some_and(|at| now.duration_since(at) < METRIC_SETTLES) {
        return true;
    }
    let within = |at: Timestamp| now.duration_since(at) < cooldown;
    let after_out = target.last_out.is_some_and(|(at, asked)| within(at) && (way == Way::In || wanted <= asked));
    let after_in = target.last_in.is_some_and(|at| way == Way::In && within(at));
    after_out || after_in
}
