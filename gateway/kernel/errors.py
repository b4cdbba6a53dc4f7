"""The error tree: one leaf per remedy."""

from __future__ import annotations


class GatewayError(Exception):
    """Root of every error that Santral raises on purpose; the text names object and remedy."""


class Temporary(GatewayError):
    """Surely not done; trying again later may work."""

    def __init__(self, message: str, *, code: str = "", retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after_s = retry_after_s


class Unavailable(GatewayError):
    """A part that Santral itself needs does not work now; whether it was done is not told."""

    def __init__(self, message: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Permanent(GatewayError):
    """Surely not done, and trying again will not help.

    `of_sender` says that it is the sender's (SIM's, line's) fault: another one may do it.
    """

    def __init__(self, message: str, *, code: str = "", of_sender: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.of_sender = of_sender


class Uncertain(GatewayError):
    """May have reached the world: never resend, store and reconcile."""


class NotFound(GatewayError):
    """The named object does not exist or may not be seen by the caller."""


class Conflict(GatewayError):
    """The request contradicts what is stored."""


class Invalid(GatewayError):
    """The input cannot be accepted; `field` names the part at fault."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class BadRequest(GatewayError):
    """The request cannot even be read."""


class Forbidden(GatewayError):
    """The caller is known but lacks the permission."""


class Unauthenticated(GatewayError):
    """The caller did not prove who he is."""


class TooMany(GatewayError):
    """Asked too often in too short a time; nothing was done."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ConfigError(GatewayError):
    """The configuration is wrong; the text names file, key and remedy."""
