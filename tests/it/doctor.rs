//! `upshift doctor` on simulated accounts, real servers and a real disk, each with something wrong.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;
use upshift::aws::connect::{InProcess, Target, connect};
use upshift::clock::Clock;
use upshift::model::settings::AwsSettings;

use crate::certificates::{Authority, Lasts};
use crate::pgbouncer::PgBouncer;
use crate::postgres::Server;
use crate::process::{Process, code_and_words, first_segment, upshift};
use crate::sim_account::Account;

const SCENARIO: &str = "name = \"orders\"\n[[instance]]\nid = \"orders\"\nclass = \"db.t4g.small\"\n\
                        [[demand]]\nat = \"0s\"\nwrites = 100\n";
const PINS: &str = "[aws]\naccount_id = \"111122223333\"\nregion = \"us-east-1\"\n";
const POLICY: &str = "[[database]]\nid = \"orders\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n";

/// What it found: the exit code, and of each check what came of it and all that was said.
struct Findings {
    code: i32,
    all: Vec<Value>,
    words: String,
}

impl Findings {
    /// Result and words of the only finding of a check, or of the worst.
    #[track_caller]
    fn of(&self, check: &str) -> (&str, String) {
        let found = self.all.iter().filter(|finding| finding["check"] == check);
        let rank = |finding: &&Value| match finding["result"].as_str() {
            Some("ok") => 0,
            Some("warning") => 1,
            Some("not_seen") => 2,
            _ => 3,
        };
        let worst = found.max_by_key(rank).unwrap_or_else(|| panic!("no {check}: {:?}", self.all));
        let text = |field: &str| worst[field].as_str().unwrap_or_default();
        (text("result"), format!("{} | {}", text("seen"), text("remedy")))
    }

    #[track_caller]
    fn assert(&self, check: &str, result: &str, words: &str) {
        let (found, said) = self.of(check);
        assert!(found == result && said.contains(words), "{check}: {found}: {said}");
    }
}

/// Looks by a simulated account; `scenario` and `config` are added to the usual ones.
fn doctor(scenario: &str, aws: &str, config: &str) -> Findings {
    let directory = TempDir::new().unwrap();
    doctor_in(directory.path(), scenario, aws, config)
}

fn doctor_in(directory: &Path, scenario: &str, aws: &str, config: &str) -> Findings {
    fs::write(directory.join("scenario.toml"), format!("{SCENARIO}{scenario}")).unwrap();
    fs::write(directory.join("config.toml"), format!("{aws}{POLICY}{config}")).unwrap();
    let state = directory.join("state").display().to_string();
    let words = ["doctor", "--json", "--sim", "scenario.toml", "--config", "config.toml", "--state-dir", &state];
    findings(directory, &words)
}

fn findings(directory: &Path, words: &[&str]) -> Findings {
    let run = upshift(directory, words);
    let (code, words) = code_and_words(&run);
    let all: Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|error| panic!("{error}: {words}"));
    assert_eq!(all["works"], code == 0, "{words}");
    Findings { code, all: all["findings"].as_array().unwrap().clone(), words }
}

fn fault(of: &str) -> String {
    format!("[[fault]]\nat = \"0s\"\nfor = \"8h\"\n{of}\n")
}

fn denied(operation: &str) -> String {
    fault(&format!("error = \"AccessDenied\"\naction = \"{operation}\""))
}

