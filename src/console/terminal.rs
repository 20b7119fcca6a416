//! The terminal: taken, drawn on, and given back as it was — at the end, on an error, on a panic of any thread, and
//! before the process is suspended. Exactly what was switched on is switched off, once.

use std::io::{self, BufWriter, Stdout, Write};
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::options::ConsoleError;

/// One frame at 200×60 is about 32 KiB; so each leaves in one write.
const BUFFER_BYTES: usize = 64 * 1024;

type PanicHook = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// The terminal in our hands. Dropping it gives it back.
pub(crate) struct Screen {
    backend: CrosstermBackend<BufWriter<Gated>>,
    /// What the terminal shows; `None` when that is not known.
    shown: Option<Buffer>,
    modes: Arc<Modes>,
    hook_before: PanicHook,
}

/// What is switched on at the moment. Shared with the panic hook, which may run on any thread.
#[derive(Debug, Default)]
struct Modes {
    raw: AtomicBool,
    alternate: AtomicBool,
    cursor_hidden: AtomicBool,
}

/// Standard output, open only while the screen is ours: what a drawing thread still has in its buffer after a panic
/// elsewhere must not land on the shell's screen.
#[derive(Debug)]
struct Gated {
    out: Stdout,
    modes: Arc<Modes>,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// When it is none, or refuses. It is then as it was before.
    pub(crate) fn take() -> Result<Self, ConsoleError> {
        let modes = Arc::new(Modes::default());
        let hook_before: PanicHook = Arc::from(std::panic::take_hook());
        let (on_panic, next) = (Arc::clone(&modes), Arc::clone(&hook_before));
        std::panic::set_hook(Box::new(move |info| {
            on_panic.switch_off();
            next(info);
        }));
        // Colours are the theme's business. Left to itself, crossterm answers NO_COLOR with resets that also wipe bold
        // and reverse.
        crossterm::style::force_color_output(true);
        let gated = Gated { out: io::stdout(), modes: Arc::clone(&modes) };
        let backend = CrosstermBackend::new(BufWriter::with_capacity(BUFFER_BYTES, gated));
        if let Err(source) = modes.switch_on() {
            modes.switch_off();
            put_hook_back(&hook_before);
            return Err(ConsoleError::Terminal { doing: "take over the terminal", source });
        }
        Ok(Self { backend, shown: None, modes, hook_before })
    }

    /// Draws one frame in one synchronised write.
    ///
    /// # Errors
    ///
    /// When the terminal is gone, or a panic of another thread has given it back.
    pub(crate) fn draw(&mut self, paint: impl FnOnce(&mut Buffer)) -> Result<(), ConsoleError> {
        if !self.modes.alternate.load(Ordering::SeqCst) {
            return Err(ConsoleError::ScreenLost);
        }
        let drawn = queue!(self.backend, BeginSynchronizedUpdate).and_then(|()| self.draw_changes(paint));
        // Also after an error: a terminal left in a synchronised update shows nothing any more.
        let ended = execute!(self.backend, EndSynchronizedUpdate);
        drawn.and(ended).map_err(|source| ConsoleError::Terminal { doing: "draw on the terminal", source })
    }

    /// Gives the terminal back for a while.
    pub(crate) fn leave(&self) {
        self.modes.switch_off();
    }

    /// Takes it again and forgets what it showed. Also right when somebody else has changed it meanwhile.
    ///
    /// # Errors
    ///
    /// When the terminal refuses.
    pub(crate) fn enter_again(&mut self) -> Result<(), ConsoleError> {
        // What raw mode means is read anew from the terminal, which a shell may have set up differently meanwhile.
        self.modes.switch_off();
        self.shown = None;
        let entered = self.modes.switch_on();
        entered.map_err(|source| ConsoleError::Terminal { doing: "take the terminal again", source })
    }

    /// Forgets what the terminal shows, so that the next frame draws everything.
    pub(crate) fn forget(&mut self) {
        self.shown = None;
    }

    /// Sends the cells that differ from what is shown. Done here rather than by `ratatui::Terminal`, whose clearing asks
    /// the terminal for its cursor: the answer would have to pass the reader of the keys.
    fn draw_changes(&mut self, paint: impl FnOnce(&mut Buffer)) -> io::Result<()> {
        let area = Rect::from((Position::ORIGIN, self.backend.size()?));
        let shown = match self.shown.take() {
            Some(shown) if shown.area == area => shown,
            _ => {
                self.backend.clear()?;
                Buffer::empty(area)
            }
        };
        let mut next = Buffer::empty(area);
        paint(&mut next);
        self.backend.draw(shown.diff(&next).into_iter())?;
        self.shown = Some(next);
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.modes.switch_off();
        if !std::thread::panicking() {
            put_hook_back(&self.hook_before);
        }
    }
}

impl Modes {
    fn switch_on(&self) -> io::Result<()> {
        let mut out = io::stdout();
        enable_raw_mode()?;
        self.raw.store(true, Ordering::SeqCst);
        execute!(out, EnterAlternateScreen)?;
        self.alternate.store(true, Ordering::SeqCst);
        execute!(out, cursor::Hide)?;
        self.cursor_hidden.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Errors are of no use here: there is nothing left to try, and often nobody left to tell.
    fn switch_off(&self) {
        let mut out = io::stdout();
        if self.alternate.swap(false, Ordering::SeqCst) {
            drop(execute!(out, EndSynchronizedUpdate, LeaveAlternateScreen));
        }
        if self.cursor_hidden.swap(false, Ordering::SeqCst) {
            drop(execute!(out, cursor::Show));
        }
        if self.raw.swap(false, Ordering::SeqCst) {
            drop(disable_raw_mode());
        }
    }
}

impl Write for Gated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.modes.alternate.load(Ordering::SeqCst) { self.out.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn put_hook_back(hook: &PanicHook) {
    let hook = Arc::clone(hook);
    std::panic::set_hook(Box::new(move |info| hook(info)));
}
