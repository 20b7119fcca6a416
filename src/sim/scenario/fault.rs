//! What a scenario lets go wrong.

use jiff::SignedDuration;
use serde::Deserialize;

use super::span::Time;

/// One fault: an effect, during a window of the scenario's time.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// When it begins, since the scenario's start.
    pub at: SignedDuration,
    /// When it is over, since the scenario's start; this instant is no longer in it.
    pub until: SignedDuration,
    /// The part of the occasions that it strikes, from 0 to 1.
    pub chance: f64,
    /// What happens.
    pub effect: Effect,
}

/// What a fault does. An `action` of `None` means every action, an `instance` of `None` every instance.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Requests are answered with an error and change nothing.
    Error {
        /// Such as `ModifyDBInstance`.
        action: Option<String>,
        /// Such as `Throttling`.
        code: String,
        /// The HTTP status.
        status: u16,
        /// The sentence.
        message: String,
    },
    /// Requests take effect, but the connection breaks before the answer arrives.
    DropAnswer {
        /// Such as `ModifyDBInstance`.
        action: Option<String>,
    },
    /// Requests take effect at once, but the answer takes this much longer.
    Latency {
        /// Such as `GetMetricData`.
        action: Option<String>,
        /// The additional time.
        by: SignedDuration,
    },
    /// Datapoints of minutes that end in the window are never published.
    Hole {
        /// The metric's name, or `None` for all of them.
        metric: Option<String>,
        /// The database.
        instance: Option<String>,
    },
    /// Accepted class changes come to a bad end.
    ClassChange {
        /// The database.
        instance: Option<String>,
        /// How.
        end: ChangeFault,
    },
}

/// The two bad ends of an accepted class change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeFault {
    /// Back to `available` with the old class; only an event tells.
    Fails,
    /// In `modifying` until the fault's window is over, then it goes on.
    Stuck,
}

/// A fault as it is written: flat, so that an error in it can be shown where it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) at: Time,
    #[serde(rename = "for")]
    pub(super) lasts: Time,
    chance: Option<f64>,
    instance: Option<String>,
    action: Option<String>,
    error: Option<String>,
    status: Option<u16>,
    message: Option<String>,
    #[serde(default)]
    drop_answer: bool,
    latency: Option<Time>,
    hole_in: Option<String>,
    class_change: Option<ChangeFault>,
}

impl Written {
    pub(super) fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }

    /// The fault that was meant, or what is wrong with it.
    pub(super) fn check(self) -> Result<Fault, String> {
        let effects = [
            self.error.is_some(),
            self.drop_answer,
            self.latency.is_some(),
            self.hole_in.is_some(),
            self.class_change.is_some(),
        ];
        if effects.iter().filter(|present| **present).count() != 1 {
            return Err("a fault needs exactly one of error, drop_answer, latency, hole_in, class_change".to_owned());
        }
        let chance = self.chance.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&chance) {
            return Err(format!("chance = {chance} is not between 0 and 1"));
        }
        let of_instances = self.hole_in.is_some() || self.class_change.is_some();
        if of_instances && self.action.is_some() {
            return Err("action goes with error, drop_answer and latency only".to_owned());
        }
        if !of_instances && self.instance.is_some() {
            return Err("instance goes with hole_in and class_change only".to_owned());
        }
        if self.error.is_none() && (self.status.is_some() || self.message.is_some()) {
            return Err("status and message go with error only".to_owned());
        }
        if self.status.is_some_and(|status| !(400..600).contains(&status)) {
            return Err("status must be an HTTP error, from 400 to 599".to_owned());
        }
        let until = self.at.0.saturating_add(self.lasts.0);
        Ok(Fault { at: self.at.0, until, chance, effect: self.effect() })
    }

    fn effect(self) -> Effect {
        if let Some(code) = self.error {
            let (status, message) = usual(&code);
            let message = self.message.unwrap_or_else(|| message.to_owned());
            return Effect::Error { action: self.action, code, status: self.status.unwrap_or(status), message };
        }
        if let Some(end) = self.class_change {
            return Effect::ClassChange { instance: self.instance, end };
        }
        if let Some(metric) = self.hole_in {
            return Effect::Hole { metric: Some(metric).filter(|name| name != "*"), instance: self.instance };
        }
        match self.latency {
            Some(by) => Effect::Latency { action: self.action, by: by.0 },
            None => Effect::DropAnswer { action: self.action },
        }
    }
}

/// The status and the sentence that usually come with an error code.
fn usual(code: &str) -> (u16, &'static str) {
    match code {
        "AccessDenied" | "AccessDeniedException" => {
            (403, "User is not authorized to perform this action because no identity-based policy allows it")
        }
        "ExpiredToken" => (403, "The security token included in the request is expired"),
        "InvalidClientTokenId" => (403, "The security token included in the request is invalid."),
        "Throttling" | "ThrottlingException" | "RequestLimitExceeded" => (400, "Rate exceeded"),
        "InsufficientDBInstanceCapacity" => {
            (400, "The requested DB instance class is not available in the specified Availability Zone.")
        }
        "InvalidDBInstanceState" => (400, "Database instance is not in available state."),
        "ServiceUnavailable" => (503, "Service is unavailable. Please try again later."),
        "InternalFailure" | "InternalError" => (500, "The request processing has failed because of an internal error."),
        _ => (400, "The request was refused."),
    }
}
