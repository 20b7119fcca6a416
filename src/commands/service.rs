//! What the service manager is told of this process: that it is ready, what it does, that it ends, and, for as long as the
//! controller answers, that it lives. Where no manager listens, nothing is told to anybody.

use std::convert::Infallible;
use std::time::Duration;

use sd_notify::NotifyState;

use crate::clock::{Clock, Stopwatch};
use crate::control::Client;
use crate::model::snapshot::Snapshot;
use crate::model::text::clean;

/// Longest status: `systemctl status` shows one line.
const STATUS: usize = 200;

/// The process is ready: the engine runs, and its socket is served.
pub(super) fn ready(snapshot: &Snapshot) {
    tell(&[NotifyState::Ready, NotifyState::Status(&status(snapshot))]);
}

/// A reload begins; [`ready`] ends it.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!("the service manager is not told of the reload: {error}"),
    }
}

/// The end begins.
pub(super) fn stopping(why: &str) {
    tell(&[NotifyState::Stopping, NotifyState::Status(&clean(why, STATUS))]);
}

/// Tells what changes, and each half of `watchdog` that the controller lives, if it does: its own loop must answer for that.
/// One that is stuck is told of no more, and the manager starts the process again.
pub(super) async fn keep(client: Client, watchdog: Option<Duration>) -> Infallible {
    tokio::join!(tell_changes(client.clone()), tell_life(client, watchdog, || tell(&[NotifyState::Watchdog]))).1
}

async fn tell_changes(mut client: Client) {
    let mut told = String::new();
    loop {
        let now = status(&client.take());
        if now != told {
            tell(&[NotifyState::Status(&now)]);
            told = now;
        }
        if client.changed().await.is_none() {
            return;
        }
    }
}

async fn tell_life(client: Client, watchdog: Option<Duration>, lives: impl Fn()) -> Infallible {
    let (machine, half) = (Clock::system(), watchdog.map(|whole| whole / 2));
    loop {
        let Some(half) = half else { std::future::pending().await };
        let began = Stopwatch::start();
        if machine.bounded(half, client.probe()).await == Some(true) {
            lives();
        } else {
            tracing::error!("the engine's controller does not answer: the service manager is not told that it lives");
        }
        machine.sleep(half.saturating_sub(began.elapsed())).await;
    }
}

/// What `systemctl status` says of it.
fn status(snapshot: &Snapshot) -> String {
    let arming = snapshot.arming.words();
    let active = snapshot.databases.iter().filter_map(|view| Some((view.name(), view.active_run()?)));
    let active = active.map(|(name, run)| format!("; {} moves {name} to {}", run.intent.action.0, run.intent.to));
    let refused = snapshot.configuration.refused.as_ref().map_or("", |_| "; RELOAD refused, see upshift ctl status");
    clean(&format!("{arming}{refused}{}", active.collect::<String>()), STATUS)
}

fn tell(what: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(what) {
        tracing::warn!("the service manager could not be told {what:?}: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use jiff::Timestamp;

    use super::*;
    use crate::control::{self, Incoming};
    use crate::model::backend::Backend;
    use crate::model::operator::Operator;

    #[tokio::test(start_paused = true)]
    async fn a_controller_that_is_stuck_is_not_told_to_live() {
        let first = Snapshot::before_the_start(Timestamp::UNIX_EPOCH, Backend::Aws);
        let operator = Operator { user: "ada".into(), ssh_client: None, peer: None };
        let (client, mut server) = control::pair(first, operator);
        let lives = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&lives);
        let watchdog = Some(Duration::from_mins(1));
        let telling = tell_life(client, watchdog, move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let machine = Clock::system();
        let controller = async {
            for _ in 0..5 {
                let Some(Incoming::Probe(answer)) = server.requests.recv().await else { panic!("no probe came") };
                answer.send(()).unwrap();
            }
            // Here it hangs: it holds its end of the channel and takes nothing from it.
            machine.sleep(Duration::from_hours(1)).await;
        };
        tokio::select! {
            never = telling => match never {},
            () = controller => {}
        }
        assert_eq!(lives.load(Ordering::Relaxed), 5);
    }
}
