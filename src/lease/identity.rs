//! Who a holder is: no other process has ever had its name, on this machine, after its next boot, or on a copy of it.

use crate::model::text::clean;

/// A process that wants the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// Host, process and chance.
    pub owner: String,
    /// For people, such as `bastion-1 (pid 812)`.
    pub host: String,
}

/// This process. The kernel gives the chance: nothing of a file system, which a service may not see, is needed.
///
/// # Errors
/// When the kernel has none to give.
pub fn identity() -> std::io::Result<Me> {
    let mut chance = [0; 16];
    rustix::rand::getrandom(&mut chance, rustix::rand::GetRandomFlags::empty())?;
    let pid = std::process::id();
    let host = clean(&rustix::system::uname().nodename().to_string_lossy(), 80);
    let host = if host.is_empty() { "a host without a name".to_owned() } else { host };
    Ok(Me { owner: format!("{host}/{pid}/{:032x}", u128::from_be_bytes(chance)), host: format!("{host} (pid {pid})") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_process_has_another_name() {
        let (one, other) = (identity().unwrap(), identity().unwrap());
        assert!(one.owner != other.owner && one.host == other.host, "{one:?} {other:?}");
        assert!(one.host.contains(&format!("(pid {})", std::process::id())), "{one:?}");
    }
}
