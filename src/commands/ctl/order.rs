//! The order that a command line means, in sight of the engine as it is: pure.

use std::time::Duration;

use crate::cli::ctl::{CtlCommand, HeldScope, ScaleArgs, Which};
use crate::commands::CommandError;
use crate::model::class::InstanceClass;
use crate::model::command::Command;
use crate::model::database::DatabaseName;
use crate::model::ladder::Direction;
use crate::model::snapshot::{DatabaseView, Snapshot};
use crate::model::text::clean;

/// How long a hold is where nobody says.
const USUAL_HOLD: Duration = Duration::from_hours(1);
/// Longest name of a database or class that is quoted.
const QUOTED: usize = 63;

/// The order.
///
/// # Errors
/// A usage error, when the engine has no such database or several and none is named, or the database's name is wanted once
/// more.
pub(super) fn order(command: &CtlCommand, snapshot: &Snapshot) -> Result<Command, CommandError> {
    let named = |which: &Which| find(which, snapshot).map(|view| view.name().clone());
    Ok(match command {
        CtlCommand::Status | CtlCommand::Watch | CtlCommand::Log { .. } => {
            return Err(CommandError::Usage("to look is no order".to_owned()));
        }
        CtlCommand::Arm { reason, duration } => Command::Arm { reason: reason.clone(), duration: *duration },
        CtlCommand::Disarm => Command::Disarm,
        CtlCommand::Up(how) => step(how, snapshot, Direction::Up)?,
        CtlCommand::Down(how) => step(how, snapshot, Direction::Down)?,
        CtlCommand::Scale { class, how } => scale(how, find(&how.which, snapshot)?, InstanceClass::observed(class))?,
        CtlCommand::Hold { scope, which, reason } => {
            let (direction, duration) = held(scope)?;
            Command::Hold { database: named(which)?, direction, duration, reason: reason.clone() }
        }
        CtlCommand::Release(which) => Command::Release { database: named(which)? },
        CtlCommand::Stop(which) => Command::Stop { database: named(which)? },
        CtlCommand::Approve(which) => Command::Approve { database: named(which)? },
    })
}

/// What is held, and for how long: each is said once at the most.
fn held(scope: &[HeldScope]) -> Result<(Option<Direction>, Duration), CommandError> {
    let directions: Vec<_> =
        scope.iter().filter_map(|word| if let HeldScope::Direction(it) = word { Some(*it) } else { None }).collect();
    let lengths: Vec<_> =
        scope.iter().filter_map(|word| if let HeldScope::For(it) = word { Some(*it) } else { None }).collect();
    if directions.len() > 1 || lengths.len() > 1 {
        return Err(CommandError::Usage("a hold has one direction and one time, such as `hold up 4h`".to_owned()));
    }
    Ok((directions.first().copied().flatten(), lengths.first().copied().unwrap_or(USUAL_HOLD)))
}

fn find<'a>(which: &Which, snapshot: &'a Snapshot) -> Result<&'a DatabaseView, CommandError> {
    let names = || snapshot.databases.iter().map(|view| view.name().as_str()).collect::<Vec<_>>().join(", ");
    match (&which.database, snapshot.databases.as_slice()) {
        (Some(name), _) => snapshot.database(&DatabaseName::new(name)).ok_or_else(|| {
            let name = clean(name, QUOTED);
            CommandError::Usage(format!("the engine has no database {name}: it has {}", names()))
        }),
        (None, [only]) => Ok(only),
        (None, []) => Err(CommandError::Failed("the engine has not seen its databases yet: try again".to_owned())),
        (None, _) => Err(CommandError::Usage(format!("which database? --database with one of {}", names()))),
    }
}

fn step(how: &ScaleArgs, snapshot: &Snapshot, direction: Direction) -> Result<Command, CommandError> {
    let view = find(&how.which, snapshot)?;
    let name = view.name();
    let from = view.state.as_ref().map(|state| &state.class);
    let from = from.ok_or_else(|| CommandError::Failed(format!("the class of {name} is not known yet: try again")))?;
    let to = view.policy.ladder.step(from, direction).cloned().ok_or_else(|| {
        let way = direction.word();
        CommandError::Failed(format!("there is no class one step {way} from {from} on the ladder of {name}"))
    })?;
    scale(how, view, to)
}

/// Whoever passes over closed gates gives the database's name once more, as at the console.
fn scale(how: &ScaleArgs, view: &DatabaseView, to: InstanceClass) -> Result<Command, CommandError> {
    let database = view.name().clone();
    // A target that the engine has no plan for it refuses itself, and says why.
    let plan = view.plans.iter().find(|plan| plan.to == to);
    let passed_over = plan.map(|plan| plan.passes_over_words().join(", ")).unwrap_or_default();
    if !passed_over.is_empty() && how.confirm.as_deref() != Some(database.as_str()) {
        return Err(CommandError::Usage(format!(
            "nothing was sent: {database} to {to} passes over what keeps the engine from it ({passed_over}); if that is \
             meant, give the same with --confirm {database}"
        )));
    }
    Ok(Command::Scale { database, to, reason: how.reason.clone(), hold_for: how.hold_for })
}
