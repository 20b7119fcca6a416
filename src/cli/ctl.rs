//! `upshift ctl`: one order, or one look, at a running engine.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{duration, reason};
use crate::model::ladder::Direction;
use crate::model::log_level::LogLevel;

/// What to do with the running engine.
#[derive(Debug, Args)]
pub struct CtlArgs {
    /// What.
    #[command(subcommand)]
    pub command: CtlCommand,
    /// Whose engine: its state directory [env: UPSHIFT_STATE_DIR] [default: /run/upshift, else the XDG state directory]
    #[arg(long, value_name = "DIR", global = true)]
    pub state_dir: Option<PathBuf>,
    /// The directory of its control socket [default: /run/upshift, and `run` in the state directory]
    #[arg(long, value_name = "DIR", global = true)]
    pub socket: Option<PathBuf>,
    /// One JSON object, or one for each line of `watch`
    #[arg(long, global = true)]
    pub json: bool,
}

/// One order, or one look.
#[derive(Debug, Subcommand)]
pub enum CtlCommand {
    /// What the engine may do, what it does, and why
    Status,
    /// Lets the engine start actions; takes the role admin
    Arm {
        /// Disarms by itself after this time, such as 8h [default: stays armed]
        #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
        duration: Option<Duration>,
        /// Why: it goes into the journal
        #[arg(long, value_parser = reason)]
        reason: String,
    },
    /// Takes that permission away at once; for everybody who can connect
    Disarm,
    /// One class up on the ladder, now
    Up(ScaleArgs),
    /// One class down on the ladder, now
    Down(ScaleArgs),
    /// To this class of the ladder, now
    Scale {
        /// Such as db.m5.large
        class: String,
        /// How.
        #[command(flatten)]
        how: ScaleArgs,
    },
    /// The engine starts nothing for a while
    Hold {
        /// In which direction, up, down or all, and for how long, such as 4h [default: all 1h]
        #[arg(value_name = "up|down|all DURATION", num_args = 0..=2)]
        scope: Vec<HeldScope>,
        /// Which database.
        #[command(flatten)]
        which: Which,
        /// Why: it goes into the journal
        #[arg(long, value_parser = reason)]
        reason: String,
    },
    /// Ends every hold
    Release(Which),
    /// Stops the action under way before its next step, where that is still possible
    Stop(Which),
    /// Lets the action under way take over, where it waits for that word
    Approve(Which),
    /// How much the engine tells in its log until it ends: error, warn, info, debug or trace; takes the role operator
    Log {
        /// The quietest that is told; a start begins with info
        level: LogLevel,
    },
    /// Prints each record of the journal as it comes, until it is ended
    Watch,
}

/// How to scale.
#[derive(Debug, Args)]
pub struct ScaleArgs {
    /// Which database.
    #[command(flatten)]
    pub which: Which,
    /// Why: it goes into the journal
    #[arg(long, value_parser = reason)]
    pub reason: String,
    /// How long the engine leaves it so [default: `hold_after_manual`]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub hold_for: Option<Duration>,
    /// The database's name once more, where gates are closed that a person may pass over
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

/// Which database.
#[derive(Debug, Args)]
pub struct Which {
    /// Its identifier; where the engine has several
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,
}

/// A word of what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldScope {
    /// Steps in this direction; absent: in both.
    Direction(Option<Direction>),
    /// So long.
    For(Duration),
}

impl FromStr for HeldScope {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "up" => Ok(Self::Direction(Some(Direction::Up))),
            "down" => Ok(Self::Direction(Some(Direction::Down))),
            "all" => Ok(Self::Direction(None)),
            word => duration(word).map(Self::For).map_err(|why| format!("neither up, down or all, nor a time: {why}")),
        }
    }
}
