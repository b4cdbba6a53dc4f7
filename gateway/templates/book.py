"""The templates in force: those that come with the program, as the company has changed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection

from gateway.kernel import settings
from gateway.kernel.clock import Clock
from gateway.kernel.errors import NotFound
from gateway.kernel.settings import Setting
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.templates.model import BUILT_IN, Template, require_fields
from gateway.web.preferences import Language
from gateway.web.principal import Permission, Principal

KIND = "template"


class TemplateBook:
    """Shows and changes templates."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def every(self) -> list[Template]:
        """Return all templates."""
        changed = await self._store.read(lambda connection: settings.every(connection, KIND))
        texts = {one.id: one.value["texts"] for one in changed}
        return [_with(one, texts.get(one.id, {})) for one in BUILT_IN.values()]

    async def change(
        self, principal: Principal, template_id: str, texts: Mapping[Language, str]
    ) -> Template:
        """Replace a template's texts, an empty one by what came with the program.

        Raises NotFound, or Invalid for a field that there is not.
        """
        principal.require(Permission.SETTINGS_MANAGE)
        if template_id not in BUILT_IN:
            known = ", ".join(BUILT_IN)
            raise NotFound(f"there is no template {template_id[:40]!r}; there are {known}")
        kept = {language.value: text.strip() for language, text in texts.items() if text.strip()}
        for text in kept.values():
            require_fields(text)
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            changed = Setting(kind=KIND, id=template_id, value={"texts": kept})
            settings.put(connection, changed, now)
            audit.record(connection, principal, "change", (KIND, template_id), at=now, changes=kept)

        await self._store.write(unit)
        return _with(BUILT_IN[template_id], kept)


def _with(template: Template, texts: Mapping[str, str]) -> Template:
    own = {Language(language): text for language, text in texts.items()}
    return replace(template, texts={**template.texts, **own})
