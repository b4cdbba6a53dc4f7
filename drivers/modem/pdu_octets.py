"""Reading the octets of a PDU one field after the other, never past their end."""

from __future__ import annotations

from typing import Final

# The longest TPDU has 164 octets and an SMSC address 12; modems that pad stay far below this.
_MAX_OCTETS: Final = 512

_SWAPPED: Final = bytes((octet & 0x0F) << 4 | octet >> 4 for octet in range(256))


class PduError(ValueError):
    """The octets are no message that can be read; the text says where they go wrong."""


class Octets:
    """A cursor over the octets of one PDU."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @classmethod
    def of_hex(cls, text: str) -> Octets:
        """Read hexadecimal digits; raises PduError for anything else."""
        if len(text) > 2 * _MAX_OCTETS:
            raise PduError(f"{len(text)} digits are more than any PDU has")
        try:
            return cls(bytes.fromhex(text))
        except ValueError as error:
            raise PduError("not an even number of hexadecimal digits") from error

    def __len__(self) -> int:
        return len(self._data) - self._position

    def octet(self, field: str) -> int:
        """Take one octet; raises PduError, naming the field, when none is left."""
        return self.take(1, field)[0]

    def take(self, count: int, field: str) -> bytes:
        """Take `count` octets; raises PduError, naming the field, when fewer are left."""
        end = self._position + count
        if end > len(self._data):
            raise PduError(f"cut off in the {field}: {len(self)} of {count} octets are there")
        taken = self._data[self._position : end]
        self._position = end
        return taken


def semi_octets(data: bytes) -> str:
    """Return the half octets in their order on the air, as lower-case hexadecimal digits."""
    return data.translate(_SWAPPED).hex()
