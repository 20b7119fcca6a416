//! The loop: keys, signals and snapshots in, orders and frames out. A frame is drawn only when something changed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use thiserror::Error;
use tokio::sync::oneshot;

use super::signals::{Asked, Signals};
use super::state::{Mode, UiState};
use super::terminal::Screen;
use super::time::ConsoleTime;
use super::update::{self, ConsoleEffect};
use super::{theme, view};
use crate::clock::Clock;
use crate::control::Client;
use crate::model::command::{Answer, Reply};
use crate::model::snapshot::Snapshot;

/// Frames for data alone come no faster than this (of the machine): more is traffic that no eye needs.
const FRAME: Duration = Duration::from_millis(100);
/// Ages and countdowns are looked at this often (of the machine); a frame without a changed cell costs no byte.
const TICK: Duration = Duration::from_secs(1);

/// How to show things.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConsoleOptions {
    /// No colours, only glyphs and words.
    pub no_color: bool,
    /// Nothing beyond ASCII.
    pub ascii: bool,
    /// Panics in the first frame, to try that the terminal is restored.
    pub test_panic: bool,
}

/// How a console ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The operator quit.
    Quit,
    /// The operator quit, and wants a daemon to go on.
    HandOver,
    /// A signal asked for it.
    Signal {
        /// Its name.
        name: &'static str,
    },
    /// The keyboard is gone, and the operator with it.
    KeyboardGone,
}

/// Why a console failed. The terminal is restored when this is seen.
#[derive(Debug, Error)]
pub enum ConsoleError {
    /// The terminal cannot be used.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
    /// There is nothing left to show.
    #[error("the engine ended; see the log and `upshift journal show`")]
    EngineGone,
}

impl Exit {
    /// The reason in words.
    pub fn words(self) -> String {
        match self {
            Self::Quit => "quit by the operator".to_owned(),
            Self::HandOver => "handed over to a daemon by the operator".to_owned(),
            Self::Signal { name } => format!("ended by {name}"),
            Self::KeyboardGone => "the terminal went away".to_owned(),
        }
    }
}

/// Shows the engine behind `client` until the operator quits. The terminal is restored when this returns, or, where it
/// takes no bytes, was given up after a second.
///
/// # Errors
/// When the terminal cannot be used, and when the engine ends by itself.
pub async fn run(client: Client, clock: Clock, options: ConsoleOptions) -> Result<Exit, ConsoleError> {
    let mut signals = Signals::listen()?;
    let screen = Screen::enter()?;
    let snapshot = client.snapshot();
    let session = Session {
        client,
        time: ConsoleTime::new(clock),
        options,
        screen,
        state: UiState::default(),
        snapshot,
        replies: FuturesUnordered::new(),
        next_picture: Duration::ZERO,
        next_tick: TICK,
        dirty: true,
    };
    session.go(&mut signals).await
}

/// A console in use.
struct Session {
    client: Client,
    time: ConsoleTime,
    options: ConsoleOptions,
    screen: Screen,
    state: UiState,
    snapshot: Arc<Snapshot>,
    /// Orders that wait for their answers. A person gives few, and the engine answers each.
    replies: FuturesUnordered<oneshot::Receiver<Reply>>,
    /// No newer snapshot is taken before this machine time.
    next_picture: Duration,
    next_tick: Duration,
    /// What the terminal shows is out of date.
    dirty: bool,
}

impl Session {
    async fn go(mut self, signals: &mut Signals) -> Result<Exit, ConsoleError> {
        let mut keys = EventStream::new();
        let mut stopped_by_us = false;
        loop {
            if self.dirty && self.screen.is_free()? {
                self.draw()?;
            }
            // Keys come last: what rests on time is rare, and a stuck key must not hold it up.
            let suspend = tokio::select! {
                biased;
                asked = signals.next() => match asked {
                    Asked::End(name) => return Ok(Exit::Signal { name }),
                    Asked::Suspend => true,
                    Asked::Continued => {
                        if !std::mem::take(&mut stopped_by_us) {
                            self.screen.resume()?;
                        }
                        false
                    }
                },
                newer = newer(&mut self.client, &self.time, self.next_picture) => {
                    self.snapshot = newer.ok_or(ConsoleError::EngineGone)?;
                    self.next_picture = self.time.now().machine + FRAME;
                    false
                }
                Some(reply) = self.replies.next() => {
                    self.answered(reply);
                    false
                }
                () = self.time.until(self.next_tick) => false,
                () = self.screen.freed(), if self.dirty => false,
                event = keys.next() => match event {
                    Some(event) => match self.event(&event?) {
                        Some(ConsoleEffect::Quit) => return Ok(Exit::Quit),
                        Some(ConsoleEffect::HandOver) => return Ok(Exit::HandOver),
                        Some(ConsoleEffect::Suspend) => true,
                        Some(ConsoleEffect::Send(_)) | None => false,
                    },
                    None => return Ok(Exit::KeyboardGone),
                },
            };
            if suspend {
                // The reader of the keyboard stops with the process. A new one in its place could miss the first key: the
                // old one's wake-up and the key may come to it as one, and only the wake-up is then seen.
                stopped_by_us = true;
                self.suspend()?;
            }
            self.dirty = true;
        }
    }

