//! What AWS itself should be set up with by the policy, how that differs from what is there, and the policy written down
//! for others. Pure: nothing is decided here that the policy does not say.

pub mod export;
pub mod readers;
