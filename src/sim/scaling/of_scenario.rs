//! What is registered from the beginning, where a scenario says so.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::policies::{Asked, keep_alarms};
use super::state::{Metric, Suspended, Target};
use super::{Scaling, resource_id};
use crate::sim::cloudwatch::CloudWatch;
use crate::sim::scenario::{ScalingSpec, Scenario};

/// AWS's own.
const COOLDOWN: SignedDuration = SignedDuration::from_secs(300);

impl Scaling {
    /// Application Auto Scaling of a scenario at the beginning of its history.
    pub(in crate::sim) fn of_scenario(
        scenario: &Scenario,
        seed: u64,
        now: Timestamp,
        cloudwatch: &mut CloudWatch,
    ) -> Self {
        let mut scaling = Self::new(&scenario.account, &scenario.region, seed);
        for cluster in &scenario.clusters {
            if let Some(spec) = &cluster.scaling {
                scaling.begin_with(&cluster.id.to_ascii_lowercase(), spec, now, cloudwatch);
            }
        }
        scaling
    }

    fn begin_with(&mut self, cluster: &str, spec: &ScalingSpec, now: Timestamp, cloudwatch: &mut CloudWatch) {
        let tracked = [(Metric::Connections, spec.connections), (Metric::Cpu, spec.cpu)];
        let mut policies = BTreeMap::new();
        for (metric, target) in tracked.into_iter().filter_map(|(metric, target)| Some((metric, target?))) {
            let asked = Asked {
                metric,
                target: f64::from(target),
                in_cooldown: COOLDOWN,
                out_cooldown: COOLDOWN,
                disable_scale_in: false,
            };
            let name = format!("of-the-scenario-{}", metric.word());
            let policy = self.new_policy(&resource_id(cluster), name, &asked, now);
            // A new account has no alarm yet, and so room for these.
            drop(keep_alarms(cluster, &policy, now, cloudwatch));
            policies.insert(policy.name.clone(), policy);
        }
        let target = Target {
            arn: self.target_arn(),
            min: spec.min,
            max: spec.max,
            suspended: Suspended::default(),
            tags: BTreeMap::new(),
            created: now,
            policies,
            last_out: None,
            last_in: None,
        };
        self.targets.insert(cluster.to_owned(), target);
    }
}
