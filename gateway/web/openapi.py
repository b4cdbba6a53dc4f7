"""The OpenAPI 3.1 document, made from the routes and the types that validate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from gateway.web import cookies, csrf
from gateway.web.examples import example_of
from gateway.web.problems import CONTENT_TYPE, Problem
from gateway.web.requests import MULTIPART
from gateway.web.routes import FileBody, NoBody, Route, Schema

_REF = "#/components/schemas/{model}"
_PATH_EXAMPLES = {
    "id": "019a2f3c9e7a7c1d8a3b5e6f70819203",
    "login": "ayse",
    "modem_id": "office1",
    "number": "+905321234567",
    "pbx": "office",
    "party_id": "019a2f0a44d87e21b3c4d5e6f7081920",
}
_PATH_PARAMETER = re.compile(r"\{(\w+)\}")
JsonObject = dict[str, Any]
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILE: JsonObject = {"content": {"application/octet-stream": _BYTES}}
References = Mapping[tuple[Any, Any], JsonObject]
"""The reference to each model, by the model and its mode."""


def document(routes: Sequence[Route], version: str) -> JsonObject:
    """Return the document that describes these routes."""
    references, described = models_json_schema(_models(routes), ref_template=_REF)
    definitions = described.get("$defs", {})
    contents = _Contents(references, definitions)
    paths: JsonObject = {}
    for route in routes:
        operation = _operation(route, contents)
        paths.setdefault(f"/api/v1{route.path}", {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Santral",
            "version": version,
            "description": "Telephones, text messages and faxes of a company, and its customers.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookies.SECURE,
                    "description": "A signed-in browser; what changes something also needs "
                    f"its session's token as the header {csrf.HEADER}.",
                },
            },
        },
        "security": [{"bearer": []}, {"session": []}],
    }


def _models(routes: Sequence[Route]) -> list[tuple[type[Schema], Any]]:
    found: dict[tuple[type[Schema], str], None] = {(Problem, "serialization"): None}
    for route in routes:
        for model in (route.body, route.query):
            if model is not NoBody:
                found[(model, "validation")] = None
        if route.returns is not FileBody:
            found[(route.returns, "serialization")] = None
    return list(found)


class _Contents:
    """What bodies hold: a reference to their type, and an example."""

    def __init__(self, references: References, definitions: JsonObject) -> None:
        self._references = references
        self._definitions = definitions

    def of(self, model: type[Schema], mode: str, media_type: str) -> JsonObject:
        """Return the `content` of a body of this type."""
        schema = self._references[model, mode]
        example = example_of(schema, self._definitions)
        return {"content": {media_type: {"schema": schema, "example": example}}}


def _operation(route: Route, contents: _Contents) -> JsonObject:
    media_type = "application/json" if route.lines is None else "application/x-ndjson"
    problem = contents.of(Problem, "serialization", CONTENT_TYPE)
    operation: JsonObject = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "description": f"Needs the scope `{route.permission}`.",
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_headers(route)],
        "responses": {
            str(route.status): {
                "description": "Done",
                **_answer(route, contents, media_type),
            },
            "4XX": {"description": "The request's fault", **problem},
            "5XX": {"description": "Our fault", **problem},
        },
    }
    if route.uploads:
        operation["requestBody"] = {"required": True, **_FILE}
    if route.body is not NoBody:
        body = contents.of(route.body, "validation", media_type)
        if route.form:
            body["content"] |= contents.of(route.body, "validation", MULTIPART)["content"]
        operation["requestBody"] = {"required": True, **body}
    return operation


def _answer(route: Route, contents: _Contents, media_type: str) -> JsonObject:
    if route.returns is FileBody:
        return {"content": {route.media_type: _BYTES}}
    return contents.of(route.returns, "serialization", media_type)


def _operation_id(route: Route) -> str:
    words = re.findall(r"[a-z]+", route.path)
    return "_".join([route.method.lower(), *words])


def _path_parameters(route: Route) -> list[JsonObject]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "example": _PATH_EXAMPLES.get(name, _PATH_EXAMPLES["id"]),
        }
        for name in _PATH_PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[JsonObject]:
    if route.query is NoBody:
        return []
    schema = route.query.model_json_schema(ref_template=_REF)
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": part}
        for name, part in schema.get("properties", {}).items()
    ]


def _headers(route: Route) -> list[JsonObject]:
    if not route.idempotent_by_key:
        return []
    return [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key with the same body is done once; with another, refused.",
            "schema": {"type": "string", "maxLength": 128},
        }
    ]
