//! The terminal: what is switched on here is switched off here, whatever happens.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};

use crossterm::cursor::{Hide, Show};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

/// A frame of the largest usual screen fits, so that it leaves in one write.
const BUFFER_BYTES: usize = 64 << 10;

/// A terminal in raw mode on the alternate screen. Restored when dropped, and by a panic of any thread before its
/// message is printed.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    active: Arc<AtomicBool>,
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
        let active = Arc::new(AtomicBool::new(false));
        restore_on_panic(&active);
        let writer = BufWriter::with_capacity(BUFFER_BYTES, io::stdout());
        let mut screen = Self { terminal: Terminal::new(CrosstermBackend::new(writer))?, active };
        screen.resume()?;
        Ok(screen)
    }

    /// Takes the terminal over again after [`Screen::leave`], with nothing drawn.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        self.active.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(self.terminal.backend_mut(), EnterAlternateScreen, Hide)?;
        self.terminal.clear()
    }

    /// Gives the terminal back.
    pub(super) fn leave(&mut self) {
        restore(&self.active);
    }

    /// Draws one frame as one synchronised update and one write.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if !self.active.load(Ordering::SeqCst) {
            return Err(io::Error::other("the terminal was given back after a panic"));
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(view).map(drop);
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        drawn
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A panic hook stays for good, so there is one, which knows of one screen: a process has one terminal.
fn restore_on_panic(active: &Arc<AtomicBool>) {
    static ONCE: Once = Once::new();
    let active = Arc::clone(active);
    ONCE.call_once(move || {
        let inner = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore(&active);
            inner(panic);
        }));
    });
}

fn restore(active: &AtomicBool) {
    if active.swap(false, Ordering::SeqCst) {
        // Nothing can be said where the terminal itself fails.
        drop(execute!(io::stdout(), EndSynchronizedUpdate, LeaveAlternateScreen, Show));
        drop(disable_raw_mode());
        drop(io::stdout().flush());
    }
}
