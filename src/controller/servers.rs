//! The servers that are read beside AWS: how each is read, and what is known of them by now.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::clock::Clock;
use crate::engine::input::Observation;
use crate::model::database::DatabaseName;
use crate::model::series::SignalName;
use crate::model::server::{ServerMetric, ServerReading};
use crate::workload::signals::{self, Source};

/// How the server of a database is read.
#[derive(Debug)]
pub enum ServerSource {
    /// Each second, over sessions.
    Sessions(Box<Source>),
    /// With each look, as a model has it: in virtual time no session comes to an end.
    Model(DatabaseName, Arc<dyn ServerModel>),
}

/// Servers of a world in virtual time, as clients find them.
pub trait ServerModel: fmt::Debug + Send + Sync {
    /// What a session that is opened now would show.
    fn reading(&self, database: &DatabaseName) -> ServerReading;
}

/// The tasks that read; none where no server is configured.
#[derive(Debug)]
pub(super) struct Servers {
    readings: Readings,
    /// What each task reads, and how it is ended.
    running: BTreeMap<DatabaseName, (Signals, AbortHandle)>,
    tasks: JoinSet<()>,
}

/// What is read of a server, as its source has it.
type Signals = Vec<(SignalName, ServerMetric, u32)>;

/// What is known of each server, to be taken without waiting.
#[derive(Debug, Clone)]
pub(super) struct Readings(Vec<(DatabaseName, Reading)>);

#[derive(Debug, Clone)]
enum Reading {
    /// What the task has left.
    Left(watch::Receiver<ServerReading>),
    Model(Arc<dyn ServerModel>),
}

impl Servers {
    /// Begins to read. The tasks end with this.
    pub(super) fn read(sources: Vec<ServerSource>, clock: &Clock) -> Self {
        let mut servers = Self { readings: Readings(Vec::new()), running: BTreeMap::new(), tasks: JoinSet::new() };
        servers.read_now(sources, clock);
        servers
    }

    /// Reads these from now on. One that is read in the same way already is left alone, with what is known of it.
    pub(super) fn read_now(&mut self, sources: Vec<ServerSource>, clock: &Clock) {
        let (known, mut running) = (std::mem::take(&mut self.readings.0), std::mem::take(&mut self.running));
        for source in sources {
            let reading = match source {
                ServerSource::Model(database, model) => (database, Reading::Model(model)),
                ServerSource::Sessions(source) => {
                    let (database, read) = (source.database.clone(), source.signals.clone());
                    let same = running.remove(&database).filter(|(before, task)| {
                        let is_same = *before == read;
                        if !is_same {
                            task.abort();
                        }
                        is_same
                    });
                    let left = known.iter().find(|(name, _)| *name == database).map(|(_, reading)| reading.clone());
                    let (task, reading) = match same.zip(left) {
                        Some(((_, task), reading)) => (task, reading),
                        None => self.begin(*source, clock),
                    };
                    self.running.insert(database.clone(), (read, task));
                    (database, reading)
                }
            };
            self.readings.0.push(reading);
        }
        for (_, task) in running.into_values() {
            task.abort();
        }
    }

    fn begin(&mut self, source: Source, clock: &Clock) -> (AbortHandle, Reading) {
        let (sender, receiver) = watch::channel(ServerReading::default());
        let task = self.tasks.spawn(signals::read_always(source, clock.clone(), sender));
        (task, Reading::Left(receiver))
    }

    /// What is known, whenever it is asked.
    pub(super) fn readings(&self) -> Readings {
        self.readings.clone()
    }

    /// Returns when a task is lost, which none is by itself; why.
    pub(super) async fn lost(&mut self) -> String {
        loop {
            match self.tasks.join_next().await {
                // Of a server that is not read any more, or in another way.
                Some(Err(error)) if error.is_cancelled() => {}
                Some(Err(error)) => return error.to_string(),
                Some(Ok(())) => return "it ended".to_owned(),
                None => std::future::pending().await,
            }
        }
    }

    /// Nothing more is read.
    pub(super) fn end(&mut self) {
        self.tasks.abort_all();
    }
}

impl Readings {
    /// Puts what is known by now into a look that has just been made.
    pub(super) fn add_to(&self, look: &mut Observation) {
        let known = |(database, reading): &(DatabaseName, Reading)| match reading {
            Reading::Left(receiver) => (database.clone(), receiver.borrow().clone()),
            Reading::Model(model) => (database.clone(), model.reading(database)),
        };
        look.servers = self.0.iter().map(known).collect();
    }
}