#[test]
fn all_is_well_where_it_is_and_nothing_is_left_behind() {
    let directory = TempDir::new().unwrap();
    let found = doctor_in(directory.path(), "", PINS, "");
    assert_eq!(found.code, 0, "{:?} {}", found.all, found.words);
    let with_a_file: BTreeSet<_> = fs::read_dir(&directory).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(with_a_file.len(), 2, "{with_a_file:?}");
    for check in ["credentials", "account", "clock_skew", "permission", "database", "class_on_ladder", "journal"] {
        assert_eq!(found.of(check).0, "ok", "{check}");
    }
    for check in ["targets_orderable", "nothing_in_the_way", "metrics", "performance_insights"] {
        assert_eq!(found.of(check).0, "ok", "{check}");
    }
    found.assert("account", "ok", "111122223333 in us-east-1, both as pinned");
    found.assert("terminal", "not_seen", "stdout is no terminal");
    found.assert("postgres", "not_seen", "no [database.postgres]");
    assert!(found.all.iter().all(|finding| finding["why"].as_str().is_some_and(|why| !why.is_empty())));
    let piped = upshift(directory.path(), &["doctor", "--sim", "scenario.toml", "--config", "config.toml"]);
    let screen = String::from_utf8_lossy(&piped.stdout);
    assert!(screen.contains("\nok        permissions           cloudwatch:GetMetricData, rds:Describe"), "{screen}");
    assert!(!screen.contains('\u{1b}'), "{screen}");
}

#[test]
fn of_another_account_nothing_is_said_and_the_rest_is_looked_at() {
    let found = doctor("", "[aws]\naccount_id = \"999999999999\"\n", "");
    assert_eq!(found.code, 1);
    assert!(found.words.contains("it will not work here: 1 of "), "{}", found.words);
    found.assert("account", "fails", "belong to account 111122223333, the configuration wants 999999999999");
    for check in ["permission", "database", "class_on_ladder", "targets_orderable", "metrics"] {
        found.assert(check, "not_seen", "the account and region are not those that are meant | mend");
    }
    for check in ["credentials", "clock_skew", "journal"] {
        assert_eq!(found.of(check).0, "ok", "{check}");
    }
    let open = doctor("", "", "");
    open.assert("account", "warning", "account_id = \"111122223333\" under [aws]");
    assert_eq!(open.code, 0);
}

#[test]
fn a_denied_call_is_named_and_what_rests_on_it_says_so() {
    let found = doctor(&denied("DescribeEvents"), PINS, "");
    assert_eq!(found.code, 1);
    found.assert("permission", "fails", "DescribeEvents: not permitted | add rds:DescribeEvents to the role");
    found.assert("metrics", "ok", "5 signals");
    let found = doctor(&denied("DescribeDBInstances"), PINS, "");
    found.assert("permission", "fails", "rds:DescribeDBInstances");
    found.assert("database", "not_seen", "needs what RDS says of it");
    found.assert("targets_orderable", "not_seen", "needs the database to be found");
    let found = doctor(&denied("GetMetricData"), PINS, "");
    found.assert("permission", "fails", "cloudwatch:GetMetricData");
    found.assert("metrics", "fails", "GetMetricData: not permitted");
    found.assert("targets_orderable", "ok", "all 2");
    let found = doctor(&denied("GetCallerIdentity"), PINS, "");
    found.assert("credentials", "fails", "sts:GetCallerIdentity");
    found.assert("account", "not_seen", "whose the credentials are");
    found.assert("database", "ok", "db.t4g.small");
}

