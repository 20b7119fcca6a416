//! `[control]`: who may see the engine and give it orders besides its own user and root.

use super::section::Section;
use crate::diagnostics::Diagnostic;
use crate::model::settings::ControlSettings;

pub(super) const KEYS: [&str; 3] = ["group", "operators", "admins"];

/// The longest name of a group, by `useradd`.
const LONGEST_NAME: usize = 32;

/// Reads the table; without it nobody else may connect.
pub(super) fn read(root: &Section<'_>, problems: &mut Vec<Diagnostic>) -> ControlSettings {
    let Some(control) = root.child("control", &KEYS, problems) else { return ControlSettings::default() };
    let mut named = |key: &str| {
        let name = control.text(key, problems)?;
        if !is_group(name.get_ref()) {
            let title = format!("`{key}` is not the name of a group");
            problems
                .push(Diagnostic::new(name.span(), title, "not of this form").help("such as \"upshift\" or \"dba\""));
        }
        Some(name)
    };
    let [group, operators, admins] = KEYS.map(&mut named);
    for (key, name) in [("operators", &operators), ("admins", &admins)] {
        if let (Some(name), None) = (name, &group) {
            let title = format!("`{key}` without `group`");
            problems.push(
                Diagnostic::new(name.span(), title, "its members could not open the socket")
                    .help("name in `group` the group whose members may connect; who shall do more is in both"),
            );
        }
    }
    let owned = |name: Option<toml::Spanned<&str>>| name.map(|name| name.into_inner().to_owned());
    ControlSettings { group: owned(group), operators: owned(operators), admins: owned(admins) }
}

fn is_group(name: &str) -> bool {
    let is_right = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@' | b'$');
    !name.is_empty() && name.len() <= LONGEST_NAME && !name.starts_with('-') && name.bytes().all(is_right)
}
