"""Every error that a command may end with, by its number and its words (27.007, 27.005)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class PduError(ValueError):
    """Bytes that are no PDU of the kind that was expected."""


class AtError(Exception):
    """A command that fails with the plain result code ERROR."""


class CmeError(AtError):
    """A command that fails with +CME ERROR."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class CmsError(AtError):
    """A command that fails with +CMS ERROR."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


NOT_ALLOWED = 3
NOT_SUPPORTED = 4
SIM_MISSING = 10
SIM_PIN = 11
SIM_PUK = 12
SIM_FAILURE = 13
SIM_BUSY = 14
WRONG_PASSWORD = 16
INVALID_INDEX = 21
NOT_FOUND = 22
NO_NETWORK = 30
BAD_PARAMETERS = 50

CMS_NOT_ALLOWED = 302
CMS_NOT_SUPPORTED = 303
CMS_BAD_PDU = 304
CMS_BAD_TEXT = 305
CMS_SIM_MISSING = 310
CMS_SIM_PIN = 311
CMS_SIM_BUSY = 314
CMS_SIM_PUK = 316
CMS_BAD_INDEX = 321
CMS_FULL = 322
CMS_NO_SERVICE_CENTRE = 330
CMS_NO_NETWORK = 331
CMS_NO_ACKNOWLEDGEMENT_EXPECTED = 340

# 27.007 §9.2
CME_TEXT: Mapping[int, str] = MappingProxyType(
    {
        0: "phone failure",
        1: "no connection to phone",
        2: "phone-adaptor link reserved",
        3: "operation not allowed",
        4: "operation not supported",
        5: "PH-SIM PIN required",
        10: "SIM not inserted",
        11: "SIM PIN required",
        12: "SIM PUK required",
        13: "SIM failure",
        14: "SIM busy",
        15: "SIM wrong",
        16: "incorrect password",
        17: "SIM PIN2 required",
        18: "SIM PUK2 required",
        20: "memory full",
        21: "invalid index",
        22: "not found",
        23: "memory failure",
        24: "text string too long",
        25: "invalid characters in text string",
        26: "dial string too long",
        27: "invalid characters in dial string",
        30: "no network service",
        31: "network timeout",
        32: "network not allowed - emergency calls only",
        50: "incorrect parameters",
        100: "unknown",
    }
)

# 27.005 §3.2.5; below 128 the causes of 24.011 annex E-2
CMS_TEXT: Mapping[int, str] = MappingProxyType(
    {
        1: "unassigned (unallocated) number",
        8: "operator determined barring",
        10: "call barred",
        21: "short message transfer rejected",
        27: "destination out of service",
        28: "unidentified subscriber",
        29: "facility rejected",
        30: "unknown subscriber",
        38: "network out of order",
        41: "temporary failure",
        42: "congestion",
        47: "resources unavailable, unspecified",
        50: "requested facility not subscribed",
        69: "requested facility not implemented",
        81: "invalid short message transfer reference value",
        95: "invalid message, unspecified",
        96: "invalid mandatory information",
        111: "protocol error, unspecified",
        127: "interworking, unspecified",
        300: "ME failure",
        301: "SMS service of ME reserved",
        302: "operation not allowed",
        303: "operation not supported",
        304: "invalid PDU mode parameter",
        305: "invalid text mode parameter",
        310: "SIM not inserted",
        311: "SIM PIN required",
        312: "PH-SIM PIN required",
        313: "SIM failure",
        314: "SIM busy",
        315: "SIM wrong",
        316: "SIM PUK required",
        317: "SIM PIN2 required",
        318: "SIM PUK2 required",
        320: "memory failure",
        321: "invalid memory index",
        322: "memory full",
        330: "SMSC address unknown",
        331: "no network service",
        332: "network timeout",
        340: "no +CNMA acknowledgement expected",
        500: "unknown error",
    }
)
