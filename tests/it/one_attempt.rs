//! The clients as they ship: a mutating call is on the wire once, whatever becomes of its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use upshift::aws::connect::{Target, connect};
use upshift::model::call::{CallOutcome, MutatingCall};
use upshift::model::class::InstanceClass;
use upshift::model::database::DatabaseName;
use upshift::model::settings::AwsSettings;

/// An AWS that takes each request and hangs up without an answer; and how many it has taken.
async fn hanging_up(tasks: &mut JoinSet<()>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    tasks.spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut heard = Vec::new();
            while !String::from_utf8_lossy(&heard).contains("Action=ModifyDBInstance") {
                let mut part = [0; 4096];
                match client.read(&mut part).await {
                    Ok(0) | Err(_) => break,
                    Ok(length) => heard.extend_from_slice(&part[..length]),
                }
            }
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (url, taken)
}

#[tokio::test]
async fn a_mutating_call_whose_answer_is_lost_is_sent_once_and_its_outcome_unknown() {
    let mut tasks = JoinSet::new();
    let (url, taken) = hanging_up(&mut tasks).await;
    let settings = AwsSettings { region: Some("us-east-1".to_owned()), ..AwsSettings::default() };
    let target = Target::Endpoint { url: url.clone(), region: "us-east-1".to_owned() };
    let aws = connect(&settings, target).await;
    let class = InstanceClass::observed("db.m5.large");
    let call = MutatingCall::ModifyDbInstanceClass {
        database: DatabaseName::new("checkpoints"),
        class,
        capacity_reservation: None,
    };
    let outcome = aws.send(&call).await;
    assert!(matches!(outcome, CallOutcome::Unknown { .. }), "{outcome:?}");
    assert_eq!(taken.load(Ordering::SeqCst), 1);
}
