//! What `/metrics` shows; `docs/metrics.md` says what each figure means. Labels come from small fixed sets (kind of route, kind of call,
//! outcome): never a convention, a plugin, a path or anything else that a stranger could make more of.

use std::time::Duration;

use conman_bus::{Backlog, BusFigures};
use conman_runtime::{CallObserver, CallSort, RuntimeFigures};
use parking_lot::Mutex;
use prometheus::{
    Counter, Encoder as _, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder,
};

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
    deliveries: IntGaugeVec,
    calls: IntCounterVec,
    call_time: HistogramVec,
    calls_running: IntGauge,
    calls_most: IntGauge,
    calls_waiting: IntGauge,
    breakers: IntGauge,
    jobs: IntCounterVec,
    jobs_running: IntGauge,
    jobs_waiting: IntGauge,
    searched: Counter,
    /// One reader of the bus and of the desk at a time: see [`Self::events`].
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
            deliveries: IntGaugeVec::new(
                Opts::new("conman_event_deliveries", "Deliveries of events that are not done, by state."),
                &["state"],
            )?,
            calls: IntCounterVec::new(
                Opts::new(
                    "conman_plugin_calls_total",
                    "Calls of plugins that have ended, by kind of call and outcome.",
                ),
                &["kind", "outcome"],
            )?,
            call_time: HistogramVec::new(
                HistogramOpts::new(
                    "conman_plugin_call_seconds",
                    "Time of plugin calls with their wait for a permit, by kind of call.",
                )
                .buckets(BUCKETS.to_vec()),
                &["kind"],
            )?,
            calls_running: IntGauge::new(
                "conman_plugin_calls_in_flight",
                "Calls of plugins running now; each holds a permit and an instance.",
            )?,
            calls_most: IntGauge::new("conman_plugin_calls_limit", "How many calls of plugins may run at once.")?,
            calls_waiting: IntGauge::new(
                "conman_plugin_calls_waiting",
                "Calls of plugins that wait for a permit now.",
            )?,
            breakers: IntGauge::new(
                "conman_plugin_breakers_open",
                "Plugins that are left alone now because they broke down again and again, counted once per convention.",
            )?,
            jobs: IntCounterVec::new(
                Opts::new("conman_scheduler_jobs_total", "Jobs of the scheduler that have ended here, by outcome."),
                &["outcome"],
            )?,
            jobs_running: IntGauge::new("conman_scheduler_jobs_in_flight", "Jobs of the scheduler worked on now.")?,
            jobs_waiting: IntGauge::new("conman_scheduler_jobs_waiting", "Jobs of the scheduler known to wait now.")?,
            searched: Counter::new("conman_scheduler_seconds_total", "Time that threads have searched, added up.")?,
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
        registry.register(Box::new(metrics.deliveries.clone()))?;
        registry.register(Box::new(metrics.calls.clone()))?;
        registry.register(Box::new(metrics.call_time.clone()))?;
        for gauge in [&metrics.calls_running, &metrics.calls_most, &metrics.calls_waiting, &metrics.breakers] {
            registry.register(Box::new(gauge.clone()))?;
        }
        registry.register(Box::new(metrics.jobs.clone()))?;
        for gauge in [&metrics.jobs_running, &metrics.jobs_waiting] {
            registry.register(Box::new(gauge.clone()))?;
        }
        registry.register(Box::new(metrics.searched.clone()))?;
        metrics.solving(&conman_solving::Figures::default());
        // Shown before the first call, so that a rate has something to start from.
        for sort in CallSort::ALL {
            metrics.calls.with_label_values(&[sort.as_str(), "ok"]);
            metrics.call_time.with_label_values(&[sort.as_str()]);
        }
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

    /// Somebody was turned away: `connections`, `sockets`, `concurrency`.
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
        self.handling.set(gauged(figures.in_flight));
    }

    /// Takes over what lies in the bus's ledger, just before it is shown; nothing is shown when that is not known.
    pub(crate) fn backlog(&self, backlog: Option<Backlog>) {
        let Some(Backlog { ready, waiting, held, dead }) = backlog else { return self.deliveries.reset() };
        for (state, count) in [("ready", ready), ("waiting", waiting), ("held", held), ("dead", dead)] {
            self.deliveries.with_label_values(&[state]).set(gauged(count));
        }
    }

    /// Takes over what is so at the plugins just now, just before it is shown.
    pub(crate) fn calls(&self, figures: &RuntimeFigures) {
        self.calls_running.set(gauged(figures.running));
        self.calls_most.set(gauged(figures.most));
        self.calls_waiting.set(gauged(figures.waiting));
        self.breakers.set(gauged(figures.open_breakers));
    }

    /// Takes over what the scheduler's desk has counted since it started, just before it is shown.
    pub(crate) fn solving(&self, figures: &conman_solving::Figures) {
        let _one_at_a_time = self.reading.lock();
        let ended = [("done", figures.done), ("cancelled", figures.cancelled), ("failed", figures.failed)];
        for (outcome, now) in ended {
            let counter = self.jobs.with_label_values(&[outcome]);
            counter.inc_by(now.saturating_sub(counter.get()));
        }
        self.jobs_running.set(gauged(figures.running));
        self.jobs_waiting.set(gauged(figures.waiting));
        self.searched.inc_by((figures.searched.as_secs_f64() - self.searched.get()).max(0.0));
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

impl CallObserver for Metrics {
    fn ended(&self, sort: CallSort, outcome: &'static str, took: Duration) {
        self.calls.with_label_values(&[sort.as_str(), outcome]).inc();
        self.call_time.with_label_values(&[sort.as_str()]).observe(took.as_secs_f64());
    }
}

fn gauged(figure: impl TryInto<i64>) -> i64 {
    figure.try_into().unwrap_or(i64::MAX)
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

    #[test]
    fn every_figure_is_in_the_documentation_and_no_other() {
        let metrics = Metrics::new().unwrap();
        metrics.answered(Route::Graphql, http::StatusCode::OK, Duration::ZERO);
        metrics.refused("connections");
        metrics.backlog(Some(Backlog::default()));
        let text = String::from_utf8(metrics.text().unwrap()).unwrap();
        let mut shown: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        let documentation = include_str!("../../../docs/metrics.md");
        let mut documented: Vec<_> = documentation
            .lines()
            .filter_map(|line| line.strip_prefix("| `conman_")?.split_once('|'))
            .map(|(name, rest)| {
                let kind = rest.split('|').next().unwrap().trim();
                format!("conman_{} {kind}", name.trim().trim_end_matches('`'))
            })
            .collect();
        shown.sort_unstable();
        documented.sort_unstable();
        assert_eq!(shown, documented);
    }
}