/// What may be done is asked of IAM: nothing is tried.
#[test]
fn what_the_engine_would_send_is_asked_of_iam() {
    let directory = TempDir::new().unwrap();
    let by = |tells: &str, acts: &str, policy: &str| {
        let allow = |actions: &str| format!("{{\"Effect\": \"Allow\", \"Resource\": \"*\", \"Action\": {actions}}}");
        let reads = allow(&format!("[\"rds:Describe*\", \"cloudwatch:Get*\", \"iam:{tells}\"]"));
        let document = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{reads}, {}]}}", allow(acts));
        fs::write(directory.path().join("policy.json"), document).unwrap();
        fs::write(directory.path().join("scenario.toml"), SCENARIO).unwrap();
        fs::write(directory.path().join("config.toml"), format!("{PINS}{POLICY}{policy}")).unwrap();
        let words = ["doctor", "--json", "--sim", "scenario.toml", "--config", "config.toml", "--iam", "policy.json"];
        findings(directory.path(), &words)
    };
    let all = by("SimulatePrincipalPolicy", "\"rds:ModifyDBInstance\"", "");
    all.assert("permitted_to_act", "ok", "rds:ModifyDBInstance");
    assert_eq!(all.code, 0, "{:?}", all.all);
    let less = by("SimulatePrincipalPolicy", "\"rds:RebootDBInstance\"", "");
    less.assert("permitted_to_act", "fails", "rds:ModifyDBInstance on db:orders is not permitted");
    less.assert("permitted_to_act", "fails", "add rds:ModifyDBInstance to what upshift-simulation may do");
    assert_eq!(less.code, 1);
    let tagged = "\"rds:*\", \"Condition\": {\"StringEquals\": {\"rds:db-tag/upshift\": \"allowed\"}}";
    by("SimulatePrincipalPolicy", tagged, "").assert(
        "permitted_to_act",
        "fails",
        "give the database orders the tag upshift",
    );
    let untold = by("ListRoles", "\"rds:RebootDBInstance\"", "");
    untold.assert("permitted_to_act", "not_seen", "iam:SimulatePrincipalPolicy is missing");
    assert_eq!(untold.code, 0, "that IAM does not tell is no failure: {:?}", untold.all);
    let copies = by(
        "SimulatePrincipalPolicy",
        "[\"rds:*BlueGreen*\", \"rds:*DBInstance*\", \"rds:AddTags*\", \"rds:PromoteReadReplica\"]",
        "strategy = \"blue_green\"\n",
    );
    copies.assert("permitted_to_act", "fails", "rds:CreateDBSnapshot on snapshot:");
    let is_ok = |action: &str| copies.all.iter().any(|it| it["seen"] == action && it["result"] == "ok");
    for action in
        ["rds:CreateBlueGreenDeployment", "rds:SwitchoverBlueGreenDeployment", "rds:CreateDBInstanceReadReplica"]
    {
        assert!(is_ok(action), "{action}: {:?}", copies.all);
    }
}

#[test]
fn what_may_be_answered_later_fails_nothing() {
    let throttled = fault("error = \"Throttling\"\naction = \"DescribeOrderableDBInstanceOptions\"");
    let found = doctor(&throttled, PINS, "");
    assert_eq!(found.code, 0, "{:?}", found.all);
    found.assert("permission", "not_seen", "AWS asks for fewer calls | look again");
    found.assert("targets_orderable", "not_seen", "needs what AWS offers");
}

#[test]
fn series_that_are_old_or_missing_are_told_with_their_age() {
    let late = "[timing]\npublish_delay = [\"20m\", \"20m\"]\n";
    let found = doctor(late, PINS, "publish_delay = \"2m\"\n");
    assert_eq!(found.code, 1);
    found.assert("metrics", "fails", "writes is 20 min");
    found.assert("metrics", "fails", "limit 5 min");
    let rows = "[[database.signal]]\nname = \"rows\"\nmetric = \"NoSuchMetric\"\n[[database.up]]\nsignal = \"rows\"\n\
                above = 5\ndatapoints = 1\nperiods = 1\n[[database.down]]\nsignal = \"rows\"\nbelow = 1\n\
                datapoints = 9\nperiods = 9\n";
    doctor("", PINS, rows).assert("metrics", "fails", "rows has no datapoint");
}

