//! AWS as we understand it: a seeded world in virtual time behind the real wire protocols.
//!
//! This room never names `aws` or `engine`, and its codecs are not the SDK's: it must be able to disagree with them.

pub mod cloudwatch;
pub mod wire;
