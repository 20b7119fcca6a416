//! Tells people what the engine does: by a topic of SNS, by a program of theirs, or by both.
//!
//! ```text
//!   record on the disk ─► Teller (in the engine's loop, never waits) ─► queue of each way ─► its task: one after the other
//!                             └─ a full queue: counted, logged, and told with the next message
//! ```
//!
//! A topic may get a message twice: the SDK tries again what got no answer. A program is run once for each message. What
//! waits when the process is killed is told by nobody; the journal has it.

mod message;
mod program;
mod topic;

use std::ffi::OsString;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::aws::Aws;
use crate::clock::Clock;
use crate::model::backend::Backend;
use crate::model::limits::LAST_WORDS;
use crate::model::notify::{Happened, NotifyFailure, NotifySettings, NotifyView, is_told};
use crate::model::text::clean;
use message::{Message, Origin};
use program::Program;
use topic::Topic;

/// Messages that wait for one way; of what the engine does in days there are fewer.
const QUEUE: usize = 256;

/// The longest reason that is kept of a failure.
const WHY_CHARS: usize = 400;

/// What telling needs to know of where it runs.
#[derive(Debug, Clone)]
pub struct About {
    /// The time that people see.
    pub clock: Clock,
    /// Reaches the topic.
    pub aws: Aws,
    /// What the engine acts on.
    pub backend: Backend,
    /// This machine's name.
    pub host: String,
    /// All that a program gets of the environment.
    pub environment: Vec<(String, OsString)>,
}

/// Takes notes of what is to be told. It is called in the engine's loop and never waits.
#[derive(Debug)]
pub struct Teller {
    origin: Origin,
    queues: Vec<Queue>,
    views: watch::Sender<Vec<NotifyView>>,
}

/// The tasks that tell, one for each way.
#[derive(Debug)]
pub struct Telling {
    tasks: JoinSet<()>,
    clock: Clock,
    /// How it goes.
    pub views: watch::Receiver<Vec<NotifyView>>,
}

#[derive(Debug)]
struct Queue {
    messages: mpsc::Sender<Message>,
    /// Messages that were lost since the last one that found a place.
    lost: u64,
}

#[derive(Debug)]
enum Way {
    Topic(Box<Topic>),
    Program(Program),
}

/// Begins to tell by every way that the settings name.
pub fn start(settings: &NotifySettings, about: About) -> (Teller, Telling) {
    let About { clock, aws, backend, host, environment } = about;
    let topic = settings.topic.clone().map(|arn| Way::Topic(Box::new(Topic::new(arn, aws))));
    let program = Program::of(&settings.command, environment).map(Way::Program);
    let ways: Vec<Way> = topic.into_iter().chain(program).collect();
    let (views, seen) = watch::channel(ways.iter().map(|way| NotifyView::new(way.name())).collect());
    let (mut tasks, mut queues) = (JoinSet::new(), Vec::new());
    for (at, way) in ways.into_iter().enumerate() {
        let (messages, queue) = mpsc::channel(QUEUE);
        queues.push(Queue { messages, lost: 0 });
        tasks.spawn(tell_all((at, way), queue, clock.clone(), views.clone()));
    }
    (Teller { origin: Origin { host, backend }, queues, views }, Telling { tasks, clock, views: seen })
}

impl Teller {
    /// Takes note of an event that people are told of; any other is none of its business.
    pub fn hear(&mut self, happened: &Happened<'_>) {
        if self.queues.is_empty() || !is_told(happened.event) {
            return;
        }
        for (at, queue) in self.queues.iter_mut().enumerate() {
            let message = message::of(happened, &self.origin, queue.lost);
            // Counted first: the task that takes it may be quicker than this one.
            self.views.send_modify(|views| views[at].waiting += 1);
            if queue.messages.try_send(message).is_ok() {
                queue.lost = 0;
                continue;
            }
            queue.lost += 1;
            self.views
                .send_modify(|views| (views[at].waiting, views[at].lost) = (views[at].waiting - 1, views[at].lost + 1));
            let way = &self.views.borrow()[at].way;
            tracing::error!(
                "{way}: {QUEUE} messages wait already, this one is told by nobody: {}",
                happened.event.words()
            );
        }
    }
}

impl Telling {
    /// Waits a little until what waits is told, once its [`Teller`] is gone; says what is not.
    pub async fn end(mut self) {
        let clock = self.clock;
        let tasks = &mut self.tasks;
        let all = async { while tasks.join_next().await.is_some() {} };
        if clock.bounded(LAST_WORDS.mul_f64(clock.speed()), all).await.is_some() {
            return;
        }
        for view in self.views.borrow().iter().filter(|view| view.waiting > 0) {
            tracing::error!(
                "{}: {} messages were not told before the end; the journal has them",
                view.way,
                view.waiting
            );
        }
    }
}

impl Way {
    fn name(&self) -> String {
        match self {
            Self::Topic(topic) => format!("topic {}", topic.arn()),
            Self::Program(program) => format!("command {}", clean(program.path(), WHY_CHARS)),
        }
    }

    async fn tell(&self, message: &Message, clock: &Clock) -> Result<(), String> {
        match self {
            Self::Topic(topic) => topic.publish(message).await,
            Self::Program(program) => program.run(message, clock).await,
        }
    }
}

/// One message after the other, until nobody can send any more.
async fn tell_all(
    (at, way): (usize, Way),
    mut queue: mpsc::Receiver<Message>,
    clock: Clock,
    views: watch::Sender<Vec<NotifyView>>,
) {
    while let Some(message) = queue.recv().await {
        let told = way.tell(&message, &clock).await;
        let now = clock.now();
        if let Err(why) = &told {
            tracing::error!("{} did not tell anybody of `{}`: {why}", way.name(), message.subject);
        }
        views.send_modify(|views| {
            let view = &mut views[at];
            view.waiting -= 1;
            match told {
                Ok(()) => {
                    view.told += 1;
                    (view.last_told, view.failures_in_a_row) = (Some(now), 0);
                }
                Err(why) => {
                    view.failed += 1;
                    view.failures_in_a_row += 1;
                    view.last_failed = Some(NotifyFailure { at: now, why: clean(&why, WHY_CHARS) });
                }
            }
        });
    }
}

#[cfg(test)]
mod tests;
