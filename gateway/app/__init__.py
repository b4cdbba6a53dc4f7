"""The composition root: configuration in, a running service out."""

from gateway.app.devices import explain_recording, pbx_settings, probe_modem, probe_pbx, record_pbx
from gateway.app.service import Service, running

__all__ = [
    "Service",
    "explain_recording",
    "pbx_settings",
    "probe_modem",
    "probe_pbx",
    "record_pbx",
    "running",
]
