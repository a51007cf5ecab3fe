//! What `/metrics` shows. Labels come from small fixed sets (kind of route, class of outcome): never a convention, a plugin,
//! a path or anything else that a stranger could make more of.

use std::time::Duration;

use conman_bus::BusFigures;
use parking_lot::Mutex;
use prometheus::{Encoder as _, HistogramVec, IntCounter, IntCounterVec, IntGauge, Registry, TextEncoder};

/// The kinds of route there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    /// A convention's GraphQL.
    Graphql,
    /// The host's own GraphQL.
    HostGraphql,
    /// A WebSocket with subscriptions.
    Socket,
    /// A plugin's route.
    Plugin,
    /// Package upload.
    Packages,
    /// Health, readiness, metrics.
    Operations,
    /// Nothing of ours.
    Unknown,
}

impl Route {
    /// The label.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Graphql => "graphql",
            Self::HostGraphql => "host-graphql",
            Self::Socket => "socket",
            Self::Plugin => "plugin",
            Self::Packages => "packages",
            Self::Operations => "operations",
            Self::Unknown => "unknown",
        }
    }
}

/// The host's figures.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latency: HistogramVec,
    in_flight: IntGauge,
    refused: IntCounterVec,
    sockets: IntGauge,
    subscriptions: IntGauge,
    panics: IntCounter,
    relayed: IntCounter,
    delivered: IntCounter,
    retried: IntCounter,
    dead: IntCounter,
    handling: IntGauge,
    /// One reader of the bus at a time: see [`Self::events`].
    reading: Mutex<()>,
}

const BUCKETS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

impl Metrics {
    /// Figures that all start at nothing.
    ///
    /// # Errors
    /// When two figures have one name: a mistake in this file.
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        use prometheus::{HistogramOpts, Opts};
        let metrics = Self {
            registry: Registry::new(),
            requests: IntCounterVec::new(
                Opts::new("conman_http_requests_total", "Requests answered, by kind of route and class of status."),
                &["route", "outcome"],
            )?,
            latency: HistogramVec::new(
                HistogramOpts::new(
                    "conman_http_request_seconds",
                    "Time until the answer's head was ready, by kind of route.",
                )
                .buckets(BUCKETS.to_vec()),
                &["route"],
            )?,
            in_flight: IntGauge::new("conman_http_requests_in_flight", "Requests being answered now.")?,
            refused: IntCounterVec::new(
                Opts::new("conman_refused_total", "Connections and requests turned away, by reason."),
                &["reason"],
            )?,
            sockets: IntGauge::new("conman_sockets", "WebSockets open now.")?,
            subscriptions: IntGauge::new("conman_subscriptions", "Subscriptions running now.")?,
            panics: IntCounter::new("conman_panics_total", "Requests that ended in a panic; should stay 0.")?,
            relayed: IntCounter::new("conman_events_relayed_total", "Events taken out of plugins' outboxes.")?,
            delivered: IntCounter::new("conman_events_delivered_total", "Deliveries of events that were handled.")?,
            retried: IntCounter::new(
                "conman_events_retried_total",
                "Deliveries of events that failed and are tried again.",
            )?,
            dead: IntCounter::new("conman_events_dead_total", "Deliveries of events that were given up.")?,
            handling: IntGauge::new("conman_events_in_flight", "Event handlers running now.")?,
            reading: Mutex::new(()),
        };
        let registry = &metrics.registry;
        registry.register(Box::new(metrics.requests.clone()))?;
        registry.register(Box::new(metrics.latency.clone()))?;
        registry.register(Box::new(metrics.in_flight.clone()))?;
        registry.register(Box::new(metrics.refused.clone()))?;
        registry.register(Box::new(metrics.sockets.clone()))?;
        registry.register(Box::new(metrics.subscriptions.clone()))?;
        registry.register(Box::new(metrics.panics.clone()))?;
        for counter in [&metrics.relayed, &metrics.delivered, &metrics.retried, &metrics.dead] {
            registry.register(Box::new(counter.clone()))?;
        }
        registry.register(Box::new(metrics.handling.clone()))?;
        Ok(metrics)
    }

    /// A request has been answered.
    pub(crate) fn answered(&self, route: Route, status: http::StatusCode, latency: Duration) {
        let outcome = match status.as_u16() {
            100..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            _ => "5xx",
        };
        self.requests.with_label_values(&[route.as_str(), outcome]).inc();
        self.latency.with_label_values(&[route.as_str()]).observe(latency.as_secs_f64());
    }

    /// A request begins; it ends when the answer is dropped.
    #[must_use]
    pub(crate) fn request(&self) -> Counted {
        Counted::of(&self.in_flight)
    }

    /// A WebSocket opens; it closes when the answer is dropped.
    #[must_use]
    pub(crate) fn socket(&self) -> Counted {
        Counted::of(&self.sockets)
    }

    /// A subscription begins; it ends when the answer is dropped.
    #[must_use]
    pub(crate) fn subscription(&self) -> Counted {
        Counted::of(&self.subscriptions)
    }

    /// Somebody was turned away: `connections`, `concurrency`, `slow`.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.with_label_values(&[reason]).inc();
    }

    /// A request ended in a panic.
    pub(crate) fn panicked(&self) {
        self.panics.inc();
    }

    /// Takes over what the bus has counted since it started, just before it is shown.
    pub(crate) fn events(&self, figures: &BusFigures) {
        let _one_at_a_time = self.reading.lock();
        let counted = [
            (&self.relayed, figures.relayed),
            (&self.delivered, figures.delivered),
            (&self.retried, figures.retried),
            (&self.dead, figures.dead_lettered),
        ];
        for (counter, now) in counted {
            counter.inc_by(now.saturating_sub(counter.get()));
        }
        self.handling.set(i64::try_from(figures.in_flight).unwrap_or(i64::MAX));
    }

    /// All figures as Prometheus reads them.
    ///
    /// # Errors
    /// When a figure cannot be written as text.
    pub(crate) fn text(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// Something that is counted as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted(IntGauge);

impl Counted {
    fn of(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_by_kind_of_route_and_class_of_outcome() {
        let metrics = Metrics::new().unwrap();
        let running = metrics.request();
        metrics.answered(Route::Plugin, http::StatusCode::NOT_FOUND, Duration::from_millis(2));
        drop(running);
        let text = String::from_utf8(metrics.text().unwrap()).unwrap();
        assert!(text.contains(r#"conman_http_requests_total{outcome="4xx",route="plugin"} 1"#), "{text}");
        assert!(text.contains("conman_http_requests_in_flight 0"), "{text}");
    }
}
