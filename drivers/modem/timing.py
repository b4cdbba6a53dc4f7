"""Every duration that the modem driver works with, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Durations in seconds; tests shrink them."""

    command_s: float = 5.0
    """How long an ordinary command may go unanswered."""
    slow_command_s: float = 20.0
    """The same for commands that search a memory, the SIM or the network."""
    prompt_s: float = 10.0
    """How long the prompt of AT+CMGS may take."""
    silent_after_s: float = 20.0
    """A submit without an answer for so long makes the modem count as silent."""

    probe_s: float = 0.7
    """How long one AT is waited for while looking whether somebody is there (also autobaud)."""
    probe_patience_s: float = 8.0
    """How long a device that was just opened may stay mute before it counts as silent."""
    resync_probe_s: float = 2.0
    """How long one AT is waited for while finding back into step."""
    resync_attempts: int = 3
    """How many of those before the device is closed and opened anew."""
    escape_pause_s: float = 0.1
    """What a modem needs to leave its prompt after ESC."""
    quiet_s: float = 0.25
    """Silence after which nothing of an earlier answer is expected any more."""

    device_watch_s: float = 0.25
    """How often is looked whether the device is back."""
    reopen_pause_s: float = 2.0
    """Between attempts on a device that is there but cannot be used."""
    sim_poll_s: float = 0.3
    """How often a SIM that is still being read is asked."""
    sim_patience_s: float = 30.0
    """How long that may last."""
    registration_poll_s: float = 2.0
    """How often an unregistered modem is asked for its registration."""
    operator_poll_s: float = 300.0
    """How often the operator's name is read again."""

    caller_wait_s: float = 1.0
    """How long after the first RING the caller's number may come."""
    ring_end_s: float = 7.0
    """Silence after which ringing is over; modems ring every 1 to 6 seconds."""
    sink_retry_s: float = 1.0
    """Before something that could not be handed over is handed over again."""
