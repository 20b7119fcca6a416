//! The servers that are read beside AWS: how each is read, and what is known of them by now.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::engine::input::Observation;
use crate::model::database::DatabaseName;
use crate::model::server::ServerReading;
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
    tasks: JoinSet<()>,
}

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
        let mut tasks = JoinSet::new();
        let mut begin = |source| match source {
            ServerSource::Model(database, model) => (database, Reading::Model(model)),
            ServerSource::Sessions(source) => {
                let (sender, receiver) = watch::channel(ServerReading::default());
                let database = source.database.clone();
                tasks.spawn(signals::read_always(*source, clock.clone(), sender));
                (database, Reading::Left(receiver))
            }
        };
        let readings = Readings(sources.into_iter().map(&mut begin).collect());
        Self { readings, tasks }
    }

    /// What is known, whenever it is asked.
    pub(super) fn readings(&self) -> Readings {
        self.readings.clone()
    }

    /// Returns when a task is lost, which none is by itself; why.
    pub(super) async fn lost(&mut self) -> String {
        match self.tasks.join_next().await {
            Some(Err(error)) => error.to_string(),
            Some(Ok(())) => "it ended".to_owned(),
            None => std::future::pending().await,
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
