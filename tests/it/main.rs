//! The integration tests: one binary, because each further one would link the AWS SDK once more.

mod aws_cli;
mod sim_account;
mod sim_rds;
mod sim_server;
