"""Prometheus metrics of one running service."""

from __future__ import annotations

import contextlib

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest


class Metrics:
    """The service's counters; labels are modems, SIMs (IMSI) and states, never numbers or texts."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.sms_submitted = Counter(
            "santral_sms_segments_submitted",
            "Segments given to a modem, by outcome",
            ["modem", "sim", "outcome"],
            registry=self.registry,
        )
        self.sms_refused = Counter(
            "santral_sms_segments_refused",
            "Segments that a modem did not send, or perhaps not, by cause",
            ["modem", "sim", "cause"],
            registry=self.registry,
        )
        self.sms_cost = Counter(
            "santral_sms_cost",
            "What sent segments cost by the SIM's price list",
            ["modem", "sim"],
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

        self._add_feed()

    def _add_feed(self) -> None:
        self.feed_readers = Gauge(
            "santral_feed_readers", "Who reads the live feed now", registry=self.registry
        )
        self.feed_events = Counter(
            "santral_feed_events",
            "Events made ready for the live feed, each once for all readers",
            registry=self.registry,
        )
        self.feed_fell_behind = Counter(
            "santral_feed_fell_behind",
            "How often a reader of the live feed was slow and read on from the log",
            registry=self.registry,
        )
        self.feed_ended = Counter(
            "santral_feed_ended",
            "Live feeds that ended, by cause",
            ["cause"],
            registry=self.registry,
        )

    def _add_gauges(self) -> None:
        self.modem_ready = Gauge(
            "santral_modem_ready", "1 when the modem can send", ["modem"], registry=self.registry
        )
        self._modem_info = Gauge(
            "santral_modem_info",
            "1 for the SIM and operator that the modem now has",
            ["modem", "sim", "operator"],
            registry=self.registry,
        )
        self._info_of: dict[str, tuple[str, str, str]] = {}
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

    def note_modem(self, modem_id: str, sim: str, operator: str) -> None:
        """Show which SIM and operator a modem has; what it had before is shown no more."""
        now = (modem_id, sim, operator)
        before = self._info_of.get(modem_id)
        if before == now:
            return
        if before is not None:
            self._modem_info.remove(*before)
        self._modem_info.labels(*now).set(1)
        self._info_of[modem_id] = now

    def forget_modem(self, modem_id: str) -> None:
        """Show a modem's present state no more; what it did stays counted."""
        before = self._info_of.pop(modem_id, None)
        if before is not None:
            self._modem_info.remove(*before)
        for gauge in (self.modem_ready, self.modem_signal_dbm, self.modem_balance):
            with contextlib.suppress(KeyError):
                gauge.remove(modem_id)

    def exposition(self) -> bytes:
        """Return the metrics in Prometheus's text format."""
        return generate_latest(self.registry)
