//! The signals that concern a console: each must find the terminal restored, whatever ends or stops the process.

use std::io;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// To end; the signal's name.
    End(&'static str),
    /// To stop until continued.
    Suspend,
    /// Nothing: the process was continued, and the screen may have been used by others meanwhile.
    Continued,
}

/// Catches them.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    quit: Signal,
    stop: Signal,
    continued: Signal,
}

impl Signals {
    /// From here on the signals do not end or stop the process by themselves.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            stop: signal(SignalKind::from_raw(Number::TSTP.as_raw()))?,
            continued: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
        })
    }

    /// The next one. May be dropped and asked again without losing any.
    pub(super) async fn next(&mut self) -> Asked {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Asked::End("SIGTERM"),
            _ = self.hangup.recv() => Asked::End("SIGHUP"),
            _ = self.interrupt.recv() => Asked::End("SIGINT"),
            _ = self.quit.recv() => Asked::End("SIGQUIT"),
            _ = self.stop.recv() => Asked::Suspend,
            _ = self.continued.recv() => Asked::Continued,
        }
    }
}
