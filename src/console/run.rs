//! The console's loop: signals, keys, answers, snapshots and the clock in; frames and orders out.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::control::Client;
use crate::model::command::Reply;
use crate::model::snapshot::Snapshot;

use super::options::{ConsoleError, ConsoleOptions, Exit};
use super::state::{Effect, Msg, UiState};
use super::terminal::Screen;
use super::theme::Look;
use super::update::update;
use super::view::view;

/// Least time between two frames that new data alone asks for. Keys are answered at once.
const DATA_FRAME: Duration = Duration::from_millis(100);
/// The header's clock and the countdowns move this often.
const TICK: Duration = Duration::from_secs(1);

/// Runs the console until the operator quits, a signal comes, or the engine is gone. The terminal is then as before.
///
/// # Errors
///
/// When the terminal cannot be taken or drawn on, when the engine has ended by itself, or when another part of the
/// program has panicked.
///
/// # Panics
///
/// After the first frame, when `options.test_panic` asks for it.
pub async fn run(client: Client, clock: Clock, options: ConsoleOptions) -> Result<Exit, ConsoleError> {
    let mut signals = Signals::listen()?;
    let snapshot = client.snapshot();
    let state = UiState::new(clock.now());
    let look = Look::new(options);
    let mut console =
        Console { screen: Screen::take()?, client, clock, snapshot, state, look, answers: FuturesUnordered::new() };
    console.draw()?;
    assert!(!options.test_panic, "a panic in the console, as asked for");
    console.turn_until_end(&mut signals).await
}

struct Console {
    screen: Screen,
    client: Client,
    clock: Clock,
    snapshot: Arc<Snapshot>,
    state: UiState,
    look: Look,
    answers: FuturesUnordered<oneshot::Receiver<Reply>>,
}

/// What the loop owes the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owed {
    Nothing,
    /// A frame within [`DATA_FRAME`].
    Soon,
    /// A frame before anything else.
    Now,
}

/// What turned the loop.
enum Turn {
    Signal(&'static str),
    Continued,
    Input(Option<std::io::Result<Event>>),
    Answer(Option<Reply>),
    Snapshot(Option<Arc<Snapshot>>),
    Rested,
    Tick,
}

impl Console {
    async fn turn_until_end(&mut self, signals: &mut Signals) -> Result<Exit, ConsoleError> {
        let mut input = EventStream::new();
        let clock = self.clock.clone();
        // These are times of the person before the screen, whatever the speed of the clock in use.
        let real = |duration: Duration| clock.sleep(duration.mul_f64(clock.speed()));
        let mut tick = std::pin::pin!(real(TICK));
        let mut rest = std::pin::pin!(real(DATA_FRAME));
        let (mut resting, mut owed) = (true, Owed::Nothing);
        loop {
            if owed == Owed::Now || (owed == Owed::Soon && !resting) {
                self.draw()?;
                rest.set(real(DATA_FRAME));
                (resting, owed) = (true, Owed::Nothing);
            }
            let turn = tokio::select! {
                biased;
                turn = signals.next() => turn,
                event = input.next() => Turn::Input(event),
                Some(reply) = self.answers.next() => Turn::Answer(reply.ok()),
                newer = self.client.changed() => Turn::Snapshot(newer),
                () = &mut rest, if resting => Turn::Rested,
                () = &mut tick => Turn::Tick,
            };
            match turn {
                Turn::Signal(name) => return Ok(Exit::Signal(name)),
                Turn::Continued => {
                    self.screen.enter_again()?;
                    owed = Owed::Now;
                }
                Turn::Input(event) => {
                    owed = Owed::Now;
                    let mut next = Some(event);
                    while let Some(event) = next {
                        if let Some(exit) = self.on_input(event, signals).await? {
                            return Ok(exit);
                        }
                        next = ready_input(&mut input).await;
                    }
                }
                Turn::Answer(reply) => {
                    self.update(reply.map_or(Msg::Unanswered, |reply| Msg::Answered(reply.answer)));
                    owed = Owed::Now;
                }
                Turn::Snapshot(None) => return Err(ConsoleError::EngineGone),
                Turn::Snapshot(Some(newer)) => {
                    self.snapshot = newer;
                    owed = owed.max(Owed::Soon);
                }
                Turn::Rested => resting = false,
                Turn::Tick => {
                    tick.set(real(TICK));
                    owed = owed.max(Owed::Soon);
                }
            }
        }
    }

    async fn on_input(
        &mut self,
        event: Option<std::io::Result<Event>>,
        signals: &mut Signals,
    ) -> Result<Option<Exit>, ConsoleError> {
        let doing = "read from the terminal";
        let event = match event {
            Some(Ok(event)) => event,
            Some(Err(source)) => return Err(ConsoleError::Terminal { doing, source }),
            None => {
                let source = std::io::ErrorKind::UnexpectedEof.into();
                return Err(ConsoleError::Terminal { doing, source });
            }
        };
        let Event::Key(key) = event else { return Ok(None) };
        if key.kind == KeyEventKind::Release {
            return Ok(None);
        }
        for effect in self.update(Msg::Key(key)) {
            match effect {
                Effect::Send(command) => {
                    let answer = self.client.send(command);
                    self.answers.push(answer);
                }
                Effect::Quit => return Ok(Some(Exit::User)),
                Effect::Suspend => self.suspend(signals).await?,
                Effect::Redraw => self.screen.forget(),
            }
        }
        Ok(None)
    }

    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        update(&mut self.state, msg, &self.snapshot)
    }

    fn draw(&mut self) -> Result<(), ConsoleError> {
        self.update(Msg::Tick(self.clock.now()));
        let (snapshot, state, look) = (&self.snapshot, &self.state, &self.look);
        self.screen.draw(|buffer| view(snapshot, state, look, buffer))
    }

    /// Stops this process alone, not its group: a daemon that shares the group must not stop with its console.
    async fn suspend(&mut self, signals: &mut Signals) -> Result<(), ConsoleError> {
        self.screen.leave();
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)
            .map_err(|error| ConsoleError::Terminal { doing: "suspend", source: error.into() })?;
        // Any thread may be the first to be stopped, so this one could run on for a moment. Only the continuation
        // that follows says that the stop is over.
        signals.continued.recv().await;
        self.screen.enter_again()
    }
}

/// An event that has already arrived. Polled with the task's own waker, because the stream keeps the first one it sees.
async fn ready_input(input: &mut EventStream) -> Option<Option<std::io::Result<Event>>> {
    std::future::poll_fn(|context| match input.poll_next_unpin(context) {
        Poll::Ready(event) => Poll::Ready(Some(event)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    continued: Signal,
}

impl Signals {
    fn listen() -> Result<Self, ConsoleError> {
        let listen =
            |kind| signal(kind).map_err(|source| ConsoleError::Terminal { doing: "listen for signals", source });
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
            interrupt: listen(SignalKind::interrupt())?,
            continued: listen(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// The next signal that concerns the console.
    async fn next(&mut self) -> Turn {
        tokio::select! {
            _ = self.terminate.recv() => Turn::Signal("SIGTERM"),
            _ = self.hang_up.recv() => Turn::Signal("SIGHUP"),
            _ = self.interrupt.recv() => Turn::Signal("SIGINT"),
            _ = self.continued.recv() => Turn::Continued,
        }
    }
}
