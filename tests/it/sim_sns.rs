//! The simulated SNS: the AWS CLI over a socket, and the SDK's own words for what is refused.

use aws_sdk_sns::error::ProvideErrorMetadata;
use upshift::clock::Clock;
use upshift::sim::Sim;
use upshift::sim::scenario::Scenario;

use crate::aws_cli::{STILL, serve_on};
use crate::sim_account::Account;

fn quiet() -> Sim {
    let scenario = Scenario::builtin("quiet").unwrap().unwrap();
    Sim::new(&scenario, None, Clock::scaled(scenario.start, STILL))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cli_publishes_and_what_it_published_is_kept() {
    let sim = quiet();
    serve_on(sim.clone(), async |cli| {
        let made = cli.json(&["sns", "create-topic", "--name", "pager"]).await;
        let arn = made["TopicArn"].as_str().unwrap();
        assert_eq!(arn, "arn:aws:sns:us-east-1:111122223333:pager");
        let words = ["sns", "publish", "--topic-arn", arn, "--subject", "upshift: HELD", "--message", "{\"a\": \"ä\"}"];
        let id = cli.json(&words).await["MessageId"].as_str().unwrap().to_owned();
        let found = cli.json(&["sns", "list-topics"]).await;
        assert_eq!(found["Topics"][0]["TopicArn"], arn);
        let sent: Vec<_> = sim.world().published().cloned().collect();
        assert_eq!((sent.len(), &sent[0].id, sent[0].topic.as_str()), (1, &id, arn));
        assert_eq!((sent[0].subject.as_deref(), sent[0].message.as_str()), (Some("upshift: HELD"), "{\"a\": \"ä\"}"));

        let other = arn.replace("pager", "nobody");
        let (_, why) = cli.refusal(&["sns", "publish", "--topic-arn", &other, "--message", "x"]).await;
        assert!(why.contains("(NotFound)") && why.contains("Topic does not exist"), "{why}");
        cli.json(&["sns", "delete-topic", "--topic-arn", arn]).await;
        let (_, why) = cli.refusal(&["sns", "publish", "--topic-arn", arn, "--message", "x"]).await;
        assert!(why.contains("(NotFound)"), "{why}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_sns_does_not_take_is_refused() {
    let account = Account::on(&quiet());
    let arn = account.sns.create_topic().name("pager").send().await.unwrap().topic_arn.unwrap();
    let publish = || account.sns.publish().topic_arn(&arn);
    let long = "x".repeat(262_145);
    for (request, why) in [
        (publish().message(&long), "too long"),
        (publish().message("x").subject("a".repeat(101)), "Subject"),
        (publish().message("x").subject("ä"), "Subject"),
        (publish().message("x").subject("a\nb"), "Subject"),
        (publish().message("x").subject(" a"), "Subject"),
        (account.sns.publish().topic_arn("pager").message("x"), "TopicArn"),
    ] {
        let error = request.send().await.unwrap_err().into_service_error();
        assert_eq!(error.code(), Some("InvalidParameter"));
        assert!(error.message().unwrap().contains(why), "{error:?}");
    }
    publish().message(&long[1..]).subject("a".repeat(100)).send().await.unwrap();
    // One of another region is behind another door.
    let aws = account.adapter().await;
    let failure = aws.publish("arn:aws:sns:eu-west-1:111122223333:pager", "a", "b").await.unwrap_err();
    assert!(failure.sentence.contains("AWS is of another region than this request"), "{failure:?}");
    let failure = aws.publish(&arn.replace("pager", "nobody"), "a", "b").await.unwrap_err();
    assert!(
        failure.sentence.starts_with("Publish: there is no such topic; make it, or correct `topic`"),
        "{failure:?}"
    );
    assert_eq!(account.sim.world().published().count(), 1);
}

/// What went out is counted, with what came of it.
#[tokio::test(start_paused = true)]
async fn each_call_is_counted_by_its_operation() {
    let account = Account::on(&quiet());
    let aws = account.adapter().await;
    let clone = aws.clone();
    for _ in 0..2 {
        drop(clone.publish("arn:aws:sns:us-east-1:111122223333:nobody", "a", "b").await);
    }
    aws.identity().await.unwrap();
    let counts: Vec<_> =
        aws.calls().counts().into_iter().map(|(of, count)| (of.1, count.calls, count.errors, count.attempts)).collect();
    assert_eq!(counts, [("Publish".to_owned(), 2, 2, 2), ("GetCallerIdentity".to_owned(), 1, 0, 1)]);
}
