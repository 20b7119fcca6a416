//! What is said of gates: their names, what they are called while closed, and what was seen.

use std::fmt;

use super::{Gate, GateResult};

impl Gate {
    /// The gate's name on screens and in records.
    pub fn name(&self) -> &'static str {
        self.words().0
    }

    /// What to say of it while it is closed, such as `disarmed` or `cooldown not over`: one passes over `disarmed`, never
    /// over `armed`.
    pub fn closed_words(&self) -> &'static str {
        self.words().1
    }

    /// Its name, and what to say of it while it is closed.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Armed => ("armed", "disarmed"),
            Self::JournalWritable => ("journal writable", "journal takes no records"),
            Self::Identity => ("account and region", "account and region not confirmed"),
            Self::Lease { holder: Some(_), .. } => ("lease", "observer"),
            Self::Lease { .. } => ("lease", "no lease to act by"),
            Self::FreshData { .. } => ("fresh data", "data not fresh"),
            Self::StateKnown { .. } => ("state known", "state not known"),
            Self::NoActionInFlight { .. } => ("no action in flight", "an action in flight"),
            Self::StatusAvailable { .. } => ("status available", "status not available"),
            Self::NothingPending { .. } => ("nothing pending", "changes pending"),
            Self::RungAvailable { .. } => ("rung on the ladder", "no rung on the ladder"),
            Self::TargetOrderable { .. } => ("target orderable", "target not orderable"),
            Self::ConnectionsFit { .. } => ("connections fit", "connections do not fit"),
            Self::CpuFits { .. } => ("cpu fits", "cpu does not fit"),
            Self::NoOtherDeployment { .. } => ("no other deployment", "another deployment"),
            Self::ParametersInSync { .. } => ("parameters in sync", "parameters not in sync"),
            Self::NoWindowNear { .. } => ("no window near", "a window open or near"),
            Self::StandsAlone { .. } => ("stands alone", "part of something else"),
            Self::RightCluster { .. } => ("right cluster", "not the right cluster"),
            Self::ProxyRegistered { .. } => ("proxy registered", "proxy not registered"),
            Self::BackupsOn { .. } => ("backups on", "backups off"),
            Self::PasswordNotManaged => ("password not managed", "password managed by Secrets Manager"),
            Self::ReservationKept { .. } => ("reservation kept", "capacity reservation given up"),
            Self::WorthTheWait { .. } => ("worth the wait", "ready too late"),
            Self::MemoryFits { .. } => ("memory fits", "memory does not fit"),
            Self::EbsFits { .. } => ("ebs fits", "ebs does not fit"),
            Self::NoLongTransaction { .. } => ("no long transaction", "a long transaction"),
            Self::NoExternalSlots { .. } => ("no external slots", "external replication slots"),
            Self::UpRulesComplete { .. } => ("up rules complete", "up rules incomplete"),
            Self::EventsReadable { .. } => ("events readable", "events not readable"),
            Self::FleetSlot { .. } => ("fleet slot", "no fleet slot"),
            Self::CooldownOver => ("cooldown over", "cooldown not over"),
            Self::DailyBudget { .. } => ("daily budget", "daily budget used up"),
            Self::NotHeld { .. } => ("not held", "held"),
        }
    }

    /// What was seen, in a few words; empty where the name says it all.
    pub fn seen(&self) -> String {
        match self {
            Self::Armed | Self::JournalWritable | Self::Identity | Self::CooldownOver => String::new(),
            Self::Lease { .. } => self.lease_seen(),
            Self::FreshData { age_secs, limit_secs, signal, partial } => {
                let signal = signal.as_ref().map_or_else(|| "a signal".to_owned(), |name| format!("`{name}`"));
                match age_secs {
                    None => format!("{signal} has no datapoint"),
                    Some(age @ ..0) => format!("{signal} dated {} s in the future: this host's clock is behind", -age),
                    Some(_) if *partial => format!("CloudWatch's answer for {signal} is not whole"),
                    Some(age) => format!("{signal} {age} s old, limit {limit_secs} s"),
                }
            }
            Self::StateKnown { age_secs: Some(age) } => format!("seen {age} s ago"),
            Self::StateKnown { age_secs: None } => "not seen yet".to_owned(),
            Self::NoActionInFlight { action } => action.clone().unwrap_or_default(),
            Self::StatusAvailable { status } => status.clone().unwrap_or_else(|| "unknown".to_owned()),
            Self::NothingPending { pending } => pending.join(", "),
            Self::RungAvailable { target } => {
                target.as_ref().map_or_else(|| "none in this direction".to_owned(), ToString::to_string)
            }
            Self::TargetOrderable { orderable } => match orderable {
                Some(true) => "yes".to_owned(),
                Some(false) => "AWS does not offer it here".to_owned(),
                None => "not asked yet".to_owned(),
            },
            Self::NoOtherDeployment { deployment: Some(deployment), .. } => deployment.clone(),
            Self::NoOtherDeployment { age_secs: Some(age), .. } => format!("read {age} s ago"),
            Self::NoOtherDeployment { .. } => "not read yet".to_owned(),
            Self::ParametersInSync { waiting } => waiting.join(", "),
            Self::NoWindowNear { window } => window.clone().unwrap_or_default(),
            Self::StandsAlone { of } => of.clone().unwrap_or_default(),
            Self::RightCluster { is: Some(is), wanted } if is == wanted => is.to_string(),
            Self::RightCluster { is, wanted } => {
                let is = is.map_or_else(|| "no cluster".to_owned(), |is| is.to_string());
                format!("it is {is}, not {wanted}")
            }
            Self::ProxyRegistered { proxy, registered } => match registered {
                Some(true) => format!("behind {proxy}"),
                Some(false) => format!("{proxy} does not know it, or does not exist"),
                None => format!("what {proxy} knows is not read yet"),
            },
            Self::BackupsOn { retention_days: Some(0) } => "kept for no day".to_owned(),
            Self::BackupsOn { retention_days: Some(days) } => format!("kept for {days} days"),
            Self::BackupsOn { retention_days: None } => "not known".to_owned(),
            Self::PasswordNotManaged => String::new(),
            Self::ReservationKept { reservation, passed } => reservation_seen(reservation.as_deref(), *passed),
            Self::WorthTheWait { ready_secs, burst_left_secs } => {
                let mins = |secs: i64| secs.div_euclid(60);
                let left = burst_left_secs.map_or_else(
                    || "nothing says how long the load lasts".to_owned(),
                    |left| match mins(left) {
                        0 => "the load is likely gone by now, or any moment".to_owned(),
                        left => format!("the load is likely gone in {left} min"),
                    },
                );
                format!("ready in about {} min; {left}", mins(i64::from(*ready_secs)))
            }
            Self::ConnectionsFit { .. } | Self::CpuFits { .. } | Self::MemoryFits { .. } | Self::EbsFits { .. } => {
                self.room_seen()
            }
            Self::NoLongTransaction { .. } | Self::NoExternalSlots { .. } => self.server_seen(),
            Self::UpRulesComplete { missing: 0 } => String::new(),
            Self::UpRulesComplete { missing } => format!("{missing} datapoints missing"),
            Self::EventsReadable { age_secs: Some(age) } => format!("read {age} s ago"),
            Self::EventsReadable { age_secs: None } => "not read yet".to_owned(),
            Self::FleetSlot { in_flight, limit } => format!("{in_flight} others in flight, {limit} at once"),
            Self::DailyBudget { used, limit } => format!("{used} of {limit} in 24 h"),
            Self::NotHeld { reason } => reason.clone().unwrap_or_default(),
        }
    }
}

