//! What happens in a drill, in order: calm, a surge until the engine has moved up, calm until it has moved back.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::clients::Clients;
use crate::aws::Aws;
use crate::aws::alarms::WriteAlarm;
use crate::cli::drill::DrillArgs;
use crate::commands::hosted::Hosted;
use crate::commands::process::ending_signal;
use crate::commands::{CommandError, last_words};
use crate::model::action::{ActionResult, Run};
use crate::model::command::{Answer, Command};
use crate::model::database::DatabaseName;
use crate::model::drill::{Drill, Surge};
use crate::model::gate::GateResult;
use crate::model::ladder::Direction;
use crate::model::policy::Policy;
use crate::model::snapshot::{DatabaseView, Snapshot};

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
    pub(super) aws: &'a Aws,
    /// Absent where the scenario's demand is the load.
    pub(super) clients: Option<&'a Clients>,
}

/// How it went, as far as it went.
pub(super) struct Ran {
    pub(super) drill: Drill,
    pub(super) ended: Result<(), CommandError>,
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
        };
        let mut watcher = Watcher {
            client: hosted.client.clone(),
            clock: hosted.clock.clone(),
            said: String::new(),
            alarm_fired: false,
            alarm_asked: None,
        };
        let ended = tokio::select! {
            biased;
            signal = ending_signal() => Err(match signal {
                Ok(words) => CommandError::Failed(format!("{words}: the load is stopped")),
                Err(error) => error,
            }),
            lost = hosted.lost() => Err(lost),
            ended = self.steps(&mut watcher, &mut drill) => ended,
        };
        drill.until = watcher.clock.now();
        let alarm = self.alarm().name;
        match self.aws.alarm_changes(&alarm, drill.from, drill.until).await {
            Ok(changes) => drill.alarms = changes,
            Err(failure) => say(&failure.sentence),
        }
        if let Err(failure) = self.aws.delete_alarm(&alarm).await {
            say(&format!("the alarm {alarm} is still there: {}", failure.sentence));
        }
        Ran { drill, ended }
    }

    async fn steps(&self, watcher: &mut Watcher, drill: &mut Drill) -> Result<(), CommandError> {
        watcher.until_it_can_be_armed(self.database).await?;
        watcher.arm().await?;
        if let Err(failure) = self.aws.set_alarm(&self.alarm()).await {
            say(&format!("no alarm beside the engine: {}", failure.sentence));
        }
        drill.from = watcher.clock.now();
        let DrillArgs { writes, calm_writes, .. } = self.args;
        self.say_rate("calm", *calm_writes);
        watcher.clock.sleep(CALM).await;
        self.preflight(watcher)?;
        let from = watcher.clock.now();
        let mut surge = Surge { from, until: from, writes_per_sec: f64::from(*writes) };
        drill.surge = self.clients.map(|_| surge);
        self.write("surge", *writes);
        self.moved(watcher, Direction::Up).await?;
        watcher.clock.sleep(AFTERWARDS).await;
        surge.until = watcher.clock.now();
        drill.surge = self.clients.map(|_| surge);
        self.write("calm again", *calm_writes);
        self.moved(watcher, Direction::Down).await
    }

    /// Every gate that nobody passes over must be open before anything is put on the database.
    fn preflight(&self, watcher: &Watcher) -> Result<(), CommandError> {
        let snapshot = watcher.client.snapshot();
        let Some(view) = view(&snapshot, self.database) else { return Ok(()) };
        let closed: Vec<String> = view
            .gates_up
            .iter()
            .filter(|gate| !gate.open && !gate.gate.yields_to_person())
            .map(GateResult::closed_sentence)
            .collect();
        if !closed.is_empty() {
            let why = closed.join("; ");
            return Err(CommandError::Failed(format!("pre-flight: {} cannot be moved up: {why}", self.database)));
        }
        say(&format!("pre-flight: {} gates looked at, none is closed to everybody", view.gates_up.len()));
        Ok(())
    }

    /// Says once that the alarm has fired; CloudWatch is asked at most each [`ALARM_EVERY`].
    async fn look_for_alarm(&self, watcher: &mut Watcher, since: Timestamp) {
        let now = watcher.clock.now();
        if watcher.alarm_fired || watcher.alarm_asked.is_some_and(|asked| now.duration_since(asked) < ALARM_EVERY) {
            return;
        }
        watcher.alarm_asked = Some(now);
        let changes = self.aws.alarm_changes(&self.alarm().name, since, now).await.unwrap_or_default();
        if let Some(change) = changes.iter().find(|change| change.state == "ALARM") {
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
                return Err(CommandError::Failed("the engine is gone".to_owned()));
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

    /// The engine's own rule, as CloudWatch knows it.
    fn alarm(&self) -> WriteAlarm {
        let rule = self.policy.up.first();
        WriteAlarm {
            name: format!("upshift-drill-{}-writes", self.database),
            instance: self.database.to_string(),
            threshold_writes_per_sec: rule.map_or(500.0, |rule| rule.threshold),
            datapoints: rule.map_or(2, |rule| rule.datapoints),
            minutes: rule.map_or(3, |rule| rule.periods),
        }
    }
}

/// Who watches the engine meanwhile.
struct Watcher {
    client: crate::control::Client,
    clock: crate::clock::Clock,
    said: String,
    alarm_fired: bool,
    alarm_asked: Option<Timestamp>,
}

impl Watcher {
    async fn until_it_can_be_armed(&mut self, database: &DatabaseName) -> Result<(), CommandError> {
        loop {
            let snapshot = self.client.snapshot();
            let is_seen = view(&snapshot, database).is_some_and(|view| view.state.is_some());
            if snapshot.identity.is_some() && is_seen {
                return Ok(());
            }
            if let Some(problem) = snapshot.problems.first() {
                self.say_new(&problem.failure.sentence);
            }
            if self.client.changed().await.is_none() {
                return Err(CommandError::Failed("the engine is gone".to_owned()));
            }
        }
    }

    async fn arm(&mut self) -> Result<(), CommandError> {
        let reply = self.client.send(Command::Arm { reason: "a drill".to_owned() }).await;
        match reply.map(|reply| reply.answer) {
            Ok(Answer::Done { .. }) => Ok(()),
            Ok(Answer::Refused { sentence }) => Err(CommandError::Failed(format!("not armed: {sentence}"))),
            Err(_) => Err(CommandError::Failed("the engine is gone".to_owned())),
        }
    }

    fn say_phase(&mut self, run: &Run, clients: Option<&Clients>) {
        let load = clients.map_or_else(String::new, |clients| {
            let now = clients.progress();
            format!(" · {} writes acknowledged, {} failed", now.acknowledged, now.failed)
        });
        let phase = run.phase_words();
        if phase != self.said {
            say(&format!("{}: {phase}{load}", run.intent.action.0));
            self.said = phase;
        }
    }

    fn say_new(&mut self, words: &str) {
        if words != self.said {
            say(words);
            words.clone_into(&mut self.said);
        }
    }

    /// What keeps the engine from it, as it says itself.
    fn why_not(&self, database: &DatabaseName) -> String {
        let snapshot = self.client.snapshot();
        let decision = view(&snapshot, database).and_then(|view| view.decision.clone());
        decision.map_or_else(|| "it has decided nothing".to_owned(), |decision| decision.words())
    }
}

fn view<'a>(snapshot: &'a Snapshot, database: &DatabaseName) -> Option<&'a DatabaseView> {
    snapshot.databases.iter().find(|view| view.policy.database == *database)
}

fn say(words: &str) {
    last_words::say(words);
}
