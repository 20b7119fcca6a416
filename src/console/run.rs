//! The loop: keys, signals and snapshots in, orders and frames out. A frame is drawn only when something changed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyEvent, KeyEventKind};
use futures_util::StreamExt;
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::state::UiState;
use super::terminal::Screen;
use super::update::{self, Effect};
use super::{theme, view};
use crate::clock::Clock;
use crate::control::Client;
use crate::model::command::{Answer, Reply};
use crate::model::snapshot::Snapshot;

/// Frames for data alone come no faster than this (of the machine): more is traffic that no eye needs.
const FRAME: Duration = Duration::from_millis(100);

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
    /// A signal asked for it.
    Signal,
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
    pub fn words(self) -> &'static str {
        match self {
            Self::Quit => "quit by the operator",
            Self::Signal => "ended by a signal",
        }
    }
}

/// Shows the engine behind `client` until the operator quits. The terminal is restored when this returns.
///
/// # Errors
/// When the terminal cannot be used, and when the engine ends by itself.
pub async fn run(mut client: Client, clock: Clock, options: ConsoleOptions) -> Result<Exit, ConsoleError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut screen = Screen::enter()?;
    let mut keys = EventStream::new();
    let mut state = UiState::default();
    let mut snapshot = client.snapshot();
    let mut reply: Option<oneshot::Receiver<Reply>> = None;
    draw(&mut screen, &snapshot, &state, options)?;
    loop {
        tokio::select! {
            biased;
            _ = terminate.recv() => return Ok(Exit::Signal),
            _ = hangup.recv() => return Ok(Exit::Signal),
            event = keys.next() => match event {
                Some(Ok(Event::Key(event))) if event.kind == KeyEventKind::Press => {
                    match pressed(&mut state, &snapshot, &event, &mut client, &mut reply) {
                        Some(Effect::Quit) => return Ok(Exit::Quit),
                        Some(Effect::Suspend) => {
                            // Only one reader of the keyboard: none while the shell has it.
                            drop(keys);
                            suspend(&mut screen)?;
                            keys = EventStream::new();
                        }
                        Some(Effect::Send(_)) | None => {}
                    }
                }
                Some(Ok(Event::Resize(..))) => {}
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(error.into()),
                None => return Ok(Exit::Signal),
            },
            answer = answered(&mut reply) => state.message = Some(answer),
            changed = next_snapshot(&mut client, &clock) => match changed {
                Some(newer) => snapshot = newer,
                None => return Err(ConsoleError::EngineGone),
            },
        }
        draw(&mut screen, &snapshot, &state, options)?;
    }
}

fn pressed(
    state: &mut UiState,
    snapshot: &Arc<Snapshot>,
    event: &KeyEvent,
    client: &mut Client,
    reply: &mut Option<oneshot::Receiver<Reply>>,
) -> Option<Effect> {
    let effect = update::key(state, snapshot, event);
    if let Some(Effect::Send(command)) = &effect {
        *reply = Some(client.send(command.clone()));
    }
    effect
}

/// The next snapshot, and none sooner than a frame after the last one.
async fn next_snapshot(client: &mut Client, clock: &Clock) -> Option<Arc<Snapshot>> {
    clock.sleep(FRAME.mul_f64(clock.speed())).await;
    client.changed().await
}

/// The answer to the order that waits for one.
async fn answered(reply: &mut Option<oneshot::Receiver<Reply>>) -> Answer {
    let Some(waiting) = reply else { return std::future::pending().await };
    let answer = waiting.await;
    *reply = None;
    let gone = Answer::Refused { sentence: "the engine ended before it answered".to_owned() };
    answer.map_or(gone, |reply| reply.answer)
}

fn draw(screen: &mut Screen, snapshot: &Snapshot, state: &UiState, options: ConsoleOptions) -> io::Result<()> {
    screen.draw(|frame| {
        assert!(!options.test_panic, "asked for by --panic-in-console");
        view::view(frame, snapshot, state);
        if options.no_color {
            theme::without_colors(frame.buffer_mut());
        }
        if options.ascii {
            theme::ascii_only(frame.buffer_mut());
        }
    })
}

/// Gives the terminal to the shell until this process is continued. Only this process is stopped.
fn suspend(screen: &mut Screen) -> io::Result<()> {
    screen.leave();
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
    screen.resume()
}