    fn event(&mut self, event: &Event) -> Option<ConsoleEffect> {
        // What the operator had before their eyes when the key was pressed.
        let revision = match &self.state.mode {
            Mode::Dialog(dialog) => dialog.revision,
            _ => self.snapshot.revision,
        };
        let effect = match event {
            Event::Key(event) if event.kind == KeyEventKind::Press => {
                update::key(&mut self.state, &self.snapshot, event, self.time.now())
            }
            Event::Paste(text) => {
                update::paste(&mut self.state, text);
                None
            }
            Event::Resize(width, height) => {
                update::resized(&mut self.state, (*width, *height), self.time.now());
                None
            }
            _ => None,
        };
        if let Some(ConsoleEffect::Send(command)) = &effect {
            self.replies.push(self.client.send_in_sight_of(command.clone(), revision));
        }
        effect
    }

    fn answered(&mut self, reply: Result<Reply, oneshot::error::RecvError>) {
        let gone = Answer::Refused { sentence: "the engine ended before it answered".to_owned() };
        update::answered(&mut self.state, reply.map_or(gone, |reply| reply.answer), self.time.now());
    }

    fn draw(&mut self) -> io::Result<()> {
        let now = self.time.now();
        update::tick(&mut self.state, now);
        self.state.link = self.client.link();
        let (snapshot, state, options) = (&self.snapshot, &self.state, self.options);
        let (mut reach, mut size) = (state.reach, (0, 0));
        self.screen.draw(|frame| {
            size = (frame.area().width, frame.area().height);
            reach = view::view(frame, snapshot, state, now);
            assert!(!options.test_panic, "asked for by --panic-in-console");
            if options.no_color {
                theme::without_colors(frame.buffer_mut());
            }
            if options.ascii {
                theme::ascii_only(frame.buffer_mut());
            }
        })?;
        self.state.reach = reach;
        update::resized(&mut self.state, size, now);
        self.dirty = false;
        let tick = now.machine + TICK;
        self.next_tick = update::deadline(&self.state, now).map_or(tick, |deadline| deadline.min(tick));
        Ok(())
    }

    /// Gives the terminal to the shell until this process is continued. Only this process is stopped.
    fn suspend(&mut self) -> io::Result<()> {
        self.screen.leave();
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
        self.screen.resume()
    }
}

/// The next snapshot, none sooner than at this machine time; `None` when the engine is gone. May be dropped and asked
/// again: the wait goes on where it was, so that a stuck key cannot put it off.
async fn newer(client: &mut Client, time: &ConsoleTime, not_before: Duration) -> Option<Arc<Snapshot>> {
    time.until(not_before).await;
    client.changed().await
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::console::fixtures;
    use crate::model::operator::Operator;

    #[tokio::test(start_paused = true)]
    async fn a_stuck_key_puts_off_neither_a_snapshot_nor_the_end_of_the_engine() {
        let operator = Operator { user: "ada".into(), ssh_client: None, peer: None };
        let (mut client, server) = crate::control::pair(fixtures::snapshot(), operator);
        let clock = Clock::scaled(Timestamp::UNIX_EPOCH, 30.0);
        let time = ConsoleTime::new(clock.clone());
        server.snapshots.send_replace(Arc::new(Snapshot { revision: 8, ..fixtures::snapshot() }));
        let mut taken = None;
        // A key every 30 ms of the machine drops the wait for the snapshot each time.
        for _ in 0..4 {
            let key = clock.sleep(Duration::from_millis(30 * 30));
            tokio::select! {
                biased;
                newer = newer(&mut client, &time, FRAME) => taken = newer,
                () = key => {}
            }
        }
        assert_eq!(taken.map(|snapshot| snapshot.revision), Some(8));
        drop(server);
        assert!(newer(&mut client, &time, FRAME).await.is_none());
    }
}
