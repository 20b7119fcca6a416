//! One secret, planted wherever a secret can be: it must be in nothing that is written, printed or shown.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use clap::Parser;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use tempfile::TempDir;
use upshift::aws::connect::{InProcess, Target, connect};
use upshift::cli::Cli;
use upshift::clock::Clock;
use upshift::commands::environment::Environment;
use upshift::model::operator::Operator;
use upshift::model::settings::AwsSettings;
use upshift::sim::Sim;
use upshift::sim::scenario::Scenario;
use upshift::workload::access::{Access, MakePassword, Password};

use crate::certificates::{Authority, Lasts};
use crate::postgres::Server;
use crate::process::Process;

/// Of letters and digits alone, so that it looks the same in every encoding of a text.
const SECRET: &str = "pl4ntedSecretNobodyMayRead";

/// The files that the test itself has written it to.
const PLANTED: [&str; 4] = ["password", "wrong.toml", "open.toml", "reloaded.toml"];

/// Runs it to its end with the secret in all of its environment; what it said, and whether that was well.
fn run(directory: &Path, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_upshift"));
    command.args(words).env_clear().env("HOME", directory).current_dir(directory);
    command.envs([("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full"), ("AWS_REGION", "us-east-1")]);
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    for name in ["PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        command.env(name, SECRET);
    }
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    format!("{}: {}\n{}", words[0], output.status, String::from_utf8_lossy(&said))
}

/// Everything below a directory, but for what was planted there.
fn written(directory: &Path) -> String {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.filter(|path| !PLANTED.iter().any(|planted| path.ends_with(planted))).map(|path| {
        if path.is_dir() {
            return written(&path);
        }
        format!("{}:\n{}\n", path.display(), String::from_utf8_lossy(&fs::read(&path).unwrap()))
    });
    texts.collect()
}

#[test]
fn a_planted_secret_is_in_nothing_that_is_said_or_written() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    let mut server = Server::start();
    server.psql("create role app login password 'another'");
    let authority = Authority::new();
    server.with_tls(&authority.sign("DNS:localhost,IP:127.0.0.1", Lasts::Still), &[]);
    fs::write(here.join("password"), format!("{SECRET}\n")).unwrap();
    fs::set_permissions(here.join("password"), fs::Permissions::from_mode(0o600)).unwrap();
    let ca_file = authority.file();
    let dsn = format!(
        "postgresql://app@localhost:{}/postgres?sslmode=verify-full&sslrootcert={}",
        server.port(),
        ca_file.display()
    );
    let _sim = configurations(here, &dsn);
    let mut said = Vec::new();
    for config in ["environment.toml", "file.toml", "iam.toml", "pooler.toml"] {
        let auto = ["--auto", "--sim", "--speed", "300", "--for", "15m", "--config", config, "--state-dir", "state"];
        said.push(run(here, &auto));
        said.push(run(here, &["preflight", "checkpoints", "--sim", "--config", config, "--json"]));
    }
    said.extend(others(here, &dsn));
    said.extend(commanded(here));

    // What is searched has the whole story in it.
    let (said, written) = (said.join("\n"), written(here));
    for (what, place, expected) in [
        (&said, "stderr", "password authentication failed for user \"app\" (28P01)"),
        (&said, "stderr", "asked for by --panic-in-engine"),
        (&said, "stderr", "there is a password in the connection string"),
        (&written, "the log", "password authentication failed for user"),
        (&written, "the log", "asked for by --panic-in-engine"),
        (&written, "the journal", "\"kind\":"),
        (&written, "the journal", "config_refused"),
        (&written, "the log", "DEBUG"),
        (&said, "what ctl prints", "\"role\":\"admin\""),
    ] {
        assert!(what.contains(expected), "`{expected}` is not in {place}, so nothing was tried:\n{what}");
    }
    for text in [&said, &written] {
        let found = text.lines().find(|line| line.contains(SECRET));
        assert!(found.is_none(), "{found:?}");
    }
}

