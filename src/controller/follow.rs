//! Putting an alarm right after a verified action: only one that is ours, and still as it was seen.

use crate::aws::Aws;
use crate::model::action::ActionId;
use crate::model::alarm::{AlarmDefinition, WantedAlarm, tags_of};
use crate::model::event::Event;
use crate::model::failure::Failure;

/// Changes it, and returns the event that tells what became of it.
pub(super) async fn put_right(aws: Aws, action: ActionId, wanted: WantedAlarm, before: AlarmDefinition) -> Event {
    let why = change(&aws, &wanted, &before).await.err();
    let WantedAlarm { name, database, .. } = wanted;
    Event::AlarmFollowed { action, database, alarm: name, why }
}

async fn change(aws: &Aws, wanted: &WantedAlarm, before: &AlarmDefinition) -> Result<(), String> {
    let sentence = |failure: Failure| failure.sentence;
    let mut found = aws.alarms_named(std::slice::from_ref(&wanted.name)).await.map_err(sentence)?;
    let found = found.pop().ok_or_else(|| "it is not there any more".to_owned())?;
    if found.definition.as_ref() != Some(before) {
        return Err("somebody has changed it meanwhile".to_owned());
    }
    let tags = aws.alarm_tags(&found.arn).await.map_err(sentence)?;
    if tags.get(crate::model::alarm::DATABASE_TAG).map(String::as_str) != Some(wanted.database.as_str()) {
        return Err("it is not ours".to_owned());
    }
    // Of an alarm that exists CloudWatch does not take them; one that is gone meanwhile, unseen, is made as ours.
    let put = aws.put_alarm(&wanted.name, &wanted.definition, &tags_of(&wanted.database)).await;
    let Err(failure) = put else { return Ok(()) };
    // Its answer may be lost, and the change made.
    let after = aws.alarms_named(std::slice::from_ref(&wanted.name)).await.unwrap_or_default();
    let is_done = after.iter().any(|found| found.definition.as_ref() == Some(&wanted.definition));
    if is_done { Ok(()) } else { Err(failure.sentence) }
}
