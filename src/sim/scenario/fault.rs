//! What a scenario lets go wrong.

use std::ops::Range;

use jiff::SignedDuration;
use serde::Deserialize;
use toml::Spanned;

use super::span::Time;

/// One fault: an effect, during a window of the scenario's time.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultWindow {
    /// When it begins, since the scenario's start.
    pub at: SignedDuration,
    /// When it is over, since the scenario's start; this instant is no longer in it.
    pub until: SignedDuration,
    /// The part of the occasions that it strikes, from 0 to 1.
    pub chance: f64,
    /// What happens.
    pub effect: FaultKind,
}

/// What a fault does. An `action` of `None` means every action, an `instance` of `None` every instance.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
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
    /// Blue/green deployments come to a bad end.
    Deployment {
        /// The database.
        instance: Option<String>,
        /// How.
        end: DeploymentFault,
    },
    /// Copies and readers are that much further behind than their load makes them.
    Lag {
        /// The copy or reader, or the database that it is a copy of; all of them if not given.
        instance: Option<String>,
        /// By so much.
        by: SignedDuration,
    },
    /// Failovers of clusters come to a bad end.
    Failover {
        /// The cluster.
        instance: Option<String>,
        /// How.
        end: FailoverFault,
    },
    /// Readers that are created come to a bad end.
    Reader {
        /// The cluster.
        instance: Option<String>,
        /// How.
        end: ReaderFault,
    },
    /// Accepted class changes come to a bad end.
    ClassChange {
        /// The database; of a cluster all of its members, or one of them by its name.
        instance: Option<String>,
        /// How.
        end: ChangeFault,
    },
}

/// How a blue/green deployment comes to a bad end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentFault {
    /// The copy cannot be made: `INVALID_CONFIGURATION`.
    Fails,
    /// The copy is not done until the fault's window is over.
    Stuck,
    /// The cut takes longer than any timeout and is rolled back.
    CutTooLong,
    /// `TargetDBInstanceClass` is refused; a copy on the database's own class is made.
    ClassRefused,
    /// The cut breaks off: `SWITCHOVER_FAILED`, with the name where it was.
    CutFails,
}

/// How a failover of a cluster comes to a bad end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailoverFault {
    /// It is refused with `InvalidDBClusterStateFault`.
    Refused,
    /// Another member than the one that was asked for becomes the writer, where there is one.
    OtherMember,
    /// It fails, and the previous writer is promoted again; only events tell.
    Fails,
}

/// How the creation of a reader comes to a bad end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReaderFault {
    /// It ends as `failed`.
    Fails,
    /// It ends as `incompatible-network`.
    IncompatibleNetwork,
    /// It ends as `insufficient-capacity`.
    NoCapacity,
    /// It is `creating` until the fault's window is over.
    Stuck,
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

/// What is wrong with a fault, and where in the text; without a place it is the fault as a whole.
pub(super) type Mistake = (Option<Range<usize>>, String);

/// A fault as it is written: flat, so that an error in it can be shown where it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) at: Time,
    #[serde(rename = "for")]
    pub(super) lasts: Time,
    chance: Option<Spanned<f64>>,
    instance: Option<Spanned<String>>,
    action: Option<Spanned<String>>,
    error: Option<String>,
    status: Option<Spanned<u16>>,
    message: Option<Spanned<String>>,
    #[serde(default)]
    drop_answer: bool,
    latency: Option<Time>,
    hole_in: Option<String>,
    class_change: Option<ChangeFault>,
    blue_green: Option<DeploymentFault>,
    failover: Option<FailoverFault>,
    reader: Option<ReaderFault>,
    lag: Option<Time>,
}

impl Written {
    pub(super) fn instance(&self) -> Option<&str> {
        self.instance.as_ref().map(|name| name.get_ref().as_str())
    }

    /// The fault that was meant.
    ///
    /// # Errors
    /// Everything that is wrong with it, and where; without a place it is the fault as a whole.
    pub(super) fn check(self) -> Result<FaultWindow, Vec<Mistake>> {
        let mistakes = self.mistakes();
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let until = self.at.0.saturating_add(self.lasts.0);
        let chance = self.chance.as_ref().map_or(1.0, |chance| *chance.get_ref());
        Ok(FaultWindow { at: self.at.0, until, chance, effect: self.effect() })
    }

    fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        let kinds = [
            self.error.is_some(),
            self.drop_answer,
            self.latency.is_some(),
            self.hole_in.is_some(),
            self.class_change.is_some(),
            self.blue_green.is_some(),
            self.failover.is_some(),
            self.reader.is_some(),
            self.lag.is_some(),
        ];
        if kinds.iter().filter(|present| **present).count() != 1 {
            let what = "a fault needs exactly one of error, drop_answer, latency, hole_in, class_change, \
                        blue_green, failover, reader, lag";
            found.push((None, what.to_owned()));
        }
        let place = |span: Option<Range<usize>>, wrong: bool| span.filter(|_| wrong);
        let of_clusters = self.failover.is_some() || self.reader.is_some() || self.lag.is_some();
        let of_instances =
            self.hole_in.is_some() || self.class_change.is_some() || self.blue_green.is_some() || of_clusters;
        let of_calls = self.error.is_some() || self.drop_answer || self.latency.is_some();
        let outside = |chance: &f64| !(0.0..=1.0).contains(chance);
        let is_error = |status: &u16| (400..600).contains(status);
        let no_error = self.error.is_none();
        let chance = self.chance.as_ref();
        let status = self.status.as_ref();
        let each = [
            (
                place(chance.map(Spanned::span), chance.is_some_and(|chance| outside(chance.get_ref()))),
                "chance is not between 0 and 1",
            ),
            (
                place(self.action.as_ref().map(Spanned::span), of_instances && !of_calls),
                "action goes with error, drop_answer and latency only",
            ),
            (
                place(self.instance.as_ref().map(Spanned::span), of_calls && !of_instances),
                "instance goes with hole_in, class_change, blue_green, failover, reader and lag only",
            ),
            (place(status.map(Spanned::span), no_error), "status goes with error only"),
            (place(self.message.as_ref().map(Spanned::span), no_error), "message goes with error only"),
            (
                place(status.map(Spanned::span), status.is_some_and(|status| !is_error(status.get_ref()))),
                "status must be an HTTP error, from 400 to 599",
            ),
        ];
        found.extend(each.into_iter().filter_map(|(place, what)| Some((Some(place?), what.to_owned()))));
        found
    }

    fn effect(self) -> FaultKind {
        let action = self.action.map(Spanned::into_inner);
        let instance = self.instance.map(Spanned::into_inner);
        if let Some(code) = self.error {
            let (status, message) = usual(&code);
            let status = self.status.map_or(status, Spanned::into_inner);
            let message = self.message.map_or_else(|| message.to_owned(), Spanned::into_inner);
            return FaultKind::Error { action, code, status, message };
        }
        if let Some(end) = self.class_change {
            return FaultKind::ClassChange { instance, end };
        }
        if let Some(end) = self.blue_green {
            return FaultKind::Deployment { instance, end };
        }
        if let Some(end) = self.failover {
            return FaultKind::Failover { instance, end };
        }
        if let Some(end) = self.reader {
            return FaultKind::Reader { instance, end };
        }
        if let Some(by) = self.lag {
            return FaultKind::Lag { instance, by: by.0 };
        }
        if let Some(metric) = self.hole_in {
            return FaultKind::Hole { metric: Some(metric).filter(|name| name != "*"), instance };
        }
        match self.latency {
            Some(by) => FaultKind::Latency { action, by: by.0 },
            None => FaultKind::DropAnswer { action },
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
