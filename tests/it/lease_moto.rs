//! Three real processes on one table of moto, a DynamoDB that nobody here wrote: one is killed in the middle of an action, one
//! stands still for longer than the lease, one is told to end. In real time, on the shortest terms that there are.

use std::path::Path;

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::task::JoinSet;
use upshift::clock::{Clock, Stopwatch};
use upshift::model::event::Event;
use upshift::sim::Sim;
use upshift::sim::scenario::Scenario;
use upshift::sim::server::Server;

use crate::controlled::entries;
use crate::lease::create_table;
use crate::moto::Moto;
use crate::process::Process;

/// Of the configuration below, and what a takeover may take beyond it.
const TTL_SECS: f64 = 22.0;
const BEYOND_SECS: f64 = 5.0;

/// Every engine that may act wants to, until the last rung.
const CONFIG: &str = r#"
[engine]
evaluate_every = "2s"
watch_every = "5s"
[lease]
table = "upshift"
ttl = "22s"
heartbeat = "4s"
[[database]]
id = "checkpoints"
ladder = ["db.t4g.small", "db.m5.large", "db.m5.xlarge", "db.m5.2xlarge", "db.m5.4xlarge", "db.m5.8xlarge"]
cooldown = { up = "1s", down = "60m" }
hold_after_manual = "1s"
clear_of_windows = "0s"
max_actions_per_day = 50
"#;

/// More writes than any class is for, on a database that changes its class in seconds.
fn scenario(now: Timestamp) -> Scenario {
    let text = format!(
        "name = \"busy\"\nstart = \"{now:.0}\"\nhistory = \"2h\"\nseed = 3\n\
         [timing]\nstatus_flip = \"2s\"\npreparation = \"2s\"\noutage = \"2s\"\nsettle = \"1s\"\n\
         [[instance]]\nid = \"checkpoints\"\nclass = \"db.t4g.small\"\nengine_version = \"16.8\"\nstorage_gib = 100\n\
         [[demand]]\nat = \"0s\"\nwrites = 620\nconnections = 30\n"
    );
    Scenario::parse("busy", &text).unwrap_or_else(|error| panic!("{error}"))
}

/// The engines, each with its own directory.
struct Ground {
    endpoint: String,
    moto: Moto,
}

impl Ground {
    fn engine(&self, directory: &Path) -> Process {
        std::fs::write(directory.join("config.toml"), CONFIG).unwrap();
        let environment = [("AWS_ENDPOINT_URL", &*self.endpoint), ("AWS_ENDPOINT_URL_DYNAMODB", &*self.moto.url)];
        let words = ["--auto", "--config", "config.toml", "--state-dir", "."];
        Process::start_in(directory, &words, &environment, |child| Box::new(child.stderr.take().unwrap()))
    }
}

async fn table_of_moto(url: &str) {
    let credentials = aws_credential_types::Credentials::new("TEST", "test", None, None, "test");
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("us-east-1"))
        .credentials_provider(credentials)
        .endpoint_url(url)
        .load()
        .await;
    create_table(&aws_sdk_dynamodb::Client::new(&config)).await;
}

/// From when to when each call of an engine could arrive, and the epoch that it was sent in.
fn calls(directory: &Path) -> Vec<(Timestamp, Timestamp, u64)> {
    let (mut calls, mut epoch) = (Vec::<(Timestamp, Timestamp, u64)>::new(), 0);
    for entry in entries(directory) {
        match entry.event {
            Event::LeaseAcquired { epoch: acquired, .. } => epoch = acquired,
            // Unless an answer says more, it can arrive for as long as it is waited for.
            Event::CallSent { .. } => {
                let until = entry.at.checked_add(upshift::model::limits::MUTATION_LIMIT).unwrap();
                calls.push((entry.at, until, epoch));
            }
            Event::CallAnswered { .. } => {
                if let Some((_, until, _)) = calls.last_mut() {
                    *until = entry.at.min(*until);
                }
            }
            _ => {}
        }
    }
    calls
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn of_three_engines_one_acts_through_a_kill_a_standstill_and_an_end() {
    let clock = Clock::system();
    let now = clock.now();
    let sim = Sim::new(&scenario(now), None, Clock::scaled(now, 1.0));
    let server = Server::bind(([127, 0, 0, 1], 0).into(), sim).await.unwrap();
    let ground = Ground { endpoint: server.endpoint(), moto: Moto::start() };
    let mut tasks = JoinSet::new();
    tasks.spawn(server.run(std::future::pending()));
    table_of_moto(&ground.moto.url).await;
    let [one, two, three] = [(); 3].map(|()| TempDir::new().unwrap());

    let mut first = ground.engine(one.path());
    first.until("lease acquired, epoch 1");
    let mut second = ground.engine(two.path());
    second.until("observer: lease held by ");
    first.until("sending ModifyDBInstance");
    first.kill();
    let killed = Stopwatch::start();
    second.until("lease acquired after ");
    let after_kill = killed.elapsed().as_secs_f64();
    assert!(after_kill <= TTL_SECS + BEYOND_SECS, "{after_kill} s after the kill");

    let mut third = ground.engine(three.path());
    third.until("observer: lease held by ");
    second.until("sending ModifyDBInstance");
    second.tell("-STOP");
    let stopped = Stopwatch::start();
    third.until("lease acquired after ");
    let after_stop = stopped.elapsed().as_secs_f64();
    assert!(after_stop <= TTL_SECS + BEYOND_SECS, "{after_stop} s after the standstill began");
    third.until("sending ModifyDBInstance");
    second.tell("-CONT");
    second.until("lease of epoch 2 LOST, nothing is sent");
    second.until("observer: lease held by ");

    third.tell("-TERM");
    let told = Stopwatch::start();
    second.until("lease acquired after ");
    let after_end = told.elapsed().as_secs_f64();
    // An answer is waited for; the lease itself is not.
    assert!(after_end <= 20.0, "{after_end} s after the end");
    drop(third);
    drop(second);

    let mut all: Vec<_> = [&one, &two, &three].into_iter().flat_map(|directory| calls(directory.path())).collect();
    all.sort();
    let epochs: Vec<u64> = all.iter().map(|(_, _, epoch)| *epoch).collect();
    assert!(epochs.contains(&1) && epochs.contains(&2) && epochs.contains(&3), "{epochs:?}");
    for pair in all.windows(2) {
        let [(_, until, before), (from, _, after)] = pair else { unreachable!() };
        assert!(after >= before, "an epoch went back: {all:#?}");
        assert!(from >= until || after == before, "two engines acted at once: {all:#?}");
    }
    println!(
        "takeover after kill {after_kill:.1} s, standstill {after_stop:.1} s, end {after_end:.1} s; calls {epochs:?}"
    );
}
