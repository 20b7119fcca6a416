//! What can go wrong in a trial: the catalogue of faults, and the wire, the disk, the endpoints and the credentials that
//! carry them.

mod catalogue;
pub(in crate::swarm) mod corrupt_answer;
pub(in crate::swarm) mod credentials;
pub mod disk;
pub(in crate::swarm) mod endpoint;
pub(in crate::swarm) mod refusal;
pub(in crate::swarm) mod wire;

pub use catalogue::Fault;