#[test]
fn a_database_that_is_not_there_or_cannot_move_is_told() {
    let found = doctor("", PINS, "[[database]]\nid = \"billing\"\nladder = [\"db.m5.large\", \"db.m5.xlarge\"]\n");
    let billing = found.all.iter().find(|it| it["check"] == "database" && it["database"] == "billing").unwrap();
    assert_eq!(billing["result"], "fails");
    assert!(billing["seen"].as_str().unwrap().contains("no database named billing"), "{billing}");
    let of_orders = found.all.iter().filter(|it| it["database"] == "orders");
    let others = ["database", "class_on_ladder", "targets_orderable", "nothing_in_the_way", "metrics"];
    let seen = of_orders.filter(|it| others.contains(&it["check"].as_str().unwrap()) && it["result"] == "ok");
    assert_eq!(seen.count(), others.len(), "{:?}", found.all);
    let elsewhere = doctor("[capacity.\"db.m5.large\"]\norderable = false\n", PINS, "");
    elsewhere.assert("targets_orderable", "fails", "AWS does not offer db.m5.large for postgres 16.8 in us-east-1a");
    let here = doctor("[capacity.\"db.t4g.small\"]\norderable = false\n", PINS, "");
    here.assert("targets_orderable", "warning", "db.t4g.small, which it has, is not offered any more");
    assert_eq!(here.code, 0);
    let wrong = doctor("", PINS, "strategy = \"reader_failover\"\n");
    wrong.assert("database", "fails", "no DB cluster named orders");
    let policy = "strategy = \"blue_green\"\nproxy = \"orders-proxy\"\n";
    doctor("", PINS, policy).assert("nothing_in_the_way", "fails", "orders-proxy does not know it");
}

#[test]
fn the_table_of_the_lease_and_the_program_that_tells_are_looked_at() {
    let both = "[lease]\ntable = \"fleet\"\n[notify]\ncommand = [\"/nowhere/tell\"]\n";
    let found = doctor("", PINS, both);
    assert_eq!(found.code, 1);
    found.assert("lease", "fails", "no such table in this account and region");
    found.assert("notify", "fails", "/nowhere/tell: No such file");
    let found = doctor("", PINS, "[notify]\ncommand = [\"/bin/sh\"]\n");
    assert_eq!(found.code, 0, "{:?} {}", found.all, found.words);
    found.assert("notify", "ok", "/bin/sh is there");
    assert!(found.all.iter().all(|finding| finding["check"] != "lease"), "{:?}", found.all);
}

#[test]
fn alarms_are_held_against_the_policy() {
    doctor("", PINS, "").assert("alarms", "not_seen", "there is no [alarms]");
    let with_alarms = format!("{PINS}[alarms]\n");
    let found = doctor("", &with_alarms, "");
    found.assert("alarms", "warning", "create upshift-orders-");
    found.assert("alarms", "warning", "`upshift alarms apply` does it");
    assert_eq!(found.code, 0);
    doctor(&denied("DescribeAlarms"), &with_alarms, "").assert("alarms", "fails", "cloudwatch:DescribeAlarms");
    // That they are in sync is seen where they outlive a command.
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("scenario.toml"), SCENARIO).unwrap();
    let serve = ["sim", "--scenario", "scenario.toml"];
    let mut sim = Process::start(directory.path(), &serve, |child| Box::new(child.stdout.take().unwrap()));
    sim.until("endpoint");
    let line: Value = serde_json::from_str(sim.said.last().unwrap()).unwrap();
    let endpoint = line["endpoint"].as_str().unwrap();
    let aws = format!("[aws]\nregion = \"us-east-1\"\nendpoint_url = \"{endpoint}\"\n[alarms]\n");
    assert_eq!(doctor_at(directory.path(), &aws).of("alarms").0, "warning");
    let apply = Process::talking(directory.path(), &["alarms", "apply", "--yes"]);
    let (code, said) = apply.end();
    assert_eq!(code, 0, "{said}");
    doctor_at(directory.path(), &aws).assert("alarms", "ok", "as the policy wants them");
}

#[test]
fn a_class_off_the_ladder_is_no_place_to_begin() {
    let directory = TempDir::new().unwrap();
    let scenario = SCENARIO.replace("db.t4g.small", "db.m5.xlarge");
    fs::write(directory.path().join("scenario.toml"), scenario).unwrap();
    fs::write(directory.path().join("config.toml"), format!("{PINS}{POLICY}")).unwrap();
    let words = ["doctor", "--json", "--sim", "scenario.toml", "--config", "config.toml"];
    let found = findings(directory.path(), &words);
    found.assert("class_on_ladder", "fails", "db.m5.xlarge is none of db.t4g.small - db.m5.large");
    assert_eq!(found.code, 1);
}

