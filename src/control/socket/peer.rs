//! Who is at the other end: by the kernel's word, and by the accounts of this machine where those answer.

use std::sync::Arc;
use std::time::Duration;

use nix::unistd::{Uid, User};
use tokio::net::unix::UCred;
use tokio::sync::Semaphore;

use super::access::Access;
use crate::clock::Clock;
use crate::model::operator::{Operator, Peer};
use crate::model::role::Role;
use crate::model::text::clean;

/// What the kernel writes for a process that nobody has logged in for.
const NO_LOGIN: u32 = u32::MAX;
/// Longest name that goes into a record.
const NAME_LENGTH: usize = 64;
/// So long (of the machine) accounts are looked up: a directory service that does not answer must keep nobody from disarming.
const LOOKUP_LIMIT: Duration = Duration::from_secs(2);
/// So many look-ups at once: each can hold a thread for as long as that service likes.
const LOOKUPS: usize = 8;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::settings::ControlSettings;

    #[tokio::test(start_paused = true)]
    async fn look_ups_that_hang_hold_up_nobody_else_for_long() {
        let (ours, _theirs) = tokio::net::UnixStream::pair().unwrap();
        let settings = ControlSettings::default();
        let (access, lookups) = (Access::new(&settings).unwrap(), Lookups::default());
        let _hung = lookups.0.acquire_many(LOOKUPS as u32).await.unwrap();
        let (by, role) = lookups.who(&access, ours.peer_cred().unwrap(), &Clock::system()).await;
        assert_eq!((by.user, role), (format!("uid {}", Uid::current()), Some(Role::Admin)));
    }
}
