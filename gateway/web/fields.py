"""Fields that many answers share, each with its meaning and an example for the API's document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field


def _zoned(value: datetime) -> datetime:
    if value.tzinfo is None:
        msg = "lacks its time zone; write it as 2026-03-01T09:30:00+03:00"
        raise ValueError(msg)
    if not 1970 <= value.year <= 9000:
        msg = "is no year in which anything happened here"
        raise ValueError(msg)
    return value


Moment = Annotated[datetime, AfterValidator(_zoned)]
"""A moment that a request names: with its offset, so that it is one."""

Id = Annotated[str, Field(examples=["019a2f3c9e7a7c1d8a3b5e6f70819203"])]
UserId = Annotated[str, Field(examples=["019a2f00b1c27d4e9f60718293a4b5c6"])]
PartyId = Annotated[str, Field(examples=["019a2f0a44d87e21b3c4d5e6f7081920"])]
PersonId = Annotated[str, Field(examples=["019a2f0a44d97f32a1b2c3d4e5f60718"])]
Number = Annotated[str, Field(description="E.164", examples=["+905321234567"])]
ModemId = Annotated[str, Field(examples=["office1"])]
PersonName = Annotated[str, Field(examples=["Ahmet Çelik"])]
UserName = Annotated[str, Field(examples=["Ayşe Yılmaz"])]
PartyName = Annotated[str, Field(examples=["Yıldız Mobilya A.Ş."])]
Extension = Annotated[str, Field(examples=["101"])]
NoError = Annotated[str, Field(description="empty when nothing is wrong", examples=[""])]
