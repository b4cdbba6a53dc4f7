"""The API of templates."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.templates.book import TemplateBook
from gateway.templates.model import FIELDS, MAX_TEXT, Recipient, Template
from gateway.web.paging import NextCursor, ShortListQuery, page_of
from gateway.web.preferences import Language
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route, Schema

Text = Annotated[
    str,
    Field(
        max_length=MAX_TEXT, examples=["Sayın {name}, sizi aradık. {user}"],
        description=f"may hold {', '.join(f'{{{name}}}' for name in sorted(FIELDS))}",
    ),
]  # fmt: skip


class TextsIn(Schema):
    """A template's texts; one that is left out or empty is as it came with the program."""

    tr: Text = ""
    ru: Text = ""
    en: Text = ""


class TemplateOut(Schema):
    """A text with fields."""

    id: Annotated[str, Field(examples=["call_me_back"])]
    recipient: Recipient
    tr: Text
    ru: Text
    en: Text

    @classmethod
    def of(cls, template: Template) -> TemplateOut:
        """Return what is shown of a template."""
        texts = {language.value: template.texts[language] for language in Language}
        return cls(id=template.id, recipient=template.recipient, **texts)


class TemplatesOut(Schema):
    """A page of templates; without a next cursor it is the last."""

    items: list[TemplateOut]
    next_cursor: NextCursor


class TemplatesApi:
    """Routes of templates."""

    def __init__(self, book: TemplateBook) -> None:
        self._book = book

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(method="GET", path="/templates", permission=Permission.SMS_SEND,
                  handler=self._list, query=ShortListQuery, returns=TemplatesOut,
                  summary="List the texts that are sent again and again"),
            Route(method="PUT", path="/templates/{template_id}",
                  permission=Permission.SETTINGS_MANAGE, handler=self._change, body=TextsIn,
                  returns=TemplateOut, summary="Change a template's texts"),
        ]  # fmt: skip

    async def _list(self, call: Call[NoBody, ShortListQuery]) -> TemplatesOut:
        page, next_cursor = page_of(await self._book.every(), lambda one: one.id, call.query)
        return TemplatesOut(items=[TemplateOut.of(one) for one in page], next_cursor=next_cursor)

    async def _change(self, call: Call[TextsIn, NoBody]) -> TemplateOut:
        texts = {Language(name): text for name, text in call.body.model_dump().items()}
        template_id = call.path["template_id"]
        return TemplateOut.of(await self._book.change(call.principal, template_id, texts))
