//! What happens in a drill, in order: calm, a surge until the engine has moved up, calm until it has moved back.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::alarm::Beside;
use super::clients::Clients;
use super::watcher::{Watcher, gone, preflight, view};
use crate::cli::drill::DrillArgs;
use crate::commands::hosted::Hosted;
use crate::commands::process::EndingSignals;
use crate::commands::{CommandError, last_words};
use crate::model::action::{ActionResult, Run};
use crate::model::database::DatabaseName;
use crate::model::drill::{Drill, Surge};
use crate::model::ladder::Direction;
use crate::model::policy::Policy;

/// So long clients write calmly at first: minutes to compare with.
const CALM: Duration = Duration::from_mins(4);
/// And so long they go on at the surge after the move.
const AFTERWARDS: Duration = Duration::from_mins(5);

/// Alarms go by the minute.
const ALARM_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// A drill's course.
pub(super) struct Course<'a> {
    pub(super) args: &'a DrillArgs,
    pub(super) database: &'a DatabaseName,
    pub(super) policy: &'a Policy,
    pub(super) alarm: &'a Beside<'a>,
    pub(super) signals: &'a EndingSignals,
    /// Absent where the scenario's demand is the load.
    pub(super) clients: Option<&'a Clients>,
}

/// How it went, as far as it went.
pub(super) struct Ran {
    pub(super) drill: Drill,
    pub(super) ended: Result<(), CommandError>,
    /// How many signals had come by then: one more does not wait for what is still to be done.
    pub(super) signals: u32,
    /// Whether the engine may still act, in words.
    pub(super) permission: String,
}

impl Course<'_> {
    /// Runs to the end, or until something is lost or a signal comes.
    pub(super) async fn run(&self, hosted: &mut Hosted) -> Ran {
        let mut drill = Drill {
            from: hosted.now(),
            until: hosted.now(),
            database: self.database.clone(),
            speed: hosted.clock.speed(),
            surge: None,
            availability: None,
            load: None,
            alarms: Vec::new(),
            acceptance: Vec::new(),
            journal: None,
        };
        let mut watcher = Watcher::of(hosted);
        let ended = tokio::select! {
            biased;
            words = self.signals.beyond(0) => Err(CommandError::Failed(format!("{words}: the load is stopped"))),
            lost = hosted.lost() => Err(lost),
            ended = self.steps(&mut watcher, &mut drill) => ended,
        };
        let signals = self.signals.count();
        if signals > 0 && self.clients.is_some() {
            say("the load is stopped, and what was acknowledged is looked for; one more signal does not wait for that");
        }
        // An order of this process to itself: no signal is so urgent that it is not waited for.
        let permission = watcher.give_back().await;
        drill.until = watcher.clock.now();
        Ran { drill, ended, signals, permission }
    }

    async fn steps(&self, watcher: &mut Watcher, drill: &mut Drill) -> Result<(), CommandError> {
        watcher.arm().await?;
        let snapshot = watcher.client.snapshot();
        let state = view(&snapshot, self.database).and_then(|view| view.state.as_ref());
        self.alarm.set(state).await;
        drill.from = watcher.clock.now();
        let (writes, calm_writes) = (self.args.surge_writes(), self.args.usual_writes());
        self.say_rate("calm", calm_writes);
        watcher.clock.sleep(CALM).await;
        // Not all was known before there was a load.
        view(&watcher.client.snapshot(), self.database).map_or(Ok(()), preflight)?;
        let from = watcher.clock.now();
        let mut surge = Surge { from, until: from, writes_per_sec: f64::from(writes) };
        drill.surge = self.clients.map(|_| surge);
        self.write("surge", writes);
        self.moved(watcher, Direction::Up).await?;
        watcher.clock.sleep(AFTERWARDS).await;
        surge.until = watcher.clock.now();
        drill.surge = self.clients.map(|_| surge);
        self.write("calm again", calm_writes);
        self.moved(watcher, Direction::Down).await
    }

    /// Says once that the alarm has fired; CloudWatch is asked at most each [`ALARM_EVERY`].
    async fn look_for_alarm(&self, watcher: &mut Watcher, since: Timestamp) {
        let now = watcher.clock.now();
        if watcher.alarm_fired || watcher.alarm_asked.is_some_and(|asked| now.duration_since(asked) < ALARM_EVERY) {
            return;
        }
        watcher.alarm_asked = Some(now);
        if let Some(change) = self.alarm.fired(since, now).await {
            watcher.alarm_fired = true;
            let after = change.at.duration_since(since).as_secs();
            say(&format!("{} fired {after} s after the load changed: {}", change.alarm, change.reason));
        }
    }

    fn write(&self, what: &str, writes_per_sec: u32) {
        self.say_rate(what, writes_per_sec);
        if let Some(clients) = self.clients {
            clients.write(writes_per_sec);
        }
    }

    fn say_rate(&self, what: &str, writes_per_sec: u32) {
        let who = if self.clients.is_some() {
            format!("clients write {writes_per_sec}/s")
        } else {
            "as the scenario has it".to_owned()
        };
        say(&format!("{what}: {who}"));
    }

    /// Waits until the engine has moved it that way by itself.
    async fn moved(&self, watcher: &mut Watcher, direction: Direction) -> Result<(), CommandError> {
        let patience = self.args.patience;
        let began = watcher.clock.now();
        let clock = watcher.clock.clone();
        let moved = clock.bounded(patience, self.watch(watcher, direction, began)).await;
        moved.unwrap_or_else(|| {
            let wanted = direction.word();
            let why = watcher.why_not(self.database);
            Err(CommandError::Failed(format!("not moved {wanted} within {} min: {why}", patience.as_secs() / 60)))
        })
    }

    async fn watch(&self, watcher: &mut Watcher, direction: Direction, began: Timestamp) -> Result<(), CommandError> {
        loop {
            if self.clients.is_some_and(Clients::is_over) {
                return Err(CommandError::Failed("the load has ended by itself".to_owned()));
            }
            if direction == Direction::Up {
                self.look_for_alarm(watcher, began).await;
            }
            let snapshot = watcher.client.snapshot();
            if let Some(view) = view(&snapshot, self.database) {
                let is_it = |run: &&Run| {
                    run.began >= began
                        && run.intent.removes.is_none()
                        && self.policy.ladder.direction(&run.intent.from, &run.intent.to) == direction
                };
                if let Some(run) = view.run.as_ref().filter(is_it) {
                    watcher.say_phase(run, self.clients);
                    if let Some((at, result)) = &run.ended {
                        return self.judge(run, result, at.duration_since(began));
                    }
                }
            }
            if watcher.client.changed().await.is_none() {
                return Err(gone());
            }
        }
    }

    fn judge(&self, run: &Run, result: &ActionResult, after: SignedDuration) -> Result<(), CommandError> {
        let words = result.words();
        match result {
            ActionResult::Verified => {
                say(&format!(
                    "{} is {}, {words}, {} s after the load changed",
                    self.database,
                    run.intent.to,
                    after.as_secs()
                ));
                Ok(())
            }
            _ => Err(CommandError::Failed(format!("{}: {words}", run.intent.action.0))),
        }
    }
}

fn say(words: &str) {
    last_words::say(words);
}
