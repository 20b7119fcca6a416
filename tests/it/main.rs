//! The one integration binary: each file is a set of tests that go through the public surface of the library or the
//! built binary. One, because each further one would link the AWS SDK once more.

mod architecture;
mod sim_account;
mod sim_rds;
mod tidy;
