//! Tags of alarms: `TagResource`, `UntagResource`, `ListTagsForResource`.

use std::collections::BTreeMap;

use super::{Alarm, Alarms};
use crate::sim::cloudwatch::errors::{missing, no_such_arn, validation};
use crate::sim::cloudwatch::input::Fields;
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// Tags of one resource.
const TAGS: usize = 50;
const KEY_CHARS: usize = 128;
const VALUE_CHARS: usize = 256;
const ARN_CHARS: usize = 1_024;

impl Alarms {
    /// `TagResource`: tags of the same key are replaced.
    ///
    /// # Errors
    /// As CloudWatch states them.
    pub(in crate::sim::cloudwatch) fn tag(&mut self, input: &Fields<'_>) -> Result<Map, ApiError> {
        let alarm = self.of_arn(input)?;
        if input.any_of(&["Tags"]).is_none() {
            return Err(missing("Tags"));
        }
        alarm.tags = read(input, &alarm.tags)?;
        Ok(Map::new())
    }

    /// `UntagResource`; keys that it does not have are passed over.
    ///
    /// # Errors
    /// As CloudWatch states them.
    pub(in crate::sim::cloudwatch) fn untag(&mut self, input: &Fields<'_>) -> Result<Map, ApiError> {
        let keys = input.texts("TagKeys", TAGS)?;
        let alarm = self.of_arn(input)?;
        alarm.tags.retain(|key, _| !keys.contains(&key.as_str()));
        Ok(Map::new())
    }

    /// `ListTagsForResource`, in the order of their keys.
    ///
    /// # Errors
    /// As CloudWatch states them.
    pub(in crate::sim::cloudwatch) fn list_tags(&mut self, input: &Fields<'_>) -> Result<Map, ApiError> {
        let pair = |(key, value): (&String, &String)| {
            Value::Map(Map::from([
                ("Key".to_owned(), key.as_str().into()),
                ("Value".to_owned(), value.as_str().into()),
            ]))
        };
        let tags = self.of_arn(input)?.tags.iter().map(pair).collect();
        Ok(Map::from([("Tags".to_owned(), Value::List(tags))]))
    }

    fn of_arn(&mut self, input: &Fields<'_>) -> Result<&mut Alarm, ApiError> {
        let arn = input.required_text("ResourceARN", ARN_CHARS)?;
        let name = arn.strip_prefix(self.arn_prefix.as_str());
        name.and_then(|name| self.by_name.get_mut(name)).ok_or_else(|| no_such_arn(arn))
    }
}

/// `before` with the tags of a request.
pub(super) fn read(
    input: &Fields<'_>,
    before: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, ApiError> {
    let mut tags = before.clone();
    for tag in input.list("Tags", TAGS)? {
        let key = tag.required_text("Key", KEY_CHARS)?.to_owned();
        let value = tag.text("Value")?.ok_or_else(|| missing(&tag.name("Value")))?;
        if value.chars().count() > VALUE_CHARS || key.starts_with("aws:") {
            return Err(validation(format!("The tag {key} is not valid.")));
        }
        tags.insert(key, value.to_owned());
    }
    if tags.len() > TAGS {
        return Err(validation(format!("A resource may have no more than {TAGS} tags.")));
    }
    Ok(tags)
}