#[test]
fn a_directory_that_takes_no_records_fails_and_a_running_engine_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let at = |place: &str| findings(directory.path(), &["doctor", "--sim", "quiet", "--json", "--state-dir", place]);
    // Of which nobody can make a file, the superuser neither.
    at("/sys/upshift").assert("journal", "fails", "nothing can be written to /sys");
    let open = directory.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    at(open.to_str().unwrap()).assert("journal", "fails", "can be written to by others");

    let state = directory.path().join("state");
    let mut engine = Process::talking(directory.path(), &["--auto", "--sim", "quiet", "--state-dir", "state"]);
    engine.until("ARMED");
    let busy = at(state.to_str().unwrap());
    busy.assert("journal", "ok", &format!("an engine runs on it: process {}", engine.id()));
    let (code, said) = engine.terminate();
    assert_eq!(code, 0, "{said}");
    let idle = at(state.to_str().unwrap());
    assert!(!idle.of("journal").1.contains("engine"), "{}", idle.of("journal").1);
    let journal = fs::read_to_string(first_segment(&state)).unwrap();
    fs::write(first_segment(&state), journal.replacen("auto sim", "auto mis", 1)).unwrap();
    at(state.to_str().unwrap()).assert("journal", "fails", "is damaged");
}

#[test]
fn a_server_is_reached_with_tls_that_is_verified_or_it_is_told_why_not() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let mut server = Server::start();
    server.with_tls(&authority.sign("DNS:localhost,IP:127.0.0.1", Lasts::Still), &[]);
    let postgres = |ca_file: &Path, port: u16| {
        let (ca_file, dsn) = (ca_file.display(), format!("postgresql://postgres@localhost:{port}/postgres"));
        format!("[database.postgres]\ndsn = \"{dsn}?sslmode=verify-full\"\nca_file = \"{ca_file}\"\n")
    };
    let found = doctor("", PINS, &postgres(&authority.file(), server.port()));
    found.assert("postgres", "ok", "verified TLS");
    assert_eq!(found.code, 0, "{:?}", found.all);
    let found = doctor("", PINS, &postgres(&stranger.file(), server.port()));
    found.assert("postgres", "fails", "signed by none of the authorities that are trusted");
    assert_eq!(found.code, 1);
    let found = doctor("", PINS, &postgres(Path::new("/nowhere/ca.pem"), server.port()));
    found.assert("postgres", "fails", "/nowhere/ca.pem");
    found.assert("database", "ok", "db.t4g.small");
    // A port that nobody listens on.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    doctor("", PINS, &postgres(&authority.file(), port)).assert("postgres", "fails", "look at host, port");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_could_hold_clients_or_it_is_told_why_not() {
    let server = Server::start();
    let mut pooler = PgBouncer::before(server.port()).await;
    let config = |database: &str, port: u16| {
        format!(
            "strategy = \"blue_green\"\n[database.postgres]\ndsn = \"postgresql://postgres@127.0.0.1:{}/postgres\"\n\
             [database.pooler]\nadmin_dsn = \"postgresql://postgres@127.0.0.1:{port}/pgbouncer\"\n\
             database = \"{database}\"\n",
            server.port()
        )
    };
    let port = pooler.access("app").dsn().port();
    let found = doctor("", PINS, &config("app", port));
    found.assert("pooler", "ok", "in transaction mode");
    found.assert("postgres", "ok", "plain text within this machine");
    doctor("", PINS, &config("shop", port)).assert("pooler", "fails", "PgBouncer has no database shop");
    pooler.kill();
    let found = doctor("", PINS, &config("app", port));
    found.assert("pooler", "fails", "look at [database.pooler]");
    assert_eq!(found.code, 1);
}

