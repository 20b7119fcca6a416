//! One page of figures: made anew whenever somebody asks.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::{Registry, Unit};

use super::Sources;
use super::groups::GROUPS;
use crate::model::snapshot::Snapshot;

/// What every name begins with.
const PREFIX: &str = "upshift";

/// The figures as OpenMetrics text.
///
/// # Errors
/// Never, as far as is known: text is written to memory.
pub(super) fn page(sources: &Sources) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(All(sources.clone())));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct All(Sources);

impl Collector for All {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let now = self.0.clock.now();
        let mut page = Page { now, snapshot: self.0.client.snapshot(), sources: self.0.clone(), encoder };
        GROUPS.iter().try_for_each(|group| group(&mut page))
    }
}

/// A page that is being written.
pub(super) struct Page<'a> {
    /// On the clock in use.
    pub(super) now: Timestamp,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) sources: Sources,
    encoder: DescriptorEncoder<'a>,
}

/// The labels of one sample: name and value.
pub(super) type Labels<const N: usize> = [(&'static str, String); N];

impl Page<'_> {
    /// One gauge, with a sample for each set of labels.
    pub(super) fn gauge<const N: usize, V: EncodeGaugeValue>(
        &mut self,
        (name, unit): (&str, Option<Unit>),
        help: &str,
        samples: impl IntoIterator<Item = (Labels<N>, V)>,
    ) -> fmt::Result {
        let write = |encoder: &mut MetricEncoder<'_>, value: &V| encoder.encode_gauge(value);
        self.family((name, unit, MetricType::Gauge), help, samples, write)
    }

    /// One counter; the library writes the `_total` behind its name.
    pub(super) fn counter<const N: usize, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<N>, V)>,
    ) -> fmt::Result {
        let write = |encoder: &mut MetricEncoder<'_>, value: &V| {
            encoder.encode_counter(value, None::<&Exemplar<Vec<(String, String)>, f64>>)
        };
        self.family((name, None, MetricType::Counter), help, samples, write)
    }

    /// What does not change while the process lives; the library writes the `_info` behind its name.
    pub(super) fn info<const N: usize>(&mut self, name: &str, help: &str, labels: &Labels<N>) -> fmt::Result {
        self.encoder.encode_descriptor(name, help, None, MetricType::Info)?.encode_info(labels)
    }

    fn family<const N: usize, V>(
        &mut self,
        (name, unit, kind): (&str, Option<Unit>, MetricType),
        help: &str,
        samples: impl IntoIterator<Item = (Labels<N>, V)>,
        write: impl Fn(&mut MetricEncoder<'_>, &V) -> fmt::Result,
    ) -> fmt::Result {
        let mut family = self.encoder.encode_descriptor(name, help, unit.as_ref(), kind)?;
        for (labels, value) in samples {
            if N == 0 {
                write(&mut family, &value)?;
            } else {
                write(&mut family.encode_family(&labels)?, &value)?;
            }
        }
        Ok(())
    }
}
