//! The policy in the words of others: IAM documents, a Terraform module, a unit of systemd. Pure: text comes out.

mod hcl;
mod iam;
mod permissions;
mod presumed;
mod systemd;
mod terraform;

pub use iam::document;
pub use permissions::{About, Question, Role, Scope, Tag, questions, reads, reasons};
pub use systemd::unit;
pub use terraform::module;

/// A file that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, without a folder.
    pub name: &'static str,
    /// The whole of it.
    pub text: String,
}
