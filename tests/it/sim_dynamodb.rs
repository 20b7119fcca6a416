//! DynamoDB of the simulation, driven by the real SDK, and with the product's own adapter for the lease.

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use upshift::aws::lease_table::LeaseWritten;
use upshift::model::lease::{LeaseItem, LeasePermission, LeaseStamp};

use crate::lease::create_table;
use crate::sim_account::Account;

const SCENARIO: &str = include_str!("../../src/sim/scenarios/checkpoints.toml");

fn item(owner: &str, epoch: u64, rvn: u64) -> LeaseItem {
    LeaseItem {
        stamp: LeaseStamp { owner: owner.into(), epoch, rvn },
        host: "bastion-1 (pid 7)".into(),
        ttl: Duration::from_secs(40),
        released: false,
        permission: LeasePermission { armed: false, why: Some("by ada".into()), by: Some("ada".into()) },
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_is_written_whole_by_whoever_has_seen_it_last() {
    let account = Account::of(SCENARIO);
    create_table(&account.dynamodb).await;
    let aws = account.adapter().await;
    let place = ("upshift", "fleet");
    assert_eq!(aws.read_lease("upshift", "fleet").await.unwrap(), None);
    let first = item("a", 1, 1);
    assert_eq!(aws.write_lease(place, &first, None).await.unwrap(), LeaseWritten::Done);
    assert_eq!(aws.read_lease("upshift", "fleet").await.unwrap(), Some(first.clone()));
    assert_eq!(aws.write_lease(place, &item("b", 1, 1), None).await.unwrap(), LeaseWritten::Conflict);
    let mut second = item("b", 2, 1);
    second.permission = LeasePermission { armed: true, why: None, by: None };
    for wrong in [item("a", 1, 2), item("a", 2, 1), item("b", 1, 1)] {
        let written = aws.write_lease(place, &second, Some(&wrong.stamp)).await.unwrap();
        assert_eq!(written, LeaseWritten::Conflict, "{wrong:?}");
    }
    assert_eq!(aws.write_lease(place, &second, Some(&first.stamp)).await.unwrap(), LeaseWritten::Done);
    assert_eq!(aws.read_lease("upshift", "fleet").await.unwrap(), Some(second), "nothing of the old one is left");
    assert_eq!(aws.read_lease("upshift", "other").await.unwrap(), None);
    let failure = aws.read_lease("nothing", "fleet").await.unwrap_err();
    assert!(
        failure.sentence.starts_with("GetItem: no such table in this account and region; check `table`"),
        "{failure:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_aws_refuses_is_refused_and_what_is_not_simulated_too() {
    let account = Account::of(SCENARIO);
    let client = &account.dynamodb;
    create_table(client).await;
    let text = |text: &str| AttributeValue::S(text.into());
    let code = |error: Option<&str>| error.unwrap_or("none").to_owned();
    let again = client.describe_table().table_name("upshift").send().await.unwrap();
    assert_eq!(again.table().unwrap().table_arn(), Some("arn:aws:dynamodb:us-east-1:111122223333:table/upshift"));
    let put = |expression: &str| {
        let request = client.put_item().table_name("upshift").item("lease", text("a"));
        request.condition_expression(expression).expression_attribute_values(":v", text("x"))
    };
    for (expression, expected) in [
        ("attribute_exists(lease)", "ConditionalCheckFailedException"),
        ("lease = :v", "ConditionalCheckFailedException"),
        ("#n = :v", "ValidationException"),
        ("lease = :w", "ValidationException"),
        ("begins_with(lease, :v)", "ValidationException"),
    ] {
        let error = put(expression).send().await.unwrap_err();
        assert_eq!(code(error.code()), expected, "{expression}: {error:?}");
    }
    put("attribute_not_exists(lease)").send().await.unwrap();
    let other = client.get_item().table_name("upshift").key("id", text("a")).send().await.unwrap_err();
    assert_eq!(code(other.code()), "ValidationException");
    let scan = client.scan().table_name("upshift").send().await.unwrap_err();
    assert_eq!(code(scan.code()), "UnknownOperationException");
    client.delete_item().table_name("upshift").key("lease", text("a")).send().await.unwrap();
    client.delete_table().table_name("upshift").send().await.unwrap();
    let gone = client.delete_item().table_name("upshift").key("lease", text("a")).send().await.unwrap_err();
    assert_eq!(code(gone.code()), "ResourceNotFoundException");
}
