//! Figures for Prometheus, in the OpenMetrics text format. Each is read off when somebody asks.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_runtime::Room;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text::encode};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::looks::Seen;
use super::overdue::Overdue;
use super::status::StatusSource;
use crate::nats::SystemCounts;
use crate::server::ServerStatus;

/// Of the answer.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The figures of one server.
pub(super) struct Metrics {
    registry: Registry,
    seen: Arc<Mutex<Seen>>,
}

impl Metrics {
    pub(super) fn new(source: StatusSource, overdue: Overdue) -> Metrics {
        let (mut registry, seen) = (Registry::with_prefix("countersign"), Arc::<Mutex<Seen>>::default());
        registry.register_collector(Box::new(Figures { source, overdue, seen: seen.clone() }));
        Metrics { registry, seen }
    }

    /// As they stand, with what was just seen.
    pub(super) fn text(&self, seen: Seen) -> Result<String, fmt::Error> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

struct Figures {
    source: StatusSource,
    overdue: Overdue,
    seen: Arc<Mutex<Seen>>,
}

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Figures")
    }
}

/// Where figures are written to, with words of their own for the two kinds there are.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let gauge = ConstGauge::new(value);
        gauge.encode(self.0.encode_descriptor(name, help, None, gauge.metric_type())?)
    }

    fn flag(&mut self, name: &str, help: &str, value: bool) -> fmt::Result {
        self.gauge(name, help, u64::from(value))
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let counter = ConstCounter::new(value);
        counter.encode(self.0.encode_descriptor(name, help, None, counter.metric_type())?)
    }

    /// A gauge or counter for each value of a label.
    fn each<'l, M: EncodeMetric>(
        &mut self,
        (name, help): (&str, &str),
        label: &str,
        values: impl Iterator<Item = (&'l str, M)>,
        kind: &M,
    ) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, kind.metric_type())?;
        for (value, figure) in values {
            figure.encode(metric.encode_family(&[(label, value)])?)?;
        }
        Ok(())
    }

    /// What each system has asked, and what became of it. Systems are bounded in number by the gate.
    fn systems(&mut self, systems: &[SystemCounts]) -> fmt::Result {
        let about = "Requests over NATS since the start, by system and what became of them";
        let kind = ConstCounter::new(0_u64);
        let mut metric = self.0.encode_descriptor("system_requests", about, None, kind.metric_type())?;
        for of in systems {
            let counts = [
                ("taken", of.taken),
                ("too-often", of.too_often),
                ("busy", of.busy),
                ("too-large", of.too_large),
            ];
            for (what, count) in counts {
                let labels = [("system", of.system.as_str()), ("what", what)];
                ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
            }
        }
        let under_way = systems.iter().map(|of| (of.system.as_str(), ConstGauge::new(of.under_way)));
        let about = ("system_requests_under_way", "Requests over NATS that are under way, by system");
        self.each(about, "system", under_way, &ConstGauge::new(0_u64))
    }
}

/// What had to be asked for.
fn seen(page: &mut Page<'_>, seen: &Seen, status: &ServerStatus) -> fmt::Result {
    let alive = seen.applied.is_some();
    page.flag("alive", "1 if the core thread took a turn and the log is durable up to it", alive)?;
    page.flag("ready", "1 if everything works as it should", alive && status.is_ready())?;
    if let Some(applied) = seen.applied {
        page.gauge("applied_sequence", "The last frame that State contains", applied)?;
        let help = "Milliseconds that a look at State took, the queue and the disk included";
        page.gauge("look_milliseconds", help, seen.answered_ms)?;
    }
    if let Some((free, all)) = seen.disk {
        page.gauge("disk_free_bytes", "Bytes that are free where the data is", free)?;
        page.gauge("disk_bytes", "Bytes of the file system where the data is", all)?;
    }
    let Some(age) = seen.snapshot_age_s else { return Ok(()) };
    page.gauge("snapshot_age_seconds", "Seconds since the newest frame of the newest snapshot", age)
}

