//! The program that is to tell people: whether it is there and can be run. It is not run, and nothing is published: whether a
//! topic takes messages is one of the permissions.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::model::finding::{Check, Finding};
use crate::model::notify::NotifySettings;
use crate::model::text::clean;

/// Longest path that is shown.
const SHOWN: usize = 200;

/// Where a program is configured.
pub(super) fn look(settings: &NotifySettings) -> Option<Finding> {
    let program = settings.command.first()?;
    let shown = clean(program, SHOWN);
    let remedy = "correct `command` under [notify]: what it should tell of is shown as not told";
    Some(match fs::metadata(program) {
        Err(error) => Finding::fails(Check::Notify, format!("{shown}: {error}"), remedy),
        Ok(about) if !about.is_file() => Finding::fails(Check::Notify, format!("{shown} is no file"), remedy),
        Ok(about) if about.permissions().mode() & 0o111 == 0 => {
            Finding::fails(Check::Notify, format!("{shown} may not be executed"), format!("chmod +x {shown}"))
        }
        Ok(_) => Finding::ok(Check::Notify, format!("{shown} is there")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Verdict;

    #[test]
    fn a_program_must_be_there_and_be_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).display().to_string();
        let told = |path: String| look(&NotifySettings { topic: None, command: vec![path] }).unwrap().verdict;
        assert_eq!(look(&NotifySettings::default()), None);
        assert_eq!(told(path("none")), Verdict::Fails);
        assert_eq!(told(path("")), Verdict::Fails);
        fs::write(path("plain"), "#!/bin/sh\n").unwrap();
        assert_eq!(told(path("plain")), Verdict::Fails);
        fs::set_permissions(path("plain"), fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(told(path("plain")), Verdict::Ok);
    }
}
