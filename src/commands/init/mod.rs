//! `upshift init`: a commented configuration from what there is in the account. Nothing in it is changed, and a file is there
//! whole or not at all.

mod choose;

use std::path::Path;

use super::backend::{self, Ready};
use super::process::runtime;
use super::whole_file::{self, shown};
use super::{CommandError, last_words};
use crate::aws::Aws;
use crate::cli::init::InitArgs;
use crate::clock::Clock;
use crate::config::{self, proposal};
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::failure::Failure;
use crate::model::ladder::Ladder;
use crate::model::settings::AwsSettings;
use crate::model::text::clean_lines;

/// Looks, asks which database is meant where that is not clear, and writes the file.
pub(super) fn run(args: &InitArgs) -> Result<(), CommandError> {
    // Before anybody is asked for anything.
    if !args.force && args.out.symlink_metadata().is_ok() {
        return Err(whole_file::is_there(&args.out));
    }
    let scenario = args.sim.as_deref().map(backend::scenario).transpose()?;
    let simulated = args.sim.clone();
    let (text, words) = runtime()?.block_on(async {
        let Ready { clock, target, tasks, .. } = backend::ready(scenario, 1.0).await?;
        let given = AwsSettings {
            region: args.region.clone(),
            profile: args.profile.clone(),
            account_id: None,
            endpoint_url: args.endpoint_url.clone(),
        };
        let aws = crate::aws::connect::connect(&given, target).await;
        let proposed = propose(&aws, &clock, given, args.database.as_deref()).await;
        drop(tasks);
        proposed
    })?;
    whole_file::save(&args.out, &text, args.force)?;
    last_words::say(&format!("{}: {words}\n{}", shown(&args.out), next(&args.out, simulated.as_deref())));
    Ok(())
}

/// The text of the file, and what it is about.
async fn propose(
    aws: &Aws,
    clock: &Clock,
    given: AwsSettings,
    wanted: Option<&str>,
) -> Result<(String, String), CommandError> {
    let identity = aws.identity().await.map_err(|failure| failed(&failure))?;
    let listed = aws.inventory().await.map_err(|failure| failed(&failure))?;
    let chosen = choose::choose(&listed, wanted, &identity).await?;
    let state = state(aws, &chosen.name, chosen.cluster.is_some()).await?;
    let offered = aws.orderable_classes(&state).await.map_err(|failure| failed(&failure))?;
    let ladder = proposal::ladder(&state, &offered).map_err(|why| failed_for(&why))?;
    let settings = AwsSettings { region: Some(identity.region), account_id: Some(identity.account), ..given };
    let found = proposal::Found { at: clock.now(), aws: &settings, state: &state, offered: &offered };
    let text = proposal::text(&found, &ladder);
    // What is written must be read by whoever reads it next.
    match config::parse(&text, "the proposal") {
        Ok(_) => Ok((text, in_words(&state, &ladder))),
        Err(problems) => Err(failed_for(&format!("{} cannot be configured: {problems}", state.name))),
    }
}

async fn state(aws: &Aws, name: &DatabaseName, is_cluster: bool) -> Result<DatabaseState, CommandError> {
    let one = std::slice::from_ref(name);
    let (instances, clusters) = if is_cluster { (&[][..], one) } else { (one, &[][..]) };
    let mut found = aws.databases(instances, clusters).await.map_err(|failure| failed(&failure))?;
    let state = found.remove(name).ok_or_else(|| failed_for(&format!("{name} was listed, and now is gone")))?;
    state.map_err(|failure| failed(&failure))
}

fn in_words(state: &DatabaseState, ladder: &Ladder) -> String {
    let rungs: Vec<&str> = ladder.rungs().iter().map(InstanceClass::as_str).collect();
    format!("{}, {}, ladder {}", state.name, proposal::strategy(state).as_str(), rungs.join(" - "))
}

fn next(out: &Path, simulated: Option<&str>) -> String {
    let sim = simulated.map_or_else(String::new, |scenario| format!(" --sim {scenario}"));
    format!("look through it, then: upshift doctor{sim} --config {}", shown(out))
}

fn failed(failure: &Failure) -> CommandError {
    failed_for(&failure.sentence)
}

fn failed_for(why: &str) -> CommandError {
    CommandError::Failed(format!("nothing was written: {}", clean_lines(why)))
}