/// Writes them, each with another source of the password; the simulation that one of them names.
fn configurations(here: &Path, dsn: &str) -> Process {
    let words = ["sim", "--scenario", "checkpoints"];
    let mut sim = Process::start(here, &words, |child| Box::new(child.stdout.take().unwrap()));
    sim.until("endpoint");
    let ready: serde_json::Value = serde_json::from_str(&sim.said[0]).unwrap();
    let file = format!("password_file = \"{}\"", here.join("password").display());
    let endpoint = format!("[aws]\nendpoint_url = {}\n", ready["endpoint"]);
    let in_the_open = format!("postgresql://app:{SECRET}@localhost/pgbouncer");
    let pooler =
        |admin_dsn: &str| format!("{file}\n[database.pooler]\nadmin_dsn = \"{admin_dsn}\"\n{file}\ndatabase = \"app\"");
    // A server is no pooler, and lets nobody in with this password.
    let (of_pooler, open) = (pooler(dsn), pooler(&in_the_open));
    for (name, aws, source) in [
        ("environment.toml", "", "password = \"environment\""),
        ("file.toml", "", file.as_str()),
        ("iam.toml", "", "password = \"iam\""),
        ("endpoint.toml", endpoint.as_str(), "password = \"iam\""),
        ("pooler.toml", "", of_pooler.as_str()),
        ("open.toml", "", open.as_str()),
        ("wrong.toml", "", &format!("password = \"{SECRET}\"\npasswd = \"{SECRET}\"")),
    ] {
        let config = format!(
            "{aws}[[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n\
             [database.postgres]\ndsn = \"{dsn}\"\n{source}\n"
        );
        fs::write(here.join(name), config).unwrap();
    }
    sim
}

/// Every other way in, with the secret where it belongs and where it does not.
fn others(here: &Path, dsn: &str) -> Vec<String> {
    let drill =
        ["drill", "--sim", "--config", "file.toml", "--speed", "6000", "--patience", "1m", "--state-dir", "drill"];
    let at_endpoint = ["--auto", "--config", "endpoint.toml", "--for", "3s", "--state-dir", "endpoint"];
    let panic = ["--auto", "--sim", "--panic-in-engine", "--config", "file.toml", "--state-dir", "panic"];
    let load = ["load", "--dsn", dsn, "--writes", "9", "--for", "1s"];
    let canary = ["canary", "--dsn", dsn, "--for", "1s"];
    let planted = format!("postgresql://app:{SECRET}@localhost/pgbouncer");
    let planted = planted.as_str();
    let more: [&[&str]; 17] = [
        &drill,
        &at_endpoint,
        &panic,
        &["drill", "--config", "endpoint.toml", "--state-dir", "drilled"],
        &["report", "--last", "--state-dir", "state", "--out", "report.html"],
        &["journal", "show", "--state-dir", "state"],
        &load,
        &[&load[..], &["--password-file", "password"]].concat(),
        &[&load[..], &["--iam"]].concat(),
        &canary,
        &[&canary[..], &["--iam"]].concat(),
        &["canary", "--dsn", dsn, "--setup"],
        &["canary", "--dsn", dsn, "--for", "1s", "--reader-dsn", planted],
        &["load", "--dsn", planted, "--writes", "9", "--for", "1s"],
        &["load", planted],
        &["--auto", "--config", "wrong.toml"],
        &["--auto", "--config", "open.toml"],
    ];
    more.iter().map(|words| run(here, words)).collect()
}

