//! The one integration binary: each file is a set of tests that go through the public surface of the library or the
//! built binary. One, because each further one would link the AWS SDK once more.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too; clippy excepts only the test functions themselves"
)]

mod architecture;
mod aws_cli;
mod binary;
mod main_job;
mod moto;
mod sim_account;
mod sim_rds;
mod sim_server;
mod terminal;
mod tidy;
