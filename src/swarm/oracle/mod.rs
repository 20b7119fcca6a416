//! What a trial is judged by: a witness of every request, record and word, the promises that hold all the time, and
//! those that hold at its end or between two runs of one day.

pub(in crate::swarm) mod answers;
pub(in crate::swarm) mod constant_load;
pub mod coverage;
pub(in crate::swarm) mod end_state;
pub(in crate::swarm) mod invariants;
pub(in crate::swarm) mod ledger;
pub(in crate::swarm) mod load_reasons;
pub mod lost_data;
mod removal;
pub(in crate::swarm) mod served;
pub(in crate::swarm) mod served_clusters;
pub(in crate::swarm) mod trace;
pub(in crate::swarm) mod truth;
pub(in crate::swarm) mod witness;