#[test]
fn simulated_servers_are_looked_at_as_real_ones() {
    let directory = TempDir::new().unwrap();
    let found = findings(directory.path(), &["doctor", "--sim", "drill", "--postgres", "--json"]);
    assert_eq!(found.code, 0, "{:?}", found.all);
    found.assert("postgres", "ok", "plain text within this machine");
}

/// Whatever the answer is, it has a date.
#[test]
fn a_clock_that_is_wrong_is_told_from_a_refusal_too() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let ahead = Clock::system().now().checked_add(SignedDuration::from_mins(20)).unwrap();
    let date = ahead.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(|stream| refuse(stream, &date)));
    let directory = TempDir::new().unwrap();
    let endpoint = format!("[aws]\nregion = \"us-east-1\"\nendpoint_url = \"http://127.0.0.1:{port}\"\n");
    let found = doctor_at(directory.path(), &endpoint);
    found.assert("clock_skew", "fails", "s behind AWS | let this machine take its time from NTP");
    found.assert("credentials", "fails", "this host's clock is wrong");
    found.assert("database", "not_seen", "there are no credentials that AWS accepts");
    assert_eq!(found.code, 1);
}

#[test]
fn an_aws_that_cannot_be_reached_keeps_nothing_from_being_looked_at() {
    let directory = TempDir::new().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("[aws]\nregion = \"us-east-1\"\nendpoint_url = \"http://127.0.0.1:{port}\"\n");
    let found = doctor_at(directory.path(), &endpoint);
    found.assert("credentials", "fails", "cannot reach AWS");
    found.assert("clock_skew", "not_seen", "no answer with a date came");
    found.assert("database", "not_seen", "AWS cannot be reached");
    found.assert("journal", "ok", "a record is durable in");
}

/// By an endpoint of the configuration, with credentials of no worth.
fn doctor_at(directory: &Path, aws: &str) -> Findings {
    fs::write(directory.join("config.toml"), format!("{aws}{POLICY}")).unwrap();
    looked_at(directory)
}

/// By the configuration that is there.
fn looked_at(directory: &Path) -> Findings {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_upshift"))
        .args(["doctor", "--json"])
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", "TEST"), ("AWS_SECRET_ACCESS_KEY", "test")])
        .env("UPSHIFT_STATE_DIR", directory)
        .current_dir(directory)
        .output()
        .unwrap();
    let (code, words) = code_and_words(&run);
    let all: Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|error| panic!("{error}: {words}"));
    Findings { code, all: all["findings"].as_array().unwrap().clone(), words }
}

fn refuse(mut stream: std::net::TcpStream, date: &str) {
    let body = "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>Signature expired: \
                it is now earlier</Message></Error><RequestId>1</RequestId></ErrorResponse>";
    let mut request = Vec::new();
    let mut part = [0; 4_096];
    // Head and body of a request this small come at once, or one behind the other.
    while !String::from_utf8_lossy(&request).contains("Action=") {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(bytes) => request.extend_from_slice(&part[..bytes]),
        }
    }
    let head = format!("HTTP/1.1 403 Forbidden\r\nDate: {date}\r\nContent-Type: text/xml\r\nConnection: close\r\n");
    drop(stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()));
}

#[tokio::test(start_paused = true)]
async fn the_difference_of_the_clocks_is_read_from_the_answer() {
    let account = Account::of(SCENARIO);
    for off_secs in [0, 100, -200] {
        let clock = account.sim.clock().now().checked_add(SignedDuration::from_secs(off_secs)).unwrap();
        let in_process = InProcess::new(account.sim.http_client(), Clock::scaled(clock, 1.0));
        let aws = connect(&AwsSettings::default(), Target::InProcess(in_process)).await;
        let ahead = aws.clock_ahead_secs().await.unwrap();
        assert!((ahead + off_secs as f64).abs() < 2.0, "{off_secs}: {ahead}");
    }
    assert!(account.now() > Timestamp::UNIX_EPOCH);
}

