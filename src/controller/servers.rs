//! The servers that are read beside AWS: a task for each, and what they know by now.

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::engine::input::Observation;
use crate::model::database::DatabaseName;
use crate::model::server::ServerReading;
use crate::workload::signals::{self, Source};

/// The tasks that read; none where no server is configured.
#[derive(Debug)]
pub(super) struct Servers {
    readings: Vec<(DatabaseName, watch::Receiver<ServerReading>)>,
    tasks: JoinSet<()>,
}

/// What the tasks leave, to be taken without waiting.
#[derive(Debug, Clone)]
pub(super) struct Readings(Vec<(DatabaseName, watch::Receiver<ServerReading>)>);

impl Servers {
    /// Begins to read. The tasks end with this.
    pub(super) fn read(sources: Vec<Source>, clock: &Clock) -> Self {
        let (mut readings, mut tasks) = (Vec::new(), JoinSet::new());
        for source in sources {
            let (sender, receiver) = watch::channel(ServerReading::default());
            readings.push((source.database.clone(), receiver));
            tasks.spawn(signals::read_always(source, clock.clone(), sender));
        }
        Self { readings, tasks }
    }

    /// What is known, whenever it is asked.
    pub(super) fn readings(&self) -> Readings {
        Readings(self.readings.clone())
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
        let known = self.0.iter().map(|(database, reading)| (database.clone(), reading.borrow().clone()));
        look.servers = known.collect();
    }
}
