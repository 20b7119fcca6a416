//! The RDS adapter against moto, an RDS server nobody here wrote.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use upshift::aws::connect::{Target, connect};
use upshift::model::call::{CallOutcome, MutatingCall};
use upshift::model::class::InstanceClass;
use upshift::model::database::DatabaseName;
use upshift::model::deployment::DeploymentId;
use upshift::model::readers::{ReadersCall, Registered, ScalingPolicy};
use upshift::model::settings::AwsSettings;

/// A moto server on a free port; ended when dropped.
pub(crate) struct Moto {
    child: Child,
    pub(crate) url: String,
}

impl Moto {
    pub(crate) fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/moto_server");
        assert!(program.is_file(), "there is no moto at {}: run tests/tools.sh", program.display());
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", "0"]).env("PYTHONUNBUFFERED", "1");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut lines = stderr.lines().map_while(Result::ok);
        let url = lines.find_map(|line| Some(line.split("Running on ").nth(1)?.split_whitespace().next()?.to_owned()));
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: url.unwrap() }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test]
async fn it_describes_and_modifies_a_database_of_motos() {
    let moto = Moto::start();
    let name = DatabaseName::new("checkpoints");
    let target = Target::Endpoint { url: moto.url.clone(), region: "us-east-1".to_owned() };
    let aws = connect(&AwsSettings::default(), target).await;
    assert!(aws.identity().await.unwrap().account.len() == 12);
    assert!(aws.instances(std::slice::from_ref(&name)).await.unwrap().is_empty(), "not there yet");
    create(&moto.url).await;
    let class =
        async || aws.instances(std::slice::from_ref(&name)).await.unwrap()[&name].as_ref().unwrap().class.clone();
    assert_eq!(class().await.as_str(), "db.t4g.small");
    let to = InstanceClass::observed("db.m5.large");
    let call =
        MutatingCall::ModifyDbInstanceClass { database: name.clone(), class: to.clone(), capacity_reservation: None };
    assert!(matches!(aws.send(&call).await, CallOutcome::Accepted { .. }));
    assert_eq!(class().await, to);
    let other = MutatingCall::ModifyDbInstanceClass {
        database: DatabaseName::new("nothing"),
        class: to,
        capacity_reservation: None,
    };
    match aws.send(&other).await {
        CallOutcome::Refused { code, .. } => assert_eq!(code, "DBInstanceNotFound"),
        outcome => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn it_makes_finds_and_switches_over_a_blue_green_deployment_of_motos() {
    let moto = Moto::start();
    let name = DatabaseName::new("checkpoints");
    let target = Target::Endpoint { url: moto.url.clone(), region: "us-east-1".to_owned() };
    let aws = connect(&AwsSettings::default(), target).await;
    create(&moto.url).await;
    let source = aws.instances(std::slice::from_ref(&name)).await.unwrap()[&name].as_ref().unwrap().arn.clone();
    let class = InstanceClass::observed("db.m5.large");
    let make = MutatingCall::CreateBlueGreenDeployment {
        database: name.clone(),
        source: source.clone(),
        name: "upshift-a1".to_owned(),
        class: Some(class),
    };
    assert!(matches!(aws.send(&make).await, CallOutcome::Accepted { .. }));
    match aws.send(&make).await {
        CallOutcome::Refused { code, .. } => assert_eq!(code, "BlueGreenDeploymentAlreadyExistsFault"),
        outcome => panic!("{outcome:?}"),
    }
    let [made] = &aws.deployments().await.unwrap()[..] else { panic!("not one deployment") };
    assert_eq!((made.name.as_str(), made.source.as_str()), ("upshift-a1", source.as_str()));
    assert!(made.status.is_available(), "{made:?}");
    assert!(made.target.as_ref().unwrap().as_str().starts_with("checkpoints-green-"), "{made:?}");
    let deployment = made.id.clone();
    let cut = MutatingCall::SwitchoverBlueGreenDeployment { database: name.clone(), deployment, timeout_secs: 60 };
    assert!(matches!(aws.send(&cut).await, CallOutcome::Accepted { .. }));
    let [done] = &aws.deployments().await.unwrap()[..] else { panic!("not one deployment") };
    assert!(done.status.is_switched(), "{done:?}");
    let gone = MutatingCall::DeleteBlueGreenDeployment { database: name, deployment: DeploymentId::new("bgd-none") };
    match aws.send(&gone).await {
        CallOutcome::Refused { code, .. } => assert_eq!(code, "BlueGreenDeploymentNotFoundFault"),
        outcome => panic!("{outcome:?}"),
    }
}

/// moto has every call but `DescribeScalingActivities`.
#[tokio::test]
async fn it_registers_and_takes_away_scaling_of_motos() {
    let moto = Moto::start();
    let cluster = DatabaseName::new("orders");
    let target = Target::Endpoint { url: moto.url.clone(), region: "us-east-1".to_owned() };
    let aws = connect(&AwsSettings::default(), target).await;
    assert_eq!(aws.registered_readers(&cluster).await.unwrap(), Registered::default());
    let mut policy = ScalingPolicy {
        name: "upshift-readers".to_owned(),
        kind: "TargetTrackingScaling".to_owned(),
        metric: Some("RDSReaderAverageDatabaseConnections".to_owned()),
        target: Some(80.5),
        scale_in_cooldown_secs: Some(300),
        scale_out_cooldown_secs: Some(0),
        scale_in_disabled: false,
    };
    let send = async |call: ReadersCall| aws.send_readers(&call).await;
    let accepted = |outcome: CallOutcome| assert!(matches!(outcome, CallOutcome::Accepted { .. }), "{outcome:?}");
    let register = |max| ReadersCall::Register { database: cluster.clone(), min: 1, max };
    let put = |policy: &ScalingPolicy| ReadersCall::PutPolicy { database: cluster.clone(), policy: policy.clone() };
    accepted(send(register(4)).await);
    accepted(send(put(&policy)).await);
    let found = aws.registered_readers(&cluster).await.unwrap();
    assert_eq!(found.policies, [policy.clone()]);
    let bounds = |found: &Registered| found.target.as_ref().map(|target| (target.min, target.max));
    assert_eq!(bounds(&found), Some((1, 4)));
    policy.target = Some(60.0);
    accepted(send(register(6)).await);
    accepted(send(put(&policy)).await);
    let found = aws.registered_readers(&cluster).await.unwrap();
    assert_eq!((bounds(&found), &found.policies[..]), (Some((1, 6)), &[policy.clone()][..]));
    let name = policy.name.clone();
    accepted(send(ReadersCall::DeletePolicy { database: cluster.clone(), name: name.clone() }).await);
    match send(ReadersCall::DeletePolicy { database: cluster.clone(), name }).await {
        CallOutcome::Refused { code, .. } => assert_eq!(code, "ValidationException"),
        outcome => panic!("{outcome:?}"),
    }
    accepted(send(ReadersCall::Deregister { database: cluster.clone() }).await);
    assert_eq!(aws.registered_readers(&cluster).await.unwrap(), Registered::default());
}

/// Creating databases is no business of the product, so the test does it with the SDK itself.
async fn create(url: &str) {
    let credentials = aws_credential_types::Credentials::new("TEST", "test", None, None, "test");
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("us-east-1"))
        .credentials_provider(credentials)
        .endpoint_url(url)
        .load()
        .await;
    let request = aws_sdk_rds::Client::new(&config)
        .create_db_instance()
        .db_instance_identifier("checkpoints")
        .db_instance_class("db.t4g.small")
        .engine("postgres")
        .allocated_storage(20)
        .master_username("postgres")
        .master_user_password("not-a-secret");
    request.send().await.unwrap();
}
