"""Prometheus metrics of one running service."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest


class Metrics:
    """The service's counters; labels are modem ids and states, never numbers or texts."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.sms_submitted = Counter(
            "santral_sms_segments_submitted",
            "Segments given to a modem, by outcome",
            ["modem", "outcome"],
            registry=self.registry,
        )
        self.sms_received = Counter(
            "santral_sms_segments_received",
            "Segments read from a modem",
            ["modem"],
            registry=self.registry,
        )
        self.sms_reports = Counter(
            "santral_sms_delivery_reports",
            "Delivery reports read from a modem, by outcome",
            ["modem", "outcome"],
            registry=self.registry,
        )
        self._add_gauges()
        self.http_seconds = Histogram(
            "santral_http_request_seconds",
            "Time to answer API requests",
            ["method", "status"],
            registry=self.registry,
        )

    def _add_gauges(self) -> None:
        self.modem_ready = Gauge(
            "santral_modem_ready", "1 when the modem can send", ["modem"], registry=self.registry
        )
        self.modem_signal_dbm = Gauge(
            "santral_modem_signal_dbm", "Signal strength", ["modem"], registry=self.registry
        )
        self.modem_balance = Gauge(
            "santral_modem_balance",
            "What the SIM's network said is left",
            ["modem"],
            registry=self.registry,
        )
        self.sms_queued = Gauge(
            "santral_sms_queued", "Messages that are due and wait", registry=self.registry
        )
        self.sms_queue_age_s = Gauge(
            "santral_sms_queue_age_seconds",
            "How long the oldest due message has waited",
            registry=self.registry,
        )

    def exposition(self) -> bytes:
        """Return the metrics in Prometheus's text format."""
        return generate_latest(self.registry)
