//! The integration tests: one binary, because each further one would link the AWS SDK once more.

mod sim_account;
mod sim_rds;
