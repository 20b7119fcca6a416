//! The one integration binary: each file is a set of tests that go through the public surface of the library or the
//! built binary. One, because each further one would link the AWS SDK once more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails; the lints' own exemption covers test functions but not their helpers"
)]

mod alarm_witness;
mod alarms;
mod architecture;
mod attached;
mod auto;
mod aws_cli;
mod binary;
mod blue_green;
mod canary;
mod canary_command;
mod certificates;
mod cloudwatch_desk;
mod clusters;
mod config;
mod control;
mod controlled;
mod crash;
mod ctl;
mod direct;
mod doctor;
mod doctor_permissions;
mod drill;
mod durable;
mod evidence;
mod export;
mod fuzz;
mod hostile;
mod init;
mod journal;
mod journal_damage;
mod lease;
mod lease_moto;
mod load;
mod main_job;
mod manners;
mod metrics;
mod moto;
mod notify;
mod one_attempt;
mod permissions;
mod pgbouncer;
mod pooler;
mod postgres;
mod preflight;
mod process;
mod proxy;
mod pty;
mod readers;
mod readme;
mod report;
mod samples;
mod secrets;
mod sim_account;
mod sim_blue_green;
mod sim_cloudwatch;
mod sim_cloudwatch_alarms;
mod sim_cloudwatch_wire;
mod sim_cluster;
mod sim_cluster_metrics;
mod sim_dynamodb;
mod sim_iam;
mod sim_metrics;
mod sim_postgres;
mod sim_rds;
mod sim_scaling;
mod sim_server;
mod sim_sns;
mod terminal;
mod tidy;
mod tls;
