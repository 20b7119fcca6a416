//! The command line of `upshift alarms`.

use clap::Subcommand;

use super::world::WorldArgs;

/// What to do with the alarms.
#[derive(Debug, Subcommand)]
pub enum AlarmsCommand {
    /// Shows what `apply` would do, and does nothing. Exit code 0: nothing to do, 2: something, 1: it could not be told
    Plan(WorldArgs),
    /// Makes CloudWatch's alarms those of the policy; alarms without our tag are never touched
    Apply {
        /// Where.
        #[command(flatten)]
        args: WorldArgs,
        /// Without asking
        #[arg(long)]
        yes: bool,
        /// Only if the plan still is the one that `plan` gave this digest
        #[arg(long, value_name = "DIGEST")]
        expect: Option<String>,
    },
    /// Takes the alarms away that upshift has made for the databases of the configuration
    Delete {
        /// Where.
        #[command(flatten)]
        args: WorldArgs,
        /// Without asking
        #[arg(long)]
        yes: bool,
    },
    /// Puts one of our alarms into another state, and proves that the change and its message arrive
    Test {
        /// Its name [default: of those of the configuration's databases that are no rule, the first by its name]
        alarm: Option<String>,
        /// Where.
        #[command(flatten)]
        args: WorldArgs,
        /// Without asking
        #[arg(long)]
        yes: bool,
    },
}

impl AlarmsCommand {
    /// What all of them have.
    pub fn args(&self) -> &WorldArgs {
        match self {
            Self::Plan(args) | Self::Apply { args, .. } | Self::Delete { args, .. } | Self::Test { args, .. } => args,
        }
    }
}
