//! The one integration binary: each file is a set of tests that go through the public surface of the library or the
//! built binary.

mod architecture;
mod tidy;
