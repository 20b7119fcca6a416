//! The words of the whole program as plain data: no I/O, no clock, no decisions. Every other room may name this one;
//! it names none.
//!
//! The terms are those of AWS, PostgreSQL and control engineering; `ARCHITECTURE.md` has them in a glossary.

pub mod action;
pub mod arming;
pub mod availability;
pub mod backend;
pub mod call;
pub mod choice;
pub mod class;
pub mod cluster;
pub mod command;
pub mod database;
pub mod decision;
pub mod deployment;
pub mod drill;
pub mod duration;
pub mod event;
pub mod event_source;
pub mod failure;
pub mod finding;
pub mod gate;
pub mod guard;
pub mod hold;
pub mod identity;
pub mod ladder;
pub mod limits;
pub mod load_run;
pub mod mark;
pub mod member_settings;
pub mod old_machine;
pub mod operator;
pub mod outage;
pub mod override_plan;
pub mod policy;
pub mod pooler;
pub mod price;
pub mod readers;
pub mod secret;
pub mod series;
pub mod server;
pub mod settings;
pub mod snapshot;
pub mod step;
pub mod text;
pub mod wake;
pub mod window;
