//! The way to the terminal. A terminal that takes no bytes (a stalled SSH line, a stopped pager) blocks whoever writes
//! to it; so one thread writes, everybody else only hands over, and no wait for it is without a bound.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tokio::sync::watch;

/// One frame, a way in and a way out, and a way out that a panic asks for: nobody hands over more than that at a time.
const QUEUE_LENGTH: usize = 4;
/// Waited for a terminal to take the last bytes before it is given up (of the machine).
const PATIENCE: Duration = Duration::from_secs(1);

/// Hands bytes to the thread that writes.
#[derive(Debug)]
pub(super) struct Output {
    door: Door,
    handed_over: u64,
    progress: watch::Receiver<Progress>,
}

/// The way out alone, for a panic of any thread.
#[derive(Debug, Clone)]
pub(super) struct Door {
    jobs: SyncSender<Job>,
}

/// What the writing thread tells.
#[derive(Debug, Clone, Default)]
struct Progress {
    frames: u64,
    failed: Option<String>,
}

#[derive(Debug)]
enum Job {
    /// Written whatever went before; frames are written from now on.
    Enter(Vec<u8>),
    /// Written only between `Enter` and `Leave`, so that no frame lands on the shell's screen.
    Frame(Vec<u8>),
    /// Written if the terminal was entered; the sender is told.
    Leave(Vec<u8>, SyncSender<()>),
}

impl Output {
    /// Starts the thread that writes to `sink`. It ends when this is dropped, or with the process.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(sink: impl Write + Send + 'static) -> io::Result<Self> {
        let (jobs, work) = sync_channel(QUEUE_LENGTH);
        let (tell, progress) = watch::channel(Progress::default());
        std::thread::Builder::new().name("terminal".to_owned()).spawn(move || write(sink, &work, &tell))?;
        Ok(Self { door: Door { jobs }, handed_over: 0, progress })
    }

    /// The way out.
    pub(super) fn door(&self) -> Door {
        self.door.clone()
    }

    /// Hands over what takes the terminal.
    pub(super) fn enter(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.door.jobs.try_send(Job::Enter(bytes)).map_err(|_| stalled())
    }

    /// Hands over a frame. To be called when [`Output::is_free`].
    pub(super) fn frame(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        self.door.jobs.try_send(Job::Frame(bytes)).map_err(|_| stalled())?;
        self.handed_over += 1;
        Ok(())
    }

    /// Whether the terminal has taken every frame.
    ///
    /// # Errors
    /// When it failed to.
    pub(super) fn is_free(&self) -> io::Result<bool> {
        let progress = self.progress.borrow();
        match &progress.failed {
            Some(why) => Err(io::Error::other(why.clone())),
            None => Ok(progress.frames >= self.handed_over),
        }
    }

    /// Returns when the terminal has taken every frame, or failed to.
    pub(super) async fn freed(&mut self) {
        let frames = self.handed_over;
        let done = |progress: &Progress| progress.frames >= frames || progress.failed.is_some();
        if self.progress.wait_for(done).await.is_err() {
            // The thread is gone; `frame` says so.
            self.handed_over = 0;
        }
    }
}

impl Door {
    /// Has `bytes` written behind what was handed over, and waits for it, but not for long. Whether they were written.
    pub(super) fn leave(&self, bytes: Vec<u8>) -> bool {
        let (done, written) = sync_channel(1);
        self.jobs.try_send(Job::Leave(bytes, done)).is_ok() && written.recv_timeout(PATIENCE).is_ok()
    }
}

fn stalled() -> io::Error {
    io::Error::other("the terminal takes no output")
}

fn write(mut sink: impl Write, work: &Receiver<Job>, tell: &watch::Sender<Progress>) {
    let mut entered = false;
    while let Ok(job) = work.recv() {
        let (bytes, done) = match job {
            Job::Enter(bytes) => {
                entered = true;
                (bytes, None)
            }
            Job::Frame(bytes) => {
                if entered {
                    send(&mut sink, &bytes, tell);
                }
                tell.send_modify(|progress| progress.frames += 1);
                continue;
            }
            Job::Leave(bytes, done) => {
                let bytes = if entered { bytes } else { Vec::new() };
                entered = false;
                (bytes, Some(done))
            }
        };
        send(&mut sink, &bytes, tell);
        if let Some(done) = done {
            // Whoever asked may have lost patience.
            let _ = done.try_send(());
        }
    }
}

fn send(sink: &mut impl Write, bytes: &[u8], tell: &watch::Sender<Progress>) {
    if let Err(error) = sink.write_all(bytes).and_then(|()| sink.flush()) {
        tell.send_modify(|progress| progress.failed = Some(error.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Takes bytes only while somebody else lets it.
    #[derive(Clone, Default)]
    struct Line(Arc<Mutex<Vec<u8>>>);

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stalled_terminal_keeps_nobody_waiting_and_gets_no_frame_after_the_end() {
        let line = Line::default();
        let stall = Arc::clone(&line.0);
        let mut output = Output::start(line).unwrap();
        let held = stall.lock().unwrap();
        output.enter(b"enter ".to_vec()).unwrap();
        output.frame(b"frame ".to_vec()).unwrap();
        assert!(!output.is_free().unwrap());
        assert!(!output.door().leave(b"leave".to_vec()), "nothing can be written, and it returned");
        drop(held);
        output.frame(b"late".to_vec()).unwrap();
        assert!(output.door().leave(b"again".to_vec()));
        assert_eq!(String::from_utf8_lossy(&stall.lock().unwrap()), "enter frame leave");
    }
}