fn reservation_seen(reservation: Option<&str>, passed: bool) -> String {
    match reservation {
        None => "it uses none".to_owned(),
        Some(name) if passed => format!("{name} is passed along"),
        Some(name) => format!("{name} stays with the old machine: no order that makes the new one can name it"),
    }
}

impl Gate {
    /// Who has the lease, and what is in the way besides.
    fn lease_seen(&self) -> String {
        let Self::Lease { epoch, holder, why } = self else { return String::new() };
        let held = match (holder, epoch) {
            (Some(holder), epoch) => Some(format!("held by {holder}, epoch {}", epoch.unwrap_or(0))),
            (None, Some(epoch)) => Some(format!("held, epoch {epoch}")),
            (None, None) => None,
        };
        let parts: Vec<String> = held.into_iter().chain(why.clone()).collect();
        parts.join("; ")
    }

    /// What was seen of the room that a target has, and of what is in use.
    fn room_seen(&self) -> String {
        match self {
            Self::ConnectionsFit { seen, limit } => match (seen, limit) {
                (Some(seen), Some(limit)) => format!("{seen} of {limit}"),
                (None, _) => "connections unknown or with gaps".to_owned(),
                (_, None) => "target's limit unknown".to_owned(),
            },
            Self::CpuFits { seen_percent: Some(seen), limit_percent } => format!("{seen} % of {limit_percent} %"),
            Self::CpuFits { seen_percent: None, .. } => "cpu unknown or with gaps".to_owned(),
            Self::MemoryFits { seen_mib, limit_mib } => match (seen_mib, limit_mib) {
                (Some(seen), Some(limit)) => format!("{seen} of {limit} MiB beyond shared buffers"),
                (None, _) => "free memory unknown or with gaps".to_owned(),
                (_, None) => "a class's memory is unknown".to_owned(),
            },
            Self::EbsFits { seen_iops, limit_iops } => match (seen_iops, limit_iops) {
                (_, None) => "the target's baseline is not known".to_owned(),
                (Some(seen), Some(limit)) => format!("{seen} of {limit} writes/s; reads are not counted"),
                (None, _) => "writes unknown or with gaps".to_owned(),
            },
            _ => String::new(),
        }
    }
}

impl Gate {
    /// What was seen of the server itself.
    fn server_seen(&self) -> String {
        const UNREACHED: &str = "not seen: the server does not answer";
        match self {
            Self::NoLongTransaction { reached: false, .. } | Self::NoExternalSlots { slots: None } => {
                UNREACHED.to_owned()
            }
            Self::NoLongTransaction { oldest_secs, prepared_secs, limit_secs, .. } => {
                let oldest = oldest_secs.map_or_else(
                    || "not seen: the role has no pg_monitor".to_owned(),
                    |secs| format!("the oldest is {secs} s old, limit {limit_secs} s"),
                );
                let prepared = prepared_secs.map_or_else(String::new, |secs| format!("; one is prepared for {secs} s"));
                oldest + &prepared
            }
            Self::NoExternalSlots { slots: Some(slots) } => slots.join(", "),
            _ => String::new(),
        }
    }
}

impl GateResult {
    /// Of a closed gate, what is in the way: `backups off: kept for no day`.
    pub fn closed_sentence(&self) -> String {
        let (words, seen) = (self.gate.closed_words(), self.gate.seen());
        if seen.is_empty() { words.to_owned() } else { format!("{words}: {seen}") }
    }
}

impl fmt::Display for GateResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = self.gate.seen();
        f.write_str(self.gate.name())?;
        if seen.is_empty() { Ok(()) } else { write!(f, ": {seen}") }
    }
}
