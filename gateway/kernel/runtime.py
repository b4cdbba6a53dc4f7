"""What every running part is given: the clock, health, metrics, and who keeps its tasks alive."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.kernel.clock import Clock
from gateway.kernel.health import Health
from gateway.kernel.metrics import Metrics
from gateway.kernel.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class Runtime:
    """One instance's, made by the composition root."""

    clock: Clock
    health: Health
    metrics: Metrics
    supervisor: Supervisor
