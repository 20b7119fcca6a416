//! `DescribeDBProxyTargets`: what is registered with an RDS Proxy.

use aws_sdk_rds::operation::describe_db_proxy_targets::DescribeDBProxyTargetsError;

use super::pages::Pages;
use super::{Aws, convert};
use crate::model::database::DatabaseName;
use crate::model::failure::Failure;

const OPERATION: &str = "DescribeDBProxyTargets";

impl Aws {
    /// Whether an instance or cluster is registered with a proxy; not so with one that does not exist.
    ///
    /// # Errors
    /// When any page cannot be read, or the pages do not end.
    pub async fn is_registered(&self, database: &DatabaseName, proxy: &str) -> Result<bool, Failure> {
        let mut pages = Pages::of(OPERATION);
        loop {
            let request = self.rds.describe_db_proxy_targets().db_proxy_name(proxy).max_records(100);
            let page = match request.set_marker(pages.marker()).send().await {
                Ok(page) => page,
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(DescribeDBProxyTargetsError::is_db_proxy_not_found_fault) =>
                {
                    return Ok(false);
                }
                Err(error) => return Err(self.read_failure(OPERATION, &error)),
            };
            let is_it = |id: Option<&str>| convert::text(id) == database.as_str();
            if page.targets().iter().any(|target| is_it(target.rds_resource_id()) || is_it(target.tracked_cluster_id()))
            {
                return Ok(true);
            }
            if !pages.follow(page.marker())? {
                return Ok(false);
            }
        }
    }
}
