"""Asks every CRM whose number rings, side by side, and waits for none longer than a moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.crm.port import Card, Directory
from gateway.kernel.errors import GatewayError

logger = logging.getLogger(__name__)

PATIENCE_S = 2.0
"""The telephone rings meanwhile: what comes later helps nobody."""


class AnswerState(StrEnum):
    """What became of a question to a CRM."""

    ANSWERED = "answered"
    LATE = "late"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmAnswer:
    """What one CRM says."""

    link: str
    state: AnswerState
    cards: tuple[Card, ...] = ()
    reason: str = ""


class CrmAsking:
    """Holds the links that can be asked."""

    def __init__(self, links: Mapping[str, Directory], patience_s: float = PATIENCE_S) -> None:
        self._links = links
        self._patience_s = patience_s

    @property
    def links(self) -> tuple[str, ...]:
        """Return the names of those that are asked."""
        return tuple(self._links)

    async def ask(self, number: str) -> tuple[CrmAnswer, ...]:
        """Return each CRM's answer, in the order of the links; never raises for one that fails."""
        asked = (self._one(link, directory, number) for link, directory in self._links.items())
        return tuple(await asyncio.gather(*asked))

    async def _one(self, link: str, directory: Directory, number: str) -> CrmAnswer:
        try:
            async with asyncio.timeout(self._patience_s):
                cards = tuple(await directory.find_by_number(number))
        except TimeoutError:
            reason = f"{link} has not answered within {self._patience_s:g} s"
            return CrmAnswer(link=link, state=AnswerState.LATE, reason=reason)
        except GatewayError as error:
            return CrmAnswer(link=link, state=AnswerState.FAILED, reason=str(error))
        except Exception:
            logger.exception("the link %s failed when it was asked for a number", link)
            reason = f"{link} failed; the log tells why"
            return CrmAnswer(link=link, state=AnswerState.FAILED, reason=reason)
        return CrmAnswer(link=link, state=AnswerState.ANSWERED, cards=cards)
