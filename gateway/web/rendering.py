"""Makes pages of templates: escaped, in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.web.languages import catalogue
from gateway.web.pages import Html, Language, Visit
from gateway.web.static_files import StaticFiles


class Renderer:
    """Holds the templates of each language."""

    def __init__(self, static: StaticFiles, version: str, zone: str) -> None:
        self._environments = {
            language: _environment(language, static, version, zone) for language in Language
        }

    def render(self, answer: Html, visit: Visit) -> web.Response:
        """Return a page; what a template shows and is not given raises UndefinedError."""
        template = self._environments[visit.language].get_template(answer.template)
        text = template.render(visit=visit, **answer.values)
        headers = {"Content-Language": visit.language.value, **answer.headers}
        return web.Response(
            text=text, status=answer.status, content_type="text/html", headers=headers
        )


def _environment(language: Language, static: StaticFiles, version: str, zone: str) -> Environment:
    made = Environment(
        loader=PackageLoader("gateway.web", "templates"), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    words = catalogue(language)
    made.install_gettext_translations(words.translations, newstyle=True)  # type: ignore[attr-defined]
    shared: Mapping[str, object] = {
        "static": static.url, "version": version, "zone": zone, "languages": list(Language),
        "words": words.for_scripts,
    }  # fmt: skip
    made.globals.update(shared)
    return made
