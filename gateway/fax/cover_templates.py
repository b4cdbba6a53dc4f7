"""What cover pages and letters look like: files that an administrator can change."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.kernel.errors import Invalid

Language = Literal["tr", "ru", "en"]
_BUILT_IN = files("gateway.fax") / "cover_templates"
_MAX_BYTES = 64_000

Line = Mapping[Language, Annotated[str, Field(max_length=80)]]
Lines = Mapping[Language, Annotated[str, Field(max_length=1000)]]


def language_of(code: str) -> Language:
    """Return the language of a code such as `tr` or `tr_TR`; English for one that is not ours."""
    known: dict[str, Language] = {"tr": "tr", "ru": "ru"}
    return known.get(code[:2].lower(), "en")


class CoverField(StrEnum):
    """A line of a cover page."""

    TO = "to"
    COMPANY = "company"
    NUMBER = "number"
    FROM = "from"
    OUR_COMPANY = "our_company"
    OUR_NUMBER = "our_number"
    OUR_EMAIL = "our_email"
    DATE = "date"
    PAGES = "pages"
    SUBJECT = "subject"


LABELS: dict[CoverField, dict[Language, str]] = {
    CoverField.TO: {"tr": "Kime", "ru": "Кому", "en": "To"},
    CoverField.COMPANY: {"tr": "Firma", "ru": "Организация", "en": "Company"},
    CoverField.NUMBER: {"tr": "Faks", "ru": "Факс", "en": "Fax"},
    CoverField.FROM: {"tr": "Kimden", "ru": "От кого", "en": "From"},
    CoverField.OUR_COMPANY: {"tr": "Gönderen", "ru": "Отправитель", "en": "Sender"},
    CoverField.OUR_NUMBER: {
        "tr": "Gönderenin faksı", "ru": "Факс отправителя", "en": "Sender's fax",
    },
    CoverField.OUR_EMAIL: {"tr": "E-posta", "ru": "Эл. почта", "en": "E-mail"},
    CoverField.DATE: {"tr": "Tarih", "ru": "Дата", "en": "Date"},
    CoverField.PAGES: {
        "tr": "Sayfa sayısı (kapak dahil)", "ru": "Страниц (включая эту)",
        "en": "Pages (including cover)",
    },
    CoverField.SUBJECT: {"tr": "Konu", "ru": "Тема", "en": "Subject"},
}  # fmt: skip


class CoverTemplate(BaseModel):
    """One template, as its file says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Literal["cover", "letter"]
    title: Line
    """What people choose it by."""
    heading: Line = {}
    footer: Lines = {}
    closing: Line = {}
    """Of a letter: what stands before the signature."""
    fields: tuple[CoverField, ...] = ()
    labels: Mapping[CoverField, Line] = {}
    """In the place of the usual words."""
    margin_mm: Annotated[float, Field(ge=8, le=50)] = 18
    heading_pt: Annotated[float, Field(ge=12, le=96)] = 36
    text_pt: Annotated[float, Field(ge=8, le=24)] = 12
    logo: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$")] = ""
    """A PNG or JPEG beside the template; empty: `logo.png` there, if there is one."""
    logo_height_mm: Annotated[float, Field(ge=5, le=80)] = 20

    def said(self, texts: Lines, language: Language) -> str:
        """Return a text in a language; in English, or in any, where it lacks that one."""
        return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")

    def label(self, field: CoverField, language: Language) -> str:
        """Return what a line is called."""
        return self.labels.get(field, {}).get(language) or LABELS[field][language]


class CoverTemplates:
    """The templates that there are: ours, and an administrator's before them."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Return the names of all, the usual one first."""
        ours = {Path(one.name).stem for one in _BUILT_IN.iterdir() if one.name.endswith(".toml")}
        return sorted(ours | self._theirs(), key=lambda name: (name != "standard", name))

    def missing(self) -> Path | None:
        """Return the folder that was said and is not there."""
        return None if self._folder is None or self._folder.is_dir() else self._folder

    def find(self, name: str) -> CoverTemplate:
        """Return a template; raises Invalid that names the file, the key and the remedy."""
        content, where = self._read(name)
        try:
            return CoverTemplate.model_validate(tomllib.loads(content))
        except tomllib.TOMLDecodeError as error:
            raise Invalid(
                f"{where} is no TOML: {error}; mend or remove it", field="cover"
            ) from error
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise Invalid(f"{where}, {key}: {first['msg']}; mend or remove it",
                          field="cover") from error  # fmt: skip

    def logo(self, template: CoverTemplate) -> Path | None:
        """Return the file of the company's logo; raises Invalid for one that is not there."""
        if self._folder is None:
            return None
        path = self._folder / (template.logo or "logo.png")
        if path.is_file():
            return path
        if template.logo:
            raise Invalid(f"the logo {path} is not there; put it there or take it out of the "
                          "template", field="cover")  # fmt: skip
        return None

    def _theirs(self) -> set[str]:
        if self._folder is None:
            return set()
        # Editors keep hidden copies beside a file that is open.
        return {path.stem for path in self._folder.glob("*.toml")
                if path.is_file() and not path.name.startswith(".")}  # fmt: skip

    def _read(self, name: str) -> tuple[str, str]:
        if name not in self.names():
            known = ", ".join(self.names())
            raise Invalid(f"there is no cover {name!r}; there are {known}", field="cover")
        theirs = self._folder / f"{name}.toml" if self._folder else None
        if theirs is None or not theirs.is_file():
            return (_BUILT_IN / f"{name}.toml").read_text("utf-8"), f"the cover {name}"
        try:
            if theirs.stat().st_size > _MAX_BYTES:
                raise Invalid(f"{theirs} has more than {_MAX_BYTES:,} bytes; shorten or remove it",
                              field="cover")  # fmt: skip
            # The Windows editor puts a mark before UTF-8 that TOML does not know.
            return theirs.read_text("utf-8-sig"), str(theirs)
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"{theirs} cannot be read: {error}; mend or remove it",
                          field="cover") from error  # fmt: skip