impl Collector for Figures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (mut page, status) = (Page(encoder), self.source.status());
        let version = [(env!("CARGO_PKG_VERSION"), ConstGauge::new(1_u64))].into_iter();
        let about = ("build", "1, by the version that serves");
        page.each(about, "version", version, &ConstGauge::new(0_u64))?;
        seen(&mut page, &self.seen.lock().unwrap_or_else(PoisonError::into_inner), &status)?;
        engine(&mut page, &status)?;
        page.gauge("tasks_overdue", "Open tasks past their deadline", self.overdue.count())?;
        doors(&mut page, &status)?;
        let counts = self.source.outward_counts();
        let outward = [
            ("commands", counts.commands),
            ("unwanted", counts.unwanted),
            ("answers", counts.answers),
            ("facts", counts.facts),
            ("duplicates", counts.duplicates),
            ("conflicts", counts.conflicts),
            ("late", counts.late),
            ("dead", counts.dead),
            ("given-back", counts.given_back),
        ];
        let outward = outward.into_iter().map(|(what, count)| (what, ConstCounter::new(count)));
        let about =
            ("adapter_messages", "Messages to and from adapters since the start, by what became of them");
        page.each(about, "what", outward, &ConstCounter::new(0))
    }
}

fn engine(page: &mut Page<'_>, status: &ServerStatus) -> fmt::Result {
    let engine = &status.engine;
    page.gauge("durable_sequence", "The last frame that is on the disk", engine.durable)?;
    let followers = || engine.followers.iter().map(|(name, applied)| (name.as_str(), *applied));
    let applied = followers().map(|(name, applied)| (name, ConstGauge::new(applied)));
    let about = ("follower_applied_sequence", "The last frame that a follower of the log has applied");
    page.each(about, "follower", applied, &ConstGauge::new(0_u64))?;
    let lag = followers().map(|(name, applied)| (name, engine.durable.saturating_sub(applied)));
    let lag = lag.map(|(name, lag)| (name, ConstGauge::new(lag)));
    let about = ("follower_lag_frames", "Durable frames that a follower of the log has not applied yet");
    page.each(about, "follower", lag, &ConstGauge::new(0_u64))?;
    let snapshots = engine.snapshots;
    page.gauge(
        "snapshot_sequence",
        "The last frame in the newest snapshot that is whole",
        snapshots.sequence,
    )?;
    let behind = engine.durable.saturating_sub(snapshots.sequence);
    page.gauge("snapshot_lag_frames", "Durable frames after the newest snapshot, read at a start", behind)?;
    page.counter("snapshots_made", "Snapshots made since the start", snapshots.made)?;
    page.counter("snapshots_failed", "How often making one failed", snapshots.failed)?;
    page.gauge("queue_depth", "Messages that wait for the core thread", engine.counts.queued)?;
    page.counter("commands_accepted", "Commands that took effect since the start", engine.counts.accepted)?;
    page.counter("commands_repeated", "Requests that had taken effect before", engine.counts.repeated)?;
    let refused = engine.counts.refused.iter();
    let refused = refused.map(|(code, count)| (code.as_str(), ConstCounter::new(*count)));
    let about = ("commands_refused", "Commands refused or turned away since the start, by code");
    page.each(about, "code", refused, &ConstCounter::new(0))?;
    page.flag("disk_full", "1 if new work is refused for want of room", engine.room != Room::Enough)?;
    page.flag("clock_jumped", "1 while an operator has to confirm the time", engine.clock_jumped)?;
    page.flag("timers_stuck", "1 if a timer that is due does nothing", engine.timers_stuck)
}

fn doors(page: &mut Page<'_>, status: &ServerStatus) -> fmt::Result {
    if let Some(nats) = &status.nats {
        page.flag("nats_connected", "1 if the connection to the NATS server stands", nats.connected)?;
        page.counter("requests_answered", "Requests over NATS that were answered", nats.counts.answered)?;
        page.counter(
            "requests_overloaded",
            "Requests over NATS turned away because too many were under way",
            nats.counts.overloaded,
        )?;
        page.counter(
            "requests_unanswerable",
            "Requests without a reply subject that a reply may go to",
            nats.counts.unanswerable,
        )?;
        page.systems(&nats.systems)?;
        page.counter("replies_unsent", "Replies that could not be sent", nats.counts.unsent)?;
    }
    if let Some(publication) = &status.publication {
        page.gauge(
            "publication_applied_sequence",
            "Every event up to this frame is in the stream",
            publication.applied,
        )?;
        let lag = status.publication_lag().unwrap_or_default();
        page.gauge("publication_lag_frames", "Durable frames that are not published yet", lag)?;
        page.flag("publication_held", "1 if nothing is published for now", publication.held.is_some())?;
        page.counter("events_published", "Events published since the start", publication.published)?;
    }
    if let Some(outward) = &status.outward {
        page.gauge("outward_applied_sequence", "Commands up to this frame are out", outward.applied)?;
        page.flag("outward_held", "1 if no commands go out for now", outward.held.is_some())?;
    }
    Ok(())
}
