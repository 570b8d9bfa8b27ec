//! What others know and count themselves, read when somebody asks: how much it is now, or so far.
//! Nothing of it is kept here, so a series goes with what it is about.

use std::fmt;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::spread::Reading;

/// One metric with all its series.
#[derive(Debug)]
pub struct Standing {
    /// Without the prefix; a count's gets `_total`, and one of times `_seconds`.
    pub name: &'static str,
    /// One sentence, without its full stop.
    pub help: &'static str,
    /// The labels' names; none: there is one value.
    pub labels: &'static [&'static str],
    /// What stands there.
    pub values: Values,
}

/// The values of one metric, each behind those of its labels.
#[derive(Debug)]
pub enum Values {
    /// What may grow and shrink.
    Gauge(Vec<(Vec<String>, u64)>),
    /// What only ever grows.
    Count(Vec<(Vec<String>, u64)>),
    /// How long something took.
    Seconds(Vec<(Vec<String>, Reading)>),
    /// How large something was.
    Sizes(Vec<(Vec<String>, Reading)>),
}

impl Standing {
    /// A gauge without labels.
    pub fn one(name: &'static str, help: &'static str, value: u64) -> Standing {
        Standing { name, help, labels: &[], values: Values::Gauge(vec![(Vec::new(), value)]) }
    }

    pub(super) fn register(self, registry: &mut Registry) {
        let (name, help) = (self.name, self.help);
        match self.values {
            Values::Seconds(_) => registry.register_with_unit(name, help, Unit::Seconds, self),
            Values::Gauge(_) | Values::Count(_) | Values::Sizes(_) => {
                registry.register(name, help, self);
            }
        }
    }

    /// Writes each of the values, with its labels.
    fn each<T>(
        &self,
        values: &[(Vec<String>, T)],
        encoder: &mut MetricEncoder<'_>,
        write: impl Fn(&mut MetricEncoder<'_>, &T) -> fmt::Result,
    ) -> fmt::Result {
        for (labels, value) in values {
            if labels.is_empty() {
                write(encoder, value)?;
                continue;
            }
            let names = self.labels.iter().copied();
            let labels: Vec<(&str, &str)> = names.zip(labels.iter().map(String::as_str)).collect();
            write(&mut encoder.encode_family(&labels)?, value)?;
        }
        Ok(())
    }
}

impl EncodeMetric for Standing {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        match &self.values {
            Values::Gauge(values) => self.each(values, encoder, |encoder, value| {
                encoder.encode_gauge(&i64::try_from(*value).unwrap_or(i64::MAX))
            }),
            Values::Count(values) => self.each(values, encoder, |encoder, value| {
                encoder.encode_counter::<NoLabelSet, _, u64>(value, None)
            }),
            Values::Seconds(values) | Values::Sizes(values) => {
                self.each(values, encoder, |encoder, read| {
                    let Reading { count, sum, buckets } = read;
                    encoder.encode_histogram::<NoLabelSet>(*sum, *count, buckets, None)
                })
            }
        }
    }

    fn metric_type(&self) -> MetricType {
        match &self.values {
            Values::Gauge(_) => MetricType::Gauge,
            Values::Count(_) => MetricType::Counter,
            Values::Seconds(_) | Values::Sizes(_) => MetricType::Histogram,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::encoding::text::encode_registry;

    use super::*;
    use crate::observe::Spread;

    #[test]
    fn each_sort_is_written_as_prometheus_reads_it() {
        let labels = || vec!["a".to_owned(), "b".to_owned()];
        let sizes = Spread::of_sizes().read();
        let spread = Spread::of_times();
        spread.took(Duration::from_secs(1));
        let standing = |name, labels, values| Standing { name, help: "Some", labels, values };
        let mut registry = Registry::with_prefix("x");
        for one in [
            Standing::one("plain", "Some", 7),
            standing("two", &["k", "l"], Values::Gauge(vec![(labels(), 3)])),
            standing("count", &["k", "l"], Values::Count(vec![(labels(), 5)])),
            standing("time", &["k", "l"], Values::Seconds(vec![(labels(), spread.read())])),
            standing("size", &["k", "l"], Values::Sizes(vec![(labels(), sizes)])),
        ] {
            one.register(&mut registry);
        }
        let mut text = String::new();
        encode_registry(&mut text, &registry).expect("text");
        for line in [
            "x_plain 7",
            "# TYPE x_two gauge",
            "x_two{k=\"a\",l=\"b\"} 3",
            "# TYPE x_count counter",
            "x_count_total{k=\"a\",l=\"b\"} 5",
            "x_time_seconds_sum{k=\"a\",l=\"b\"} 1.0",
            "x_time_seconds_bucket{le=\"0.5\",k=\"a\",l=\"b\"} 0",
            "x_time_seconds_bucket{le=\"+Inf\",k=\"a\",l=\"b\"} 1",
            "x_size_count{k=\"a\",l=\"b\"} 0",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} isn't in\n{text}");
        }
    }
}
