//! Who is at the other end, by the kernel's word, and what that one may order.

use std::ffi::CString;
use std::sync::Arc;
use std::time::Duration;

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use thiserror::Error;
use tokio::net::unix::UCred;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::model::operator::{Operator, Peer};
use crate::model::role::Role;
use crate::model::settings::ControlSettings;
use crate::model::text::clean;

/// What the kernel writes for a process that nobody has logged in for.
const NO_LOGIN: u32 = u32::MAX;
/// Longest name that goes into a record.
const NAME_LENGTH: usize = 64;
/// So long (of the machine) accounts are looked up: a directory service that does not answer must keep nobody from disarming.
const LOOKUP_LIMIT: Duration = Duration::from_secs(2);
/// So many look-ups at once: each can hold a thread for as long as that service likes.
const LOOKUPS: usize = 8;

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
    fn role(&self, uid: u32, gid: u32) -> Option<Role> {
        let uid = Uid::from_raw(uid);
        if uid.is_root() || uid == self.owner {
            return Some(Role::Admin);
        }
        let groups = groups_of(uid, Gid::from_raw(gid));
        let is_in = |group: Option<Gid>| group.is_some_and(|group| groups.contains(&group));
        if is_in(self.admins) {
            Some(Role::Admin)
        } else if is_in(self.operators) {
            Some(Role::Operator)
        } else {
            is_in(self.group).then_some(Role::Observer)
        }
    }

    /// The same by what the kernel has noted alone. Whom the permissions of the socket have let in may look, and disarm.
    fn role_by_kernel(&self, uid: u32, gid: u32) -> Role {
        let (uid, is) = (Uid::from_raw(uid), |group: Option<Gid>| group == Some(Gid::from_raw(gid)));
        if uid.is_root() || uid == self.owner || is(self.admins) {
            Role::Admin
        } else if is(self.operators) {
            Role::Operator
        } else {
            Role::Observer
        }
    }
}

/// Looks up who connects, a few at a time. Clones share that bound.
#[derive(Debug, Clone)]
pub(super) struct Lookups(Arc<Semaphore>);

impl Default for Lookups {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS)))
    }
}

impl Lookups {
    /// Who has connected, and what that one may order; `None` for one who may not even look. Where the accounts of this machine
    /// do not answer in time, the kernel's numbers count alone, and the log says so.
    pub(super) async fn who(&self, access: &Access, of: UCred, machine: &Clock) -> (Operator, Option<Role>) {
        let asked = async {
            let place = Arc::clone(&self.0).acquire_owned().await.ok()?;
            let access = access.clone();
            let looked = tokio::task::spawn_blocking(move || {
                let found = (operator(&of, account), access.role(of.uid(), of.gid()));
                drop(place);
                found
            });
            looked.await.ok()
        };
        if let Some(Some(found)) = machine.bounded(LOOKUP_LIMIT, asked).await {
            return found;
        }
        let role = access.role_by_kernel(of.uid(), of.gid());
        tracing::warn!(
            "the accounts of this machine did not answer within {} s: uid {} has the role {role}, by its group {} alone",
            LOOKUP_LIMIT.as_secs(),
            of.uid(),
            of.gid()
        );
        (operator(&of, |_| None), Some(role))
    }
}

/// The name of a user's account; `None` where this machine knows none.
pub fn account(uid: u32) -> Option<String> {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name)
}

/// The same with the address of the SSH session, which is that one's own word.
pub(super) fn over_ssh(by: &Operator, client: Option<&str>) -> Operator {
    Operator { ssh_client: client.map(|client| clean(client, NAME_LENGTH)), ..by.clone() }
}

/// Who has connected, with the names that `account` knows.
fn operator(credentials: &UCred, account: impl Fn(u32) -> Option<String>) -> Operator {
    let login_uid = credentials.pid().and_then(login_uid);
    let uid = credentials.uid();
    let name = |uid: u32| account(uid).unwrap_or_else(|| format!("uid {uid}"));
    let user = match login_uid {
        Some(login) if login != uid => format!("{}, logged in as {}", name(uid), name(login)),
        _ => name(uid),
    };
    Operator {
        user: clean(&user, NAME_LENGTH),
        ssh_client: None,
        peer: Some(Peer { uid, gid: credentials.gid(), login_uid }),
    }
}

/// Who logged in, for the evidence alone: between the connection and this the number may have passed to another process.
fn login_uid(pid: i32) -> Option<u32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/loginuid")).ok()?;
    text.trim().parse().ok().filter(|uid| *uid != NO_LOGIN)
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

    #[tokio::test(start_paused = true)]
    async fn look_ups_that_hang_hold_up_nobody_else_for_long() {
        let (ours, _theirs) = tokio::net::UnixStream::pair().unwrap();
        let settings = ControlSettings::default();
        let (access, lookups) = (Access::new(&settings).unwrap(), Lookups::default());
        let _hung = lookups.0.acquire_many(LOOKUPS as u32).await.unwrap();
        let (by, role) = lookups.who(&access, ours.peer_cred().unwrap(), &Clock::system()).await;
        assert_eq!((by.user, role), (format!("uid {}", Uid::current()), Some(Role::Admin)));
    }

    #[test]
    fn a_group_that_is_not_there_is_named_with_what_to_do() {
        let settings = ControlSettings { group: Some("no-such-group".into()), ..ControlSettings::default() };
        let error = Access::new(&settings).unwrap_err().to_string();
        assert!(error.contains("no-such-group") && error.contains("groupadd"), "{error}");
    }
}
