//! The terminal: what is switched on here is switched off here, whatever happens.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::{Frame, Terminal};

use super::output::{Door, Output};

/// A terminal in raw mode on the alternate screen. Restored when dropped, and by a panic of any thread before its
/// message is printed; in both cases without waiting long for a terminal that takes nothing.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Bytes>>,
    bytes: Bytes,
    output: Output,
    /// What the terminal shows; nothing is known of it at first and after others had it.
    shown: Option<Buffer>,
    guard: TerminalGuard,
}

/// Collects a frame: a view that panics half-way then leaves nothing behind, no open synchronised update either.
#[derive(Debug, Clone, Default)]
struct Bytes(Arc<Mutex<Vec<u8>>>);

/// Restores the terminal, once.
#[derive(Debug, Clone)]
struct TerminalGuard {
    active: Arc<AtomicBool>,
    door: Door,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When it is none, or refuses; it is then as it was.
    pub(super) fn enter() -> io::Result<Self> {
        // crossterm would blank colours inside of a sequence under NO_COLOR, and what is left resets everything; this
        // console leaves colours out by itself.
        crossterm::style::force_color_output(true);
        let output = Output::start(io::stdout())?;
        let guard = TerminalGuard { active: Arc::default(), door: output.door() };
        restore_on_panic(&guard);
        let bytes = Bytes::default();
        let mut screen = Self { terminal: blank(&bytes)?, bytes, output, shown: None, guard };
        screen.resume()?;
        Ok(screen)
    }

    /// Takes the terminal over again, with nothing drawn: after [`Screen::leave`], or when others may have used it.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        self.guard.active.store(true, Ordering::SeqCst);
        // A shell may have put it into another mode than crossterm remembers.
        disable_raw_mode()?;
        enable_raw_mode()?;
        let mut bytes = Vec::new();
        queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        self.shown = None;
        self.output.enter(bytes)
    }

    /// Gives the terminal back.
    pub(super) fn leave(&mut self) {
        self.guard.restore();
    }

    /// Whether the terminal has taken the last frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn is_free(&self) -> io::Result<bool> {
        self.output.is_free()
    }

    /// Returns when [`Screen::is_free`] has something to say.
    pub(super) async fn freed(&mut self) {
        self.output.freed().await;
    }

    /// Draws one frame as one synchronised update and one write; nothing at all where no cell changed.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if !self.guard.active.load(Ordering::SeqCst) {
            return Err(io::Error::other("the terminal was given back after a panic"));
        }
        let (width, height) = terminal::size()?;
        if self.shown.as_ref().is_none_or(|shown| (shown.area.width, shown.area.height) != (width, height)) {
            self.terminal = blank(&self.bytes)?;
            self.shown = None;
        }
        view(&mut self.terminal.get_frame());
        let next = self.terminal.current_buffer_mut().clone();
        if self.shown.as_ref() == Some(&next) {
            self.terminal.current_buffer_mut().reset();
            return Ok(());
        }
        queue!(self.bytes, BeginSynchronizedUpdate)?;
        if self.shown.is_none() {
            queue!(self.bytes, Clear(ClearType::All))?;
        }
        self.terminal.flush()?;
        self.terminal.swap_buffers();
        queue!(self.bytes, EndSynchronizedUpdate)?;
        self.shown = Some(next);
        self.output.frame(self.bytes.take())
    }
}

/// A terminal that knows of nothing on the screen. ratatui's own way to clear would ask the terminal for the cursor,
/// and wait for an answer among the keys.
fn blank(bytes: &Bytes) -> io::Result<Terminal<CrosstermBackend<Bytes>>> {
    Terminal::new(CrosstermBackend::new(bytes.clone()))
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Bytes {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminalGuard {
    fn restore(&self) {
        if self.active.swap(false, Ordering::SeqCst) {
            let mut bytes = Vec::new();
            // Writing into memory cannot fail, and nothing can be said where the terminal itself does.
            drop(queue!(bytes, EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, Show));
            self.door.leave(bytes);
            drop(disable_raw_mode());
        }
    }
}

/// A panic hook stays for good, so there is one, which knows of one screen: a process has one terminal.
fn restore_on_panic(guard: &TerminalGuard) {
    static ONCE: Once = Once::new();
    let guard = guard.clone();
    ONCE.call_once(move || {
        let inner = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            guard.restore();
            inner(panic);
        }));
    });
}
