//! `upshift`: operator console and auto-scaling engine for PostgreSQL on Amazon RDS.
//!
//! The rooms of the house, and which may name which, are in `ARCHITECTURE.md`; `tests/it/architecture.rs` holds the
//! code to it.

pub mod aws;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod console;
pub mod control;
pub mod controller;
pub mod diagnostics;
pub mod engine;
pub mod journal;
pub mod lease;
pub mod metrics;
pub mod model;
pub mod notify;
pub mod playbook;
pub mod report;
pub mod setup;
pub mod sim;
pub mod swarm;
pub mod workload;
