//! What AWS itself should be set up with by the policy, how that differs from what is there, and the policy written down
//! for others. Pure: whoever asks brings what was found, and carries out what follows.

pub mod alarms;
pub mod change;
pub mod export;
pub mod readers;
