//! Who a holder is: no other process has ever had its name, on this machine, after its next boot, or on a copy of it.

use crate::model::text::clean;

/// A new one for each boot of the machine.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// A new one for each time that it is read.
const UUID: &str = "/proc/sys/kernel/random/uuid";
/// What the machine calls itself.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// A process that wants the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// Boot, process and chance.
    pub owner: String,
    /// For people, such as `bastion-1 (pid 812)`.
    pub host: String,
}

/// This process. What a system does not have is left out: chance alone makes it one of its kind.
pub fn identity() -> Me {
    let read = |path: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        Some(clean(text.trim(), 80)).filter(|text| !text.is_empty())
    };
    let pid = std::process::id();
    let boot = read(BOOT_ID).unwrap_or_else(|| "no-boot-id".to_owned());
    let chance = read(UUID).unwrap_or_else(|| format!("{:032x}", fastrand::Rng::new().u128(..)));
    let host = read(HOST_NAME).unwrap_or_else(|| "a host without a name".to_owned());
    Me { owner: format!("{boot}/{pid}/{chance}"), host: format!("{host} (pid {pid})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_process_has_another_name() {
        let (one, other) = (identity(), identity());
        assert!(one.owner != other.owner && one.host == other.host, "{one:?} {other:?}");
        assert!(one.host.contains(&format!("(pid {})", std::process::id())), "{one:?}");
    }
}
