//! What AWS itself should be set up with by the policy, and how that differs from what is there. Pure.

pub mod readers;
