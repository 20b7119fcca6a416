//! Another configuration for an engine that runs, with the ways to the servers that it names.

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::Controller;
use super::look::Looker;
use super::pooler::Poolers;
use super::servers::ServerSource;
use crate::engine::input::{Input, NewSettings};
use crate::model::command::Answer;
use crate::model::settings::Settings;

/// Another configuration, or why there is none.
#[derive(Debug)]
pub struct Reload {
    /// What was read; or why it cannot be used, which is recorded too.
    pub read: Result<Box<NewConfiguration>, String>,
    /// Takes what became of it; the sender may be gone.
    pub answer: oneshot::Sender<Answer>,
}

/// A configuration that has passed its own checks.
#[derive(Debug)]
pub struct NewConfiguration {
    /// What it says.
    pub settings: Settings,
    /// SHA-256 over it, first 12 hex digits.
    pub digest: String,
    /// The servers that are read beside AWS.
    pub servers: Vec<ServerSource>,
    /// The poolers that hold their clients during a takeover.
    pub poolers: Poolers,
}

/// For an engine whose configuration nobody reloads.
pub fn none() -> mpsc::Receiver<Reload> {
    mpsc::channel(1).1
}

impl Controller {
    /// Takes it or refuses it, whole.
    pub(super) fn reload(&mut self, reload: Reload) {
        let now = self.read_clock();
        let mut ways = None;
        let read = reload.read.map(|new| {
            let NewConfiguration { settings, digest, servers, poolers } = *new;
            let named = settings.databases.iter().map(|policy| (policy.database.clone(), (self.digest)(policy)));
            let policy_digests = named.collect();
            ways = Some((servers, poolers));
            Box::new(NewSettings { settings, digest, policy_digests })
        });
        let step = self.engine.step(now, Input::Reload(read));
        let answer = step.answer.clone();
        let recorded = self.execute(now, step);
        let answer = match (answer, recorded) {
            (Some(Answer::Done { sentence, seq: place }), Some(first)) => {
                let (servers, poolers) = ways.unwrap_or_default();
                self.servers.read_now(servers, &self.clock);
                self.pauses.know(poolers);
                self.look_anew();
                Answer::Done { sentence, seq: first + place }
            }
            (Some(refused @ Answer::Refused { .. }), _) => refused,
            _ => Answer::Refused { sentence: "the journal could not record it".to_owned() },
        };
        // The sender may have gone; what became of it stands in the journal.
        drop(reload.answer.send(answer));
    }

    /// A look under way asks for what the configuration before wanted: it is given up for one that asks for all of it.
    fn look_anew(&mut self) {
        self.looks = JoinSet::new();
        self.looker = Looker::default();
        self.begin_look();
    }
}
