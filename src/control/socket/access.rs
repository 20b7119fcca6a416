//! What one who connects may order, by the groups of that account.

use std::ffi::CString;

use nix::unistd::{Gid, Group, Uid, getgrouplist};
use thiserror::Error;

use super::peer::account;
use crate::model::role::Role;
use crate::model::settings::ControlSettings;

/// Who may connect, and what those may order: the owner of the process and root everything, others by their groups.
#[derive(Debug, Clone)]
pub struct Access {
    owner: Uid,
    /// Members may connect.
    group: Option<Gid>,
    operators: Option<Gid>,
    admins: Option<Gid>,
}

/// Why the access is not as it was configured.
#[derive(Debug, Error)]
pub enum AccessError {
    /// This machine has no such group.
    #[error(
        "`[control]` names the group {name}, which this machine does not have: `groupadd {name}`, or take the line away"
    )]
    NoGroup {
        /// Which.
        name: String,
    },
    /// The system's words.
    #[error("the group {name} of `[control]` cannot be looked up: {source}")]
    Lookup {
        /// Which.
        name: String,
        /// Why.
        source: nix::Error,
    },
}

impl Access {
    /// By the configuration, on this machine.
    ///
    /// # Errors
    /// When a group is not there or cannot be looked up.
    pub fn new(settings: &ControlSettings) -> Result<Self, AccessError> {
        let group = |name: &Option<String>| name.as_deref().map(find).transpose();
        Ok(Self {
            owner: Uid::effective(),
            group: group(&settings.group)?,
            operators: group(&settings.operators)?,
            admins: group(&settings.admins)?,
        })
    }

    /// Whose members may connect besides the owner.
    pub fn group(&self) -> Option<u32> {
        self.group.map(Gid::as_raw)
    }

    /// What a user may order; `None` for one who may not even look. Asks the accounts of this machine, and so can block.
    pub(super) fn role(&self, uid: u32, gid: u32) -> Option<Role> {
        let uid = Uid::from_raw(uid);
        self.role_with(uid, || groups_of(uid, Gid::from_raw(gid)))
    }

    /// The same by what the kernel has noted alone. Whom the permissions of the socket have let in may look, and disarm.
    pub(super) fn role_by_kernel(&self, uid: u32, gid: u32) -> Role {
        self.role_with(Uid::from_raw(uid), || vec![Gid::from_raw(gid)]).unwrap_or(Role::Observer)
    }

    /// Of a user in these groups, which are asked for only where they matter.
    fn role_with(&self, uid: Uid, groups: impl FnOnce() -> Vec<Gid>) -> Option<Role> {
        if uid.is_root() || uid == self.owner {
            return Some(Role::Admin);
        }
        let groups = groups();
        let is_in = |group: Option<Gid>| group.is_some_and(|group| groups.contains(&group));
        if is_in(self.admins) {
            Some(Role::Admin)
        } else if is_in(self.operators) {
            Some(Role::Operator)
        } else {
            is_in(self.group).then_some(Role::Observer)
        }
    }
}

/// By the account, not by the process: a process keeps groups that its user was taken out of.
fn groups_of(uid: Uid, gid: Gid) -> Vec<Gid> {
    let name = account(uid.as_raw()).and_then(|name| CString::new(name).ok());
    name.and_then(|name| getgrouplist(&name, gid).ok()).unwrap_or_else(|| vec![gid])
}

fn find(name: &str) -> Result<Gid, AccessError> {
    match Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid),
        Ok(None) => Err(AccessError::NoGroup { name: name.to_owned() }),
        Err(source) => Err(AccessError::Lookup { name: name.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_comes_of_the_groups_of_the_account() {
        let raw = |gid| Some(Gid::from_raw(gid));
        let access = Access { owner: Uid::from_raw(900), group: raw(7_001), operators: raw(7_002), admins: raw(7_003) };
        // Accounts that no machine has: of them the group that the kernel noted counts alone.
        let role = |gid| access.role(3_999_999_999, gid);
        assert_eq!(
            [role(7_000), role(7_001), role(7_002), role(7_003)],
            [None, Some(Role::Observer), Some(Role::Operator), Some(Role::Admin)]
        );
        assert_eq!([access.role(0, 7_000), access.role(900, 7_000)], [Some(Role::Admin); 2]);
        let nobody = Access { group: None, operators: None, admins: None, ..access };
        assert_eq!(nobody.role(3_999_999_999, 7_003), None);
    }

    #[test]
    fn where_the_accounts_do_not_answer_the_numbers_of_the_kernel_count_and_nobody_is_kept_from_disarming() {
        let raw = |gid| Some(Gid::from_raw(gid));
        let access = Access { owner: Uid::from_raw(900), group: raw(7_001), operators: raw(7_002), admins: raw(7_003) };
        let role = |gid| access.role_by_kernel(1_000, gid);
        assert_eq!(
            [role(7_000), role(7_001), role(7_002), role(7_003)],
            [Role::Observer, Role::Observer, Role::Operator, Role::Admin]
        );
        assert_eq!([access.role_by_kernel(0, 1), access.role_by_kernel(900, 1)], [Role::Admin; 2]);
    }

    #[test]
    fn a_group_that_is_not_there_is_named_with_what_to_do() {
        let settings = ControlSettings { group: Some("no-such-group".into()), ..ControlSettings::default() };
        let error = Access::new(&settings).unwrap_err().to_string();
        assert!(error.contains("no-such-group") && error.contains("groupadd"), "{error}");
    }
}
