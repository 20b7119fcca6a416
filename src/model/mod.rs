//! The words of the whole program as plain data: no I/O, no clock, no decisions. Every other room may name this one;
//! it names none.
//!
//! The terms are those of AWS, PostgreSQL and control engineering; `ARCHITECTURE.md` has them in a glossary.

pub mod class;
pub mod database;
pub mod ladder;
pub mod operator;
pub mod policy;
pub mod series;
pub mod settings;