/// A daemon that tells in its log all that it can, is commanded over its socket, and is given configurations with the secret in
/// them.
fn commanded(here: &Path) -> Vec<String> {
    let reloaded = here.join("reloaded.toml");
    fs::copy(here.join("file.toml"), &reloaded).unwrap();
    let words = ["--auto", "--sim", "--speed", "60", "--config", "reloaded.toml", "--state-dir", "commanded"];
    let secret = Path::new(SECRET);
    let environment = ["PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map(|name| (name, secret));
    let mut daemon = Process::with(here, &words, &environment);
    daemon.until("ARMED");
    let mut said = Vec::new();
    let mut ctl = |words: &[&str]| said.push(run(here, &[&["ctl", "--state-dir", "commanded"], words].concat()));
    ctl(&["log", "trace"]);
    daemon.until("looking at AWS");
    for wrong in ["wrong.toml", "open.toml"] {
        fs::copy(here.join(wrong), &reloaded).unwrap();
        daemon.tell("-HUP");
        daemon.until("reload refused");
    }
    ctl(&["status"]);
    ctl(&["status", "--json"]);
    ctl(&["hold", "--reason", "a test"]);
    ctl(&["disarm"]);
    let command_line = fs::read_to_string(format!("/proc/{}/cmdline", daemon.id())).unwrap();
    said.extend([command_line, daemon.terminate().1]);
    said
}

struct Secret;

impl MakePassword for Secret {
    fn make<'a>(&'a self, _: &'a str, _: u16, _: &'a str) -> BoxFuture<'a, Result<SecretString, String>> {
        Box::pin(async { Ok(SecretString::from(SECRET)) })
    }
}

#[tokio::test]
async fn nothing_that_holds_a_secret_shows_it_to_a_debugger_of_words() {
    let planted = format!("postgresql://app:{SECRET}@localhost/b");
    let mut shown = Vec::new();
    for words in [
        &["upshift", "load", "--dsn", &planted, "--writes", "9", "--for", "1s"][..],
        &["upshift", "canary", "--dsn", &planted, "--reader-dsn", &planted],
    ] {
        shown.push(format!("{:?}", Cli::try_parse_from(words).unwrap()));
    }
    shown.push(format!("{:?}", planted.parse::<upshift::workload::dsn::Dsn>()));
    for password in [Password::Given(SecretString::from(SECRET)), Password::None] {
        let dsn = "postgresql://app@127.0.0.1:1/b".parse().unwrap();
        let access = Access::new(dsn, password.clone(), None, Clock::system()).unwrap();
        let failed = access.connect("test", std::time::Duration::from_secs(9)).await.unwrap_err();
        shown.push(format!("{password:?} {access:?} {failed:?} {failed}"));
    }
    shown.push(format!("{:?}", Password::Made(Arc::new(Secret))));
    shown.push(format!(
        "{:?}",
        Environment {
            runtime_directory: None,
            has_manager: false,
            watchdog: None,
            operator: Operator { user: "ada".to_owned(), ssh_client: None, peer: None },
            state_dir: None,
            state_home: None,
            postgres_password: Some(SecretString::from(SECRET)),
            path: None,
            for_programs: Vec::new(),
            host: String::new(),
            term: None,
            no_color: true,
            ascii: true,
        }
    ));
    let sim = Sim::new(&Scenario::builtin("quiet").unwrap().unwrap(), None, Clock::system());
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET, Some(SECRET.to_owned()), None, "test");
    let target = InProcess {
        credentials: SharedCredentialsProvider::new(credentials),
        ..InProcess::new(sim.http_client(), Clock::system())
    };
    let target = Target::InProcess(target);
    shown.push(format!("{target:?}"));
    let aws = connect(&AwsSettings::default(), target).await;
    let token = aws.session_token("localhost", 5432, "app").await.unwrap();
    shown.push(format!("{aws:?} {token:?}"));
    for text in shown {
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[test]
fn the_memory_of_a_process_is_written_to_no_disk() {
    let directory = TempDir::new().unwrap();
    let mut engine = Process::talking(directory.path(), &["--auto", "--sim", "--state-dir", "state"]);
    engine.until("ARMED");
    let about = |what: &str| fs::read_to_string(format!("/proc/{}/{what}", engine.id())).unwrap();
    let limits = about("limits");
    let core: Vec<&str> =
        limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
    // What can be dumped belongs to its own user, what cannot to the superuser.
    let uid = fs::metadata(format!("/proc/{}/limits", engine.id())).unwrap().uid();
    assert_eq!(uid, 0);
    assert!(!about("cmdline").contains(SECRET));
}
