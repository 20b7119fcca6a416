//! `[aws]`: where AWS is, and which account it must be.

use super::section::Section;
use crate::diagnostics::Diagnostic;
use crate::model::settings::AwsSettings;

pub(super) const KEYS: [&str; 4] = ["region", "profile", "account_id", "endpoint_url"];

/// Reads the table; everything in it may be left to the standard credential chain.
pub(super) fn read(root: &Section<'_>, problems: &mut Vec<Diagnostic>) -> AwsSettings {
    let Some(aws) = root.child("aws", &KEYS, problems) else { return AwsSettings::default() };
    let mut checked = |key: &str, is_right: fn(&str) -> bool, right: &str| {
        let text = aws.text(key, problems)?;
        if !is_right(text.get_ref()) {
            problems
                .push(Diagnostic::new(text.span(), format!("`{key}` is not right"), "not of this form").help(right));
        }
        Some((*text.get_ref()).to_owned())
    };
    AwsSettings {
        region: checked("region", is_region, "a region's code, such as \"eu-central-1\""),
        profile: checked("profile", |name| !name.trim().is_empty(), "a profile's name, such as \"production\""),
        account_id: checked("account_id", is_account, "twelve digits in quotes, such as \"123456789012\""),
        endpoint_url: checked("endpoint_url", is_url, "such as \"http://127.0.0.1:4566\""),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The form alone: AWS adds regions without telling us.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    words.len() >= 2
        && words.iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_url(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some())
}