/// What Application Auto Scaling has is held against the configuration.
#[test]
fn readers_are_held_against_what_is_registered() {
    let directory = TempDir::new().unwrap();
    let by = |members: &str, scaling: &str, readers: &str, fault: &str| {
        let scenario = format!(
            "name = \"a\"\n[[cluster]]\nid = \"orders\"\nkind = \"aurora\"\nclass = \"db.t4g.medium\"\nmembers = [{members}]\n\
             {scaling}[[demand]]\nat = \"0s\"\nwrites = 100\n{fault}"
        );
        fs::write(directory.path().join("scenario.toml"), scenario).unwrap();
        let policy = "[[database]]\nid = \"orders\"\nladder = [\"db.t4g.medium\", \"db.t4g.large\"]\n\
                      strategy = \"reader_failover\"\n";
        fs::write(directory.path().join("config.toml"), format!("{PINS}{policy}{readers}")).unwrap();
        findings(directory.path(), &["doctor", "--json", "--sim", "scenario.toml", "--config", "config.toml"])
    };
    let wanted = "[database.readers]\nmin = 1\nmax = 4\ntarget = 100\n";
    let both = "{ id = \"one\" }, { id = \"two\" }";
    let none = by(both, "", "", "");
    assert!(none.all.iter().all(|it| it["check"] != "readers"), "nobody asked for it: {:?}", none.all);
    let found = by(both, "", wanted, "");
    found.assert("readers", "warning", "create scalable target cluster:orders, create policy upshift-readers");
    found.assert("readers", "warning", "`upshift readers apply` does it");
    assert_eq!(found.code, 0, "{:?}", found.all);
    let alone = by("{ id = \"one\" }", "", wanted, "");
    alone.assert("readers", "fails", "orders has no reader");
    assert_eq!(alone.code, 1);
    let theirs = by(both, "scaling = { min = 1, max = 9, connections = 50 }\n", wanted, "");
    theirs.assert("readers", "fails", "AWS takes one for each metric");
    let denied = by(both, "", wanted, &denied("DescribeScalableTargets"));
    denied.assert("readers", "fails", "application-autoscaling:DescribeScalableTargets");
    denied.assert("permission", "fails", "add application-autoscaling:DescribeScalableTargets");
    // That they are in sync is seen where what is registered outlives a command.
    let scenario = format!(
        "name = \"a\"\n[[cluster]]\nid = \"orders\"\nkind = \"aurora\"\nclass = \"db.t4g.medium\"\nmembers = [{both}]\n\
         [[demand]]\nat = \"0s\"\nwrites = 100\n"
    );
    fs::write(directory.path().join("scenario.toml"), scenario).unwrap();
    let mut sim = Process::start(directory.path(), &["sim", "--scenario", "scenario.toml"], |child| {
        Box::new(child.stdout.take().unwrap())
    });
    sim.until("endpoint");
    let line: Value = serde_json::from_str(sim.said.last().unwrap()).unwrap();
    let endpoint = line["endpoint"].as_str().unwrap();
    let config = format!(
        "[aws]\nregion = \"us-east-1\"\nendpoint_url = \"{endpoint}\"\n[[database]]\nid = \"orders\"\n\
         ladder = [\"db.t4g.medium\", \"db.t4g.large\"]\nstrategy = \"reader_failover\"\n{wanted}"
    );
    fs::write(directory.path().join("config.toml"), config).unwrap();
    let (code, said) = Process::talking(directory.path(), &["readers", "apply", "--yes"]).end();
    assert_eq!(code, 0, "{said}");
    let found = looked_at(directory.path());
    found.assert("readers", "ok", "1 to 4 as configured; there is 1 reader");
    found.assert("permitted_to_act", "ok", "rds:");
    let role = "iam:CreateServiceLinkedRole (not needed: the role is there";
    assert!(found.all.iter().any(|it| it["seen"].as_str().unwrap().starts_with(role)), "{:?}", found.all);
}
