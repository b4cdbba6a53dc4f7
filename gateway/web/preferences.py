"""What each person chose for himself: how pages look, and how calls are announced to him."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError


class Language(StrEnum):
    """A language that pages speak."""

    TURKISH = "tr"
    RUSSIAN = "ru"
    ENGLISH = "en"


class Theme(StrEnum):
    """How a page is coloured."""

    AUTO = "auto"
    """As the reader's machine is set."""
    LIGHT = "light"
    DARK = "dark"


class Pop(StrEnum):
    """When the card of a caller comes up by itself."""

    NONE = "none"
    RING = "ring"
    ANSWER = "answer"


class Preferences(BaseModel):
    """One person's choices; what he never chose is as most want it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Language | None = None
    """None: as his browser asks."""
    theme: Theme = Theme.AUTO
    pop: Pop = Pop.RING
    sound: bool = True
    """A sound when his telephone rings."""
    notification: bool = True
    """A notification of the desktop when his telephone rings."""

    @classmethod
    def of(cls, stored: object) -> Self:
        """Return what is stored; what another version wrote and this one cannot read is unsaid."""
        if not isinstance(stored, dict):
            return cls()
        try:
            return cls.model_validate(stored)
        except ValidationError as error:
            unreadable = {fault["loc"][0] for fault in error.errors()}
            return cls.model_validate(
                {name: value for name, value in stored.items() if name not in unreadable}
            )
